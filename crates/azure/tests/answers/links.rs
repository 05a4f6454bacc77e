//! Links, Synapse workspaces, identities and grants.

use azureml_spark_azure::arm::identity::{self, IdentityType};
use azureml_spark_azure::arm::provisioning::ProvisioningState;
use azureml_spark_azure::arm::{
    compute, linked_service, role_assignment, synapse_workspace, workspace,
};
use azureml_spark_azure::operation::Deletion;
use azureml_spark_azure::synapse::{private_endpoint, rbac};
use azureml_spark_azure::{ArmId, Audience, Refusal, Response, SynapseWorkspaceId};
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use crate::{data, parse, ws};

fn syn() -> SynapseWorkspaceId {
    SynapseWorkspaceId::new("33333333-3333-4333-8333-333333333333", "rg", "syn").unwrap()
}

fn response(status: u16, headers: &[(&'static str, &str)], body: &Value) -> Response {
    let headers: HeaderMap = headers
        .iter()
        .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
        .collect();
    let body = match body {
        Value::Null => bytes::Bytes::new(),
        body => serde_json::to_vec(body).unwrap().into(),
    };
    Response {
        status,
        headers,
        body,
    }
}

#[test]
fn a_link() {
    let link = parse(
        &linked_service::get(&ws(), "link-1"),
        &data("answers/linked-service"),
    )
    .unwrap();
    assert_eq!(link.name, "link-1");
    assert_eq!(link.identity.kind, IdentityType::SystemAssigned);
    assert!(link.identity.principal_id.is_some());
    let target = &link.properties.linked_service_resource_id;
    assert_eq!(*target, syn().to_arm_id());
    assert_eq!(
        target.as_str().parse::<SynapseWorkspaceId>().unwrap(),
        syn()
    );
    assert_eq!(link.properties.link_type.as_deref(), Some("Synapse"));
    assert!(link.properties.created_time.is_some());
    assert_eq!(link.properties.modified_time, None);
}

#[test]
fn links_come_in_one_list() {
    let link = data("answers/linked-service");
    let page = parse(&linked_service::list(&ws()), &json!({"value": [link, 5]})).unwrap();
    assert_eq!((page.items.len(), page.unreadable, page.next), (1, 1, None));
}

#[test]
fn unlinking_what_is_gone_is_done_and_what_is_not_served_is_not() {
    let parse = linked_service::delete(&ws(), "link-1").parse;
    let done = |status, body| parse(&response(status, &[], &body));
    assert_eq!(done(200, Value::Null), Ok(Deletion::Done));
    assert_eq!(done(204, Value::Null), Ok(Deletion::Done));
    let gone = json!({"error": {"code": "ResourceNotFound", "message": "m"}});
    assert_eq!(done(404, gone), Ok(Deletion::Done));
    let unserved = json!({"error": {"code": "InvalidResourceType", "message": "m"}});
    assert_eq!(done(404, unserved), Err(Refusal::Unsuccessful));
}

#[test]
fn a_workspace_takes_identities_at_once_or_later() {
    let call = workspace::attach_identities(&ws(), "eastus", IdentityType::UserAssigned, &[]);
    let now = (call.parse)(&response(200, &[], &data("answers/workspace")));
    assert_eq!(now, Ok(None));
    let place = "https://management.azure.com/subscriptions/s/op?api-version=1";
    let later = (call.parse)(&response(202, &[("location", place)], &Value::Null));
    assert_eq!(later.unwrap().unwrap().url.as_str(), place);
}

#[test]
fn computes_of_every_type_are_listed() {
    let page = parse(&compute::list(&ws()), &data("answers/compute-list")).unwrap();
    assert_eq!(page.unreadable, 1);
    let pools: Vec<_> = page
        .items
        .iter()
        .filter(|compute| compute.is_synapse_spark())
        .map(|compute| compute.name.as_str())
        .collect();
    assert_eq!(pools, ["my-pool"]);
    assert_eq!(page.items.len(), 2);
    let next = compute::next_page(page.next.unwrap());
    assert_eq!(next.request.audience, Audience::ResourceManager);
}

#[test]
fn a_synapse_workspace() {
    let call = synapse_workspace::get(&syn());
    let mut body = data("answers/synapse-workspace");
    let found = parse(&call, &body).unwrap();
    assert_eq!(found.location.as_deref(), Some("East US"));
    assert!(found.has_managed_network() && found.is_public_access_disabled());
    let endpoints = &found.properties.connectivity_endpoints;
    assert_eq!(endpoints["dev"], "https://syn.dev.azuresynapse.net");
    assert_eq!(endpoints.len(), 2);

    for nothing in [Value::Null, json!("")] {
        body["properties"]["managedVirtualNetwork"] = nothing.clone();
        body["properties"]["publicNetworkAccess"] = nothing;
        let found = parse(&call, &body).unwrap();
        assert!(!found.has_managed_network() && !found.is_public_access_disabled());
    }
}

#[test]
fn private_endpoints() {
    let mut body = data("answers/private-endpoints");
    let page = parse(&private_endpoint::list("syn"), &body).unwrap();
    assert_eq!((page.unreadable, &page.next), (0, &None));
    let [lake, other, new] = page.items.as_slice() else {
        panic!("{page:?}");
    };
    let account = "/subscriptions/33333333-3333-4333-8333-333333333333/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/lake";
    assert_eq!(
        lake.properties.private_link_resource_id,
        ArmId::new(account)
    );
    assert_eq!(lake.properties.group_id, "dfs");
    assert!(lake.is_approved());
    assert_eq!(
        lake.properties.provisioning_state,
        ProvisioningState::Succeeded
    );
    assert!(!other.is_approved() && !new.is_approved());

    body["nextLink"] = "https://syn.dev.azuresynapse.net/next".into();
    let page = parse(&private_endpoint::list("syn"), &body).unwrap();
    let next = private_endpoint::next_page(page.next.unwrap());
    assert_eq!(next.request.audience, Audience::Synapse);
}

#[test]
fn decisions_about_access() {
    let call = rbac::check_access("syn", "p", "workspaces/syn", &[]);
    let recorded = data("answers/access-decisions");
    let published = json!({"accessDecisions": recorded["AccessDecisions"]});
    for body in [recorded, published] {
        let decisions = parse(&call, &body).unwrap();
        let allowed: Vec<_> = decisions.iter().map(rbac::Decision::is_allowed).collect();
        assert_eq!(allowed, [true, false]);
        assert_eq!(
            decisions[0].action_id,
            "Microsoft.Synapse/workspaces/bigDataPools/useCompute/action"
        );
    }
    // No word on access is no refusal of it.
    assert!(matches!(
        parse(&call, &json!({})),
        Err(Refusal::Unreadable(_))
    ));
}

#[test]
fn a_user_assigned_identity() {
    let id = ArmId::new(
        "/subscriptions/s/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/u1",
    );
    let found = parse(&identity::get(&id), &data("answers/identity")).unwrap();
    assert_eq!(found.id, id);
    let names = found.properties;
    assert_eq!(
        names.principal_id.as_deref(),
        Some("dddddddd-dddd-4ddd-8ddd-dddddddddddd")
    );
    assert!(names.client_id.is_some() && names.tenant_id.is_some());
}

#[test]
fn a_storage_role_is_recognised_in_azures_spelling() {
    let scope = ArmId::new(
        "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/lake",
    );
    let role = role_assignment::definition("s", "ba92f5b4-2d11-453d-a403-e96b0029c9fe");
    let principal = "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa";
    let call = role_assignment::list(&scope, principal);
    let page = parse(&call, &data("answers/role-assignments")).unwrap();
    let found = &page.items[0].properties;
    assert!(found.is_for(&scope, principal, &role));
    let reader = role_assignment::definition("s", "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1");
    let group = ArmId::new("/subscriptions/s/resourceGroups/rg");
    assert!(!found.is_for(&scope, principal, &reader));
    assert!(!found.is_for(&group, principal, &role));
    assert!(!found.is_for(&scope, "x", &role));
}
