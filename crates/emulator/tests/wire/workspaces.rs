//! More than one Azure ML workspace: what is in one is in no other.

use azureml_emulator::World;
use reqwest::Method;
use serde_json::{Value, json};

use crate::azure::Azure;

const OTHER: &str = "second-ml-ws";

async fn two() -> Azure {
    let world = World {
        other_workspaces: vec![OTHER.to_owned()],
        ..World::default()
    };
    Azure::start_in(world, json!({"operationSeconds": 0.2})).await
}

/// A path of the world's own workspace as one of the other.
fn there(azure: &Azure, path: &str) -> String {
    let own = format!("/workspaces/{}", azure.world().workspace);
    assert!(path.contains(&own), "{path}");
    path.replace(&own, &format!("/workspaces/{OTHER}"))
}

async fn get(azure: &Azure, path: &str) -> (u16, Value) {
    let reply = azure.arm(Method::GET, path, None).await;
    (reply.status.as_u16(), reply.body)
}

#[tokio::test]
async fn each_has_its_own_guid_container_and_identity() {
    let azure = two().await;
    let own = format!(
        "{}?api-version=2024-04-01",
        azure.world().workspace_arm_id()
    );
    let (_, first) = get(&azure, &own).await;
    let (status, second) = get(&azure, &there(&azure, &own)).await;
    assert_eq!((status, &second["name"]), (200, &json!(OTHER)));
    for pointer in ["/properties/workspaceId", "/identity/principalId", "/id"] {
        assert!(
            second.pointer(pointer).is_some_and(Value::is_string),
            "{pointer}"
        );
        assert_ne!(first.pointer(pointer), second.pointer(pointer), "{pointer}");
    }
    let store = own.replace('?', "/datastores/workspaceblobstore?");
    let container = |(_, body): (u16, Value)| body["properties"]["containerName"].clone();
    let (here, other) = (
        container(get(&azure, &store).await),
        container(get(&azure, &there(&azure, &store)).await),
    );
    assert!(
        here.is_string() && other.is_string() && here != other,
        "{here} {other}"
    );
    let nowhere = own.replace(&azure.world().workspace, "third-ml-ws");
    assert_eq!(get(&azure, &nowhere).await.0, 404);
}

#[tokio::test]
async fn computes_and_their_operations_are_apart() {
    let azure = two().await;
    let path = there(&azure, &azure.compute("synspark"));
    let body = azure.attach_body(&azure.world().pool);
    let put = azure.arm(Method::PUT, &path, Some(body)).await;
    assert_eq!(put.status, 201, "{put:?}");
    let id = put.body["id"].as_str().unwrap();
    assert!(id.contains(OTHER), "{id}");
    assert_eq!(azure.ended(&put).await["status"], "Succeeded");
    assert_eq!(get(&azure, &path).await.0, 200);
    assert_eq!(get(&azure, &azure.compute("synspark")).await.0, 404);
}

#[tokio::test]
async fn seeded_runs_are_where_they_were_put() {
    let azure = two().await;
    let seed = async |seed: Value| {
        let path = "/_emulator/seed-runs";
        let reply = azure.send(Method::POST, path, None, Some(seed)).await;
        (reply.status.as_u16(), reply.body["added"].clone())
    };
    assert_eq!(
        seed(json!({"count": 3, "workspace": OTHER})).await,
        (200, json!(3))
    );
    assert_eq!(seed(json!({"count": 2})).await, (200, json!(2)));
    assert_eq!(seed(json!({"count": 2, "workspace": "no-ws"})).await.0, 400);
    let jobs = format!(
        "{}/jobs?api-version=2023-04-01-preview",
        azure.world().workspace_arm_id()
    );
    let count = |(_, body): (u16, Value)| body["value"].as_array().unwrap().len();
    assert_eq!(count(get(&azure, &jobs).await), 2);
    assert_eq!(count(get(&azure, &there(&azure, &jobs)).await), 3);

    let one = "/_emulator/jobs/old-run-000002";
    let set = json!({"status": "Running"});
    azure.send(Method::POST, one, None, Some(set)).await;
    let path = there(&azure, &jobs).replace("/jobs?", "/jobs/old-run-000002?");
    assert_eq!(
        get(&azure, &path).await.1["properties"]["status"],
        "Running"
    );

    azure
        .send(Method::POST, "/_emulator/reset", None, None)
        .await;
    assert_eq!(count(get(&azure, &there(&azure, &jobs)).await), 0);
}

#[tokio::test]
async fn requests_are_counted_by_what_they_ask_for() {
    let azure = two().await;
    for name in ["a", "b"] {
        get(&azure, &there(&azure, &azure.compute(name))).await;
    }
    let summary = azure
        .send(Method::GET, "/_emulator/requests/summary", None, None)
        .await;
    let what = "Microsoft.MachineLearningServices/workspaces/*/computes/*";
    let lines = summary.body["requests"].as_array().unwrap();
    let line = lines.iter().find(|line| line["what"] == what).unwrap();
    assert_eq!(
        line,
        &json!({
            "caller": azure.world().client_id, "method": "GET", "what": what,
            "count": 2, "throttled": 0, "refused": 2,
        })
    );
}
