//! What only another object or Azure can tell becomes a condition that names the field and the mend.

use anyhow::Result;
use azureml_spark_testkit::manifest::{self, Manifest};
use azureml_spark_testkit::scope::{Scope, WORKSPACE, find_condition};
use serde_json::json;

use crate::scenario;

const KIND: &str = "SparkJob";

fn job(scope: &Scope<'_>, name: &str) -> Manifest {
    manifest::serverless_job(name, WORKSPACE, "src", scope.stack().emulator().world())
}

/// Applies a job, waits until it is stalled for `reason`, and returns the message.
async fn stalled(scope: &Scope<'_>, job: &Manifest, reason: &str) -> Result<String> {
    scope.apply(job).await?;
    let found = scope
        .reason(KIND, job.name(), "Stalled", "True", reason)
        .await?;
    assert_eq!(
        found.pointer("/metadata/finalizers"),
        None,
        "nothing is in Azure"
    );
    Ok(find_condition(&found, "Ready").unwrap()["message"]
        .as_str()
        .unwrap()
        .to_owned())
}

#[test]
fn missing_code_is_named_and_waited_for() {
    scenario("refuse-code", async |scope| {
        scope.workspace().await?;
        let message = stalled(scope, &job(scope, "a"), "ConfigMapNotFound").await?;
        assert!(
            message.contains("spec.code.configMaps") && message.contains("'src'"),
            "{message}"
        );
        scope
            .apply(&manifest::code("src", "other.py", "print(1)\n"))
            .await?;
        let entry = scope
            .reason(KIND, "a", "Stalled", "True", "EntryNotFound")
            .await?;
        let message = find_condition(&entry, "Ready").unwrap()["message"]
            .as_str()
            .unwrap();
        assert!(
            message.contains("'main.py'") && message.contains("other.py"),
            "{message}"
        );
        let keyed = job(scope, "b").with(
            "/spec/code/configMaps/0/items",
            json!([{"key": "none.py", "path": "main.py"}]),
        );
        let message = stalled(scope, &keyed, "KeyNotFound").await?;
        assert!(message.contains("'none.py'"), "{message}");
        scope
            .apply(&manifest::code("src", "main.py", "print(1)\n"))
            .await?;
        scope.condition(KIND, "a", "Complete", "True").await?;
        Ok(())
    });
}

#[test]
fn names_that_lead_nowhere_are_named() {
    scenario("refuse-names", async |scope| {
        scope
            .apply(&manifest::code("src", "main.py", "print(1)\n"))
            .await?;
        let message = stalled(scope, &job(scope, "a"), "WorkspaceNotFound").await?;
        assert!(message.contains("spec.workspaceRef"), "{message}");
        scope.workspace().await?;
        let nowhere = manifest::attached_job("b", WORKSPACE, "src", "no-such-pool");
        let message = stalled(scope, &nowhere, "AttachmentNotFound").await?;
        assert!(message.contains("no-such-pool"), "{message}");
        Ok(())
    });
}

#[test]
fn a_submission_that_azure_refuses_can_be_mended_in_place() {
    scenario("refuse-azure", async |scope| {
        scope.workspace().await?;
        scope
            .apply(&manifest::code("src", "main.py", "print(1)\n"))
            .await?;
        let refused =
            job(scope, "a").with("/spec/compute/serverless/instanceType", "standard_e3_v0");
        let since = scope.stack().emulator().now().await?;
        scope.apply(&refused).await?;
        let found = scope
            .reason(KIND, "a", "Stalled", "True", "Refused")
            .await?;
        let message = find_condition(&found, "Ready").unwrap()["message"]
            .as_str()
            .unwrap();
        assert!(message.contains("resources.instanceType"), "{message}");
        assert_eq!(
            found["status"].get("submission"),
            None,
            "nothing was submitted"
        );
        let free = |o: &serde_json::Value| o.pointer("/metadata/finalizers").is_none();
        scope
            .wait(KIND, "a", "is free of our finalizer", free)
            .await?;
        // The workspace is let go, too, and that alone is no reason to try again.
        scope
            .wait("AzureMLWorkspace", WORKSPACE, "is free, too", free)
            .await?;
        let seen = scope.stack().emulator().requests_since(since).await?;
        let name = found["status"]["azureName"].as_str().unwrap();
        assert_eq!(seen.count("PUT", &["/jobs/", name]), 1, "{seen}");
        scope.apply(&job(scope, "a")).await?;
        scope.condition(KIND, "a", "Complete", "True").await?;
        Ok(())
    });
}

#[test]
fn a_run_of_somebody_else_under_the_chosen_name_is_left_alone() {
    scenario("refuse-taken", async |scope| {
        scope.workspace().await?;
        scope
            .apply(&manifest::code("src", "main.py", "print(1)\n"))
            .await?;
        let name = scope.unique("taken");
        scope
            .apply(&job(scope, "first").with("/spec/azureName", name.clone()))
            .await?;
        scope.condition(KIND, "first", "Complete", "True").await?;
        let other = job(scope, "second")
            .with("/spec/azureName", name)
            .with("/spec/args", "another");
        let message = stalled(scope, &other, "Conflict").await?;
        assert!(message.contains("spec.azureName"), "{message}");
        Ok(())
    });
}
