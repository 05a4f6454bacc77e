//! How long the next attempt is waited for, by the times in the status.

use anyhow::Result;
use azureml_spark_testkit::scope::{Scope, find_condition};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use serde_json::{Value, json};

use super::{asked, attempt, azure_name, in_state, scenario, set, stuck};
use crate::JOB;

fn seconds(time: &Value) -> i64 {
    let time: Time = serde_json::from_value(time.clone()).unwrap();
    time.0.as_second()
}

/// Waits until the next attempt is waited for after so many, and returns the status.
async fn waits(scope: &Scope<'_>, name: &str, ended: usize) -> Result<Value> {
    let what = format!("waits after {ended} attempts");
    let waiting = scope.wait(JOB, name, &what, |object| {
        let status = &object["status"];
        let past = status["attempts"].as_array().map_or(0, Vec::len);
        past == ended && status["nextAttemptTime"].is_string()
    });
    Ok(waiting.await?["status"].clone())
}

/// From the end of the last attempt to the time of the next one.
fn pause(status: &Value) -> i64 {
    let last = status["attempts"].as_array().unwrap().last().unwrap();
    seconds(&status["nextAttemptTime"]) - seconds(&last["endTime"])
}

#[test]
fn the_wait_for_the_next_attempt_is_doubled_up_to_an_hour() {
    scenario("backoff", async |scope, _| {
        let emulator = scope.stack().emulator();
        let since = emulator.now().await?;
        let retry = json!({"maxAttempts": 4, "backoffSeconds": 2});
        scope
            .apply(&stuck(scope, "tried", "Running").with("/spec/retry", retry))
            .await?;
        let first = in_state(scope, "tried", "Running").await?;
        // Each attempt waits as the spec says it when the one before has ended: 1, 2, 4 times the first wait.
        let mut run = first.clone();
        for (ended, backoff, times) in [(1, 2, 1), (2, 2, 2), (3, 900, 4)] {
            set(
                scope,
                "tried",
                json!({"retry": {"backoffSeconds": backoff}}),
            )
            .await?;
            scope.observed(JOB, "tried").await?;
            emulator.fail_run(&run).await?;
            let status = waits(scope, "tried", ended).await?;
            let pause = pause(&status);
            assert!(pause >= backoff * times, "{pause}: {status}");
            if ended == 3 {
                // An end is noticed later than it came, though not by a quarter of an hour.
                assert!(pause < backoff * (times + 1), "{pause}: {status}");
                assert!(pause <= 3600 + 899, "an hour at most: {status}");
                break;
            }
            let due = seconds(&status["nextAttemptTime"]);
            let number = u32::try_from(ended)? + 1;
            run = attempt(&first, number);
            let again = scope.wait(JOB, "tried", "is tried again", |object| {
                object["status"]["azureName"] == run.as_str()
                    && object["status"]["state"] == "Running"
            });
            let again = again.await?;
            let requested = seconds(&again["status"]["submission"]["requestedTime"]);
            assert!(requested >= due, "not before its time: {again}");
            assert_eq!(again["status"].get("nextAttemptTime"), None, "{again}");
        }
        let told = scope
            .reason(JOB, "tried", "Reconciling", "True", "BackingOff")
            .await?;
        assert_eq!(azure_name(&told), run, "the last one is told");
        let seen = asked(scope, since).await?;
        assert_eq!(seen.matching("PUT", &["/jobs/tried-"]).0.len(), 3, "{seen}");

        // Twice that hour is an hour.
        let retry = json!({"maxAttempts": 3, "backoffSeconds": 1});
        scope
            .apply(&stuck(scope, "capped", "Running").with("/spec/retry", retry))
            .await?;
        let first = in_state(scope, "capped", "Running").await?;
        emulator.fail_run(&first).await?;
        let second = attempt(&first, 2);
        let again = scope.wait(JOB, "capped", "is tried again", |object| {
            object["status"]["azureName"] == second.as_str()
                && object["status"]["state"] == "Running"
        });
        again.await?;
        set(scope, "capped", json!({"retry": {"backoffSeconds": 3600}})).await?;
        scope.observed(JOB, "capped").await?;
        emulator.fail_run(&second).await?;
        let pause = pause(&waits(scope, "capped", 2).await?);
        assert!((3600..5400).contains(&pause), "{pause}");
        Ok(())
    });
}

#[test]
fn what_is_out_of_time_is_not_tried_again() {
    scenario("backoff-ends", async |scope, _| {
        let emulator = scope.stack().emulator();
        let since = emulator.now().await?;
        let retry = json!({"maxAttempts": 3, "backoffSeconds": 3600});
        for name in ["late", "cancelled"] {
            scope
                .apply(&stuck(scope, name, "Running").with("/spec/retry", retry.clone()))
                .await?;
            let run = in_state(scope, name, "Running").await?;
            emulator.fail_run(&run).await?;
            scope
                .reason(JOB, name, "Reconciling", "True", "BackingOff")
                .await?;
        }
        // Time is counted from the first start of all attempts.
        set(scope, "late", json!({"activeDeadlineSeconds": 1})).await?;
        set(scope, "cancelled", json!({"cancel": true})).await?;
        for (name, reason) in [("late", "DeadlineExceeded"), ("cancelled", "Canceled")] {
            let failed = scope.reason(JOB, name, "Failed", "True", reason).await?;
            let status = &failed["status"];
            assert_eq!(status["endReason"], reason);
            assert_eq!(status["attempts"][0]["reason"], "PlatformFailed");
            assert_eq!(status.get("nextAttemptTime"), None, "{status}");
            assert!(status["studioUrl"].is_string(), "of the last run: {status}");
            assert_eq!(find_condition(&failed, "Reconciling"), None, "{failed}");
            let path = format!("/jobs/{name}-");
            let seen = asked(scope, since).await?;
            assert_eq!(seen.matching("PUT", &[&path]).0.len(), 1, "{seen}");
        }
        Ok(())
    });
}
