//! Studio's index, whatever it is like.

use azureml_emulator::Settings;
use azureml_spark_azure::aml::index::{self, Found, LIVE};
use azureml_spark_azure::aml::job::{self, JobIdentity, JobStatus};
use azureml_spark_azure::{Class, Error};
use serde_json::json;

use crate::stage::{Stage, quick, serverless, spark_job};

async fn ask(stage: &Stage, states: &[&str], continuation: Option<&str>) -> Result<Found, Error> {
    let location = &stage.emulator.world().location;
    let call = index::runs(&stage.workspace, location, states, continuation);
    stage.client.send(call).await
}

/// A stage on which this many runs go on for ever.
async fn stage(runs: usize) -> Stage {
    let stage = Stage::new(Settings {
        instant_seconds: 36_000.0,
        ..quick()
    })
    .await;
    let code = stage.code().await;
    let identity = Some(JobIdentity::UserIdentity);
    for number in 0..runs {
        let wish = spark_job(code.clone(), serverless(), identity.clone());
        let name = format!("run-{number}");
        let put = job::put(&stage.workspace, &name, &wish);
        stage.client.send(put).await.unwrap();
    }
    stage
}

#[tokio::test]
async fn live_runs_are_found_wherever_their_names_stand() {
    let stage = stage(1).await;
    for place in [
        "entityObjectId",
        "entityId",
        "name",
        "runId",
        "propertiesName",
    ] {
        stage.set(json!({"indexName": place})).await;
        let found = ask(&stage, &LIVE, None).await.unwrap();
        let [run] = found.entries.as_slice() else {
            panic!("{place}: {found:?}");
        };
        assert_eq!(run.names, ["run-0"], "{place}");
        assert!(!run.status.is_terminal());
        assert_eq!(found.continuation, None);
    }
    stage.set(json!({"indexName": "nowhere"})).await;
    let found = ask(&stage, &LIVE, None).await.unwrap();
    assert_eq!(found.entries[0].names, Vec::<String>::new());
}

#[tokio::test]
async fn the_index_is_read_in_pages_and_by_state() {
    let stage = stage(101).await;
    stage.set_run("run-7", "Failed").await;
    stage.set_run("run-8", "CancelRequested").await;
    let first = ask(&stage, &LIVE, None).await.unwrap();
    assert_eq!(first.entries.len(), 100, "as many as there are live");
    assert_eq!(first.continuation, None);
    let canceled = ask(&stage, &["Cancel requested"], None).await.unwrap();
    assert_eq!(canceled.entries[0].names, ["run-8"]);
    assert_eq!(canceled.entries[0].status, JobStatus::CancelRequested);

    stage.set_run("run-7", "Running").await;
    let first = ask(&stage, &LIVE, None).await.unwrap();
    assert_eq!(first.entries[0].names, ["run-100"], "the latest first");
    let second = ask(&stage, &LIVE, first.continuation.as_deref())
        .await
        .unwrap();
    assert_eq!(second.entries[0].names, ["run-0"]);
    assert_eq!(second.continuation, None);
}

#[tokio::test]
async fn every_way_in_which_it_does_not_answer_is_an_error() {
    let stage = stage(1).await;
    for (answer, status) in [("unavailable", 503), ("notFound", 404), ("html", 200)] {
        stage.set(json!({"indexAnswer": answer})).await;
        let error = ask(&stage, &LIVE, None).await.unwrap_err();
        assert_eq!(error.status, Some(status), "{answer}: {error:?}");
    }
    stage.set(json!({"indexAnswer": "throttled"})).await;
    let error = ask(&stage, &LIVE, None).await.unwrap_err();
    assert!(matches!(error.class, Class::Throttled { .. }), "{error:?}");
    // And nobody else waits for it.
    let run = stage.client.find(job::get(&stage.workspace, "run-0")).await;
    assert!(run.unwrap().is_some());
}
