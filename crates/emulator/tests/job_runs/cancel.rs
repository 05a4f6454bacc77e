use std::time::Duration;

use serde_json::{Value, json};

use crate::azure::Azure;

async fn with_job(settings: Value) -> Azure {
    let azure = Azure::start(json!({"instantSeconds": 600})).await;
    azure.set(settings).await;
    let code = azure.some_code().await;
    azure.submit("run-1", Azure::job_body(&code)).await;
    azure
}

#[tokio::test]
async fn a_cancellation_is_seen_on_the_job() {
    let azure = with_job(json!({"cancelSeconds": 600})).await;
    let reply = azure.post("jobs/run-1/cancel", None).await;
    assert_eq!(reply.status, 202);
    let location = reply.headers["location"].to_str().unwrap();
    assert!(location.contains("/jobs/run-1"), "{location}");
    assert_eq!(azure.status("run-1").await, "CancelRequested");

    let azure = with_job(json!({"cancelSeconds": 0.1, "cancelAnswer": "ok"})).await;
    assert_eq!(azure.post("jobs/run-1/cancel", None).await.status, 200);
    azure
        .reaches("run-1", "Canceled", Duration::from_secs(10))
        .await;
    assert_eq!(azure.details("run-1").await["error"], Value::Null);
}

#[tokio::test]
async fn a_finalizing_job_cannot_be_canceled() {
    let azure = with_job(json!({})).await;
    azure.hold("run-1", "Finalizing").await;
    let reply = azure.post("jobs/run-1/cancel", None).await;
    assert_eq!(reply.status, 400);
    assert_eq!(reply.body["error"]["code"], "UserError");
    assert_eq!(azure.status("run-1").await, "Finalizing");
}

#[tokio::test]
async fn an_ended_job_stays_as_it_ended() {
    for (word, status) in [("accept", 202), ("refuse", 400)] {
        let azure = with_job(json!({"cancelEnded": word})).await;
        azure.hold("run-1", "Completed").await;
        assert_eq!(azure.post("jobs/run-1/cancel", None).await.status, status);
        assert_eq!(azure.status("run-1").await, "Completed");
    }
    let azure = with_job(json!({})).await;
    assert_eq!(azure.post("jobs/other/cancel", None).await.status, 404);
}

#[tokio::test]
async fn a_paused_job_can_be_canceled() {
    let azure = with_job(json!({"cancelSeconds": 0})).await;
    azure.hold("run-1", "Paused").await;
    assert_eq!(azure.post("jobs/run-1/cancel", None).await.status, 202);
    assert_eq!(azure.status("run-1").await, "Canceled");
}

#[tokio::test]
async fn a_cancellation_can_have_no_effect() {
    let azure = with_job(json!({"cancelEffect": "nothing"})).await;
    assert_eq!(azure.post("jobs/run-1/cancel", None).await.status, 202);
    assert_eq!(azure.status("run-1").await, "Starting");

    let azure = with_job(json!({"cancelEffect": "stays", "cancelSeconds": 0})).await;
    for _ in 0..2 {
        assert_eq!(azure.post("jobs/run-1/cancel", None).await.status, 202);
        assert_eq!(azure.status("run-1").await, "CancelRequested");
    }
    azure.set(json!({"cancelEffect": "ends"})).await;
    azure.post("jobs/run-1/cancel", None).await;
    assert_eq!(azure.status("run-1").await, "Canceled");
}

#[tokio::test]
async fn a_cancellation_can_need_a_right() {
    for (word, status) in [("refused", 400), ("forbidden", 403)] {
        let azure = with_job(json!({"cancelEffect": word})).await;
        let reply = azure.post("jobs/run-1/cancel", None).await;
        assert_eq!(reply.status, status);
        assert_eq!(reply.body["error"]["code"], "UserError");
        assert_eq!(
            reply.body["error"]["message"],
            "Cannot execute Cancel because user does not have sufficient permission."
        );
        assert_eq!(azure.status("run-1").await, "Starting");
    }
}

#[tokio::test]
async fn a_runs_own_tags_say_what_a_cancellation_does() {
    let azure = with_job(json!({"cancelSeconds": 0})).await;
    let code = azure.code("more-code", &[("main.py", "")]).await;
    for (tag, value, seen) in [
        ("emulator-cancel", "stays", "CancelRequested"),
        ("emulator-cancel-seconds", "600", "CancelRequested"),
        ("other", "x", "Canceled"),
    ] {
        let mut body = Azure::job_body(&code);
        body["properties"]["tags"] = json!({tag: value});
        let name = format!("run-{value}");
        azure.submit(&name, body).await;
        azure.post(&format!("jobs/{name}/cancel"), None).await;
        assert_eq!(azure.status(&name).await, seen, "{tag}");
    }
}
