//! Code is brought to Azure once.

use azureml_spark_azure::aml::code::{Source, SourceFile};
use azureml_spark_azure::aml::upload::upload;
use azureml_spark_azure::{ArmId, Class};

use crate::server::{Server, answer, answer_with};
use crate::workspace;

const CODES: &str = "/subscriptions/sub-1/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/ws/codes/0664749d-9e46-57eb-804d-0cdbac451caa/versions";

fn source() -> Source {
    let file = |path: &str, content: &'static str| SourceFile {
        path: path.to_owned(),
        content: content.into(),
    };
    Source::new([file("main.py", "print(1)\n"), file("lib/a.py", "x=1\n")]).unwrap()
}

fn place(server: &Server) -> String {
    let container = format!("https://acct.blob.core.localhost:{}/cont-1", server.port);
    serde_json::json!({"blobReferenceForConsumption": {
        "blobUri": container,
        "credential": {"credentialType": "SAS", "sasUri": format!("{container}?sv=1&sig=s3cret")},
    }})
    .to_string()
}

#[tokio::test]
async fn known_code_is_not_uploaded_again() {
    let server = Server::start().await;
    server.reply(answer(
        200,
        r#"{"value":[{"id":"/codes/known/versions/1"}],"nextLink":null}"#,
    ));
    let id = upload(&server.client(), &workspace(), &source())
        .await
        .unwrap();
    assert_eq!(id, ArmId::new("/codes/known/versions/1"));
    assert_eq!(server.lines(), [format!("GET {CODES}")]);
}

#[tokio::test]
async fn unknown_code_is_uploaded_and_registered() {
    let server = Server::start().await;
    server
        .reply(answer(200, r#"{"value":[],"nextLink":null}"#))
        .reply(answer(200, place(&server)))
        .reply(answer(201, ""))
        // An earlier try, whose answer was lost, has written this one.
        .reply(answer_with(
            409,
            &[("x-ms-error-code", "BlobAlreadyExists")],
            "",
        ))
        .reply(answer(200, ""))
        .reply(answer(201, r#"{"id":"/codes/new/versions/1"}"#));
    let id = upload(&server.client(), &workspace(), &source())
        .await
        .unwrap();
    assert_eq!(id, ArmId::new("/codes/new/versions/1"));
    let mut lines = server.lines();
    lines[2..4].sort();
    assert_eq!(
        lines,
        [
            format!("GET {CODES}"),
            format!("POST {CODES}/1/startPendingUpload"),
            "PUT /cont-1/src/lib/a.py".to_owned(),
            "PUT /cont-1/src/main.py".to_owned(),
            "PUT /cont-1/src/lib/a.py".to_owned(),
            format!("PUT {CODES}/1"),
        ]
    );
    let asked = server.asked();
    assert!(
        asked[2..5]
            .iter()
            .all(|asked| asked.header("authorization").is_none())
    );
    let body: serde_json::Value = serde_json::from_slice(&asked[5].body).unwrap();
    let folder = format!(
        "https://acct.blob.core.localhost:{}/cont-1/src",
        server.port
    );
    assert_eq!(body["properties"]["codeUri"], folder);
}

#[tokio::test]
async fn whoever_registers_second_takes_the_firsts_version() {
    let server = Server::start().await;
    server
        .reply(answer(200, r#"{"value":[]}"#))
        .reply(answer(200, place(&server)))
        .reply(answer(201, ""))
        .reply(answer(201, ""))
        .reply(answer(200, ""))
        .reply(answer(
            400,
            include_str!("../data/answers/code-version-exists.json"),
        ))
        .reply(answer(
            200,
            include_str!("../data/answers/code-version.json"),
        ));
    let id = upload(&server.client(), &workspace(), &source())
        .await
        .unwrap();
    assert_eq!(id.as_str().split("/codes/").nth(1), Some("c/versions/1"));
    assert_eq!(server.lines()[6], format!("GET {CODES}/1"));
}

#[tokio::test]
async fn a_refused_blob_ends_the_upload_before_anything_is_registered() {
    let server = Server::start().await;
    server
        .reply(answer(200, r#"{"value":[]}"#))
        .reply(answer(200, place(&server)))
        .reply(answer_with(
            403,
            &[("x-ms-error-code", "AuthorizationFailure")],
            "",
        ))
        .reply(answer_with(
            403,
            &[("x-ms-error-code", "AuthorizationFailure")],
            "",
        ));
    let error = upload(&server.client(), &workspace(), &source())
        .await
        .unwrap_err();
    assert_eq!(
        (error.class, error.code.as_str()),
        (Class::Forbidden, "AuthorizationFailure")
    );
    assert!(!server.lines().contains(&format!("PUT {CODES}/1")));
    assert!(!format!("{error:?}").contains("s3cret"));
}
