//! Tokens that cannot be had.

use azureml_spark_azure::{Class, Client, Credential, Options, Transport};

use crate::get_job;
use crate::server::{Reply, SECRET, Server, answer, token_body};

const WRONG_SECRET: &str = r#"{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID. Trace ID: 1 Correlation ID: 2 Timestamp: 2026-01-01 00:00:00Z","error_codes":[7000215]}"#;

#[tokio::test]
async fn a_wrong_secret_is_told_in_entras_words_and_asked_once() {
    let server = Server::start().await;
    server.login_reply(answer(401, WRONG_SECRET));
    let client = server.client();
    for _ in 0..3 {
        let error = client.send(get_job()).await.unwrap_err();
        assert_eq!(
            (error.class, error.code.as_str()),
            (Class::Credential, "AADSTS7000215")
        );
        assert_eq!(
            error.message,
            "AADSTS7000215: Invalid client secret provided"
        );
        let shown = format!("{error:?} {error} {client:?}");
        assert!(!shown.contains(SECRET), "{shown}");
    }
    assert_eq!(server.logins().len(), 1);
    assert!(server.asked().is_empty());
    // A mended secret is a new credential and waits for nothing.
    server.reply(answer(200, r#"{"name":"j"}"#));
    assert_eq!(server.client().send(get_job()).await.unwrap().name, "j");
}

#[tokio::test]
async fn trouble_at_the_login_is_no_fault_of_the_credential() {
    let busy = r#"{"error":"temporarily_unavailable","error_description":"AADSTS90033: A transient error has occurred. Please try again.","error_codes":[90033]}"#;
    for reply in [
        answer(503, busy),
        answer(429, busy),
        answer(502, "<html>"),
        Reply::Drop,
    ] {
        let server = Server::start().await;
        server.login_reply(reply);
        let error = server.client().send(get_job()).await.unwrap_err();
        assert_eq!(
            (error.class, error.code.as_str()),
            (Class::Retryable, "LoginUnavailable")
        );
        assert_eq!(server.logins().len(), 1);
    }
}

#[tokio::test]
async fn a_token_that_cannot_be_renewed_yet_is_used_to_its_end() {
    let server = Server::start().await;
    // Ends within five minutes, so each use tries to renew it.
    server
        .login_reply(answer(200, token_body("first", 250)))
        .login_reply(answer(503, "<html>"));
    let client = server.client();
    for _ in 0..3 {
        server.reply(answer(200, r#"{"name":"j"}"#));
        client.send(get_job()).await.unwrap();
    }
    assert!(
        server
            .asked()
            .iter()
            .all(|asked| asked.header("authorization") == Some("Bearer first"))
    );
    assert_eq!(
        server.logins().len(),
        2,
        "the failed renewal is remembered for some seconds"
    );
    // Entra's refusal of the credential itself counts at once.
    let server = Server::start().await;
    server
        .login_reply(answer(200, token_body("first", 250)))
        .login_reply(answer(401, WRONG_SECRET));
    server.reply(answer(200, r#"{"name":"j"}"#));
    let client = server.client();
    client.send(get_job()).await.unwrap();
    assert_eq!(
        client.send(get_job()).await.unwrap_err().class,
        Class::Credential
    );
}

#[tokio::test]
async fn many_at_once_are_one_login() {
    let server = Server::start().await;
    server.login_reply(answer(401, WRONG_SECRET));
    let client = server.client();
    let calls = (0..50).map(|_| client.send(get_job()));
    for result in futures::future::join_all(calls).await {
        assert_eq!(result.unwrap_err().class, Class::Credential);
    }
    assert_eq!(server.logins().len(), 1);
}

#[tokio::test]
async fn a_token_that_azure_refuses_is_a_matter_of_the_credential() {
    let server = Server::start().await;
    let body = r#"{"error":{"code":"InvalidAuthenticationToken","message":"The access token is invalid."}}"#;
    server.reply(answer(401, body));
    let error = server.client().send(get_job()).await.unwrap_err();
    assert_eq!(
        (error.class, error.code.as_str()),
        (Class::Credential, "InvalidAuthenticationToken")
    );
}

#[tokio::test]
async fn a_wrong_tenant_is_found_before_anything_is_sent() {
    let server = Server::start().await;
    let transport = Transport::new(server.cloud()).unwrap();
    let error =
        Credential::client_secret(&transport, "not a tenant", "c", &SECRET.into()).unwrap_err();
    assert_eq!(error.class, Class::Credential);
    assert!(
        error.message.contains("invalid tenant ID"),
        "{}",
        error.message
    );
}

#[tokio::test]
async fn workload_identity_exchanges_its_file_for_a_token() {
    let server = Server::start().await;
    let file = server.path("token");
    std::fs::write(&file, "the-federated-token").unwrap();
    let transport = Transport::new(server.cloud()).unwrap();
    let credential = Credential::from_variables(&transport, |name| match name {
        "AZURE_FEDERATED_TOKEN_FILE" => file.to_str().map(str::to_owned),
        "AZURE_TENANT_ID" => Some("tenant-1".to_owned()),
        "AZURE_CLIENT_ID" => Some("client-1".to_owned()),
        // Set too, and not used: the file is what is meant.
        "AZURE_CLIENT_SECRET" => Some(SECRET.to_owned()),
        _ => None,
    })
    .unwrap();
    assert_eq!(credential.principal(), "client-1");
    server.reply(answer(200, r#"{"name":"j"}"#));
    let client = Client::new(transport, credential, Options::default());
    client.send(get_job()).await.unwrap();
    let login = &server.logins()[0];
    assert_eq!(login.line(), "POST /tenant-1/oauth2/v2.0/token");
    let form: Vec<_> = url::form_urlencoded::parse(&login.body)
        .into_owned()
        .collect();
    assert!(form.contains(&("client_assertion".into(), "the-federated-token".into())));
    assert!(!form.iter().any(|(name, _)| name == "client_secret"));
}

#[tokio::test]
async fn an_absent_token_file_is_told() {
    let server = Server::start().await;
    let transport = Transport::new(server.cloud()).unwrap();
    let absent = server.path("absent");
    let error = Credential::from_variables(&transport, |name| match name {
        "AZURE_FEDERATED_TOKEN_FILE" => absent.to_str().map(str::to_owned),
        name => Some(name.replace('_', "-")),
    })
    .unwrap_err();
    assert_eq!(error.class, Class::Credential);
    assert!(
        error.message.contains("federated token"),
        "{}",
        error.message
    );
}
