//! One run for each attempt, whatever is lost.

use std::time::Duration;

use azureml_spark_testkit::scope::{Scope, find_condition};
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

use super::{asked, attempt, azure_name, ends_well, in_state, job, scenario, stuck};
use crate::JOB;

/// An absence is not believed for 75 s after a request that may still arrive.
const DOUBT: Duration = Duration::from_mins(4);

/// Takes everything off the status but the mark of an object that nobody has looked at, and wakes the operator.
async fn erase(scope: &Scope<'_>, name: &str) -> anyhow::Result<()> {
    let object = scope.get(JOB, name).await?;
    let fields = object["status"].as_object().unwrap().keys();
    let mut erased: serde_json::Map<String, Value> =
        fields.map(|field| (field.clone(), Value::Null)).collect();
    erased.insert("observedGeneration".to_owned(), json!(-1));
    let patch = Patch::Merge(json!({"status": erased}));
    let api = scope.objects(JOB);
    api.patch_status(name, &PatchParams::default(), &patch)
        .await?;
    scope.reconcile(JOB, name).await
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
        emulator.set_run(&first, "Failed").await?;
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
        for run in [first, second] {
            assert_eq!(seen.count("PUT", &["/jobs/", &run]), 1, "{seen}");
        }
        assert_eq!(
            seen.matching("PUT", &["/jobs/forgotten-"]).0.len(),
            2,
            "{seen}"
        );
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

#[test]
fn a_submission_that_azure_takes_twice_is_one_run() {
    scenario("once-twice", async |scope, _| {
        let emulator = scope.stack().emulator();
        let since = emulator.now().await?;
        emulator.set(json!({"repeatedPut": "accept"})).await?;
        let name = scope.unique("twice");
        let path = format!("/jobs/{name}");
        let absent = json!({"error": {"code": "UserError", "message": "Job not found"}});
        let lost = json!({
            "method": "PUT", "path": path, "count": 1, "action": {"kind": "drop", "when": "after"},
        });
        let unseen = json!({
            "method": "GET", "path": path, "count": 1000, "action": {"kind": "status", "status": 404, "body": absent},
        });
        emulator.inject(json!([lost, unseen])).await?;
        scope
            .apply(&stuck(scope, "twice", "Running").with("/spec/azureName", name.clone()))
            .await?;
        emulator
            .wait_for_requests(since, "a second submission", DOUBT, |seen| {
                seen.count("PUT", &[&path]) == 2
            })
            .await?;
        emulator.clear_faults().await?;
        scope
            .wait_for(DOUBT, JOB, "twice", "is Running", |object| {
                object["status"]["state"] == "Running"
            })
            .await?;
        emulator.set_run(&name, "Completed").await?;
        let done = ends_well(scope, "twice").await?;
        assert_eq!(done["status"]["attempt"], 1);
        let seen = asked(scope, since).await?;
        let made = seen.matching("PUT", &[&path]).0;
        assert_eq!(made.len(), 2, "{seen}");
        assert_eq!(made[1].status, Some(200), "the same run: {seen}");
        Ok(())
    });
}
