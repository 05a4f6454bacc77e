//! Outputs that become assets when their run completes.

use serde_json::{Value, json};

use crate::azure::Azure;

/// A body whose output is to be registered.
fn body(code: &str, output: &Value) -> Value {
    let mut body = Azure::job_body(code);
    let fields = body["properties"]["outputs"]["out"]
        .as_object_mut()
        .unwrap();
    fields.extend(output.as_object().unwrap().clone());
    body
}

#[tokio::test]
async fn an_output_is_registered_when_the_run_completes() {
    let azure = Azure::start(json!({"instantSeconds": 600})).await;
    let code = azure.some_code().await;
    let named = json!({"assetName": "wrangled", "assetVersion": "7"});
    azure.submit("run-1", body(&code, &named)).await;
    let shown = azure.get("jobs/run-1").await.body["properties"]["outputs"]["out"].clone();
    assert_eq!(
        (&shown["assetName"], &shown["assetVersion"]),
        (&json!("wrangled"), &json!("7"))
    );
    assert_eq!(azure.get("data/wrangled/versions/7").await.status, 404);
    azure.hold("run-1", "Completed").await;
    let data = azure.get("data/wrangled/versions/7").await.body;
    assert_eq!(
        data["properties"]["dataUri"],
        "azureml://datastores/workspaceblobstore/paths/out/"
    );
    assert_eq!(data["properties"]["dataType"], "uri_folder");
    let details = azure.details("run-1").await;
    let id = details["outputs"]["out"]["assetId"].as_str().unwrap();
    assert!(
        id.starts_with("azureml://locations/") && id.ends_with("/data/wrangled/versions/7"),
        "{id}"
    );
    let path = format!(
        "/data/v1.0{}/dataversion/batchGetResolvedUris",
        azure.world().workspace_arm_id()
    );
    let ids = Some(json!({"values": [id]}));
    let resolved = azure.arm(reqwest::Method::POST, &path, ids).await.body;
    assert_eq!(
        resolved["values"][id]["uri"],
        "azureml://datastores/workspaceblobstore/paths/out/"
    );
}

#[tokio::test]
async fn versions_are_counted_and_models_are_models() {
    let azure = Azure::start(json!({"instantSeconds": 0})).await;
    let code = azure.some_code().await;
    for name in ["run-1", "run-2"] {
        let named = json!({"assetName": "wrangled", "uri": null});
        azure.submit(name, body(&code, &named)).await;
    }
    assert_eq!(azure.get("jobs").await.status, 200);
    let second = azure.get("data/wrangled/versions/2").await.body;
    assert_eq!(
        second["properties"]["dataUri"],
        "azureml://datastores/workspaceblobstore/paths/azureml/run-2/out/"
    );
    let container = azure.get("data/wrangled").await.body;
    assert_eq!(container["properties"]["latestVersion"], "2");
    let model = json!({"assetName": "forest", "jobOutputType": "mlflow_model"});
    azure.submit("run-3", body(&code, &model)).await;
    let model = azure.get("models/forest/versions/1").await.body;
    assert_eq!(model["properties"]["modelType"], "mlflow_model");
    for (end, name) in [("Failed", "run-4"), ("Canceled", "run-5")] {
        let mut body = body(&code, &json!({"assetName": "never"}));
        body["properties"]["tags"] = json!({"emulator-instant-outcome": end});
        azure.submit(name, body).await;
    }
    assert_eq!(azure.get("data/never").await.status, 404);
}

#[tokio::test]
async fn a_version_that_exists_fails_the_run_or_stays() {
    for (word, status) in [("jobFails", "Failed"), ("stays", "Completed")] {
        let azure = Azure::start(json!({"instantSeconds": 0, "takenOutputVersion": word})).await;
        let code = azure.some_code().await;
        let kept = json!({"properties": {"dataType": "uri_file", "dataUri": "wasbs://x"}});
        azure.put("data/wrangled/versions/1", kept).await;
        let named = json!({"assetName": "wrangled", "assetVersion": "1"});
        azure.submit("run-1", body(&code, &named)).await;
        assert_eq!(azure.status("run-1").await, status);
        let data = azure.get("data/wrangled/versions/1").await.body;
        assert_eq!(data["properties"]["dataUri"], "wasbs://x");
        let error = azure.details("run-1").await["error"].to_string();
        assert_eq!(error.contains("wrangled:1 exists"), word == "jobFails");
    }
}
