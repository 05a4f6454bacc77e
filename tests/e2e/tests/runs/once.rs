//! One run for each attempt, whatever is lost.

use std::time::Duration;

use azureml_spark_testkit::emulator::Requests;
use azureml_spark_testkit::scope::{Scope, find_condition};
use serde_json::{Value, json};

use super::{asked, attempt, azure_name, ends_well, in_state, job, scenario, stuck};
use crate::JOB;

/// An absence is not believed for 75 s after a request that may still arrive.
const DOUBT: Duration = Duration::from_mins(4);

/// Takes the status away, and wakes the operator.
async fn erase(scope: &Scope<'_>, name: &str) -> anyhow::Result<()> {
    scope.erase_status(JOB, name).await?;
    scope.reconcile(JOB, name).await
}

/// These attempts were submitted once each, and no other of theirs. Others may have jobs of the same name.
fn one_of_each(seen: &Requests, attempts: &[&str]) {
    for run in attempts {
        assert_eq!(seen.count("PUT", &["/jobs/", run, "?"]), 1, "{seen}");
    }
    let all = format!("/jobs/{}", attempts[0].strip_suffix('1').unwrap());
    assert_eq!(seen.count("PUT", &[&all]), attempts.len(), "{seen}");
}

#[test]
fn the_second_attempt_is_found_again_after_the_loss_of_the_status() {
    scenario("once-status", async |scope, _| {
        let emulator = scope.stack().emulator();
        let since = emulator.now().await?;
        let forgotten = stuck(scope, "forgotten", "Running").with(
            "/spec/retry",
            json!({"maxAttempts": 3, "backoffSeconds": 1}),
        );
        scope.apply(&forgotten).await?;
        let first = in_state(scope, "forgotten", "Running").await?;
        emulator.fail_run(&first).await?;
        let second = attempt(&first, 2);
        let is_second = |object: &Value| {
            object["status"]["azureName"] == second.as_str()
                && object["status"]["state"] == "Running"
        };
        scope
            .wait(JOB, "forgotten", "is tried again", is_second)
            .await?;
        erase(scope, "forgotten").await?;
        let found = scope
            .wait(JOB, "forgotten", "is found again", is_second)
            .await?;
        assert_eq!(found["status"]["attempt"], 2, "{found}");
        emulator.set_run(&second, "Completed").await?;
        ends_well(scope, "forgotten").await?;
        let seen = asked(scope, since).await?;
        one_of_each(&seen, &[&first, &second]);
        Ok(())
    });
}

#[test]
fn between_two_attempts_the_next_is_looked_for_and_then_made() {
    scenario("once-between", async |scope, _| {
        let emulator = scope.stack().emulator();
        let since = emulator.now().await?;
        let unlucky = stuck(scope, "unlucky", "Running").with(
            "/spec/retry",
            json!({"maxAttempts": 2, "backoffSeconds": 60}),
        );
        scope.apply(&unlucky).await?;
        let first = in_state(scope, "unlucky", "Running").await?;
        emulator.fail_run(&first).await?;
        scope
            .reason(JOB, "unlucky", "Reconciling", "True", "BackingOff")
            .await?;
        erase(scope, "unlucky").await?;
        let second = attempt(&first, 2);
        let again = scope
            .wait_for(DOUBT, JOB, "unlucky", "is tried again", |object| {
                object["status"]["azureName"] == second.as_str()
                    && object["status"]["state"] == "Running"
            })
            .await?;
        assert_eq!(again["status"]["attempts"][0]["azureName"], first.as_str());
        emulator.fail_run(&second).await?;
        let failed = scope.condition(JOB, "unlucky", "Failed", "True").await?;
        assert_eq!(failed["status"]["attempt"], 2, "{failed}");
        let seen = asked(scope, since).await?;
        one_of_each(&seen, &[&first, &second]);
        Ok(())
    });
}

#[test]
fn an_end_is_found_again_after_the_loss_of_the_status() {
    scenario("once-ended", async |scope, _| {
        let since = scope.stack().emulator().now().await?;
        // Only with its finalizer, or a chosen name, can a job know that it may have begun.
        let name = scope.unique("over");
        let over = job(scope, "over").with("/spec/azureName", name.clone());
        scope.apply(&over).await?;
        ends_well(scope, "over").await?;
        erase(scope, "over").await?;
        let done = scope
            .wait(JOB, "over", "is over again", |object| {
                find_condition(object, "Complete").is_some()
            })
            .await?;
        assert_eq!(azure_name(&done), name);
        let seen = asked(scope, since).await?;
        assert_eq!(seen.count("PUT", &["/jobs/", &name]), 1, "{seen}");
        Ok(())
    });
}
