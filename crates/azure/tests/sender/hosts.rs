//! Where requests may go, and what they carry there.

use azureml_spark_azure::aml::{job, log, run};
use azureml_spark_azure::arm::workspace;
use azureml_spark_azure::{Class, Credential, Options, SasUrl, Transport, blob, operation};
use secrecy::SecretString;
use url::Url;

use crate::server::{SECRET, Server, answer, answer_with};
use crate::{get_job, workspace as ws};

#[tokio::test]
async fn addresses_outside_the_cloud_are_not_asked() {
    let server = Server::start().await;
    let client = server.client();
    let port = server.port;
    for outside in [
        "https://example.org/next".to_owned(),
        format!("http://localhost:{port}/next"),
        format!("https://localhost:{}/next", port ^ 1),
        // Storage is part of the cloud, but no place for a token.
        format!("https://acct.blob.core.localhost:{port}/next"),
    ] {
        let url: Url = outside.parse().unwrap();
        for error in [
            client
                .send(job::next_page(url.clone()))
                .await
                .map(drop)
                .unwrap_err(),
            client
                .send(operation::poll(url.clone()))
                .await
                .map(drop)
                .unwrap_err(),
            client
                .send(run::details(&url, &ws(), "r"))
                .await
                .map(drop)
                .unwrap_err(),
        ] {
            assert_eq!(
                (error.class, error.code.as_str()),
                (Class::Terminal, "HostNotAllowed")
            );
        }
    }
    let discovery = "https://example.org/discovery".parse().unwrap();
    assert_eq!(
        client
            .send(run::discover(discovery))
            .await
            .unwrap_err()
            .code,
        "HostNotAllowed"
    );
    let sas = SasUrl::new("https://example.org/c?sig=s3cret");
    let error = client
        .send(blob::put(&sas, "src", "a", "x".into()))
        .await
        .unwrap_err();
    assert_eq!(error.code, "HostNotAllowed");
    assert!(!format!("{error:?} {error}").contains("s3cret"));
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let server = Server::start().await;
    let elsewhere = format!("https://localhost:{}/elsewhere", server.port);
    server.reply(answer_with(302, &[("location", &elsewhere)], ""));
    let error = server.client().send(get_job()).await.unwrap_err();
    assert_eq!(error.status, Some(302));
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn a_certificate_of_an_unknown_authority_is_refused() {
    let server = Server::start().await;
    let mut cloud = server.cloud();
    cloud.ca_file = None;
    let transport = Transport::new(cloud).unwrap();
    let secret = SecretString::from(SECRET);
    let credential = Credential::client_secret(&transport, "t", "c", &secret).unwrap();
    let client = azureml_spark_azure::Client::new(transport, credential, Options::default());
    let discovery = format!("https://localhost:{}/discovery", server.port)
        .parse()
        .unwrap();
    let error = client.send(run::discover(discovery)).await.unwrap_err();
    assert_eq!(
        (error.class, error.code.as_str()),
        (Class::Retryable, "ConnectFailed")
    );
    assert!(error.message.contains("certificate"), "{}", error.message);
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn a_ca_file_that_cannot_be_read_is_told() {
    let server = Server::start().await;
    let mut cloud = server.cloud();
    cloud.ca_file = Some(server.path("absent.pem"));
    let error = Transport::new(cloud).unwrap_err();
    assert_eq!(error.class, Class::Terminal);
    assert!(
        error.message.contains("absent.pem cannot be read"),
        "{}",
        error.message
    );
}

#[tokio::test]
async fn each_request_carries_its_own_audiences_token() {
    let server = Server::start().await;
    let client = server.client();
    let port = server.port;
    server
        .reply(answer(200, r#"{"name":"ws"}"#))
        .reply(answer(200, r#"{"name":"j"}"#))
        .reply(answer(200, "[]"))
        .reply(answer(200, r#"{"api":"https://localhost"}"#));
    client.send(workspace::get(&ws())).await.unwrap();
    client.send(get_job()).await.unwrap();
    client
        .send(azureml_spark_azure::synapse::rbac::role_definitions("syn"))
        .await
        .unwrap();
    let discovery = format!("https://localhost:{port}/discovery")
        .parse()
        .unwrap();
    client.send(run::discover(discovery)).await.unwrap();
    let asked = server.asked();
    let tokens: Vec<_> = asked
        .iter()
        .map(|asked| asked.header("authorization"))
        .collect();
    assert_eq!(
        tokens,
        [
            Some("Bearer token-1"),
            Some("Bearer token-1"),
            Some("Bearer token-2"),
            None
        ]
    );
    assert_eq!(
        asked[2].host,
        format!("syn.dev.azuresynapse.localhost:{port}")
    );
    let scopes: Vec<String> = server
        .logins()
        .iter()
        .map(|login| {
            url::form_urlencoded::parse(&login.body)
                .find(|(name, _)| name == "scope")
                .unwrap()
                .1
                .into()
        })
        .collect();
    assert_eq!(
        scopes,
        [
            format!("https://localhost:{port}/.default"),
            format!("https://dev.azuresynapse.localhost:{port}/.default"),
        ]
    );
    assert_ne!(
        asked[0].header("x-ms-client-request-id"),
        asked[1].header("x-ms-client-request-id")
    );
}

#[tokio::test]
async fn the_end_of_a_log_is_read_by_its_signature_alone() {
    let server = Server::start().await;
    let client = server.client();
    let sas = format!(
        "https://acct.blob.core.localhost:{}/c/log?sv=1&sig=s3cret",
        server.port
    );
    let sas = SasUrl::new(sas);
    let size = (log::TAIL + 100).to_string();
    server
        .reply(answer_with(
            200,
            &[("content-length", &size)],
            "x".repeat(size.parse().unwrap()),
        ))
        .reply(answer(206, "half a line\nthe last line\n"))
        .reply(answer_with(200, &[("content-length", "0")], ""));
    assert_eq!(log::tail(&client, &sas).await.unwrap(), "the last line\n");
    assert_eq!(log::tail(&client, &sas).await.unwrap(), "");
    let asked = server.asked();
    assert_eq!(server.lines(), ["HEAD /c/log", "GET /c/log", "HEAD /c/log"]);
    assert_eq!(asked[1].header("x-ms-range"), Some("bytes=100-"));
    assert!(
        asked
            .iter()
            .all(|asked| asked.header("authorization").is_none())
    );
    assert!(
        asked
            .iter()
            .all(|asked| asked.target.ends_with("?sv=1&sig=s3cret"))
    );
    assert!(server.logins().is_empty());
}
