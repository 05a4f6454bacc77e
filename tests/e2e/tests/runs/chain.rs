//! What one job writes, another reads.

use azureml_spark_testkit::scope::message;
use serde_json::json;

use super::{asked, azure_name, ends_well, fails, job, scenario, sent, stuck};
use crate::JOB;

#[test]
fn a_job_waits_for_the_one_whose_output_it_reads() {
    scenario("chain", async |scope, portal| {
        let emulator = scope.stack().emulator();
        let since = emulator.now().await?;
        let asset = scope.unique("clean");
        let reads = job(scope, "second").with(
            "/spec/inputs/rows/fromJob",
            json!({"name": "first", "output": "clean"}),
        );
        scope.apply(&reads).await?;
        scope
            .reason(JOB, "second", "ReferencesResolved", "False", "JobNotFound")
            .await?;
        let path = format!("azureml://datastores/workspaceblobstore/paths/{asset}/");
        let writes = stuck(scope, "first", "Running").with(
            "/spec/outputs/clean",
            json!({"type": "uri_folder", "path": path, "registerAs": {"name": asset}}),
        );
        scope.apply(&writes).await?;
        scope
            .reason(JOB, "second", "ReferencesResolved", "False", "JobNotReady")
            .await?;
        let running = super::in_state(scope, "first", "Running").await?;
        emulator.set_run(&running, "Completed").await?;

        let first = ends_well(scope, "first").await?;
        let written = &first["status"]["outputs"][0];
        assert_eq!(written["asset"], format!("azureml:{asset}:1"));
        assert!(portal.version("data", &asset, "1").await?.is_some());
        let second = ends_well(scope, "second").await?;
        let seen = asked(scope, since).await?;
        let input = &sent(&seen, &azure_name(&second))["inputs"]["rows"];
        assert_eq!(input["jobInputType"], "uri_folder");
        assert_eq!(input["uri"], written["path"]);
        assert_eq!(
            second["status"]["resolved"]["inputs"]["rows"]["path"],
            written["path"]
        );
        Ok(())
    });
}

#[test]
fn what_failed_has_nothing_to_read() {
    scenario("chain-failed", async |scope, _| {
        let writes = job(scope, "first")
            .with("/spec/tags/emulator-instant-ending", "script")
            .with(
                "/spec/outputs/clean",
                json!({"type": "uri_folder", "path": "azureml://datastores/workspaceblobstore/paths/c/"}),
            );
        scope.apply(&writes).await?;
        let reads = job(scope, "second").with(
            "/spec/inputs/rows/fromJob",
            json!({"name": "first", "output": "clean"}),
        );
        scope.apply(&reads).await?;
        fails(scope, "first", "ScriptFailed").await?;
        let told = scope
            .reason(JOB, "second", "Stalled", "True", "JobFailed")
            .await?;
        assert!(message(&told, "Stalled").contains("'first'"), "{told}");
        assert!(told["status"].get("submission").is_none(), "{told}");
        Ok(())
    });
}

#[test]
fn what_is_waited_for_may_be_cancelled_and_come_again() {
    scenario("chain-again", async |scope, _| {
        let since = scope.stack().emulator().now().await?;
        let place = |name: &str| {
            let name = scope.unique(name);
            format!("azureml://datastores/workspaceblobstore/paths/{name}/")
        };
        let written = |path: &str| json!({"type": "uri_folder", "path": path});
        let writes = stuck(scope, "first", "Running")
            .with("/spec/outputs/clean", written(&place("one")))
            .with("/spec/outputs/dirty", written(&place("rest")));
        scope.apply(&writes).await?;
        super::in_state(scope, "first", "Running").await?;
        let from = |output: &str| json!({"name": "first", "output": output});
        let reads = job(scope, "second").with("/spec/inputs/rows/fromJob", from("clean"));
        scope.apply(&reads).await?;
        let typo = job(scope, "typo")
            .with("/spec/inputs/rows/type", "mltable")
            .with("/spec/inputs/rows/fromJob", from("clear"));
        scope.apply(&typo).await?;
        let no_output = async |name: &str| {
            let told = scope
                .reason(JOB, name, "ReferencesResolved", "False", "OutputNotFound")
                .await?;
            let says = "spec.inputs.rows.fromJob.output: SparkJob 'first' has no output 'clear', but clean, dirty: correct the name";
            assert!(message(&told, "Stalled").contains(says), "{told}");
            anyhow::Ok(())
        };
        // While that one runs, and not only when it has ended.
        no_output("typo").await?;
        let waits = scope
            .reason(JOB, "second", "ReferencesResolved", "False", "JobNotReady")
            .await?;
        assert!(
            message(&waits, "Reconciling").contains("its run is Running"),
            "{waits}"
        );

        super::set(scope, "first", json!({"cancel": true})).await?;
        fails(scope, "first", "Canceled").await?;
        let told = scope
            .reason(JOB, "second", "Stalled", "True", "JobFailed")
            .await?;
        let says = message(&told, "Stalled");
        assert!(
            says.contains("'first'") && says.contains("the run was cancelled"),
            "{says}"
        );
        scope.delete(JOB, "first").await?;
        scope.gone(JOB, "first").await?;
        scope
            .reason(JOB, "second", "ReferencesResolved", "False", "JobNotFound")
            .await?;

        // Another of the same name, which writes elsewhere.
        let two = place("two");
        let anew = job(scope, "first")
            .with("/spec/outputs/clean", written(&two))
            .with("/spec/outputs/dirty", written(&place("rest")));
        scope.apply(&anew).await?;
        let second = ends_well(scope, "second").await?;
        ends_well(scope, "first").await?;
        no_output("typo").await?;
        super::set(
            scope,
            "typo",
            json!({"inputs": {"rows": {"fromJob": {"output": "clean"}}}}),
        )
        .await?;
        let typo = ends_well(scope, "typo").await?;
        let seen = asked(scope, since).await?;
        for (done, type_) in [(&second, "uri_folder"), (&typo, "mltable")] {
            let input = &sent(&seen, &azure_name(done))["inputs"]["rows"];
            assert_eq!(
                (&input["jobInputType"], &input["uri"]),
                (&json!(type_), &json!(two)),
                "{done}"
            );
        }
        Ok(())
    });
}

#[test]
fn jobs_that_wait_for_each_other_are_told_so() {
    scenario("chain-circle", async |scope, _| {
        let since = scope.stack().emulator().now().await?;
        let links = |name: &str, from: &str| {
            let path = format!("azureml://datastores/workspaceblobstore/paths/{name}/");
            job(scope, name)
                .with(
                    "/spec/inputs/rows/fromJob",
                    json!({"name": from, "output": "clean"}),
                )
                .with(
                    "/spec/outputs/clean",
                    json!({"type": "uri_folder", "path": path}),
                )
        };
        scope.apply(&links("alone", "alone")).await?;
        scope.apply(&links("hen", "egg")).await?;
        scope.apply(&links("egg", "hen")).await?;
        let told = async |name: &str, says: &str| {
            let what = format!("says '{says}'");
            scope
                .wait(JOB, name, &what, |object| {
                    message(object, "Stalled").contains(says)
                })
                .await
        };
        told("alone", "'alone' is this job itself").await?;
        told("hen", "this job waits for itself through egg").await?;
        told("egg", "this job waits for itself through hen").await?;
        let seen = asked(scope, since).await?;
        for name in ["alone", "hen", "egg"] {
            let path = format!("/jobs/{name}-");
            assert_eq!(seen.count("PUT", &[&path]), 0, "{seen}");
        }
        // Taken apart at one place, both go on.
        let apart = json!({"inputs": {"rows": {"fromJob": null, "value": "none"}}});
        super::set(scope, "hen", apart).await?;
        ends_well(scope, "hen").await?;
        let egg = ends_well(scope, "egg").await?;
        let hen = scope.get(JOB, "hen").await?;
        let seen = asked(scope, since).await?;
        let input = &sent(&seen, &azure_name(&egg))["inputs"]["rows"];
        assert_eq!(input["uri"], hen["status"]["outputs"][0]["path"]);
        Ok(())
    });
}
