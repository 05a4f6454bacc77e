//! One 429 shuts the budget for everybody in its scope, and what is left elsewhere is learnt from the answers.

use azureml_spark_azure::{Budget, Class, Rank, WAITING};
use jiff::{Timestamp, ToSpan};

use crate::server::{Server, answer, answer_with};
use crate::{cancel_job, get_job};

#[tokio::test]
async fn a_429_shuts_the_scope_for_every_client_of_the_principal() {
    let server = Server::start().await;
    let budget = Budget::default();
    let first = server.client_with(&budget, "client-1");
    let second = server.client_with(&budget, "CLIENT-1");
    let other = server.client_with(&budget, "client-2");
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
    let Class::Throttled { until: back } = refused.class else {
        panic!("{refused:?}")
    };
    assert!(back >= before + 120.seconds() && refused.is_waiting());
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
    assert_eq!(client.send(get_job()).await.unwrap_err().code, WAITING);
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test]
async fn others_use_of_the_principal_is_learnt_from_the_answers() {
    let server = Server::start().await;
    let client = server.client();
    let none_left = [("x-ms-ratelimit-remaining-subscription-reads", "0")];
    server.reply(answer_with(200, &none_left, r#"{"name":"j"}"#));
    client.send(get_job()).await.unwrap();
    let rank = Rank::Submit;
    let waits = client.ranked(rank).claim(&get_job()).unwrap_err();
    assert!(waits.until() > Timestamp::now() - 1.second());
    let refused = client.ranked(rank).send(get_job()).await.unwrap_err();
    assert!(refused.is_waiting(), "{refused:?}");
    assert_eq!(server.asked().len(), 1, "the second read must not be sent");
    client.claim(&cancel_job()).unwrap();
}

#[tokio::test]
async fn a_token_is_kept_for_whoever_got_it_and_what_became_of_requests_is_counted() {
    let server = Server::start().await;
    let budget = Budget::default();
    let client = server.client_with(&budget, "client-1").for_share("team");
    server.reply(answer(202, "")).reply(answer(404, ""));
    for _ in 0..3 {
        client.claim(&cancel_job()).unwrap();
    }
    client.send(cancel_job()).await.unwrap();
    client.find(get_job()).await.unwrap();
    let counts: Vec<_> = budget
        .counts()
        .iter()
        .map(|count| (count.op, count.outcome, count.times))
        .collect();
    assert_eq!(
        counts,
        [("job.cancel", "done", 1), ("job.get", "absent", 1)]
    );
}

#[tokio::test]
async fn reads_of_a_pass_wait_for_a_moment_and_a_submission_does_not() {
    let server = Server::start().await;
    let client = server.client();
    for _ in 0..12 {
        server.reply(answer(200, r#"{"name":"j"}"#));
    }
    // Four go before the first answer tells that there is more.
    for read in futures::future::join_all((0..12).map(|_| client.send(get_job()))).await {
        read.unwrap();
    }
    assert_eq!(server.asked().len(), 12);

    let server = Server::start().await;
    let client = server.client().ranked(Rank::Submit);
    for _ in 0..12 {
        server.reply(answer(200, r#"{"name":"j"}"#));
    }
    let submissions = futures::future::join_all((0..12).map(|_| client.send(get_job()))).await;
    let sent = submissions.iter().filter(|one| one.is_ok()).count();
    assert_eq!(server.asked().len(), sent);
    assert!((1..12).contains(&sent), "{sent}");
}

#[tokio::test]
async fn who_has_begun_goes_first() {
    let server = Server::start().await;
    let client = server.client();
    server
        .reply(answer(200, r#"{"name":"j"}"#))
        .reply(answer_with(429, &[("retry-after", "600")], ""));
    let (one, other) = (client.for_pass("one"), client.for_pass("other"));
    one.send(get_job()).await.unwrap();
    client.send(get_job()).await.unwrap_err();
    let turn = |client: &azureml_spark_azure::Client| client.claim(&get_job()).unwrap_err().until();
    turn(&other);
    let begun = turn(&one);
    assert!(begun < turn(&other), "the other has asked before");
}

#[tokio::test]
async fn some_passes_of_each_kind_never_wait_before_they_have_begun() {
    let server = Server::start().await;
    let client = server.client_with(&Budget::new(100, 6), "client-1");
    let none_left = [("x-ms-ratelimit-remaining-subscription-reads", "0")];
    server.reply(answer_with(200, &none_left, r#"{"name":"j"}"#));
    client.send(get_job()).await.unwrap();
    for _ in 0..18 {
        server.reply(answer(200, r#"{"name":"j"}"#));
    }
    let asks = |number: usize| {
        let one = client.for_pass(&number.to_string());
        async move { one.send(get_job()).await }
    };
    let all = futures::future::join_all((0..9).map(asks)).await;
    let sent = all.iter().filter(|one| one.is_ok()).count();
    assert!((2..9).contains(&sent), "{sent} have waited, and two may");
    let urgent = client.ranked(Rank::Urgent);
    for answered in futures::future::join_all((0..9).map(|_| urgent.send(get_job()))).await {
        answered.unwrap();
    }
}
