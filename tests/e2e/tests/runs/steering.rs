//! Suspended, resumed, out of time, gone by themselves, left behind.

use azureml_spark_testkit::scope::find_condition;
use serde_json::json;

use super::{asked, attempt, azure_name, ends_well, fails, in_state, job, scenario, set, stuck};
use crate::JOB;

#[test]
fn a_job_that_is_held_from_the_start_runs_once_it_may() {
    scenario("held", async |scope, _| {
        let since = scope.stack().emulator().now().await?;
        let held = job(scope, "held").with("/spec/suspend", true);
        scope.apply(&held).await?;
        let waits = scope
            .reason(JOB, "held", "Suspended", "True", "Suspended")
            .await?;
        assert_eq!(
            find_condition(&waits, "Ready").unwrap()["reason"],
            "Suspended"
        );
        let name = azure_name(&waits);
        let seen = asked(scope, since).await?;
        assert!(
            !seen.0.iter().any(|entry| entry.path.contains(&name)),
            "{seen}"
        );
        set(scope, "held", json!({"suspend": false})).await?;
        let done = ends_well(scope, "held").await?;
        assert_eq!(azure_name(&done), name, "the first attempt");
        assert!(find_condition(&done, "Suspended").is_none_or(|c| c["status"] == "False"));
        Ok(())
    });
}

#[test]
fn a_job_that_is_suspended_while_it_runs_runs_anew_under_another_name() {
    scenario("suspended", async |scope, _| {
        let emulator = scope.stack().emulator();
        let since = emulator.now().await?;
        scope.apply(&stuck(scope, "paused", "Running")).await?;
        let first = in_state(scope, "paused", "Running").await?;
        set(scope, "paused", json!({"suspend": true})).await?;
        let held = scope
            .reason(JOB, "paused", "Suspended", "True", "Suspended")
            .await?;
        assert_eq!(
            emulator.run_status(&first).await?.as_deref(),
            Some("Canceled")
        );
        let ended = &held["status"]["attempts"][0];
        assert_eq!(
            (&ended["azureName"], &ended["reason"], &ended["attempt"]),
            (&json!(first), &json!("Suspended"), &json!(1))
        );
        assert_eq!(find_condition(&held, "Failed"), None, "{held}");

        set(scope, "paused", json!({"suspend": false})).await?;
        let second = attempt(&first, 2);
        scope
            .wait(JOB, "paused", "runs again", |o| {
                o["status"]["azureName"] == second.as_str() && o["status"]["state"] == "Running"
            })
            .await?;
        emulator.set_run(&second, "Completed").await?;
        let done = ends_well(scope, "paused").await?;
        assert_eq!(done["status"]["attempt"], 2);
        let seen = asked(scope, since).await?;
        for run in [&first, &second] {
            assert_eq!(seen.count("PUT", &["/jobs/", run]), 1, "{seen}");
        }
        assert_eq!(
            seen.count("POST", &["/jobs/", &first, "/cancel"]),
            1,
            "{seen}"
        );
        Ok(())
    });
}

#[test]
fn a_run_that_takes_too_long_is_cancelled() {
    scenario("deadlines", async |scope, _| {
        let emulator = scope.stack().emulator();
        let slow = stuck(scope, "slow", "Running");
        scope.apply(&slow).await?;
        let late = stuck(scope, "late", "Queued").with("/spec/startDeadlineSeconds", 2);
        scope.apply(&late).await?;
        let cold = stuck(scope, "cold", "Preparing").with("/spec/startDeadlineSeconds", 2);
        scope.apply(&cold).await?;
        let run = in_state(scope, "slow", "Running").await?;
        emulator
            .write_log(&run, "stdout", "reading\nthe last line\n")
            .await?;
        set(scope, "slow", json!({"activeDeadlineSeconds": 2})).await?;
        for (name, reason) in [
            ("slow", "DeadlineExceeded"),
            ("late", "StartDeadlineExceeded"),
            ("cold", "StartDeadlineExceeded"),
        ] {
            let failed = fails(scope, name, reason).await?;
            assert_eq!(failed["status"]["state"], "Canceled");
            let run = azure_name(&failed);
            assert_eq!(
                emulator.run_status(&run).await?.as_deref(),
                Some("Canceled")
            );
            // What ran has left a log, and Azure holds no error against it.
            let left = failed["status"].get("failure");
            if name == "slow" {
                let left = left.unwrap_or_else(|| panic!("nothing is left: {failed}"));
                assert_eq!(left["code"], "Canceled", "{left}");
                let tail = left["logTail"].as_str().unwrap();
                assert!(tail.ends_with("the last line"), "{tail}");
            } else {
                assert_eq!(left, None, "it never ran: {failed}");
            }
        }
        Ok(())
    });
}

#[test]
fn an_object_goes_when_its_time_is_over_and_the_run_stays() {
    scenario("ttl", async |scope, _| {
        let emulator = scope.stack().emulator();
        let since = emulator.now().await?;
        let passing = job(scope, "passing").with("/spec/ttlSecondsAfterFinished", 2);
        scope.apply(&passing).await?;
        let name = azure_name(&scope.condition(JOB, "passing", "Submitted", "True").await?);
        scope.gone(JOB, "passing").await?;
        assert_eq!(
            emulator.run_status(&name).await?.as_deref(),
            Some("Completed")
        );
        let seen = asked(scope, since).await?;
        assert_eq!(
            seen.count("POST", &["/jobs/", &name, "/cancel"]),
            0,
            "{seen}"
        );
        Ok(())
    });
}

#[test]
fn a_run_can_outlive_its_object() {
    scenario("left", async |scope, _| {
        let emulator = scope.stack().emulator();
        let left = stuck(scope, "left", "Running").with("/spec/deletionPolicy", "Leave");
        scope.apply(&left).await?;
        let name = in_state(scope, "left", "Running").await?;
        scope.delete(JOB, "left").await?;
        scope.gone(JOB, "left").await?;
        assert_eq!(
            emulator.run_status(&name).await?.as_deref(),
            Some("Running")
        );
        emulator.set_run(&name, "Completed").await
    });
}
