use reqwest::Method;
use serde_json::{Value, json};

use crate::azure::Azure;

async fn ended() -> Azure {
    let azure = Azure::start(json!({"instantSeconds": 0})).await;
    let code = azure.some_code().await;
    azure.submit("run-1", Azure::job_body(&code)).await;
    azure
}

#[tokio::test]
async fn logs_are_signed_urls_of_blobs() {
    let azure = ended().await;
    let details = azure.details("run-1").await;
    let url = details["logFiles"]["user_logs/std_log.txt"]
        .as_str()
        .unwrap();
    let answer = azure.blob(Method::GET, url, &[], b"").await;
    assert_eq!(answer.status(), 200);
    let log = answer.text().await.unwrap();
    assert!(log.contains("run-1"), "{log}");
    let (bare, _) = url.split_once('?').unwrap();
    assert_eq!(azure.blob(Method::GET, bare, &[], b"").await.status(), 401);
    let other = url.replacen("std_log", "other", 1);
    assert_eq!(
        azure.blob(Method::GET, &other, &[], b"").await.status(),
        403
    );

    let file = azure
        .emulator
        .data_dir()
        .join(&azure.world().storage_account);
    let file = file.join("azureml/ExperimentRun/dcid.run-1/user_logs/std_log.txt");
    assert_eq!(std::fs::read_to_string(file).unwrap(), log);
}

#[tokio::test]
async fn a_run_can_be_described_and_its_properties_only_added() {
    let azure = ended().await;
    let path = "experiments/exp/runs/run-1";
    let change = json!({
        "displayName": "new", "description": "words", "tags": {"a": "b"}, "properties": {"p": "1"},
    });
    let reply = azure.history(Method::PATCH, path, Some(change)).await;
    assert_eq!(
        (reply.status.as_u16(), &reply.body["displayName"]),
        (200, &json!("new"))
    );
    let job = azure.get("jobs/run-1").await.body["properties"].clone();
    assert_eq!(
        (&job["tags"]["mine"], &job["tags"]["a"]),
        (&json!("yes"), &json!("b"))
    );
    assert_eq!(job["description"], "words");
    assert_eq!(
        azure.get("jobs?tag=a").await.body["value"][0]["name"],
        "run-1"
    );
    let long = json!({"tags": {"a": "x".repeat(1001)}});
    let refused = azure.history(Method::PATCH, path, Some(long)).await;
    assert_eq!(refused.status, 400, "{refused:?}");
    let clash = json!({"displayName": "newer", "properties": {"p": "2"}});
    assert_eq!(
        azure.history(Method::PATCH, path, Some(clash)).await.status,
        400
    );
    assert_eq!(
        azure.get("jobs/run-1").await.body["properties"]["displayName"],
        "new"
    );
}

#[tokio::test]
async fn outputs_resolve_to_where_they_lie() {
    let azure = ended().await;
    let body = json!({"runId": "run-1", "selectRunMetadata": true});
    let data = azure.history(Method::POST, "rundata", Some(body)).await;
    let asset = data.body["runMetadata"]["outputs"]["out"]["assetId"].clone();
    let path = format!(
        "/data/v1.0{}/dataversion/batchGetResolvedUris",
        azure.world().workspace_arm_id()
    );
    let resolved = azure
        .arm(
            Method::POST,
            &path,
            Some(json!({"values": [asset, "azureml://other"]})),
        )
        .await;
    assert_eq!(resolved.status, 200, "{resolved:?}");
    let values = resolved.body["values"].as_object().unwrap();
    assert_eq!(values.len(), 1);
    assert_eq!(
        values[asset.as_str().unwrap()]["uri"],
        "azureml://datastores/workspaceblobstore/paths/out/"
    );
    let naked = azure
        .send(Method::POST, &path, None, Some(json!({"values": []})))
        .await;
    assert_eq!(naked.status, 401);
}

#[tokio::test]
async fn artifacts_are_listed_and_found() {
    let azure = ended().await;
    let list = azure
        .history(Method::GET, "experiments/exp/runs/run-1/artifacts", None)
        .await;
    assert_eq!(list.body["value"][0]["path"], "user_logs/std_log.txt");
    let one = "runs/run-1/artifacts/contentinfo?path=user_logs%2Fstd_log.txt";
    let one = azure.history(Method::GET, one, None).await;
    let url = one.body["contentUri"].as_str().unwrap();
    assert_eq!(azure.blob(Method::GET, url, &[], b"").await.status(), 200);
    let none = "runs/run-1/artifacts/contentinfo?path=nothing";
    assert_eq!(azure.history(Method::GET, none, None).await.status, 404);
    let children = azure
        .history(Method::GET, "runs/run-1/children", None)
        .await;
    assert_eq!(children.body["value"], Value::Array(Vec::new()));
    assert_eq!(
        azure
            .history(Method::GET, "runs/other/details", None)
            .await
            .status,
        404
    );
}
