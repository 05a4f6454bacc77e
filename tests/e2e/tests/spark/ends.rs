//! Runs that do not end well.

use azureml_spark_testkit::eventually::{PATIENCE, until};
use azureml_spark_testkit::manifest;
use azureml_spark_testkit::scope::{Scope, WORKSPACE, find_condition};
use serde_json::{Value, json};

use crate::{ATTACHMENT, JOB, SPARKS_PATIENCE, ended, scenario};

fn failed(job: &Value) -> (&str, &str) {
    let failed =
        find_condition(job, "Failed").unwrap_or_else(|| panic!("it has not failed: {job:#}"));
    (
        failed["reason"].as_str().unwrap(),
        failed["message"].as_str().unwrap(),
    )
}

async fn on_serverless(
    scope: &Scope<'_>,
    name: &str,
    script: &str,
) -> anyhow::Result<manifest::Manifest> {
    scope
        .apply(&manifest::code(name, "main.py", script))
        .await?;
    let world = scope.stack().emulator().world();
    Ok(manifest::serverless_job(name, WORKSPACE, name, world))
}

const RAISES: &str = r#"
print("about to look at the fares")


def fares(row):
    raise ValueError("no such column: Fare")


fares(None)
"#;

#[test]
fn a_script_that_raises_is_told_with_its_exception_and_its_last_words() {
    scenario("raises", async |scope| {
        scope
            .apply(&on_serverless(scope, "raises", RAISES).await?)
            .await?;
        let job = ended(scope, "raises").await?;
        let (reason, message) = failed(&job);
        assert_eq!(reason, "ScriptFailed");
        assert!(
            message.contains("ValueError: no such column: Fare"),
            "{message}"
        );
        assert!(message.len() <= 1024, "{} bytes", message.len());
        let status = &job["status"];
        assert_eq!(status["state"], "Failed");
        assert_eq!(status["failure"]["code"], "UserError");
        let tail = status["failure"]["logTail"].as_str().unwrap();
        assert!(tail.contains("about to look at the fares"), "{tail}");
        assert!(tail.contains("in fares"), "the traceback: {tail}");
        assert!(tail.len() <= 4096, "{} bytes", tail.len());
        let studio = status["studioUrl"].as_str().unwrap();
        let run = status["azureName"].as_str().unwrap();
        assert!(
            studio.starts_with("https://ml.azure.com/runs/") && studio.contains(run),
            "{studio}"
        );
        assert_eq!(
            find_condition(&job, "Stalled").unwrap()["reason"],
            "ScriptFailed"
        );
        Ok(())
    });
}

/// Says which process it is, and goes on for longer than anybody waits.
const STAYS: &str = r#"
import os
import sys
import time

folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)
with open(os.path.join(folder, "pid.part"), "w") as file:
    file.write(str(os.getpid()))
os.rename(os.path.join(folder, "pid.part"), os.path.join(folder, "pid"))
time.sleep(3600)
"#;

#[test]
fn a_job_that_is_deleted_while_it_runs_ends_its_process() {
    scenario("deleted", async |scope| {
        let emulator = scope.stack().emulator();
        let folder = format!("{}/out", scope.namespace());
        let out = format!("azureml://datastores/workspaceblobstore/paths/{folder}/");
        let job = on_serverless(scope, "stays", STAYS)
            .await?
            .with(
                "/spec/outputs/out",
                json!({"type": "uri_folder", "path": out}),
            )
            .with("/spec/args", "${{outputs.out}}");
        scope.apply(&job).await?;
        let pid = until("the script says its pid", SPARKS_PATIENCE, async || {
            Ok(std::fs::read_to_string(emulator.blob(&format!("{folder}/pid"))).ok())
        })
        .await?;
        let running = scope
            .wait(JOB, "stays", "runs", |job| {
                job["status"]["state"] == "Running"
            })
            .await?;
        let run = running["status"]["azureName"].as_str().unwrap();
        assert!(is_alive(&pid), "process {pid}");

        scope.delete(JOB, "stays").await?;
        scope.gone(JOB, "stays").await?;
        assert_eq!(emulator.run_status(run).await?.as_deref(), Some("Canceled"));
        until("the process has ended", PATIENCE, async || {
            Ok((!is_alive(&pid)).then_some(()))
        })
        .await
    });
}

fn is_alive(pid: &str) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/cmdline"))
        .is_ok_and(|line| line.contains("main.py"))
}

#[test]
fn a_run_whose_pool_gives_its_identity_no_role_says_so() {
    scenario("no-role", async |scope| {
        let pool = scope.unique("pool");
        let world = scope.stack().emulator().world();
        let attachment = manifest::attachment(&pool, WORKSPACE, world)
            .with("/spec/grants/synapseRoles", json!([]));
        scope.apply(&attachment).await?;
        let ready = scope.condition(ATTACHMENT, &pool, "Ready", "True").await?;
        assert_eq!(ready["status"].get("roleAssignments"), None, "{ready:#}");
        scope
            .apply(&manifest::code("src", "main.py", "print('never')\n"))
            .await?;
        scope
            .apply(&manifest::attached_job("barred", WORKSPACE, "src", &pool))
            .await?;
        let job = ended(scope, "barred").await?;
        // Which code Azure gives it is not on record; the words are, and they alone make the reason.
        let (reason, message) = failed(&job);
        assert_eq!(reason, "IdentityFailed", "{message}");
        assert!(
            message.contains("bigDataPools/useCompute/action"),
            "{message}"
        );
        let pool = format!(
            "workspaces/{}/bigDataPools/{}",
            world.synapse_workspace, world.pool
        );
        assert!(message.contains(&pool), "{message}");
        Ok(())
    });
}
