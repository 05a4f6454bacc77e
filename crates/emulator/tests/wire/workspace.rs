//! PATCH of the workspace: identities that are assigned to it (contract §1).

use std::time::{Duration, Instant};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::azure::{Azure, Reply};

const VERSION: &str = "api-version=2022-05-01";

fn path(azure: &Azure) -> String {
    format!("{}?{VERSION}", azure.world().workspace_arm_id())
}

fn wish(azure: &Azure, names: &[&str]) -> Value {
    let assigned: serde_json::Map<String, Value> = names
        .iter()
        .map(|name| (azure.world().identity_arm_id(name), json!({})))
        .collect();
    json!({
        "location": "eastus", "properties": {},
        "identity": {"type": "SystemAssigned,UserAssigned", "userAssignedIdentities": assigned},
    })
}

async fn patch(azure: &Azure, body: Value) -> Reply {
    azure.arm(Method::PATCH, &path(azure), Some(body)).await
}

/// Names of the identities that the workspace has now.
async fn assigned(azure: &Azure) -> Vec<String> {
    let workspace = azure.arm(Method::GET, &path(azure), None).await.body;
    let mut names: Vec<String> = workspace["identity"]["userAssignedIdentities"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(id, _)| id.rsplit('/').next().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn identities_are_added_to_those_it_has() {
    let azure = Azure::start(json!({})).await;
    let world = azure.world();
    let before = azure.arm(Method::GET, &path(&azure), None).await.body;
    let done = patch(&azure, wish(&azure, &["yogi-second-id"])).await;
    assert_eq!(done.status, 200, "{done:?}");
    assert_eq!(
        assigned(&azure).await,
        ["yogi-managed-id", "yogi-second-id"]
    );
    let identity = &done.body["identity"];
    assert_eq!(identity["principalId"], before["identity"]["principalId"]);
    let key = world.identity_arm_id("yogi-second-id");
    let key = key.replace("/resourceGroups/", "/resourcegroups/");
    assert_eq!(
        identity["userAssignedIdentities"][&key],
        json!({
            "principalId": world.identity_principal_id("yogi-second-id"),
            "clientId": world.identity_client_id("yogi-second-id"),
        })
    );
    assert_eq!(done.body["properties"], before["properties"]);

    let gone = world.identity_arm_id("YOGI-second-id").to_uppercase();
    let body = json!({"identity": {
        "type": "SystemAssigned,UserAssigned", "userAssignedIdentities": {gone: null},
    }});
    assert_eq!(patch(&azure, body).await.status, 200);
    assert_eq!(assigned(&azure).await, ["yogi-managed-id"]);
    patch(&azure, json!({"identity": {"type": "SystemAssigned"}})).await;
    assert_eq!(assigned(&azure).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_map_may_replace_what_was_there() {
    let azure = Azure::start(json!({"workspaceIdentities": "replaces"})).await;
    patch(&azure, wish(&azure, &["yogi-third-id"])).await;
    assert_eq!(assigned(&azure).await, ["yogi-third-id"]);
}

#[tokio::test]
async fn an_identity_that_does_not_exist_is_refused() {
    let azure = Azure::start(json!({})).await;
    let refused = patch(&azure, wish(&azure, &["nobody"])).await;
    assert_eq!(
        (refused.status.as_u16(), refused.code()),
        (400, "FailedIdentityOperation")
    );
    azure.set(json!({"unknownIdentity": "accept"})).await;
    assert_eq!(patch(&azure, wish(&azure, &["nobody"])).await.status, 200);
}

#[tokio::test]
async fn a_patch_may_take_its_time() {
    let azure = Azure::start(json!({
        "workspacePatch": "accepted", "operationSeconds": 0.3, "operationRetryAfter": 1,
    }))
    .await;
    let accepted = patch(&azure, wish(&azure, &["yogi-second-id"])).await;
    assert_eq!(
        (accepted.status.as_u16(), &accepted.body),
        (202, &Value::Null)
    );
    assert_eq!(accepted.headers["retry-after"], "1");
    let url = accepted.headers["location"].to_str().unwrap().to_owned();
    let first = azure.arm(Method::GET, &url, None).await;
    assert_eq!(
        (first.status, &first.headers["retry-after"]),
        (StatusCode::ACCEPTED, &"1".parse().unwrap())
    );
    assert_eq!(first.headers["location"], url);
    assert_eq!(assigned(&azure).await, ["yogi-managed-id"]);
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let poll = azure.arm(Method::GET, &url, None).await;
        if poll.status == 200 {
            assert_eq!(poll.body["name"], azure.world().workspace);
            break;
        }
        assert_eq!(poll.status, 202, "{poll:?}");
        assert!(Instant::now() < deadline, "the operation goes on");
    }
    assert_eq!(
        assigned(&azure).await,
        ["yogi-managed-id", "yogi-second-id"]
    );
}

#[tokio::test]
async fn a_serverless_job_takes_what_is_assigned_now() {
    let azure = Azure::start(json!({"unknownCode": "jobFails"})).await;
    let world = azure.world();
    let job = json!({"properties": {
        "jobType": "Spark", "experimentName": "exp",
        "codeId": format!("{}/codes/none/versions/1", world.workspace_arm_id()),
        "entry": {"sparkJobEntryType": "SparkJobPythonEntry", "file": "main.py"},
        "identity": {
            "identityType": "Managed", "clientId": world.identity_client_id("yogi-second-id"),
        },
        "conf": {
            "spark.driver.cores": "1", "spark.driver.memory": "2g", "spark.executor.cores": "2",
            "spark.executor.memory": "2g", "spark.executor.instances": "2",
        },
        "resources": {"instanceType": "standard_e4s_v3", "runtimeVersion": "3.4"},
    }});
    let path = format!(
        "{}/jobs/job-1?api-version=2023-04-01-preview",
        world.workspace_arm_id()
    );
    let refused = azure.arm(Method::PUT, &path, Some(job.clone())).await;
    assert_eq!(refused.status, 404, "{refused:?}");
    patch(&azure, wish(&azure, &["yogi-second-id"])).await;
    let taken = azure.arm(Method::PUT, &path, Some(job)).await;
    assert_eq!(taken.status, 201, "{taken:?}");
}

#[tokio::test]
async fn a_hand_changes_the_workspace() {
    let azure = Azure::start(json!({})).await;
    let change = json!({"properties": {
        "v1LegacyMode": true, "publicNetworkAccess": "Disabled",
        "managedNetwork": {
            "isolationMode": "AllowInternetOutbound", "status": {"status": "Inactive", "sparkReady": false},
        },
    }});
    let id = azure.world().workspace_arm_id();
    let changed = azure.hand(Method::PUT, &id, Some(change.clone())).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    let shown = azure.arm(Method::GET, &path(&azure), None).await.body;
    for (name, value) in change["properties"].as_object().unwrap() {
        assert_eq!(shown["properties"][name], *value);
    }
    azure
        .send(Method::POST, "/_emulator/reset", None, None)
        .await;
    let shown = azure.arm(Method::GET, &path(&azure), None).await.body;
    assert_eq!(shown["properties"]["v1LegacyMode"], false);
    assert_eq!(shown["properties"].get("managedNetwork"), None);
}
