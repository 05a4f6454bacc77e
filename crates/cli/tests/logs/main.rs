//! The program against a server that answers as the operator's API does, or not.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a panic in a test is a failed test with a place in it"
)]

mod apiserver;

use azureml_spark_api::logs::Frame;
use serde_json::json;

use crate::apiserver::{Answer, Apiserver};

fn begin() -> Frame {
    Frame::Begin {
        attempt: 2,
        run: "titanic-2".to_owned(),
    }
}

fn lines(position: &str, text: &str) -> Frame {
    Frame::Lines {
        position: position.to_owned(),
        text: text.to_owned(),
    }
}

fn end() -> Frame {
    Frame::End {
        state: "Completed".to_owned(),
    }
}

#[tokio::test]
async fn a_broken_log_goes_on_where_it_was() {
    let apiserver = Apiserver::start(vec![
        Answer::broken(&[begin(), lines("both:4", "one\n")]),
        Answer::status(503, "ServiceUnavailable", "the operator starts"),
        // Broken before anything was said, and by the operator's word.
        Answer::broken(&[begin()]),
        Answer::whole(&[
            begin(),
            Frame::Error {
                message: "Azure rests".to_owned(),
                retry: true,
            },
        ]),
        Answer::whole(&[begin(), lines("both:9", "two é\n"), end()]),
    ])
    .await;
    let (ended, out, notes) = apiserver
        .logs(&["sparkjob/titanic", "-f", "--tail", "5"])
        .await;
    assert!(ended, "{notes}");
    assert_eq!(out, "one\ntwo é\n");
    // Once: it did not go on before there were lines again.
    assert_eq!(notes.matches("the log broke off").count(), 1, "{notes}");
    assert!(notes.ends_with("the run has ended: Completed\n"), "{notes}");
    let path = "/apis/logs.spark.azureml.dev/v1alpha1/namespaces/team/sparkjobs/titanic/log";
    let again = format!("{path}?follow=true&attempt=2&offset=both%3A4");
    let mut expected = vec![format!("{path}?follow=true&tailLines=5")];
    expected.extend(vec![again; 4]);
    assert_eq!(apiserver.asked(), expected);
}

#[tokio::test]
async fn streams_and_attempts_are_asked_for() {
    for (more, query) in [
        (&["--stdout"][..], "stream=Stdout"),
        (&["--stderr", "--attempt", "1"], "attempt=1&stream=Stderr"),
    ] {
        let apiserver = Apiserver::start(vec![Answer::whole(&[begin(), end()])]).await;
        let args: Vec<&str> = ["titanic"].iter().chain(more).copied().collect();
        let (ended, out, notes) = apiserver.logs(&args).await;
        assert!(ended, "{notes}");
        assert_eq!((out.as_str(), notes.as_str()), ("", ""));
        assert!(apiserver.asked()[0].ends_with(&format!("/log?{query}")));
    }
}

#[tokio::test]
async fn who_waits_is_told_what_for() {
    let waiting = Frame::Waiting {
        message: "the workspace is not ready".to_owned(),
    };
    let apiserver = Apiserver::start(vec![Answer::whole(&[waiting, begin(), end()])]).await;
    let (_, _, notes) = apiserver.logs(&["titanic", "-f"]).await;
    assert_eq!(
        notes,
        "waiting: the workspace is not ready\nattempt 2 runs as 'titanic-2'\nthe run has ended: Completed\n"
    );
}

#[tokio::test]
async fn a_refusal_is_a_sentence_and_not_repeated() {
    let error = Frame::Error {
        message: "AuthorizationFailed".to_owned(),
        retry: false,
    };
    for (answer, said) in [
        (
            Answer::status(403, "Forbidden", "ann may not"),
            "error: ann may not; the right is 'get' on sparkjobs/log",
        ),
        (
            Answer::status(404, "NotFound", "there is no attempt 3"),
            "error: titanic: there is no attempt 3",
        ),
        (
            Answer::text(404, "404 page not found"),
            "error: this cluster serves no logs of jobs",
        ),
        (
            Answer::status(502, "InternalError", "Azure refuses"),
            "error: titanic: Azure refuses",
        ),
        (
            Answer::whole(&[begin(), error]),
            "error: AuthorizationFailed",
        ),
        (
            Answer::text(200, &json!({"kind": "Pod"}).to_string()),
            "error: the answer is not of this API",
        ),
    ] {
        let apiserver = Apiserver::start(vec![answer]).await;
        let (ended, out, notes) = apiserver.logs(&["titanic", "-f"]).await;
        assert!(!ended && out.is_empty(), "{out}");
        assert!(notes.starts_with(said), "{said}: {notes}");
        assert_eq!(apiserver.asked().len(), 1, "{said}");
    }
}
