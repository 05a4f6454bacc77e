//! One 429 closes the gate for everybody in its scope.

use azureml_spark_azure::{Class, Gates};
use jiff::{Timestamp, ToSpan};

use crate::server::{Server, answer, answer_with};
use crate::{cancel_job, get_job};

#[tokio::test]
async fn a_429_shuts_the_scope_for_every_client_of_the_principal() {
    let server = Server::start().await;
    let gates = Gates::new();
    let first = server.client_with(&gates, "client-1");
    let second = server.client_with(&gates, "CLIENT-1");
    let other = server.client_with(&gates, "client-2");
    let before = Timestamp::now();
    server
        .reply(answer_with(
            429,
            &[("retry-after", "120")],
            r#"{"error":{"code":"TooManyRequests"}}"#,
        ))
        .reply(answer(200, r#"{"name":"other"}"#))
        .reply(answer(202, ""));
    let error = first.send(get_job()).await.unwrap_err();
    let Class::Throttled { until } = error.class else {
        panic!("{error:?}")
    };
    assert!(until >= before + 120.seconds() && until <= Timestamp::now() + 120.seconds());

    let refused = second.send(get_job()).await.unwrap_err();
    assert_eq!(
        (refused.class, refused.code.as_str()),
        (Class::Throttled { until }, "GateShut")
    );
    assert_eq!(server.asked().len(), 1, "the second read must not be sent");

    assert_eq!(other.send(get_job()).await.unwrap().name, "other");
    first.send(cancel_job()).await.unwrap();
    assert_eq!(
        server.lines()[2],
        "POST /subscriptions/sub-1/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/ws/jobs/j/cancel"
    );
}

#[tokio::test]
async fn a_503_shuts_only_if_it_names_a_time() {
    let server = Server::start().await;
    let client = server.client();
    server
        .reply(answer(503, ""))
        .reply(answer_with(503, &[("x-ms-retry-after-ms", "90000")], ""));
    assert_eq!(
        client.send(get_job()).await.unwrap_err().class,
        Class::Retryable
    );
    let error = client.send(get_job()).await.unwrap_err();
    assert!(matches!(error.class, Class::Throttled { .. }));
    assert_eq!(client.send(get_job()).await.unwrap_err().code, "GateShut");
    assert_eq!(server.asked().len(), 2);
}
