//! A submission that Azure has had before, under each answer that it may give (contract §13).

use anyhow::{Context as _, Result};
use azureml_spark_testkit::emulator::Emulator;
use azureml_spark_testkit::eventually::{PATIENCE, until};
use serde_json::{Value, json};

use crate::jobs::{JOB, Jobs, uid};
use crate::{leaders, stack};

/// The emulator's setting, and the status of that answer.
const ANSWERS: [(&str, u16); 3] = [("refuse400", 400), ("refuse409", 409), ("accept", 200)];

#[tokio::test(flavor = "multi_thread")]
async fn a_submission_that_azure_has_had_makes_no_second_run() -> Result<()> {
    let stack = stack().await;
    for (answer, status) in ANSWERS {
        let story = async {
            stack.emulator().set(json!({"repeatedPut": answer})).await?;
            let jobs = Jobs::open(&stack, answer, status).await?;
            losses(&jobs).await?;
            leaders::two_at_once(&jobs).await?;
            jobs.scope.delete_namespace().await
        };
        story
            .await
            .with_context(|| format!("repeatedPut: {answer}"))?;
    }
    Ok(())
}

/// A rule for requests that are about the runs of one job.
pub(crate) fn rule(method: &str, name: &str, count: u32, action: &Value) -> Value {
    json!({"method": method, "path": format!("/jobs/{name}-"), "count": count, "action": action})
}

/// An answer that is lost on its way; an operator that is killed between the effect and the answer; a status that is
/// lost after the end, when nothing tells any more that a run may be there.
async fn losses(jobs: &Jobs<'_>) -> Result<()> {
    let (scope, stack) = (&jobs.scope, jobs.scope.stack());
    let (emulator, operator) = (stack.emulator(), stack.operator());
    let [over, lost, killed] = ["over", "lost", "killed"].map(|name| scope.unique(name));
    scope.apply(&jobs.short(&over)).await?;
    let before = jobs.ends_well(&over).await?;

    // Reads that are older than the submission: else the run would be seen, and nothing be submitted again.
    let missing = json!({"error": {"code": "UserError", "message": "Job not found"}});
    let missing = json!({"kind": "status", "status": 404, "body": missing});
    let dropped = json!({"kind": "drop", "when": "after"});
    let hang = json!({"kind": "delay", "seconds": 600, "when": "after"});
    emulator
        .inject(json!([
            rule("PUT", &lost, 1, &dropped),
            rule("PUT", &killed, 1, &hang),
            rule("GET", &lost, 1000, &missing),
            rule("GET", &killed, 1000, &missing),
        ]))
        .await?;
    for name in [&lost, &killed] {
        scope.apply(&jobs.long(name)).await?;
    }
    let object = scope.get(JOB, &killed).await?;
    until("the run is there", PATIENCE, async || {
        let states = jobs.states(uid(&object)).await?;
        Ok((!states.is_empty()).then_some(()))
    })
    .await?;
    operator.kill()?;
    scope.erase_status(JOB, &over).await?;
    operator.start().await?;
    for name in [&lost, &killed] {
        submitted_twice(emulator, name).await?;
    }
    emulator.clear_faults().await?;

    for name in [&lost, &killed] {
        let run = jobs.runs(name, 1).await?;
        emulator.set_run(&run, "Completed").await?;
        let done = jobs.ends_well(name).await?;
        assert_eq!(jobs.states(uid(&done)).await?, ["Completed"], "{name}");
        jobs.made_one(&run, 2).await?;
        assert_eq!(jobs.answers(&run).await?[0], None, "{name}");
    }
    let after = jobs.ends_well(&over).await?;
    assert_eq!(jobs.states(uid(&after)).await?, ["Completed"]);
    let run = after["status"]["azureName"].as_str().unwrap();
    assert_eq!(before["status"]["azureName"], run);
    assert_eq!(jobs.answers(run).await?.len(), 2);
    jobs.made_one(run, 2).await
}

async fn submitted_twice(emulator: &Emulator, name: &str) -> Result<()> {
    let path = format!("/jobs/{name}-");
    let what = format!("{name} is submitted again");
    emulator
        .wait_for_requests(0, &what, PATIENCE, |seen| seen.count("PUT", &[&path]) >= 2)
        .await?;
    Ok(())
}
