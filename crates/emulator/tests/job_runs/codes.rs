use serde_json::json;

use crate::azure::Azure;

#[tokio::test]
async fn code_is_found_by_its_hash_whatever_its_name() {
    let azure = Azure::start(json!({})).await;
    let id = azure.some_code().await;
    let found = azure
        .get("codes/anything/versions?hash=hash-of-some-code&hashVersion=202208")
        .await;
    assert_eq!(found.body["value"][0]["id"], json!(id));
    let none = azure
        .get("codes/some-code/versions?hash=other&hashVersion=202208")
        .await;
    assert_eq!(none.body["value"], json!([]));
    let named = azure.get("codes/SOME-CODE/versions").await;
    assert_eq!(named.body["value"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_version_keeps_its_path_for_ever() {
    let azure = Azure::start(json!({})).await;
    azure.some_code().await;
    let shown = azure.get("codes/some-code/versions/1").await.body;
    assert_eq!(shown["properties"]["isAnonymous"], json!(false));
    let uri = shown["properties"]["codeUri"].as_str().unwrap();
    let same = json!({"properties": {"codeUri": format!("{uri}/"), "properties": {"hash_version": 202_208}}});
    let again = azure.put("codes/some-code/versions/1", same).await;
    assert_eq!(again.status, 200, "{again:?}");
    assert_eq!(
        again.body["properties"]["properties"]["hash_version"],
        "202208"
    );
    let (elsewhere, _) = azure.container().await;
    let other = json!({"properties": {"codeUri": format!("{elsewhere}/src")}});
    let reply = azure.put("codes/some-code/versions/1", other).await;
    assert_eq!(reply.status, 400);
    assert_eq!(reply.body["error"]["code"], "UserError");
    assert_eq!(
        reply.body["error"]["message"],
        "Asset paths cannot be updated."
    );
}

#[tokio::test]
async fn code_is_a_folder_of_emulated_storage() {
    let azure = Azure::start(json!({})).await;
    let (container, query) = azure.container().await;
    azure
        .upload(&format!("{container}/src/main.py"), &query, b"")
        .await;
    for uri in [
        format!("{container}/src/main.py"),
        "https://elsewhere.blob.core.windows.net/c/src".to_owned(),
        format!("{container}/../../etc"),
        String::new(),
    ] {
        let reply = azure
            .put(
                "codes/c/versions/1",
                json!({"properties": {"codeUri": uri}}),
            )
            .await;
        assert_eq!(reply.status, 400, "{uri}: {reply:?}");
    }
}

#[tokio::test]
async fn every_upload_gets_a_container_of_its_own() {
    let azure = Azure::start(json!({})).await;
    let path = "codes/c/versions/1/startPendingUpload";
    let body = || Some(json!({"pendingUploadType": "TemporaryBlobReference"}));
    let one = azure.post(path, body()).await.body;
    let two = azure.post(path, body()).await.body;
    let uri = "/blobReferenceForConsumption/blobUri";
    assert_ne!(one.pointer(uri), two.pointer(uri));
    assert_eq!(
        one["blobReferenceForConsumption"]["credential"]["credentialType"],
        "SAS"
    );
    assert_eq!(
        azure
            .post(path, Some(json!({"pendingUploadType": "Other"})))
            .await
            .status,
        400
    );
}
