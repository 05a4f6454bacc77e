//! What stands beside the workspace, and the hand that changes it.

use reqwest::Method;
use serde_json::{Value, json};

use crate::azure::Azure;

#[tokio::test]
async fn identities_are_read() {
    let azure = Azure::start(json!({})).await;
    let world = azure.world();
    let list = format!(
        "{}/providers/Microsoft.ManagedIdentity/userAssignedIdentities?api-version=2023-01-31",
        world
            .identity_arm_id("x")
            .split("/providers/")
            .next()
            .unwrap()
    );
    let all = azure.arm(Method::GET, &list, None).await.body;
    let names: Vec<&Value> = all["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["name"])
        .collect();
    assert_eq!(
        names,
        ["yogi-managed-id", "yogi-second-id", "yogi-third-id"]
    );
    let id = world.identity_arm_id("yogi-second-id");
    let path = format!("{}?api-version=2023-01-31", id.to_lowercase());
    let one = azure.arm(Method::GET, &path, None).await.body;
    assert_eq!(one["id"], id);
    assert_eq!(one["location"], "eastus");
    assert_eq!(
        one["properties"],
        json!({
            "tenantId": world.tenant,
            "principalId": world.identity_principal_id("yogi-second-id"),
            "clientId": world.identity_client_id("yogi-second-id"),
        })
    );
    let absent = format!("{}?api-version=2023-01-31", world.identity_arm_id("nobody"));
    let absent = azure.arm(Method::GET, &absent, None).await;
    assert_eq!(
        (absent.status.as_u16(), absent.code()),
        (404, "ResourceNotFound")
    );
}

#[tokio::test]
async fn storage_accounts_are_read() {
    let azure = Azure::start(json!({})).await;
    let path = format!("{}?api-version=2023-01-01", azure.world().storage_arm_id());
    let account = azure.arm(Method::GET, &path, None).await.body;
    assert_eq!(account["name"], "yogistorage");
    assert_eq!(
        (&account["location"], &account["kind"]),
        (&json!("eastus"), &json!("StorageV2"))
    );
    let blob = account["properties"]["primaryEndpoints"]["blob"]
        .as_str()
        .unwrap();
    assert!(
        blob.starts_with("https://yogistorage.blob.core.localhost:"),
        "{blob}"
    );
}

#[tokio::test]
async fn synapse_workspaces_are_read_and_closed_by_hand() {
    let azure = Azure::start(json!({})).await;
    let world = azure.world();
    let id = world.synapse_arm_id(&world.synapse_workspace);
    for version in ["2021-03-01", "2021-06-01"] {
        let path = format!("{id}?api-version={version}");
        let found = azure.arm(Method::GET, &path, None).await.body;
        assert_eq!(
            (&found["id"], &found["location"]),
            (&json!(id), &json!("eastus"))
        );
        assert_eq!(found["identity"]["type"], "SystemAssigned");
        let properties = &found["properties"];
        assert_eq!(properties["provisioningState"], "Succeeded");
        assert_eq!(properties["publicNetworkAccess"], "Enabled");
        assert_eq!(properties["managedVirtualNetwork"], "");
        assert_eq!(
            properties["connectivityEndpoints"]["dev"],
            azure.synapse_url()
        );
        assert!(properties["workspaceUID"].is_string());
    }
    let closed = json!({"properties": {"publicNetworkAccess": "Disabled", "managedVirtualNetwork": "default"}});
    azure.hand(Method::PUT, &id, Some(closed)).await;
    let path = format!("{id}?api-version=2021-06-01");
    let found = azure.arm(Method::GET, &path, None).await.body;
    assert_eq!(found["properties"]["publicNetworkAccess"], "Disabled");
    assert_eq!(found["properties"]["managedVirtualNetwork"], "default");
    let roles = "/roleDefinitions?api-version=2020-12-01";
    assert_eq!(azure.synapse(Method::GET, roles, None).await.status, 200);
    azure.set(json!({"closedSynapse": "refuses"})).await;
    let refused = azure.synapse(Method::GET, roles, None).await;
    assert_eq!(
        (refused.status.as_u16(), refused.code()),
        (403, "PublicNetworkAccessDenied")
    );
    assert_eq!(
        azure.far_synapse(Method::GET, roles, None).await.status,
        200
    );

    let far = format!(
        "{}?api-version=2021-06-01",
        world.synapse_arm_id("far-synapse-ws")
    );
    assert_eq!(
        azure.arm(Method::GET, &far, None).await.body["location"],
        "westeurope"
    );
    let absent = format!("{}?api-version=2021-06-01", world.synapse_arm_id("nothing"));
    assert_eq!(
        azure.arm(Method::GET, &absent, None).await.code(),
        "ResourceNotFound"
    );
}

#[tokio::test]
async fn a_pool_vanishes_and_comes_back() {
    let azure = Azure::start(json!({"operationSeconds": 0})).await;
    let world = azure.world();
    let id = world.pool_arm_id(&world.pool);
    let path = format!("{id}?api-version=2021-06-01");
    let before = azure.arm(Method::GET, &path, None).await.body;
    let list = format!(
        "{}/bigDataPools?api-version=2021-06-01",
        world.synapse_arm_id(&world.synapse_workspace)
    );
    assert_eq!(
        azure.arm(Method::GET, &list, None).await.body["value"],
        json!([before])
    );

    assert_eq!(azure.hand(Method::DELETE, &id, None).await.status, 204);
    assert_eq!(azure.hand(Method::DELETE, &id, None).await.status, 404);
    assert_eq!(azure.hand(Method::GET, &id, None).await.status, 404);
    assert_eq!(
        azure.arm(Method::GET, &path, None).await.code(),
        "ResourceNotFound"
    );
    assert_eq!(
        azure.arm(Method::GET, &list, None).await.body["value"],
        json!([])
    );
    let body = azure.attach_body(&world.pool);
    let put = azure
        .arm(Method::PUT, &azure.compute("synspark"), Some(body))
        .await;
    assert_eq!(azure.ended(&put).await["status"], "Failed");

    let back = azure.hand(Method::PUT, &id, Some(json!({}))).await;
    assert_eq!((back.status.as_u16(), &back.body), (200, &before));
    assert_eq!(azure.arm(Method::GET, &path, None).await.body, before);
    azure.attach("synspark").await;
    let paused = json!({"properties": {"provisioningState": "Deleting"}});
    azure.hand(Method::PUT, &id, Some(paused)).await;
    let found = azure.arm(Method::GET, &path, None).await.body;
    assert_eq!(found["properties"]["provisioningState"], "Deleting");
    assert_eq!(found["properties"]["sparkVersion"], "3.4");
}

#[tokio::test]
async fn an_identity_vanishes_and_new_things_appear() {
    let azure = Azure::start(json!({})).await;
    let world = azure.world();
    let id = world.identity_arm_id("yogi-second-id");
    azure.hand(Method::DELETE, &id, None).await;
    let mut body = azure.attach_body(&world.pool);
    body["identity"] = json!({"type": "UserAssigned", "userAssignedIdentities": {id.clone(): {}}});
    let put = async || {
        azure
            .arm(Method::PUT, &azure.compute("synspark"), Some(body.clone()))
            .await
    };
    assert_eq!(put().await.code(), "FailedIdentityOperation");
    // Made again, it is somebody else.
    let principal = "aaaaaaaa-0000-4000-8000-00000000000a";
    azure
        .hand(
            Method::PUT,
            &id,
            Some(json!({"properties": {"principalId": principal}})),
        )
        .await;
    let made = put().await;
    assert_eq!(made.status, 201, "{made:?}");
    let assigned = made.body["identity"]["userAssignedIdentities"]
        .as_object()
        .unwrap();
    assert_eq!(assigned.values().next().unwrap()["principalId"], principal);

    let account = world
        .storage_arm_id()
        .replace("yogistorage", "otherstorage");
    assert_eq!(
        azure
            .hand(Method::PUT, &account, Some(json!({})))
            .await
            .status,
        200
    );
    let path = format!("{account}?api-version=2023-01-01");
    assert_eq!(
        azure.arm(Method::GET, &path, None).await.body["name"],
        "otherstorage"
    );
    let all = azure
        .send(Method::GET, "/_emulator/resources", None, None)
        .await
        .body;
    assert!(
        all.as_array()
            .unwrap()
            .iter()
            .any(|one| one["id"] == account)
    );
    for id in [
        "/subscriptions/x/resourceGroups/y/providers/Microsoft.Storage/storageAccounts/z",
        "/subscriptions",
    ] {
        let refused = azure.hand(Method::PUT, id, Some(json!({}))).await;
        assert_eq!(
            (refused.status.as_u16(), refused.code()),
            (400, "UnknownResource")
        );
    }
}
