//! A second PUT on a job's name (contract §13).

use serde_json::{Value, json};

use crate::azure::Azure;
use crate::studio::chain;

async fn with_job(settings: Value) -> (Azure, Value) {
    let azure = Azure::start(json!({"instantSeconds": 600})).await;
    azure.set(settings).await;
    let code = azure.some_code().await;
    let body = Azure::job_body(&code);
    azure.submit("run-1", body.clone()).await;
    (azure, body)
}

#[tokio::test]
async fn the_very_same_body_is_refused_and_starts_nothing() {
    for (word, status) in [("refuse400", 400), ("refuse409", 409)] {
        let (azure, body) = with_job(json!({"repeatedPut": word})).await;
        let created = azure.get("jobs/run-1").await.body["systemData"]["createdAt"].clone();
        let again = azure.put("jobs/run-1", body).await;
        assert_eq!(again.status, status, "{again:?}");
        assert_eq!(again.body["error"]["code"], "UserError");
        assert_eq!(chain(&again.body), ["Immutable", "JobPropertyImmutable"]);
        let words = again.body["error"]["message"].as_str().unwrap();
        assert!(
            words.starts_with("A job with this name already exists."),
            "{words}"
        );
        assert!(words.contains("Outputs cannot be changed"), "{words}");
        let jobs = azure.get("jobs").await.body["value"].clone();
        assert_eq!(jobs.as_array().unwrap().len(), 1);
        assert_eq!(jobs[0]["systemData"]["createdAt"], created);
    }
}

#[tokio::test]
async fn what_was_read_can_be_written_back_with_other_words() {
    let (azure, _) = with_job(json!({})).await;
    let mut job = azure.get("jobs/run-1").await.body;
    let fields = job["properties"].as_object_mut().unwrap();
    fields.insert("displayName".to_owned(), json!("other"));
    fields.insert("tags".to_owned(), json!({"new": "tag"}));
    fields.insert("properties".to_owned(), json!({"hash": "2", "more": "x"}));
    fields.insert("isArchived".to_owned(), json!(true));
    let body = json!({"properties": fields});
    let reply = azure.put("jobs/run-1", body.clone()).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let shown = azure.get("jobs/run-1").await.body["properties"].clone();
    assert_eq!(shown["displayName"], "other");
    // Tags are added and never removed; properties never change.
    assert_eq!(
        (&shown["tags"]["mine"], &shown["tags"]["new"]),
        (&json!("yes"), &json!("tag"))
    );
    assert_eq!(shown["properties"]["hash"], "1");
    assert_eq!(shown["properties"]["more"], "x");
    assert_eq!(azure.get("jobs").await.body["value"], json!([]));

    let mut other = body;
    other["properties"]["args"] = json!("--n 6");
    other["properties"]["conf"]["spark.driver.cores"] = json!("2");
    let reply = azure.put("jobs/run-1", other).await;
    let words = reply.body["error"]["message"].as_str().unwrap();
    assert!(words.contains("Args, Conf cannot be changed"), "{words}");
}

#[tokio::test]
async fn a_service_that_accepts_repeats_still_refuses_changes() {
    let (azure, mut body) = with_job(json!({"repeatedPut": "accept"})).await;
    assert_eq!(azure.put("jobs/run-1", body.clone()).await.status, 200);
    body["properties"]["inputs"]["n"]["value"] = json!("6");
    let reply = azure.put("jobs/RUN-1", body).await;
    assert_eq!(reply.status, 400);
    assert_eq!(chain(&reply.body), ["Immutable", "JobPropertyImmutable"]);
}
