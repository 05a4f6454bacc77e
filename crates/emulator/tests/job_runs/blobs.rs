use reqwest::Method;
use serde_json::json;

use crate::azure::Azure;

async fn code_of(answer: reqwest::Response) -> (u16, String, String) {
    let status = answer.status().as_u16();
    let header = answer
        .headers()
        .get("x-ms-error-code")
        .map(|code| code.to_str().unwrap());
    let code = header.unwrap_or_default().to_owned();
    (status, code, answer.text().await.unwrap())
}

#[tokio::test]
async fn a_blob_is_a_plain_file_with_metadata() {
    let azure = Azure::start(json!({})).await;
    let (container, query) = azure.container().await;
    let url = format!("{container}/src/a%20b/main.py?{query}");
    azure
        .upload(
            &format!("{container}/src/a%20b/main.py"),
            &query,
            b"print(1)",
        )
        .await;
    let folder = container.rsplit('/').next().unwrap();
    let file = azure
        .emulator
        .data_dir()
        .join(&azure.world().storage_account)
        .join(folder);
    assert_eq!(
        std::fs::read(file.join("src/a b/main.py")).unwrap(),
        b"print(1)"
    );

    let marked = azure
        .blob(
            Method::PUT,
            &url.replace('?', "?comp=metadata&"),
            &[("x-ms-meta-upload_status", "completed")],
            b"",
        )
        .await;
    assert_eq!(marked.status(), 200);
    let head = azure.blob(Method::HEAD, &url, &[], b"").await;
    assert_eq!(head.headers()["x-ms-meta-upload_status"], "completed");
    assert_eq!(head.headers()["content-length"], "8");
    assert_eq!(head.headers()["content-md5"], "GGvb5B556mlkELoKno0nYg==");
    assert_eq!(head.headers()["x-ms-blob-type"], "BlockBlob");

    std::fs::write(file.join("src/a b/main.py"), "changed by hand").unwrap();
    let head = azure.blob(Method::HEAD, &url, &[], b"").await;
    assert_eq!(head.headers()["content-length"], "15");
    assert!(!head.headers().contains_key("x-ms-meta-upload_status"));
}

#[tokio::test]
async fn writes_are_conditional_and_checked() {
    let azure = Azure::start(json!({})).await;
    let (container, query) = azure.container().await;
    let url = format!("{container}/a?{query}");
    azure
        .upload(&format!("{container}/a"), &query, b"one")
        .await;
    let put = async |headers: &[(&str, &str)], url: &str| {
        code_of(azure.blob(Method::PUT, url, headers, b"two").await).await
    };
    let kind = ("x-ms-blob-type", "BlockBlob");
    let (status, code, _) = put(&[kind, ("if-none-match", "*")], &url).await;
    assert_eq!((status, code.as_str()), (409, "BlobAlreadyExists"));
    let (status, code, body) =
        put(&[kind, ("content-md5", "AAAAAAAAAAAAAAAAAAAAAA==")], &url).await;
    assert_eq!((status, code.as_str()), (400, "Md5Mismatch"));
    assert!(body.contains("<Code>Md5Mismatch</Code>"), "{body}");
    assert_eq!(put(&[kind, ("if-match", "\"0x0\"")], &url).await.0, 412);
    assert_eq!(put(&[], &url).await.1, "InvalidHeaderValue");
    assert_eq!(put(&[("x-ms-blob-type", "PageBlob")], &url).await.0, 501);
    let below = format!("{container}/a/b?{query}");
    assert_eq!(put(&[kind], &below).await.1, "ResourceTypeMismatch");
    assert_eq!(put(&[kind], &url).await.0, 201);
    let got = azure.blob(Method::GET, &url, &[], b"").await;
    assert_eq!(got.text().await.unwrap(), "two");
}

#[tokio::test]
async fn reads_have_ranges_and_tags() {
    let azure = Azure::start(json!({})).await;
    let (container, query) = azure.container().await;
    let url = format!("{container}/a?{query}");
    azure
        .upload(&format!("{container}/a"), &query, b"0123456789")
        .await;
    let whole = azure.blob(Method::GET, &url, &[], b"").await;
    let etag = whole.headers()["etag"].to_str().unwrap().to_owned();
    assert!(whole.headers().contains_key("last-modified"));
    assert!(whole.headers().contains_key("x-ms-request-id"));
    let part = azure
        .blob(Method::GET, &url, &[("x-ms-range", "bytes=2-4")], b"")
        .await;
    assert_eq!(part.status(), 206);
    assert_eq!(part.headers()["content-range"], "bytes 2-4/10");
    assert_eq!(part.text().await.unwrap(), "234");
    let behind = azure
        .blob(Method::GET, &url, &[("range", "bytes=10-")], b"")
        .await;
    assert_eq!(code_of(behind).await.1, "InvalidRange");
    let same = azure
        .blob(Method::GET, &url, &[("if-none-match", &etag)], b"")
        .await;
    assert_eq!(same.status(), 304);
    let missing = azure
        .blob(Method::GET, &format!("{container}/b?{query}"), &[], b"")
        .await;
    assert_eq!(code_of(missing).await.1, "BlobNotFound");
}

#[tokio::test]
async fn blocks_become_a_blob_in_the_order_of_the_list() {
    let azure = Azure::start(json!({})).await;
    let (container, query) = azure.container().await;
    let url = format!("{container}/big?{query}");
    for (id, content) in [("Yg==", "world"), ("YQ==", "hello ")] {
        let id = id.replace('=', "%3D");
        let put = format!("{container}/big?comp=block&blockid={id}&{query}");
        assert_eq!(
            azure
                .blob(Method::PUT, &put, &[], content.as_bytes())
                .await
                .status(),
            201
        );
    }
    assert_eq!(azure.blob(Method::HEAD, &url, &[], b"").await.status(), 404);
    let commit = format!("{container}/big?comp=blocklist&{query}");
    let list = |ids: &str| format!("<?xml version=\"1.0\"?><BlockList>{ids}</BlockList>");
    let bad = list("<Latest>eg==</Latest>");
    let refused = azure.blob(Method::PUT, &commit, &[], bad.as_bytes()).await;
    assert_eq!(code_of(refused).await.1, "InvalidBlockList");
    let good = list("<Latest>YQ==</Latest><Uncommitted>Yg==</Uncommitted>");
    assert_eq!(
        azure
            .blob(Method::PUT, &commit, &[], good.as_bytes())
            .await
            .status(),
        201
    );
    let got = azure.blob(Method::GET, &url, &[], b"").await;
    assert_eq!(got.text().await.unwrap(), "hello world");
}

#[tokio::test]
async fn lists_have_prefixes_folders_and_pages() {
    let azure = Azure::start(json!({})).await;
    let (container, query) = azure.container().await;
    for name in ["a/1", "a/2", "a-b", "b/c/3", "ü&<"] {
        azure
            .upload(&format!("{container}/{name}"), &query, name.as_bytes())
            .await;
    }
    let list = async |more: &str| {
        let url = format!("{container}?restype=container&comp=list{more}&{query}");
        let answer = azure.blob(Method::GET, &url, &[], b"").await;
        assert_eq!(answer.status(), 200);
        answer.text().await.unwrap()
    };
    let names = |body: &str| {
        let parts = body.split("<Name>").skip(1);
        parts
            .map(|part| part.split('<').next().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        names(&list("").await),
        ["a-b", "a/1", "a/2", "b/c/3", "ü&amp;&lt;"]
    );
    assert_eq!(names(&list("&prefix=a%2F").await), ["a/1", "a/2"]);
    assert_eq!(
        names(&list("&delimiter=%2F").await),
        ["a-b", "a/", "b/", "ü&amp;&lt;"]
    );
    assert_eq!(names(&list("&prefix=b%2F&delimiter=%2F").await), ["b/c/"]);
    assert!(names(&list("&prefix=..%2F").await).is_empty());
    let first = list("&maxresults=2").await;
    assert_eq!(names(&first), ["a-b", "a/1"]);
    assert!(first.contains("<NextMarker>a/2</NextMarker>"), "{first}");
    assert_eq!(
        names(&list("&maxresults=2&marker=a%2F2").await),
        ["a/2", "b/c/3"]
    );
}

#[tokio::test]
async fn signatures_are_checked_for_place_time_and_right() {
    let azure = Azure::start(json!({})).await;
    let (container, query) = azure.container().await;
    let (elsewhere, _) = azure.container().await;
    azure.upload(&format!("{container}/a"), &query, b"x").await;
    let get = async |url: String| code_of(azure.blob(Method::GET, &url, &[], b"").await).await;
    assert_eq!(get(format!("{container}/a")).await.0, 401);
    assert_eq!(
        get(format!("{elsewhere}/a?{query}")).await.1,
        "AuthenticationFailed"
    );
    let stretched = query.replace("se=20", "se=21");
    assert_eq!(
        get(format!("{container}/a?{stretched}")).await.1,
        "AuthenticationFailed"
    );
    let delete = azure
        .blob(Method::DELETE, &format!("{container}/a?{query}"), &[], b"")
        .await;
    assert_eq!(code_of(delete).await.1, "AuthorizationPermissionMismatch");
    azure.set(json!({"signatureSeconds": 0})).await;
    let (late, ended) = azure.container().await;
    assert_eq!(
        get(format!("{late}/a?{ended}")).await.1,
        "AuthenticationFailed"
    );
}

#[tokio::test]
async fn a_token_for_storage_opens_everything() {
    let azure = Azure::start(json!({})).await;
    let port = azure.emulator.url().rsplit(':').next().unwrap().to_owned();
    let account = azure.world().storage_account.clone();
    let base = format!("https://{account}.blob.core.localhost:{port}");
    let storage = azure
        .token(&format!("https://storage.localhost:{port}"))
        .await;
    let storage = format!("Bearer {storage}");
    let auth = ("authorization", storage.as_str());
    let made = format!("{base}/made-by-hand?restype=container");
    assert_eq!(
        azure.blob(Method::PUT, &made, &[auth], b"").await.status(),
        201
    );
    let again = azure.blob(Method::PUT, &made, &[auth], b"").await;
    assert_eq!(code_of(again).await.1, "ContainerAlreadyExists");
    let kind = ("x-ms-blob-type", "BlockBlob");
    let blob = format!("{base}/made-by-hand/a/b");
    assert_eq!(
        azure
            .blob(Method::PUT, &blob, &[auth, kind], b"x")
            .await
            .status(),
        201
    );
    assert_eq!(
        azure
            .blob(Method::DELETE, &blob, &[auth], b"")
            .await
            .status(),
        202
    );
    let folder = azure
        .emulator
        .data_dir()
        .join(&account)
        .join("made-by-hand");
    assert_eq!(
        std::fs::read_dir(&folder).unwrap().count(),
        0,
        "an empty folder stays"
    );
    assert_eq!(
        azure
            .blob(Method::DELETE, &made, &[auth], b"")
            .await
            .status(),
        202
    );
    let gone = azure.blob(Method::GET, &blob, &[auth], b"").await;
    assert_eq!(code_of(gone).await.1, "ContainerNotFound");
    let arm = format!("Bearer {}", azure.token(&azure.arm_audience()).await);
    let wrong = azure
        .blob(Method::GET, &blob, &[("authorization", &arm)], b"")
        .await;
    assert_eq!(code_of(wrong).await.1, "AuthenticationFailed");
}

#[tokio::test]
async fn no_name_leads_out_of_the_data_folder() {
    let azure = Azure::start(json!({})).await;
    let (container, query) = azure.container().await;
    for name in [
        "..%2F..%2Fx",
        "a%2F%2E%2E%2F%2E%2E%2Fx",
        "a%00",
        "a%2F%2Fb",
        "%2Fetc%2Fpasswd",
    ] {
        let url = format!("{container}/{name}?{query}");
        let answer = azure.blob(Method::GET, &url, &[], b"").await;
        assert_eq!(code_of(answer).await.1, "InvalidResourceName", "{name}");
    }
}
