//! Lost answers, deadlines, refused connections.

use std::time::Duration;

use azureml_spark_azure::{Class, Options};

use crate::server::{Reply, Server, answer, answer_with};
use crate::{cancel_job, get_job};

#[tokio::test]
async fn a_lost_answer_to_a_write_is_unsure_and_is_not_sent_again() {
    let server = Server::start().await;
    server.reply(Reply::Drop).reply(answer(200, "{}"));
    let error = server.client().send(cancel_job()).await.unwrap_err();
    assert_eq!(
        (error.class, error.code.as_str()),
        (Class::Unsure, "AnswerLost")
    );
    assert_eq!(server.asked().len(), 1);
    let sent = server.asked()[0]
        .header("x-ms-client-request-id")
        .unwrap()
        .to_owned();
    assert_eq!(error.request_id.as_deref(), Some(sent.as_str()));
}

#[tokio::test]
async fn a_lost_answer_to_a_read_may_be_asked_again_by_the_caller() {
    let server = Server::start().await;
    server
        .reply(Reply::Drop)
        .reply(answer(200, r#"{"name":"j"}"#));
    let client = server.client();
    let error = client.send(get_job()).await.unwrap_err();
    assert_eq!(
        (error.class, error.code.as_str()),
        (Class::Retryable, "AnswerLost")
    );
    assert_eq!(client.send(get_job()).await.unwrap().name, "j");
}

#[tokio::test]
async fn no_answer_before_the_deadline() {
    let server = Server::start().await;
    let options = Options {
        deadline: Duration::from_millis(300),
        ..Options::default()
    };
    let client = server.client_as("client-1", options);
    server.reply(Reply::Hang).reply(Reply::Hang);
    let error = client.send(cancel_job()).await.unwrap_err();
    assert_eq!(
        (error.class, error.code.as_str()),
        (Class::Unsure, "AnswerLost")
    );
    assert_eq!(error.message, "no answer before the deadline");
    let error = client.send(get_job()).await.unwrap_err();
    assert_eq!(error.class, Class::Retryable);
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test]
async fn a_gateway_that_gave_up_leaves_a_write_unsure() {
    let server = Server::start().await;
    let client = server.client();
    for status in [502, 504] {
        server
            .reply(answer(status, "<html>gateway</html>"))
            .reply(answer(status, ""));
        assert_eq!(
            client.send(cancel_job()).await.unwrap_err().class,
            Class::Unsure
        );
        assert_eq!(
            client.send(get_job()).await.unwrap_err().class,
            Class::Retryable
        );
    }
}

#[tokio::test]
async fn a_refused_connection_has_sent_nothing() {
    let mut server = Server::start().await;
    let client = {
        // Log in while there is a server, then look for it where none is.
        let client = server.client();
        server.reply(answer(200, "{}"));
        client.send(get_job()).await.unwrap();
        client
    };
    server.stop().await;
    for call in [
        client.send(cancel_job()).await.map(drop),
        client.send(get_job()).await.map(drop),
    ] {
        let error = call.unwrap_err();
        assert_eq!(
            (error.class, error.code.as_str()),
            (Class::Retryable, "ConnectFailed")
        );
        assert_eq!(error.status, None);
    }
}

#[tokio::test]
async fn an_unreadable_success_is_unsure_for_a_write_only() {
    let server = Server::start().await;
    let client = server.client();
    let wish =
        azureml_spark_azure::synapse::rbac::NewAssignment::to_service_principal("r", "p", "s");
    let id = uuid::Uuid::nil();
    server
        .reply(answer(200, "<html>"))
        .reply(answer(200, "<html>"));
    let call = azureml_spark_azure::synapse::rbac::put("syn", id, &wish);
    let error = client.send(call).await.unwrap_err();
    assert_eq!(
        (error.class, error.code.as_str()),
        (Class::Unsure, "UnreadableAnswer")
    );
    let error = client.send(get_job()).await.unwrap_err();
    assert_eq!((error.class, error.status), (Class::Retryable, Some(200)));
}

#[tokio::test]
async fn an_error_tells_azures_words_codes_and_request_id() {
    let server = Server::start().await;
    let body = include_str!("../data/answers/job-exists.json");
    server.reply(answer_with(
        400,
        &[("x-ms-correlation-request-id", "corr-1")],
        body,
    ));
    let error = server.client().send(cancel_job()).await.unwrap_err();
    assert!(error.is_job_exists());
    assert_eq!(error.immutable_property(), Some("{Settings, Inputs}"));
    assert_eq!(error.request_id.as_deref(), Some("corr-1"));
    assert_eq!((error.status, error.op), (Some(400), "job.cancel"));
    let shown = error.to_string();
    assert!(
        shown.starts_with("job.cancel: JobPropertyImmutable: A job with this name"),
        "{shown}"
    );
}

#[tokio::test]
async fn absence_is_found_out_without_an_error() {
    let server = Server::start().await;
    let client = server.client();
    server
        .reply(answer(
            404,
            include_str!("../data/answers/job-not-found.json"),
        ))
        .reply(answer(
            403,
            include_str!("../data/answers/authorization-failed.json"),
        ));
    assert_eq!(client.find(get_job()).await.unwrap(), None);
    assert_eq!(
        client.find(get_job()).await.unwrap_err().class,
        Class::Forbidden
    );
}
