//! Studio's index, which is not documented: whatever it is like, runs are followed to their ends.

use anyhow::Result;
use azureml_spark_testkit::eventually::{PATIENCE, until};
use azureml_spark_testkit::scope::Scope;
use serde_json::json;

use crate::{INDEX, JOB, ends, lists, questions, reaches, submitted};

/// That the index was left alone for this reason, so often.
async fn fallbacks(scope: &Scope<'_>, why: &str) -> Result<usize> {
    let metrics = scope.stack().operator().metrics().await?;
    let row = format!("azureml_spark_index_fallbacks_total{{why=\"{why}\"}} ");
    let count = metrics.lines().find_map(|line| line.strip_prefix(&row));
    Ok(count.map_or(0, |count| count.parse().unwrap()))
}

/// Nothing was said to a user that is no state of a run.
async fn is_quiet(scope: &Scope<'_>, job: &str) -> Result<()> {
    for (kind, reason, note) in scope.events(JOB, job).await? {
        assert_eq!(kind, "Normal", "{reason}: {note}");
    }
    Ok(())
}

#[test]
fn by_the_index_alone_wherever_it_has_the_names() {
    INDEX.play("index", async |scope| {
        let emulator = scope.stack().emulator();
        for place in [
            "entityObjectId",
            "entityId",
            "name",
            "runId",
            "propertiesName",
        ] {
            emulator.set(json!({"indexName": place})).await?;
            let since = emulator.now().await?;
            let name = format!("by-{}", place.to_lowercase());
            let run = submitted(scope, &name).await?;
            reaches(scope, &name, &run, "Running").await?;
            ends(scope, &name, &run).await?;
            let seen = emulator.requests_since(since).await?;
            assert_eq!(lists(&seen), 0, "{place}: {seen}");
            assert!(questions(&seen) >= 2, "{place}: {seen}");
            assert_eq!(
                seen.count("GET", &["/jobs/", &run]),
                1,
                "{place}: an end is believed from the job alone: {seen}"
            );
            is_quiet(scope, &name).await?;
        }
        emulator.set(json!({"indexName": "entityObjectId"})).await
    });
}

#[test]
fn runs_are_listed_for_some_minutes_where_it_does_not_answer() {
    // The last one has everybody wait for the time that it names.
    for (why, settings) in [
        ("unavailable", json!({"indexAnswer": "unavailable"})),
        ("notServed", json!({"indexAnswer": "notFound"})),
        ("unreadable", json!({"indexAnswer": "html"})),
        ("nameless", json!({"indexName": "nowhere"})),
        ("throttled", json!({"indexAnswer": "throttled"})),
    ] {
        INDEX.play(&format!("no-index-{}", why.to_lowercase()), async |scope| {
            let emulator = scope.stack().emulator();
            emulator.set(settings.clone()).await?;
            let (since, before) = (emulator.now().await?, fallbacks(scope, why).await?);
            let run = submitted(scope, "job").await?;
            reaches(scope, "job", &run, "Running").await?;
            ends(scope, "job", &run).await?;
            let seen = emulator.requests_since(since).await?;
            assert_eq!(questions(&seen), 1, "{why}: {seen}");
            assert!(lists(&seen) >= 2, "{why}: {seen}");
            assert_eq!(seen.count("GET", &["/jobs/", &run]), 0, "{why}: {seen}");
            assert_eq!(fallbacks(scope, why).await?, before + 1);
            is_quiet(scope, "job").await?;
            let whole = json!({"indexAnswer": "served", "indexName": "entityObjectId"});
            emulator.set(whole).await
        });
    }
}

#[test]
fn an_index_that_shows_nothing_of_what_is_live_is_found_out() {
    INDEX.play("blind", async |scope| {
        let emulator = scope.stack().emulator();
        emulator.set(json!({"indexSeconds": 86_400})).await?;
        let since = emulator.now().await?;
        let run = submitted(scope, "job").await?;
        until("it is found out", PATIENCE, async || {
            Ok((fallbacks(scope, "blind").await? == 1).then_some(()))
        })
        .await?;
        reaches(scope, "job", &run, "Running").await?;
        ends(scope, "job", &run).await?;
        let seen = emulator.requests_since(since).await?;
        // In looks 1, 2 and 4: a run that the index does not show is asked for less and less.
        assert_eq!(questions(&seen), 4, "{seen}");
        assert_eq!(seen.count("GET", &["/jobs/", &run]), 3, "{seen}");
        assert!(lists(&seen) >= 1, "{seen}");
        is_quiet(scope, "job").await?;
        emulator.set(json!({"indexSeconds": 0})).await
    });
}
