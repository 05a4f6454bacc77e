//! Each way in which a run can fail, be stuck, or be lost.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::azure::Azure;

const SOON: Duration = Duration::from_secs(10);

async fn with_settings(settings: Value) -> (Azure, Value) {
    let azure = Azure::start(json!({"instantSeconds": 0.2})).await;
    azure.set(settings).await;
    let code = azure.some_code().await;
    let body = Azure::job_body(&code);
    (azure, body)
}

fn tagged(body: &Value, tags: Value) -> Value {
    let mut body = body.clone();
    body["properties"]["tags"] = tags;
    body
}

/// Word, Synapse's code, a part of the message, and whether the program ran.
const ENDINGS: [(&str, &str, &str, bool); 12] = [
    (
        "quota",
        "MAXIMUM_WORKSPACE_CAPACITY_EXCEEDED",
        "Your Spark job requested 5 vCores.",
        false,
    ),
    (
        "noQuota",
        "InvalidHttpRequestToLivy",
        "the workspace has a 0 core limit",
        false,
    ),
    (
        "poolFull",
        "AVAILABLE_COMPUTE_CAPACITY_EXCEEDED",
        "the pool only has 0 vcores available",
        false,
    ),
    (
        "capacity",
        "CLUSTER_CREATION_TIMED_OUT",
        "before it reached 'Ready' state",
        false,
    ),
    ("image", "UserError", "Image build failed", false),
    ("packages", "UserError", "LibraryManagement", false),
    (
        "identity",
        "Unauthorized",
        "does not have the required Synapse RBAC permission",
        false,
    ),
    ("storage", "UserError", "AccessDeniedException", true),
    ("script", "UserError", "KeyError: 'no such column'", true),
    (
        "scala",
        "UserError",
        "org.apache.spark.SparkException",
        true,
    ),
    ("dead", "LIVY_JOB_STATE_DEAD", "with state=[dead]", true),
    ("service", "ServiceError", "InternalServerError", true),
];

#[tokio::test]
async fn a_run_fails_for_the_reason_that_it_is_told() {
    for own in [false, true] {
        let word = if own { "own" } else { "userError" };
        let (azure, body) = with_settings(json!({"runErrorCode": word})).await;
        for (ending, code, words, ran) in ENDINGS {
            let name = format!("run-{ending}");
            let told = json!({"emulator-instant-ending": ending, "emulator-instant-seconds": "0"});
            azure.submit(&name, tagged(&body, told)).await;
            assert_eq!(azure.status(&name).await, "Failed", "{ending}");
            let details = azure.details(&name).await;
            let error = &details["error"]["error"];
            let message = error["message"].as_str().unwrap();
            assert!(message.contains(words), "{ending}: {message}");
            let expected = if own || code == "ServiceError" {
                code
            } else {
                "UserError"
            };
            assert_eq!(error["code"], expected, "{ending}");
            assert_eq!(details["startTimeUtc"].is_string(), ran, "{ending}");
        }
        let details = azure.details("run-image").await;
        assert_eq!(
            details["error"]["error"]["innerError"]["code"],
            "BadArgument"
        );
    }
}

#[tokio::test]
async fn settings_end_all_runs_and_a_runs_own_word_wins() {
    let (azure, body) = with_settings(json!({"instantEnding": "quota"})).await;
    azure.submit("by-setting", body.clone()).await;
    azure.reaches("by-setting", "Failed", SOON).await;
    let told = json!({"emulator-instant-outcome": "Completed"});
    azure.submit("by-tag", tagged(&body, told)).await;
    azure.reaches("by-tag", "Completed", SOON).await;
    let told = json!({"emulator-instant-ending": "perhaps"});
    let refused = azure.put("jobs/run-1", tagged(&body, told)).await;
    assert_eq!(refused.status, 400);
}

#[tokio::test]
async fn a_run_can_be_stuck_in_a_state_and_be_canceled_there() {
    let (azure, body) = with_settings(json!({"instantSeconds": 0, "cancelSeconds": 0})).await;
    for state in [
        "Starting",
        "Provisioning",
        "Preparing",
        "Queued",
        "Running",
        "NotResponding",
    ] {
        let name = format!("run-{state}");
        let told = json!({"emulator-instant-stuck": state});
        azure.submit(&name, tagged(&body, told)).await;
        assert_eq!(azure.status(&name).await, state);
        let ran = azure.details(&name).await["startTimeUtc"].is_string();
        assert_eq!(
            ran,
            ["Running", "NotResponding"].contains(&state),
            "{state}"
        );
        let path = format!("jobs/{name}/cancel");
        assert_eq!(azure.post(&path, None).await.status, 202);
        assert_eq!(azure.status(&name).await, "Canceled");
    }
    let told = json!({"emulator-instant-stuck": "Finalizing"});
    azure.submit("last", tagged(&body, told)).await;
    assert_eq!(azure.post("jobs/last/cancel", None).await.status, 400);
    azure.set(json!({"instantStuck": "Preparing"})).await;
    azure.submit("all", body).await;
    assert_eq!(azure.status("all").await, "Preparing");
}

#[tokio::test]
async fn a_hand_can_end_a_run_in_any_way() {
    let (azure, body) = with_settings(json!({"instantSeconds": 600})).await;
    let hand = async |name: &str, what: Value| {
        let path = format!("/_emulator/jobs/{name}");
        let reply = azure.send(Method::POST, &path, None, Some(what)).await;
        assert_eq!(reply.status, 200, "{reply:?}");
    };
    for (name, what, status, code) in [
        ("a", json!({"status": "Canceled"}), "Canceled", Value::Null),
        (
            "b",
            json!({"ending": "capacity"}),
            "Failed",
            json!("UserError"),
        ),
        (
            "c",
            json!({"status": "Failed", "code": "Odd", "error": "odd words"}),
            "Failed",
            json!("Odd"),
        ),
        ("d", json!({"status": "Queued"}), "Queued", Value::Null),
    ] {
        azure.submit(name, body.clone()).await;
        hand(name, what).await;
        let details = azure.details(name).await;
        assert_eq!(details["status"], status);
        assert_eq!(details["error"]["error"]["code"], code, "{name}");
        assert_eq!(details["startTimeUtc"].is_null(), name == "d");
    }
}

#[tokio::test]
async fn a_run_can_vanish_from_lists_or_altogether() {
    let (azure, body) =
        with_settings(json!({"instantSeconds": 0, "instantStuck": "Running"})).await;
    let told = json!({"emulator-vanishes": "fromLists"});
    azure.submit("unlisted", tagged(&body, told)).await;
    let told = json!({"emulator-vanishes": "altogether"});
    azure.submit("gone", tagged(&body, told.clone())).await;
    azure.submit("by-hand", body.clone()).await;
    azure.submit("stays", body.clone()).await;
    let told = json!({"emulator-vanishes": "altogether", "emulator-instant-stuck": "Queued"});
    azure.submit("waits", tagged(&body, told)).await;

    let listed = async || {
        let list = azure.get("jobs").await.body;
        let jobs = list["value"].as_array().unwrap().clone();
        let mut names: Vec<String> = jobs
            .iter()
            .map(|job| job["name"].as_str().unwrap().to_owned())
            .collect();
        names.sort();
        names
    };
    assert_eq!(listed().await, ["by-hand", "stays", "waits"]);
    assert_eq!(azure.status("unlisted").await, "Running");
    assert_eq!(azure.get("jobs/gone").await.status, 404);
    let details = azure.history(Method::GET, "runs/gone/details", None).await;
    assert_eq!(details.status, 404);

    let path = "/_emulator/jobs/by-hand";
    let unlisted = Some(json!({"unlisted": true}));
    azure.send(Method::POST, path, None, unlisted).await;
    assert_eq!(listed().await, ["stays", "waits"]);
    assert_eq!(azure.status("by-hand").await, "Running");
    let removed = azure.send(Method::DELETE, path, None, None).await;
    assert_eq!(removed.status, 204);
    assert_eq!(azure.get("jobs/by-hand").await.status, 404);
    let again = azure.send(Method::DELETE, path, None, None).await;
    assert_eq!(again.status, 404);
    azure.submit("gone", body).await;
    assert_eq!(listed().await, ["gone", "stays", "waits"]);
}
