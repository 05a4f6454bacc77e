//! Requests that go wrong on purpose.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use crate::azure::Azure;

#[tokio::test]
async fn a_status_is_answered_without_an_effect() {
    let azure = Azure::start(json!({"operationSeconds": 0})).await;
    azure
        .fault(json!([
            {"method": "PUT", "path": "/computes/", "count": 1,
             "action": {"kind": "status", "status": 429, "retryAfter": 3}},
            {"method": "GET", "path": "computes/.*version", "skip": 1, "count": 1,
             "action": {"kind": "status", "status": 503, "body": {"error": {"code": "Busy"}}}},
        ]))
        .await;
    let body = azure.attach_body(&azure.world().pool);
    let path = azure.compute("synspark");
    let hit = azure.arm(Method::PUT, &path, Some(body.clone())).await;
    assert_eq!((hit.status.as_u16(), hit.code()), (429, "TooManyRequests"));
    assert_eq!(hit.headers["retry-after"], "3");
    assert_eq!(azure.arm(Method::GET, &path, None).await.status, 404);
    assert_eq!(azure.arm(Method::GET, &path, None).await.code(), "Busy");
    assert_eq!(azure.arm(Method::PUT, &path, Some(body)).await.status, 201);
    let statuses: Vec<Value> = azure
        .requests(0)
        .await
        .iter()
        .filter(|entry| entry["path"] == path)
        .map(|entry| entry["status"].clone())
        .collect();
    assert_eq!(statuses, [429, 404, 503, 201]);
}

#[tokio::test]
async fn a_lost_answer_leaves_its_effect() {
    let azure = Azure::start(json!({"operationSeconds": 0})).await;
    let path = azure.compute("synspark");
    let token = azure.token(&azure.arm_audience()).await;
    for (when, then) in [("before", 404), ("after", 200)] {
        let rule = json!({"method": "PUT", "path": "/computes/", "action": {"kind": "drop", "when": when}});
        azure.fault(rule).await;
        let body = azure.attach_body(&azure.world().pool);
        let lost = azure
            .try_send(Method::PUT, &path, Some(&token), Some(body))
            .await;
        assert!(lost.is_err(), "{when}: {lost:?}");
        assert_eq!(
            azure.arm(Method::GET, &path, None).await.status,
            then,
            "{when}"
        );
    }
    let put = azure
        .requests(0)
        .await
        .into_iter()
        .find(|entry| entry["method"] == "PUT")
        .unwrap();
    assert_eq!(put["status"], Value::Null);
}

#[tokio::test]
async fn a_client_that_goes_away_takes_the_effect_with_it() {
    let azure = Azure::start(json!({"operationSeconds": 0})).await;
    let path = azure.compute("synspark");
    let token = azure.token(&azure.arm_audience()).await;
    for (when, then) in [("before", 404), ("after", 200)] {
        let rule = json!({"method": "PUT", "path": "/computes/",
            "action": {"kind": "delay", "seconds": 1.5, "when": when}});
        azure.fault(rule).await;
        let gone = azure
            .client
            .put(format!("{}{path}", azure.emulator.url()))
            .bearer_auth(&token)
            .json(&azure.attach_body(&azure.world().pool))
            .timeout(Duration::from_millis(500))
            .send()
            .await;
        assert!(gone.unwrap_err().is_timeout());
        // Longer than the delay, seen from its start: the effect would have happened by then.
        let deadline = Instant::now() + Duration::from_millis(1500);
        loop {
            let seen = azure.arm(Method::GET, &path, None).await.status;
            assert_eq!(seen, then, "{when}");
            if Instant::now() > deadline {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

#[tokio::test]
async fn a_stale_read_sees_what_was() {
    let azure = Azure::start(json!({"operationSeconds": 0})).await;
    let path = azure.compute("synspark");
    azure.attach("synspark").await;
    let detach = format!("{path}&underlyingResourceAction=Detach");
    azure
        .ended(&azure.arm(Method::DELETE, &detach, None).await)
        .await;
    azure
        .fault(json!({"path": "/computes", "action": {"kind": "stale"}}))
        .await;
    let stale = azure.arm(Method::GET, &path, None).await;
    assert_eq!(stale.status, 200);
    assert_eq!(stale.body["properties"]["provisioningState"], "Deleting");
    assert_eq!(azure.arm(Method::GET, &path, None).await.status, 404);
}

#[tokio::test]
async fn a_request_is_in_the_ledger_before_its_answer() {
    let azure = Azure::start(json!({})).await;
    let token = azure.token(&azure.arm_audience()).await;
    let path = azure.compute("synspark");
    azure
        .fault(json!({"path": "/computes", "action": {"kind": "delay", "seconds": 1}}))
        .await;
    let asking = azure.send(Method::GET, &path, Some(&token), None);
    let watching = async {
        let deadline = Instant::now() + Duration::from_secs(5);
        loop {
            let seen = azure.requests(0).await;
            if let Some(entry) = seen.iter().find(|entry| entry["path"] == path) {
                return entry["status"].clone();
            }
            assert!(Instant::now() < deadline, "the request does not show");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let (answer, status) = tokio::join!(asking, watching);
    assert_eq!((answer.status.as_u16(), status), (404, Value::Null));
}
