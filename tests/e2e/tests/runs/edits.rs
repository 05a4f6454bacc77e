//! What of a submitted job can be edited reaches Azure; the rest is refused.

use azureml_spark_testkit::eventually::{PATIENCE, until};
use serde_json::json;

use super::{asked, ends_well, in_state, scenario, set, stuck};
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
