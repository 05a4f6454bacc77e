//! Azure's words become the machines', each of them.

use azureml_spark_azure::aml::environment::NewEnvironment;
use azureml_spark_azure::aml::{code, data, environment, model, output};
use azureml_spark_azure::arm::linked_service::NewLink;
use azureml_spark_azure::arm::role_assignment::{self, NewRoleAssignment};
use azureml_spark_azure::arm::{compute, identity, linked_service, pool, synapse_workspace};
use azureml_spark_azure::synapse::{private_endpoint, rbac};
use azureml_spark_azure::{
    ArmId, AssetId, AssetKind, SparkPoolId, SynapseWorkspaceId, WorkspaceId,
};
use jiff::Timestamp;
use uuid::Uuid;

use super::*;

/// The calls that a job makes to learn what its names mean.
fn lookups() -> Vec<&'static str> {
    let workspace = WorkspaceId::new("s", "g", "w").unwrap();
    let asset = |kind| AssetId::new(&workspace, kind, "a", "1").unwrap();
    let api = "https://api.example".parse().unwrap();
    let packages = NewEnvironment::of_a_job("dependencies: []");
    vec![
        code::latest(&workspace, "a").request.op,
        code::put_folder(&asset(AssetKind::Code), "https://a/b/c")
            .request
            .op,
        environment::get(&asset(AssetKind::Environment)).request.op,
        environment::put(&asset(AssetKind::Environment), &packages)
            .request
            .op,
        data::container(&workspace, "a").request.op,
        model::latest(&workspace, "a").request.op,
        output::assets(&api, &workspace, "run").request.op,
    ]
}

/// The calls that an attachment, a link and a workspace make.
fn operations() -> Vec<&'static str> {
    let workspace = WorkspaceId::new("s", "g", "w").unwrap();
    let synapse = SynapseWorkspaceId::new("s", "g", "y").unwrap();
    let id = SparkPoolId::new("s", "g", "y", "p").unwrap();
    let account = ArmId::new("/subscriptions/s");
    let link = NewLink {
        location: "eastus".to_owned(),
        synapse_workspace: synapse.clone(),
    };
    let role = NewRoleAssignment::to_service_principal(account.clone(), "p");
    let in_synapse = rbac::NewAssignment::to_service_principal("r", "p", "workspaces/y");
    vec![
        compute::get(&workspace, "c").request.op,
        compute::detach(&workspace, "c").request.op,
        pool::get(&id).request.op,
        linked_service::get(&workspace, "l").request.op,
        linked_service::put(&workspace, "l", &link).request.op,
        linked_service::delete(&workspace, "l").request.op,
        synapse_workspace::get(&synapse).request.op,
        private_endpoint::list("y").request.op,
        identity::get(&account).request.op,
        rbac::list("y", &rbac::Filter::default(), None).request.op,
        rbac::put("y", Uuid::nil(), &in_synapse).request.op,
        rbac::delete("y", "i", "workspaces/y").request.op,
        rbac::role_definitions("y").request.op,
        rbac::check_access("y", "p", "workspaces/y", &[]).request.op,
        role_assignment::list(&account, "p").request.op,
        role_assignment::put(&account, Uuid::nil(), &role)
            .request
            .op,
        role_assignment::delete(&account, "i").request.op,
    ]
}

#[test]
fn every_call_has_words_of_its_own_for_a_condition() {
    let mut all: Vec<&str> = operations()
        .into_iter()
        .chain(lookups())
        .map(words)
        .collect();
    for said in &all {
        assert!(said.contains(' '), "'{said}' is no sentence for a person");
    }
    let count = all.len();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), count, "{all:?}");
}

#[test]
fn a_failed_call_keeps_its_class_and_its_innermost_code_and_loses_its_length() {
    let until = Timestamp::UNIX_EPOCH;
    for (azures, ours) in [
        (azure::Class::Terminal, Class::Terminal),
        (azure::Class::Spreading, Class::Spreading),
        (azure::Class::Retryable, Class::Retryable),
        (
            azure::Class::Throttled { until },
            Class::Throttled { until },
        ),
        (azure::Class::Unsure, Class::Unsure),
        (azure::Class::Absent, Class::Absent),
        (azure::Class::Credential, Class::Credential),
        (azure::Class::Forbidden, Class::Forbidden),
    ] {
        let error = azure::Error::local(azures, "rbac.put", "Code", "ä".repeat(1_000));
        let fault = fault(&error);
        assert_eq!(fault.class, ours);
        assert_eq!(
            (fault.code.as_str(), fault.op),
            ("Code", "grant a role in Synapse")
        );
        assert_eq!(fault.text.chars().count(), TEXT_LIMIT);
    }
}

#[test]
fn whatever_may_be_tried_again_is_left_alone_for_as_long_as_azure_asks() {
    let asked = |class| {
        let busy = azure::Error::local(class, "compute.put", "Conflict", "busy");
        azure::Error::from(azure::Details {
            retry_after: Some(std::time::Duration::from_mins(1)),
            ..(*busy).clone()
        })
    };
    let busy = fault(&asked(azure::Class::Retryable));
    assert_eq!(
        busy.class,
        Class::Retryable,
        "it is a failure, and told as one"
    );
    assert_eq!(busy.text, "busy");
    assert_eq!(busy.retry_after, Some(60));
    assert_eq!(fault(&asked(azure::Class::Unsure)).retry_after, None);
}

#[test]
fn identities_come_in_one_order_with_both_of_their_names() {
    let user_assigned = |name: &str| {
        let identity = identity::UserAssigned {
            principal_id: Some(format!("{name}-object")),
            client_id: Some(format!("{name}-client")),
            tenant_id: None,
        };
        (ArmId::new(format!("/identities/{name}")), identity)
    };
    let found = ManagedIdentity {
        kind: IdentityType::SystemAndUserAssigned,
        principal_id: Some("own".to_owned()),
        tenant_id: Some("tenant".to_owned()),
        user_assigned_identities: [user_assigned("b"), user_assigned("a")].into(),
    };
    let told = identity(&found);
    assert_eq!(told.type_, "SystemAssigned,UserAssigned");
    assert_eq!(told.principal_id.as_deref(), Some("own"));
    let names: Vec<&str> = told
        .user_assigned
        .iter()
        .map(|one| one.resource_id.as_str())
        .collect();
    assert_eq!(names, ["/identities/a", "/identities/b"]);
    assert_eq!(
        told.user_assigned[0].principal_id.as_deref(),
        Some("a-object")
    );
}
