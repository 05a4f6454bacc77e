//! Suspended before it starts, while it ends, while a person has stopped everything.

use azureml_spark_testkit::scope::find_condition;
use serde_json::json;

use super::{asked, attempt, ends_well, fails, in_state, scenario, set, stuck};
use crate::JOB;

#[test]
fn a_run_that_waits_is_suspended_and_made_anew() {
    scenario("held-waiting", async |scope, _| {
        let emulator = scope.stack().emulator();
        let since = emulator.now().await?;
        for state in ["Preparing", "Queued"] {
            let name = state.to_lowercase();
            // It shall be held, and not be tried again for another reason.
            let waits = stuck(scope, &name, state).with("/spec/retry/maxAttempts", 2);
            scope.apply(&waits).await?;
            let first = in_state(scope, &name, state).await?;
            set(scope, &name, json!({"suspend": true})).await?;
            let held = scope
                .reason(JOB, &name, "Suspended", "True", "Suspended")
                .await?;
            assert_eq!(
                emulator.run_status(&first).await?.as_deref(),
                Some("Canceled")
            );
            let past = &held["status"]["attempts"];
            assert_eq!(past.as_array().map(Vec::len), Some(1), "{held}");
            assert_eq!(
                (&past[0]["reason"], &past[0]["startTime"]),
                (&json!("Suspended"), &json!(null)),
                "it had not started: {past}"
            );
            assert_eq!(find_condition(&held, "Failed"), None, "{held}");
            let second = attempt(&first, 2);
            let seen = asked(scope, since).await?;
            assert_eq!(seen.count("PUT", &["/jobs/", &second]), 0, "{seen}");

            set(scope, &name, json!({"suspend": false})).await?;
            scope
                .wait(JOB, &name, "waits again", |object| {
                    object["status"]["azureName"] == second.as_str()
                        && object["status"]["state"] == state
                })
                .await?;
            emulator.set_run(&second, "Completed").await?;
            let done = ends_well(scope, &name).await?;
            assert_eq!(done["status"]["attempt"], 2);
            let seen = asked(scope, since).await?;
            for run in [&first, &second] {
                assert_eq!(seen.count("PUT", &["/jobs/", run]), 1, "{seen}");
            }
        }
        Ok(())
    });
}

#[test]
fn a_run_that_is_about_to_end_is_neither_cancelled_nor_suspended() {
    scenario("held-late", async |scope, _| {
        let emulator = scope.stack().emulator();
        let since = emulator.now().await?;
        for (name, field) in [("cancelled", "cancel"), ("suspended", "suspend")] {
            scope.apply(&stuck(scope, name, "Finalizing")).await?;
            let run = in_state(scope, name, "Finalizing").await?;
            set(scope, name, json!({field: true})).await?;
            // It is told that there is nothing to be cancelled any more.
            let told = scope.observed(JOB, name).await?;
            let reconciling = find_condition(&told, "Reconciling").unwrap();
            assert_eq!(reconciling["reason"], "Finalizing", "{told}");
            emulator.set_run(&run, "Completed").await?;
            let done = ends_well(scope, name).await?;
            assert_eq!(done["status"].get("attempts"), None, "{done}");
            assert!(
                find_condition(&done, "Suspended").is_none_or(|one| one["status"] == "False"),
                "{done}"
            );
            let seen = asked(scope, since).await?;
            let cancels = seen.count("POST", &["/jobs/", &run, "/cancel"]);
            assert_eq!(cancels, 0, "Azure refuses it: {seen}");
        }
        Ok(())
    });
}

#[test]
fn a_held_job_can_be_cancelled_for_good() {
    scenario("held-cancel", async |scope, _| {
        let since = scope.stack().emulator().now().await?;
        scope.apply(&stuck(scope, "shelved", "Running")).await?;
        let run = in_state(scope, "shelved", "Running").await?;
        set(scope, "shelved", json!({"suspend": true})).await?;
        scope
            .reason(JOB, "shelved", "Suspended", "True", "Suspended")
            .await?;
        set(scope, "shelved", json!({"cancel": true})).await?;
        let failed = fails(scope, "shelved", "Canceled").await?;
        assert_eq!(failed["status"]["attempts"][0]["azureName"], run.as_str());
        set(scope, "shelved", json!({"suspend": false})).await?;
        let still = scope.observed(JOB, "shelved").await?;
        assert_eq!(still["status"]["endReason"], "Canceled");
        let seen = asked(scope, since).await?;
        assert_eq!(
            seen.matching("PUT", &["/jobs/shelved-"]).0.len(),
            1,
            "{seen}"
        );
        Ok(())
    });
}

#[test]
fn a_paused_job_is_neither_cancelled_nor_let_go() {
    scenario("paused", async |scope, _| {
        let emulator = scope.stack().emulator();
        let since = emulator.now().await?;
        scope.apply(&stuck(scope, "still", "Running")).await?;
        let run = in_state(scope, "still", "Running").await?;
        scope.annotate(JOB, "still", "paused", "true").await?;
        scope.condition(JOB, "still", "Paused", "True").await?;
        set(scope, "still", json!({"cancel": true})).await?;
        scope.observed(JOB, "still").await?;
        scope.delete(JOB, "still").await?;
        let told = scope.observed(JOB, "still").await?;
        assert!(told.pointer("/metadata/deletionTimestamp").is_some());
        assert!(told.pointer("/metadata/finalizers").is_some(), "{told}");
        assert_eq!(told["status"].get("cancel"), None, "{told}");
        let seen = asked(scope, since).await?;
        assert_eq!(
            seen.count("POST", &["/jobs/", &run, "/cancel"]),
            0,
            "{seen}"
        );
        scope.annotate(JOB, "still", "paused", json!(null)).await?;
        scope.gone(JOB, "still").await?;
        assert_eq!(
            emulator.run_status(&run).await?.as_deref(),
            Some("Canceled")
        );
        Ok(())
    });
}
