//! Runs that do not behave. This installation has little patience with them.

use anyhow::Result;
use azureml_spark_testkit::emulator::Requests;
use azureml_spark_testkit::eventually::PATIENCE;
use azureml_spark_testkit::manifest::{self, Manifest};
use azureml_spark_testkit::scope::{WORKSPACE, find_condition, message};
use serde_json::{Value, json};

use crate::scenario;
use crate::stage::{Stage, says};

const JOB: &str = "SparkJob";

/// A job that stays in a state until somebody ends it.
async fn stuck(stage: &Stage<'_>, name: &str, there: &str) -> Result<Manifest> {
    let text = format!("print('{}')\n", stage.scope.namespace());
    let code = manifest::code("src", "main.py", &text);
    stage.scope.apply(&code).await?;
    let job = manifest::serverless_job(name, WORKSPACE, "src", stage.world());
    Ok(job.with("/spec/tags/emulator-instant-stuck", there))
}

fn text<'a>(status: &'a Value, pointer: &str) -> &'a str {
    let found = status.pointer(pointer).and_then(Value::as_str);
    found.unwrap_or_else(|| panic!("no {pointer}: {status}"))
}

#[test]
fn a_run_of_which_nothing_is_heard_for_too_long_is_cancelled_and_tried_again() {
    scenario("run-silent", async |stage| {
        let scope = &stage.scope;
        let since = stage.emulator().now().await?;
        let once = stuck(stage, "once", "NotResponding").await?;
        let twice = stuck(stage, "twice", "NotResponding")
            .await?
            .with("/spec/tags/emulator-cancel-seconds", "3")
            .with(
                "/spec/retry",
                json!({"maxAttempts": 2, "backoffSeconds": 1}),
            );
        for job in [&once, &twice] {
            scope.apply(job).await?;
        }
        for (name, attempts) in [("once", 1), ("twice", 2)] {
            let failed = scope
                .reason(JOB, name, "Failed", "True", "NotResponding")
                .await?;
            let status = &failed["status"];
            assert_eq!(
                (&status["state"], &status["endReason"]),
                (&json!("Canceled"), &json!("NotResponding"))
            );
            assert!(text(status, "/studioUrl").contains(text(status, "/azureName")));
            says(message(&failed, "Failed"), &["heard nothing", "cancelled"]);
            assert_eq!(
                status["attempt"].as_i64().unwrap_or(1),
                attempts,
                "{status}"
            );
            let ready = find_condition(&failed, "Ready").unwrap();
            assert_eq!(ready["reason"], "NotResponding");
        }
        let twice = scope.get(JOB, "twice").await?;
        let status = &twice["status"];
        assert_eq!(
            (
                &status["attempts"][0]["state"],
                &status["attempts"][0]["reason"]
            ),
            (&json!("Canceled"), &json!("NotResponding"))
        );
        // Two runs at the same time would write to the same place: the first has ended before the second is made.
        let ended = text(status, "/attempts/0/endTime");
        assert!(
            ended <= text(status, "/submission/requestedTime"),
            "{status}"
        );
        let first = text(status, "/attempts/0/azureName");
        let second = text(status, "/azureName");
        let seen = stage.scope.asked(since).await?;
        for run in [first, second] {
            assert_eq!(seen.count("PUT", &["/jobs/", run]), 1, "{seen}");
        }
        assert_eq!(
            stage.emulator().run_status(first).await?.as_deref(),
            Some("Canceled")
        );
        Ok(())
    });
}

#[test]
fn a_cancel_without_effect_is_told_and_asked_for_again() {
    scenario("run-stays", async |stage| {
        let (scope, emulator) = (&stage.scope, stage.emulator());
        let since = emulator.now().await?;
        let mut runs = Vec::new();
        for name in ["stays", "leaves"] {
            let job = stuck(stage, name, "Running").await?;
            scope
                .apply(&job.with("/spec/tags/emulator-cancel", "stays"))
                .await?;
            let runs_now = scope.wait(JOB, name, "is Running", |object| {
                object["status"]["state"] == "Running"
            });
            runs.push(text(&runs_now.await?["status"], "/azureName").to_owned());
        }
        scope
            .patch(JOB, "stays", json!({"spec": {"cancel": true}}))
            .await?;
        scope.delete(JOB, "leaves").await?;
        for (name, run) in ["stays", "leaves"].iter().zip(&runs) {
            let told = scope
                .reason(JOB, name, "Reconciling", "True", "CancelStuck")
                .await?;
            says(
                message(&told, "Reconciling"),
                &[
                    "no effect for 2 seconds",
                    "every 5 minutes",
                    "status.studioUrl",
                ],
            );
            // Patience may be over before Azure shows that it heard.
            let told = scope.wait(JOB, name, "is stuck in its cancel", |object| {
                let stands = find_condition(object, "Reconciling");
                object["status"]["state"] == "CancelRequested"
                    && stands.is_some_and(|stands| stands["reason"] == "CancelStuck")
            });
            let told = told.await?;
            let status = &told["status"];
            assert!(text(status, "/studioUrl").contains(run.as_str()));
            assert_eq!(find_condition(&told, "Failed"), None, "{told}");
            assert!(told.pointer("/metadata/finalizers").is_some(), "{told}");
            // Once, and once more when patience was over, which is told first; not again before its time.
            let cancels = ["/jobs/", run, "/cancel"];
            let asks = |seen: &Requests| seen.count("POST", &cancels);
            let what = format!("{name} is cancelled again");
            let seen = emulator
                .wait_for_requests(since, &what, PATIENCE, |seen| asks(seen) > 1)
                .await?;
            assert_eq!(asks(&seen), 2, "{seen}");
            emulator.set_run(run, "Canceled").await?;
        }
        let failed = scope
            .reason(JOB, "stays", "Failed", "True", "Canceled")
            .await?;
        assert_eq!(find_condition(&failed, "Reconciling"), None, "{failed}");
        scope.gone(JOB, "leaves").await?;

        // One that is always about to end: a cancel is refused for its state, and asked for once patience is over.
        scope
            .apply(&stuck(stage, "lingers", "Finalizing").await?)
            .await?;
        let ending = scope.wait(JOB, "lingers", "is Finalizing", |object| {
            object["status"]["state"] == "Finalizing"
        });
        let run = text(&ending.await?["status"], "/azureName").to_owned();
        scope
            .patch(JOB, "lingers", json!({"spec": {"cancel": true}}))
            .await?;
        let told = scope
            .reason(JOB, "lingers", "Reconciling", "True", "CancelStuck")
            .await?;
        says(
            message(&told, "Reconciling"),
            &["about to end for 2 seconds", "takes no cancel"],
        );
        let status = &told["status"];
        assert_eq!(status["state"], "Finalizing", "{status}");
        assert_eq!(status["cancel"].get("refused"), None, "{status}");
        let cancels = ["/jobs/", &run, "/cancel"];
        let what = "the one that lingers is cancelled";
        let refused = |seen: &Requests| {
            let asks = seen.matching("POST", &cancels);
            asks.0.iter().filter(|ask| ask.status == Some(400)).count()
        };
        let seen = emulator
            .wait_for_requests(since, what, PATIENCE, |seen| refused(seen) > 1)
            .await?;
        assert_eq!(seen.count("POST", &cancels), 2, "not hotly: {seen}");
        emulator.set_run(&run, "Completed").await?;
        scope
            .reason(JOB, "lingers", "Complete", "True", "Completed")
            .await
            .map(drop)
    });
}
