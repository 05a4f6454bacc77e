use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::azure::Azure;

#[tokio::test]
async fn a_job_is_shown_with_what_the_service_adds() {
    let azure = Azure::start(json!({"instantSeconds": 600})).await;
    let code = azure.some_code().await;
    let put = azure.put("jobs/run-1", Azure::job_body(&code)).await;
    assert_eq!(put.status, 201, "{put:?}");
    let own = format!(
        "{}{}/jobs/run-1",
        azure.emulator.url(),
        azure.world().workspace_arm_id()
    );
    assert_eq!(put.headers["location"].to_str().unwrap(), own);
    assert_eq!(put.body["properties"]["status"], "Starting");

    let job = azure.get("jobs/RUN-1").await.body;
    assert!(job["id"].as_str().unwrap().ends_with("/jobs/run-1"));
    let shown = &job["properties"];
    for null in [
        "computeId",
        "componentId",
        "environmentId",
        "pyFiles",
        "jars",
        "files",
        "archives",
    ] {
        assert_eq!(shown.get(null), Some(&Value::Null), "{null}");
    }
    assert_eq!(shown["tags"]["mine"], "yes");
    assert_eq!(shown["properties"]["hash"], "1");
    assert!(
        shown["properties"].as_object().unwrap().len() > 1,
        "no properties of the service"
    );
    let default = &shown["outputs"]["default"]["uri"];
    assert_eq!(
        default,
        "azureml://datastores/workspaceartifactstore/ExperimentRun/dcid.run-1"
    );
    let studio = shown["services"]["Studio"]["endpoint"].as_str().unwrap();
    assert!(
        studio.starts_with("https://ml.azure.com/runs/run-1?wsid=/subscriptions/"),
        "{studio}"
    );
    assert_eq!(job["systemData"]["createdBy"], azure.world().client_id);
}

#[tokio::test]
async fn the_instant_runner_ends_as_it_is_told() {
    for outcome in ["Completed", "Failed", "Canceled"] {
        let azure = Azure::start(json!({"instantSeconds": 0.2, "instantOutcome": outcome})).await;
        let code = azure.some_code().await;
        azure.submit("run-1", Azure::job_body(&code)).await;
        azure
            .reaches("run-1", outcome, Duration::from_secs(10))
            .await;
        let details = azure.details("run-1").await;
        assert_eq!(details["status"], outcome);
        assert!(
            details["startTimeUtc"].as_str() < details["endTimeUtc"].as_str(),
            "{details}"
        );
        assert_eq!(
            details["error"]["error"]["code"] == "UserError",
            outcome == "Failed"
        );
    }
}

#[tokio::test]
async fn a_job_on_a_pool_needs_the_role_when_it_starts() {
    let azure = Azure::start(json!({"instantSeconds": 0.1, "operationSeconds": 0})).await;
    let compute = azure.attach("synspark").await;
    let code = azure.some_code().await;
    azure
        .submit("early", azure.attached_body(&code, "synspark"))
        .await;
    azure
        .reaches("early", "Failed", Duration::from_secs(10))
        .await;
    let error = azure.details("early").await["error"]["error"]["message"].to_string();
    let principal = compute["identity"]["principalId"].as_str().unwrap();
    assert!(
        error.contains(principal) && error.contains("bigDataPools/useCompute/action"),
        "{error}"
    );

    azure.grant_pool(&compute).await;
    azure
        .submit("late", azure.attached_body(&code, "SYNSPARK"))
        .await;
    azure
        .reaches("late", "Completed", Duration::from_secs(10))
        .await;
    let shown = azure.get("jobs/late").await.body;
    let id = shown["properties"]["computeId"].as_str().unwrap();
    assert!(
        id.contains("/resourcegroups/"),
        "the case of ids does not change: {id}"
    );
}

#[tokio::test]
async fn a_job_can_be_deleted_once_it_has_ended() {
    let azure = Azure::start(json!({"instantSeconds": 600})).await;
    let code = azure.some_code().await;
    azure.submit("run-1", Azure::job_body(&code)).await;
    let path = azure.ws("jobs/run-1");
    assert_eq!(azure.arm(Method::DELETE, &path, None).await.status, 400);
    azure.hold("run-1", "Completed").await;
    assert_eq!(azure.arm(Method::DELETE, &path, None).await.status, 200);
    assert_eq!(azure.get("jobs/run-1").await.status, 404);
    assert_eq!(azure.arm(Method::DELETE, &path, None).await.status, 204);
    assert_eq!(
        azure.put("jobs/run-1", Azure::job_body(&code)).await.status,
        201
    );
}

#[tokio::test]
async fn a_stale_read_misses_the_latest_write() {
    let azure = Azure::start(json!({"instantSeconds": 600})).await;
    let code = azure.some_code().await;
    azure.submit("run-1", Azure::job_body(&code)).await;
    let stale = json!({"method": "GET", "path": "/jobs", "count": 2, "action": {"kind": "stale"}});
    azure.fault(stale).await;
    assert_eq!(azure.get("jobs/run-1").await.status, 404);
    assert_eq!(azure.get("jobs").await.body["value"], json!([]));
    assert_eq!(azure.get("jobs/run-1").await.status, 200);
}

#[tokio::test]
async fn a_reset_forgets_jobs_and_code() {
    let azure = Azure::start(json!({"instantSeconds": 600})).await;
    let code = azure.some_code().await;
    azure.submit("run-1", Azure::job_body(&code)).await;
    assert_eq!(
        azure
            .send(Method::POST, "/_emulator/reset", None, None)
            .await
            .status,
        204
    );
    assert_eq!(azure.get("jobs/run-1").await.status, 404);
    assert_eq!(azure.get("codes/some-code/versions/1").await.status, 404);
    assert_eq!(azure.get("datastores/workspaceblobstore").await.status, 200);
}
