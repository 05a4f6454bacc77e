//! Every way in which a run can end has a reason of its own.

use azureml_spark_testkit::scope::find_condition;

use super::{asked, azure_name, ends_well, fails, in_state, job, scenario, stuck};
use crate::JOB;

/// How a run of the emulator ends, the reason, and words of Azure that its message keeps.
const FAILURES: [(&str, &str, &str); 12] = [
    (
        "quota",
        "QuotaExceeded",
        "MAXIMUM_WORKSPACE_CAPACITY_EXCEEDED",
    ),
    ("noQuota", "QuotaExceeded", "core limit"),
    (
        "poolFull",
        "NoCapacity",
        "AVAILABLE_COMPUTE_CAPACITY_EXCEEDED",
    ),
    ("capacity", "NoCapacity", "CLUSTER_CREATION_TIMED_OUT"),
    ("image", "ImageFailed", "Image build failed"),
    ("packages", "ImageFailed", "LibraryManagement"),
    ("identity", "IdentityFailed", "Synapse RBAC permission"),
    ("storage", "IdentityFailed", "not authorized"),
    ("script", "ScriptFailed", "Error"),
    ("scala", "ScriptFailed", "Exception"),
    ("dead", "PlatformFailed", "LIVY_JOB_STATE_DEAD"),
    ("service", "PlatformFailed", "InternalServerError"),
];

#[test]
fn a_failure_has_its_reason_azures_words_and_a_page_in_studio() {
    scenario("failures", async |scope, _| {
        for (ending, ..) in FAILURES {
            let name = ending.to_ascii_lowercase();
            let run = job(scope, &name).with("/spec/tags/emulator-instant-ending", ending);
            scope.apply(&run).await?;
        }
        for (ending, reason, words) in FAILURES {
            let failed = fails(scope, &ending.to_ascii_lowercase(), reason).await?;
            let status = &failed["status"];
            assert_eq!(
                (&status["state"], &status["endReason"]),
                (&"Failed".into(), &reason.into())
            );
            let text = status["failure"].to_string();
            assert!(text.contains(words), "{ending}: {text}");
            let said = find_condition(&failed, "Failed").unwrap()["message"]
                .as_str()
                .unwrap();
            assert!(said.len() > 20, "{ending}: {said}");
            assert!(status["studioUrl"].is_string(), "{ending}: {status}");
        }
        Ok(())
    });
}

#[test]
fn a_failed_script_leaves_the_end_of_its_log() {
    scenario("log-tail", async |scope, _| {
        let emulator = scope.stack().emulator();
        scope.apply(&stuck(scope, "loud", "Running")).await?;
        let name = in_state(scope, "loud", "Running").await?;
        // More than 20 kB, of which a status keeps the last 4.
        let many = "this is one of a thousand\n".repeat(1_000);
        let last = "https://x.blob.core.windows.net/c/b?sv=1&sig=abc%3D\nthe last line\n";
        emulator.write_log(&name, "stdout", &(many + last)).await?;
        emulator.set_run(&name, "Failed").await?;
        let failed = scope.condition(JOB, "loud", "Failed", "True").await?;
        let tail = failed["status"]["failure"]["logTail"].as_str().unwrap();
        assert!(tail.ends_with("\nthe last line"), "{tail}");
        assert!(tail.starts_with("this is one of"), "whole lines: {tail}");
        let bytes = tail.len();
        assert!((3_500..=4_096).contains(&bytes), "{bytes} bytes: {tail}");
        assert!(!tail.contains("abc%3D"), "{tail}");
        Ok(())
    });
}

#[test]
fn a_run_of_which_nothing_is_heard_may_come_back() {
    scenario("silent", async |scope, _| {
        let emulator = scope.stack().emulator();
        scope
            .apply(&stuck(scope, "silent", "NotResponding"))
            .await?;
        let told = scope
            .reason(JOB, "silent", "Reconciling", "True", "NotResponding")
            .await?;
        let name = azure_name(&told);
        emulator.set_run(&name, "Running").await?;
        scope
            .reason(JOB, "silent", "Reconciling", "True", "Running")
            .await?;
        emulator.set_run(&name, "Completed").await?;
        ends_well(scope, "silent").await.map(drop)
    });
}

#[test]
fn a_run_that_lists_leave_out_is_asked_for_itself() {
    scenario("unlisted", async |scope, _| {
        let since = scope.stack().emulator().now().await?;
        let hidden = job(scope, "hidden")
            .with("/spec/tags/emulator-vanishes", "fromLists")
            .with("/spec/tags/emulator-instant-seconds", "4");
        scope.apply(&hidden).await?;
        let name = azure_name(&ends_well(scope, "hidden").await?);
        let seen = asked(scope, since).await?;
        assert!(seen.count("GET", &["/jobs/", &name]) > 0, "{seen}");
        assert_eq!(seen.count("PUT", &["/jobs/", &name]), 1, "{seen}");
        Ok(())
    });
}

#[test]
fn a_run_that_is_gone_is_lost_and_not_made_again() {
    scenario("lost", async |scope, _| {
        let emulator = scope.stack().emulator();
        let since = emulator.now().await?;
        let lost = stuck(scope, "lost", "Running").with("/spec/retry/maxAttempts", 3);
        scope.apply(&lost).await?;
        let name = in_state(scope, "lost", "Running").await?;
        emulator.remove_run(&name).await?;
        let failed = fails(scope, "lost", "Lost").await?;
        assert_eq!(failed["status"]["state"], "Lost");
        let seen = asked(scope, since).await?;
        assert_eq!(seen.matching("PUT", &["/jobs/lost-"]).0.len(), 1, "{seen}");
        Ok(())
    });
}

#[test]
fn an_ended_run_costs_nothing_more() {
    scenario("at-rest", async |scope, _| {
        let emulator = scope.stack().emulator();
        scope.apply(&job(scope, "done")).await?;
        let name = azure_name(&ends_well(scope, "done").await?);
        let since = emulator.now().await?;
        scope.reconcile(JOB, "done").await?;
        scope
            .patch(
                JOB,
                "done",
                serde_json::json!({"spec": {"tags": {"late": "yes"}}}),
            )
            .await?;
        scope.observed(JOB, "done").await?;
        let seen = asked(scope, since).await?;
        assert_eq!(
            seen.0.iter().filter(|e| e.path.contains(&name)).count(),
            0,
            "{seen}"
        );
        Ok(())
    });
}
