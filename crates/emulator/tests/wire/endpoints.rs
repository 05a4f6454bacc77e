//! Managed private endpoints of a Synapse workspace (contract §8.2; Microsoft's published examples).

use reqwest::Method;
use serde_json::{Value, json};

use crate::azure::Azure;

const LIST: &str = "/managedVirtualNetworks/default/managedPrivateEndpoints";
const VERSION: &str = "api-version=2020-12-01";

fn one(name: &str) -> String {
    format!("{LIST}/{name}?{VERSION}")
}

async fn with_network() -> Azure {
    let azure = Azure::start(json!({})).await;
    let id = azure
        .world()
        .synapse_arm_id(&azure.world().synapse_workspace);
    let change = json!({"properties": {"managedVirtualNetwork": "default"}});
    azure.hand(Method::PUT, &id, Some(change)).await;
    azure
}

#[tokio::test]
async fn an_endpoint_waits_for_its_approval() {
    let azure = with_network().await;
    let world = azure.world();
    let empty = azure
        .synapse(Method::GET, &format!("{LIST}?{VERSION}"), None)
        .await;
    assert_eq!(empty.body, json!({"value": [], "nextLink": ""}));
    let wanted = json!({"properties": {
        "privateLinkResourceId": world.storage_arm_id(), "groupId": "dfs",
    }});
    let made = azure
        .synapse(Method::PUT, &one("to-storage"), Some(wanted))
        .await;
    assert_eq!(made.status, 200, "{made:?}");
    assert_eq!(
        made.body["type"],
        "Microsoft.Synapse/workspaces/managedVirtualNetworks/managedPrivateEndpoints"
    );
    let properties = &made.body["properties"];
    assert_eq!(properties["privateLinkResourceId"], world.storage_arm_id());
    assert_eq!(
        properties["connectionState"],
        json!({"status": "Pending", "description": "", "actionsRequired": ""})
    );
    let id = format!(
        "{}{LIST}/to-storage",
        world.synapse_arm_id(&world.synapse_workspace)
    );
    let approval = json!({"properties": {"connectionState": {"status": "Approved"}}});
    azure.hand(Method::PUT, &id, Some(approval)).await;
    let shown = azure
        .synapse(Method::GET, &one("to-storage"), None)
        .await
        .body;
    assert_eq!(shown["properties"]["connectionState"]["status"], "Approved");
    assert_eq!(shown["properties"]["groupId"], "dfs");
    let elsewhere = azure
        .far_synapse(Method::GET, &one("to-storage"), None)
        .await;
    assert_eq!(elsewhere.status, 404);
    assert_eq!(
        azure
            .synapse(Method::DELETE, &one("to-storage"), None)
            .await
            .status,
        204
    );
    assert_eq!(
        azure
            .synapse(Method::GET, &one("to-storage"), None)
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn lists_go_on_by_link_until_it_is_empty() {
    let azure = with_network().await;
    azure.set(json!({"endpointPageSize": 2})).await;
    let workspace = azure
        .world()
        .synapse_arm_id(&azure.world().synapse_workspace);
    for name in ["a", "b", "c"] {
        let id = format!("{workspace}{LIST}/{name}");
        let seed = json!({"properties": {"privateLinkResourceId": azure.world().storage_arm_id()}});
        azure.hand(Method::PUT, &id, Some(seed)).await;
    }
    let token = azure.token(&azure.synapse_audience()).await;
    let mut url = format!("{}{LIST}?{VERSION}", azure.synapse_url());
    let mut names = Vec::new();
    while !url.is_empty() {
        let page = azure.send(Method::GET, &url, Some(&token), None).await.body;
        names.push(
            page["value"]
                .as_array()
                .unwrap()
                .iter()
                .map(|one| one["name"].clone())
                .collect::<Vec<Value>>(),
        );
        url = page["nextLink"].as_str().unwrap().to_owned();
    }
    assert_eq!(names, [vec![json!("a"), json!("b")], vec![json!("c")]]);
}

#[tokio::test]
async fn an_endpoint_needs_a_network_and_a_target() {
    let azure = Azure::start(json!({})).await;
    let wanted = json!({"properties": {
        "privateLinkResourceId": azure.world().storage_arm_id(), "groupId": "dfs",
    }});
    let refused = azure
        .synapse(Method::PUT, &one("a"), Some(wanted.clone()))
        .await;
    assert_eq!(refused.code(), "ManagedVirtualNetworkNotFound");
    let azure = with_network().await;
    let refused = azure
        .synapse(Method::PUT, &one("a"), Some(json!({"properties": {}})))
        .await;
    assert_eq!(
        (refused.status.as_u16(), refused.code()),
        (400, "BadRequest")
    );
    let token = azure
        .token_of(&azure.world().denied_client_id, &azure.synapse_audience())
        .await;
    for (method, body) in [
        (Method::GET, None),
        (Method::PUT, Some(wanted)),
        (Method::DELETE, None),
    ] {
        let url = format!("{}{}", azure.synapse_url(), one("a"));
        let refused = azure.send(method, &url, Some(&token), body).await;
        assert_eq!(
            (refused.status.as_u16(), refused.code()),
            (403, "Unauthorized")
        );
    }
}
