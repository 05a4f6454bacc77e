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
        let typo = job(scope, "typo").with(
            "/spec/inputs/rows/fromJob",
            json!({"name": "first", "output": "clear"}),
        );
        scope.apply(&typo).await?;
        fails(scope, "first", "ScriptFailed").await?;
        let told = scope
            .reason(JOB, "second", "Stalled", "True", "JobFailed")
            .await?;
        assert!(message(&told, "Stalled").contains("'first'"), "{told}");
        assert!(told["status"].get("submission").is_none(), "{told}");
        Ok(())
    });
}
