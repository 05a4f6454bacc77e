//! Requests that Microsoft's SDK for Azure ML does not make, as the contract has them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a panic in a test is a failed test with a place in it"
)]

use azureml_spark_azure::aml::index;
use azureml_spark_azure::arm::identity::{self, IdentityType};
use azureml_spark_azure::arm::{
    compute, linked_service, role_assignment, synapse_workspace, workspace,
};
use azureml_spark_azure::synapse::{private_endpoint, rbac};
use azureml_spark_azure::{
    ArmId, Audience, Call, Cloud, Effect, Request, SynapseWorkspaceId, WorkspaceId,
};
use serde_json::{Value, json};

const WORKSPACE: &str = "https://management.azure.com/subscriptions/s/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/ws";
const SYNAPSE: &str = "https://management.azure.com/subscriptions/s/resourceGroups/rg/providers/Microsoft.Synapse/workspaces/syn";

fn ws() -> WorkspaceId {
    WorkspaceId::new("s", "rg", "ws").unwrap()
}

fn syn() -> SynapseWorkspaceId {
    SynapseWorkspaceId::new("s", "rg", "syn").unwrap()
}

fn identity_id(name: &str) -> ArmId {
    ArmId::new(format!(
        "/subscriptions/s/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}"
    ))
}

fn line(request: &Request) -> String {
    let cloud = Cloud::built_in("AzurePublic").unwrap();
    format!("{} {}", request.method, request.url(&cloud).unwrap())
}

fn body<T>(call: &Call<T>) -> Value {
    serde_json::from_slice(call.request.body.as_ref().unwrap()).unwrap()
}

#[test]
fn a_link_is_made_looked_at_listed_and_taken_away() {
    let wish = linked_service::NewLink {
        location: "westus".into(),
        synapse_workspace: syn(),
    };
    let call = linked_service::put(&ws(), "link-1", &wish);
    let link = format!("{WORKSPACE}/linkedServices/link-1?api-version=2020-09-01-preview");
    assert_eq!(line(&call.request), format!("PUT {link}"));
    assert_eq!(
        body(&call),
        json!({
            "name": "link-1",
            "location": "westus",
            "identity": {"type": "SystemAssigned"},
            "properties": {"linkedServiceResourceId": syn().to_string()},
        })
    );
    let look = linked_service::get(&ws(), "link-1");
    assert_eq!(line(&look.request), format!("GET {link}"));
    let unlink = linked_service::delete(&ws(), "link-1");
    assert_eq!(line(&unlink.request), format!("DELETE {link}"));
    assert_eq!(
        line(&linked_service::list(&ws()).request),
        format!("GET {WORKSPACE}/linkedServices?api-version=2020-09-01-preview")
    );
}

#[test]
fn identities_are_given_to_a_workspace() {
    let kind = IdentityType::SystemAssigned.with_user_assigned();
    // The same one, as the workspace and as the person wrote it.
    let ids = [identity_id("u1"), identity_id("U1"), identity_id("u2")];
    let call = workspace::attach_identities(&ws(), "eastus", kind, &ids);
    assert_eq!(
        line(&call.request),
        format!("PATCH {WORKSPACE}?api-version=2024-10-01-preview")
    );
    assert_eq!(call.request.effect, Effect::Write);
    let (first, second) = (&ids[0], &ids[2]);
    assert_eq!(
        body(&call),
        json!({
            "location": "eastus",
            "properties": {},
            "identity": {
                "type": "SystemAssigned,UserAssigned",
                "userAssignedIdentities": {first.as_str(): {}, second.as_str(): {}},
            },
        })
    );
}

#[test]
fn user_assigned_identities_come_beside_what_there_is() {
    use IdentityType::{None, SystemAndUserAssigned, SystemAssigned, UserAssigned};
    for (has, gets) in [
        (None, UserAssigned),
        (UserAssigned, UserAssigned),
        (SystemAssigned, SystemAndUserAssigned),
        (SystemAndUserAssigned, SystemAndUserAssigned),
    ] {
        assert_eq!(has.with_user_assigned(), gets, "{has:?}");
        let word = json!(has.as_str());
        assert_eq!(serde_json::from_value::<IdentityType>(word).unwrap(), has);
    }
}

#[test]
fn what_is_only_looked_at() {
    let rows = [
        (
            compute::list(&ws()).request,
            format!("{WORKSPACE}/computes?api-version=2023-08-01-preview"),
        ),
        (
            synapse_workspace::get(&syn()).request,
            format!("{SYNAPSE}?api-version=2021-06-01"),
        ),
        (
            identity::get(&identity_id("u1")).request,
            format!(
                "https://management.azure.com{}?api-version=2023-01-31",
                identity_id("u1")
            ),
        ),
        (
            role_assignment::get(&syn().to_arm_id(), "id").request,
            format!(
                "{SYNAPSE}/providers/Microsoft.Authorization/roleAssignments/id?api-version=2022-04-01"
            ),
        ),
        (
            role_assignment::list_held(&syn().to_arm_id(), "p'1").request,
            format!(
                "{SYNAPSE}/providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01&$filter=assignedTo%28%27p%27%271%27%29"
            ),
        ),
        (
            private_endpoint::list("syn").request,
            "https://syn.dev.azuresynapse.net/managedVirtualNetworks/default/managedPrivateEndpoints?api-version=2020-12-01".to_owned(),
        ),
    ];
    for (request, url) in rows {
        assert_eq!(line(&request), format!("GET {url}"));
        assert_eq!(request.effect, Effect::Read);
    }
}

#[test]
fn access_is_asked_about_without_changing_it() {
    let action = "Microsoft.Synapse/workspaces/bigDataPools/useCompute/action";
    let scope = "workspaces/syn/bigDataPools/pool";
    let call = rbac::check_access("syn", "p", scope, &[action]);
    assert_eq!(
        line(&call.request),
        "POST https://syn.dev.azuresynapse.net/checkAccessSynapseRbac?api-version=2020-12-01"
    );
    assert_eq!(call.request.audience, Audience::Synapse);
    assert_eq!(call.request.effect, Effect::Read);
    assert_eq!(
        body(&call),
        json!({
            "subject": {"principalId": "p"},
            "actions": [{"id": action, "isDataAction": true}],
            "scope": scope,
        })
    );
}

#[test]
fn an_id_that_is_none_is_not_sent() {
    let cloud = Cloud::built_in("AzurePublic").unwrap();
    for id in ["", "/", "/subscriptions//x", "/subscriptions/../x", "/a?b"] {
        let refused = identity::get(&ArmId::new(id)).request.url(&cloud);
        assert_eq!(refused.unwrap_err().code, "InvalidName", "{id:?}");
    }
}

#[test]
fn live_runs_are_asked_of_the_index_as_the_fleet_client_asks() {
    let call = index::runs(&ws(), "eastus", &index::LIVE, None);
    assert_eq!(
        line(&call.request),
        "POST https://ml.azure.com/api/eastus/index/v1.0/subscriptions/s/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/ws/entities"
    );
    assert_eq!(call.request.audience, Audience::StudioIndex);
    assert_eq!(call.request.effect, Effect::Read, "it changes nothing");
    let cloud = Cloud::built_in("AzurePublic").unwrap();
    assert_eq!(cloud.index_audience(), "https://ml.azure.com");
    let filter = |field, values: Value| json!({"field": field, "operator": "eq", "values": values});
    let mut wanted = json!({
        "filters": [
            filter("type", json!(["runs"])),
            filter("annotations/archived", json!(["false"])),
            filter("annotations/status", json!([
                "Cancel requested", "Finalizing", "Not started", "Paused", "Preparing", "Queued", "Running",
                "Starting", "Validating", "Waiting",
            ])),
        ],
        "order": [{"field": "properties/creationContext/createdTime", "direction": "Desc"}],
        "pageSize": 100,
        "continuationToken": null,
        "includeTotalResultCount": true,
        "freeTextSearch": "",
        "searchBuilder": "AppendPrefix",
    });
    assert_eq!(body(&call), wanted);
    wanted["continuationToken"] = "a token".into();
    let next = index::runs(&ws(), "eastus", &index::LIVE, Some("a token"));
    assert_eq!(body(&next), wanted);
}

#[test]
fn the_index_is_asked_where_a_cloud_has_one_and_its_token_goes_nowhere_else() {
    let call = index::runs(&ws(), "usgovvirginia", &index::LIVE, None);
    let without = Cloud::built_in("AzureUSGovernment").unwrap();
    let error = call.request.url(&without).unwrap_err();
    assert_eq!(error.code, "NoStudioIndex");
    let cloud = Cloud::built_in("AzurePublic").unwrap();
    let at = |text: &str| text.parse().unwrap();
    assert!(cloud.allows_index(&at("https://ml.azure.com/api/x")));
    assert!(
        !cloud.allows_token(&at("https://ml.azure.com/api/x")),
        "no other token"
    );
    for other in [
        "https://management.azure.com/x",
        "http://ml.azure.com/x",
        "https://me@ml.azure.com/x",
        "https://x.ml.azure.com/x",
    ] {
        assert!(!cloud.allows_index(&at(other)), "{other}");
    }
}
