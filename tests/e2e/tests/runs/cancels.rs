//! Cancelled: by the spec, by somebody else, against the will of Azure.

use azureml_spark_testkit::manifest::Manifest;
use azureml_spark_testkit::scope::{Scope, find_condition, message};
use serde_json::json;

use super::{asked, azure_name, ends_well, fails, in_state, job, scenario, set, stuck};
use crate::JOB;

fn resisting(scope: &Scope<'_>, name: &str, effect: &str) -> Manifest {
    stuck(scope, name, "Running").with("/spec/tags/emulator-cancel", effect)
}

#[test]
fn a_run_is_cancelled_by_the_spec_and_for_good() {
    scenario("cancel", async |scope, _| {
        let since = scope.stack().emulator().now().await?;
        scope.apply(&stuck(scope, "live", "Running")).await?;
        let name = in_state(scope, "live", "Running").await?;
        set(scope, "live", json!({"cancel": true})).await?;
        let failed = fails(scope, "live", "Canceled").await?;
        assert_eq!(failed["status"]["state"], "Canceled");
        let back = scope
            .patch(JOB, "live", json!({"spec": {"cancel": false}}))
            .await
            .unwrap_err();
        assert!(format!("{back:#}").contains("spec.cancel"), "{back:#}");
        let seen = asked(scope, since).await?;
        assert_eq!(seen.count("PUT", &["/jobs/", &name]), 1, "{seen}");
        assert_eq!(
            seen.count("POST", &["/jobs/", &name, "/cancel"]),
            1,
            "{seen}"
        );
        Ok(())
    });
}

#[test]
fn what_is_cancelled_before_it_begins_never_runs() {
    scenario("cancel-early", async |scope, _| {
        let since = scope.stack().emulator().now().await?;
        let never = job(scope, "never").with("/spec/cancel", true);
        scope.apply(&never).await?;
        let failed = fails(scope, "never", "Canceled").await?;
        assert!(
            message(&failed, "Failed").contains("no run was going on"),
            "{failed}"
        );
        let name = azure_name(&failed);
        let seen = asked(scope, since).await?;
        assert_eq!(seen.count("PUT", &[&name]), 0, "{seen}");
        Ok(())
    });
}

#[test]
fn a_cancel_by_somebody_else_has_a_reason_of_its_own() {
    scenario("cancel-outside", async |scope, portal| {
        let retried = stuck(scope, "taken", "Running").with("/spec/retry/maxAttempts", 3);
        scope.apply(&retried).await?;
        let name = in_state(scope, "taken", "Running").await?;
        portal.cancel_run(&name).await?;
        let failed = fails(scope, "taken", "CanceledOutside").await?;
        assert_eq!(
            failed["status"]["attempt"], 1,
            "a person's wish is not tried again"
        );
        Ok(())
    });
}

#[test]
fn a_cancel_that_azure_refuses_says_whom_to_ask() {
    scenario("cancel-refused", async |scope, _| {
        let emulator = scope.stack().emulator();
        let since = emulator.now().await?;
        for effect in ["refused", "forbidden"] {
            scope.apply(&resisting(scope, effect, effect)).await?;
            let name = in_state(scope, effect, "Running").await?;
            set(scope, effect, json!({"cancel": true})).await?;
            let told = scope
                .reason(JOB, effect, "Stalled", "True", "CancelRefused")
                .await?;
            let says = message(&told, "Stalled");
            assert!(says.contains("AzureML Data Scientist"), "{says}");
            assert!(told["status"]["cancel"]["refused"].is_string(), "{told}");
            // It is not asked for hotly.
            let seen = asked(scope, since).await?;
            assert!(
                seen.count("POST", &["/jobs/", &name, "/cancel"]) <= 2,
                "{seen}"
            );
            // The run goes on, and its end is told as it is.
            emulator.set_run(&name, "Completed").await?;
            ends_well(scope, effect).await?;
        }
        Ok(())
    });
}

#[test]
fn a_cancel_without_effect_is_waited_for() {
    scenario("cancel-stays", async |scope, _| {
        let emulator = scope.stack().emulator();
        scope.apply(&resisting(scope, "stays", "stays")).await?;
        let name = in_state(scope, "stays", "Running").await?;
        scope.delete(JOB, "stays").await?;
        in_state(scope, "stays", "CancelRequested").await?;
        let told = scope.get(JOB, "stays").await?;
        assert_eq!(
            find_condition(&told, "Reconciling").unwrap()["reason"],
            "Canceling"
        );
        assert!(told.pointer("/metadata/finalizers").is_some(), "{told}");
        emulator.set_run(&name, "Canceled").await?;
        scope.gone(JOB, "stays").await
    });
}
