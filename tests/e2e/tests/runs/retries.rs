//! Tried again: with the same code and definition, under another name, and only what may end otherwise.

use azureml_spark_testkit::manifest::Manifest;
use azureml_spark_testkit::scope::Scope;
use serde_json::json;

use super::{asked, attempt, azure_name, ends_well, fails, job, scenario, sent, stuck};
use crate::JOB;

fn failing(scope: &Scope<'_>, name: &str, ending: &str) -> Manifest {
    job(scope, name)
        .with("/spec/tags/emulator-instant-ending", ending)
        .with(
            "/spec/retry",
            json!({"maxAttempts": 2, "backoffSeconds": 1}),
        )
}

#[test]
fn what_azure_failed_is_tried_again_as_it_was() {
    scenario("retry", async |scope, _| {
        let since = scope.stack().emulator().now().await?;
        scope.apply(&failing(scope, "unlucky", "service")).await?;
        let failed = fails(scope, "unlucky", "PlatformFailed").await?;
        let status = &failed["status"];
        assert_eq!(status["attempt"], 2, "{status}");
        let past = status["attempts"].as_array().unwrap();
        assert_eq!(past.len(), 1, "{status}");
        assert_eq!(
            (&past[0]["state"], &past[0]["reason"]),
            (&json!("Failed"), &json!("PlatformFailed"))
        );
        let second = azure_name(&failed);
        let first = attempt(&second, 1);
        assert_eq!(past[0]["azureName"], first.as_str());
        let seen = asked(scope, since).await?;
        let (one, two) = (sent(&seen, &first), sent(&seen, &second));
        for field in [
            "codeId",
            "conf",
            "entry",
            "identity",
            "resources",
            "inputs",
            "tags",
        ] {
            assert_eq!(one[field], two[field], "{field}");
        }
        let property = |sent: &serde_json::Value, name: &str| {
            sent["properties"][format!("azureml-spark-operator.{name}")].clone()
        };
        assert_eq!(property(one, "definition"), property(two, "definition"));
        assert_eq!(property(one, "attempt"), "1");
        assert_eq!(property(two, "attempt"), "2");
        Ok(())
    });
}

#[test]
fn a_script_that_fails_fails_again() {
    scenario("retry-script", async |scope, _| {
        scope.apply(&failing(scope, "wrong", "script")).await?;
        let failed = fails(scope, "wrong", "ScriptFailed").await?;
        assert_eq!(failed["status"]["attempt"], 1);
        assert_eq!(failed["status"].get("attempts"), None);
        Ok(())
    });
}

#[test]
fn code_that_changes_meanwhile_is_another_jobs() {
    scenario("retry-pinned", async |scope, _| {
        let emulator = scope.stack().emulator();
        let since = emulator.now().await?;
        let late = stuck(scope, "late", "Queued")
            .with("/spec/startDeadlineSeconds", 3)
            .with(
                "/spec/retry",
                json!({"maxAttempts": 2, "backoffSeconds": 1}),
            );
        scope.apply(&late).await?;
        scope.condition(JOB, "late", "Submitted", "True").await?;
        let other = "print('another')\n";
        scope
            .apply(&azureml_spark_testkit::manifest::code(
                "src", "main.py", other,
            ))
            .await?;
        let again = scope
            .wait(JOB, "late", "is tried again", |o| {
                o["status"]["attempt"] == 2 && o["status"]["state"] == "Queued"
            })
            .await?;
        let second = azure_name(&again);
        emulator.set_run(&second, "Completed").await?;
        ends_well(scope, "late").await?;
        let seen = asked(scope, since).await?;
        assert_eq!(
            sent(&seen, &attempt(&second, 1))["codeId"],
            sent(&seen, &second)["codeId"]
        );
        Ok(())
    });
}
