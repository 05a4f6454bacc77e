//! What people do with the real kubectl.

use anyhow::{Result, ensure};
use azureml_spark_testkit::eventually::PATIENCE;
use azureml_spark_testkit::scope::{Scope, find_condition};
use serde_json::json;
use tokio::process::Command;

use super::{in_state, scenario, set, stuck};
use crate::JOB;

/// `kubectl` in this scope's namespace: what it prints.
pub(super) async fn kubectl(scope: &Scope<'_>, arguments: &[&str]) -> Result<String> {
    let output = Command::new("kubectl")
        .args(["--namespace", scope.namespace()])
        .args(arguments)
        .env("KUBECONFIG", scope.stack().plane().kubeconfig())
        .kill_on_drop(true)
        .output()
        .await?;
    let error = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "kubectl {arguments:?}: {error}");
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Waits as people and pipelines do.
async fn wait(scope: &Scope<'_>, name: &str, condition: &str) -> Result<String> {
    wait_for(scope, name, condition, PATIENCE.as_secs()).await
}

async fn wait_for(scope: &Scope<'_>, name: &str, condition: &str, seconds: u64) -> Result<String> {
    let object = format!("sparkjob/{name}");
    let condition = format!("--for=condition={condition}");
    let timeout = format!("--timeout={seconds}s");
    kubectl(scope, &["wait", &object, &condition, &timeout]).await
}

#[test]
fn whoever_waits_for_an_end_is_told() {
    scenario("wait-ends", async |scope, _| {
        let emulator = scope.stack().emulator();
        for name in ["good", "bad"] {
            scope.apply(&stuck(scope, name, "Running")).await?;
        }
        let good = in_state(scope, "good", "Running").await?;
        let bad = in_state(scope, "bad", "Running").await?;
        // Nobody is told before the time.
        for condition in ["Complete", "Failed", "Ready", "Suspended"] {
            let early = wait_for(scope, "good", condition, 1).await;
            let error = format!("{:#}", early.unwrap_err());
            assert!(error.contains("timed out"), "{condition}: {error}");
        }
        tokio::try_join!(
            wait(scope, "good", "Complete"),
            wait(scope, "good", "Ready"),
            wait(scope, "bad", "Failed"),
            wait(scope, "bad", "Stalled"),
            wait(scope, "bad", "Ready=False"),
            emulator.set_run(&good, "Completed"),
            emulator.fail_run(&bad),
        )?;
        for (name, condition) in [("good", "Failed"), ("bad", "Complete"), ("bad", "Ready")] {
            let never = wait_for(scope, name, condition, 1).await;
            let error = format!("{:#}", never.unwrap_err());
            assert!(error.contains("timed out"), "{name}, {condition}: {error}");
        }
        Ok(())
    });
}

#[test]
fn whoever_waits_for_a_suspension_and_its_end_is_told() {
    scenario("wait-held", async |scope, _| {
        let emulator = scope.stack().emulator();
        scope.apply(&stuck(scope, "held", "Running")).await?;
        let first = in_state(scope, "held", "Running").await?;
        set(scope, "held", json!({"suspend": true})).await?;
        wait(scope, "held", "Suspended").await?;
        // It is said only when nothing runs any more.
        assert_eq!(
            emulator.run_status(&first).await?.as_deref(),
            Some("Canceled")
        );
        set(scope, "held", json!({"suspend": false})).await?;
        wait(scope, "held", "Suspended=False").await?;
        wait(scope, "held", "Submitted").await?;
        let second = in_state(scope, "held", "Running").await?;
        assert_ne!(first, second);
        let cancelled = async {
            let patch = r#"{"spec": {"cancel": true}}"#;
            let patch = [
                "patch",
                "sparkjob",
                "held",
                "--type=merge",
                "--patch",
                patch,
            ];
            kubectl(scope, &patch).await
        };
        tokio::try_join!(wait(scope, "held", "Failed"), cancelled)?;
        let ended = scope.get(JOB, "held").await?;
        assert_eq!(
            find_condition(&ended, "Failed").unwrap()["reason"],
            "Canceled"
        );
        Ok(())
    });
}
