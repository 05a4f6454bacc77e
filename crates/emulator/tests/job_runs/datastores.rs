//! Datastores, data and environments.

use reqwest::Method;
use serde_json::json;

use crate::azure::Azure;

#[tokio::test]
async fn a_workspace_has_a_default_datastore_with_secrets() {
    let azure = Azure::start(json!({})).await;
    let default = azure.get("datastores?isDefault=true&count=30").await.body;
    let [store] = default["value"].as_array().unwrap().as_slice() else {
        panic!("{default}")
    };
    assert_eq!(store["name"], "workspaceblobstore");
    assert_eq!(
        store["properties"]["containerName"],
        azure.world().container
    );
    let secrets = azure
        .post("datastores/workspaceblobstore/listSecrets", None)
        .await;
    assert_eq!(secrets.body["secretsType"], "AccountKey");
    assert_eq!(secrets.body["key"], azure.world().storage_account_key);
    azure.set(json!({"datastoreSecrets": "sas"})).await;
    let secrets = azure
        .post("datastores/workspaceblobstore/listSecrets", None)
        .await;
    let (account, container) = (&azure.world().storage_account, &azure.world().container);
    let port = azure.emulator.url().rsplit(':').next().unwrap();
    let url = format!(
        "https://{account}.blob.core.localhost:{port}/{container}?restype=container&comp=list&{}",
        secrets.body["sasToken"].as_str().unwrap()
    );
    assert_eq!(azure.blob(Method::GET, &url, &[], b"").await.status(), 200);
    assert_eq!(azure.get("datastores/nowhere").await.status, 404);
}

#[tokio::test]
async fn assets_have_versions_that_stay() {
    let azure = Azure::start(json!({})).await;
    let uri = |n: u32| format!("azureml://datastores/workspaceblobstore/paths/{n}/");
    let data = |n: u32| json!({"properties": {"dataType": "uri_folder", "dataUri": uri(n)}});
    assert_eq!(azure.put("data/d/versions/9", data(1)).await.status, 201);
    assert_eq!(azure.put("data/d/versions/10", data(2)).await.status, 201);
    assert_eq!(azure.put("data/d/versions/9", data(1)).await.status, 200);
    assert_eq!(azure.put("data/d/versions/9", data(3)).await.status, 400);
    let container = azure.get("data/d").await.body;
    assert_eq!(container["properties"]["latestVersion"], "10");
    assert_eq!(
        azure.get("data/d/versions").await.body["value"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    let environment = json!({"properties": {"image": "img", "condaFile": "name: x"}});
    assert_eq!(
        azure
            .put("environments/e/versions/1", environment.clone())
            .await
            .status,
        201
    );
    assert_eq!(
        azure
            .put("environments/e/versions/1", environment)
            .await
            .status,
        200
    );
    let other = json!({"properties": {"image": "other", "condaFile": "name: x"}});
    assert_eq!(
        azure.put("environments/e/versions/1", other).await.status,
        400
    );
    assert_eq!(azure.get("environments/e/versions/2").await.status, 404);
}
