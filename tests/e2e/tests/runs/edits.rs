//! What of a submitted job can be edited reaches Azure; the rest is refused.

use std::time::{Duration, Instant};

use azureml_spark_testkit::eventually::{PATIENCE, until};
use azureml_spark_testkit::scope::{find_condition, message};
use serde_json::{Value, json};

use super::{asked, ends_well, fails, in_state, scenario, set, stuck};
use crate::JOB;

#[test]
fn words_of_a_live_run_reach_azure_by_run_history() {
    scenario("edits", async |scope, portal| {
        let emulator = scope.stack().emulator();
        let since = emulator.now().await?;
        scope
            .apply(&stuck(scope, "edited", "Running").with("/spec/tags/team", "a"))
            .await?;
        let name = in_state(scope, "edited", "Running").await?;
        let words = json!({
            "displayName": "Another name", "description": "what it is about", "tags": {"team": "b", "more": "yes"},
        });
        set(scope, "edited", words).await?;
        until("Azure has the words", PATIENCE, async || {
            let run = portal.run(&name).await?;
            let of = |field: &str| run["properties"][field].clone();
            let all = of("displayName") == "Another name"
                && of("description") == "what it is about"
                && of("tags")["team"] == "b"
                && of("tags")["more"] == "yes";
            Ok(all.then_some(()))
        })
        .await?;
        scope
            .wait(JOB, "edited", "has them on record", |o| {
                o["status"]["labelsHash"].is_string() && o["status"].get("labelsState").is_none()
            })
            .await?;
        // The same wish once more is no news.
        scope.reconcile(JOB, "edited").await?;
        emulator.set_run(&name, "Completed").await?;
        ends_well(scope, "edited").await?;
        let seen = asked(scope, since).await?;
        assert_eq!(seen.count("PATCH", &["/runs/", &name]), 1, "{seen}");
        assert_eq!(seen.count("PUT", &["/jobs/", &name]), 1, "{seen}");
        Ok(())
    });
}

#[test]
fn what_cannot_be_changed_in_azure_is_refused() {
    scenario("frozen", async |scope, _| {
        let emulator = scope.stack().emulator();
        scope.apply(&stuck(scope, "frozen", "Running")).await?;
        let name = in_state(scope, "frozen", "Running").await?;
        for (fields, field) in [
            (json!({"args": "--other"}), "spec.args"),
            (json!({"entry": {"file": "other.py"}}), "spec.entry"),
            (json!({"conf": {"spark.x": "y"}}), "spec.conf"),
            (json!({"executor": {"instances": 3}}), "spec.executor"),
        ] {
            let refused = set(scope, "frozen", fields).await.unwrap_err();
            let text = format!("{refused:#}");
            assert!(
                text.contains(field) && text.contains("create another SparkJob"),
                "{text}"
            );
        }
        emulator.set_run(&name, "Completed").await?;
        ends_well(scope, "frozen").await.map(drop)
    });
}

/// What is refused for want of a right is sent again after a minute, then ever more seldom, at last every 15 minutes.
const AGAIN: Duration = Duration::from_mins(19);

#[test]
fn words_that_azure_forbids_are_told_and_arrive_once_it_allows_them() {
    scenario("edits-denied", async |scope, portal| {
        let emulator = scope.stack().emulator();
        let (since, begun) = (emulator.now().await?, Instant::now());
        let error = json!({"error": {"code": "AuthorizationFailed", "message": "does not have authorization"}});
        let denied = json!({"kind": "status", "status": 403, "body": error});
        let mut runs = Vec::new();
        for name in ["denied", "timed"] {
            scope.apply(&stuck(scope, name, "Running")).await?;
            let run = in_state(scope, name, "Running").await?;
            let path = format!("/runs/{run}");
            let rule = json!({"method": "PATCH", "path": path, "count": 1000, "action": denied});
            emulator.inject(rule).await?;
            set(scope, name, json!({"tags": {"team": "b"}})).await?;
            runs.push((run, path));
        }
        for name in ["denied", "timed"] {
            let told = scope
                .reason(JOB, name, "Warning", "True", "Forbidden")
                .await?;
            let words = message(&told, "Warning");
            assert!(words.contains("AzureML Data Scientist"), "{words}");
            // The run goes on, and so does what is done for it.
            assert_eq!(find_condition(&told, "Stalled"), None, "{told}");
            let ready = find_condition(&told, "Ready").unwrap();
            assert_eq!(ready["reason"], "Running", "{told}");
        }
        set(scope, "timed", json!({"activeDeadlineSeconds": 1})).await?;
        fails(scope, "timed", "DeadlineExceeded").await?;

        let (run, path) = &runs[0];
        scope.reconcile(JOB, "denied").await?;
        let seen = asked(scope, since).await?;
        let minutes = usize::try_from(begun.elapsed().as_secs() / 60)?;
        let sent = seen.count("PATCH", &[path]);
        assert!(sent <= minutes + 1, "{sent} in {minutes} minutes: {seen}");
        let team = async || {
            let found = portal.run(run).await?;
            anyhow::Ok(found["properties"]["tags"]["team"].clone())
        };
        assert_eq!(team().await?, Value::Null);
        emulator.clear_faults_of(path).await?;
        until("Azure has the words", AGAIN, async || {
            Ok((team().await? == "b").then_some(()))
        })
        .await?;
        let healed = scope.wait(JOB, "denied", "is warned of no more", |object| {
            find_condition(object, "Warning").is_none()
                && object["status"].get("labelsRetryTime").is_none()
        });
        healed.await?;
        emulator.set_run(run, "Completed").await?;
        ends_well(scope, "denied").await.map(drop)
    });
}
