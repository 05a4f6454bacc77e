//! Two operators that both lead, as while a node that was thought dead still works: one run for each attempt, one end.

use anyhow::Result;
use azureml_spark_testkit::eventually::{PATIENCE, until};
use azureml_spark_testkit::scope::find_condition;
use serde_json::{Value, json};

use crate::answers::rule;
use crate::jobs::{JOB, Jobs, uid};

pub(crate) async fn two_at_once(jobs: &Jobs<'_>) -> Result<()> {
    let (scope, stack) = (&jobs.scope, jobs.scope.stack());
    let (emulator, operator) = (stack.emulator(), stack.operator());
    let folder = stack.folder().join(format!("twin-{}", scope.namespace()));
    let twin = operator.twin(&folder)?;
    twin.start().await?;

    let names = ["slow", "brief", "tried", "paused", "going"].map(|name| scope.unique(name));
    let [slow, brief, tried, paused, going] = &names;
    // What one of them sends has its effect only when the other has long sent the same.
    let late = json!({"kind": "delay", "seconds": 5, "when": "before"});
    let rules: Vec<Value> = names
        .iter()
        .map(|name| rule("PUT", name, 1, &late))
        .collect();
    emulator.inject(Value::Array(rules)).await?;
    let twice = jobs
        .short(tried)
        .with("/spec/tags/emulator-instant-ending", "service")
        .with(
            "/spec/retry",
            json!({"maxAttempts": 2, "backoffSeconds": 1}),
        );
    for manifest in [
        jobs.long(slow),
        jobs.short(brief),
        twice,
        jobs.long(paused),
        jobs.long(going),
    ] {
        scope.apply(&manifest).await?;
    }

    let leaver = scope.get(JOB, going).await?;
    jobs.runs(going, 1).await?;
    scope.delete(JOB, going).await?;
    jobs.runs(paused, 1).await?;
    let suspend = |value: bool| scope.patch(JOB, paused, json!({"spec": {"suspend": value}}));
    suspend(true).await?;
    scope.condition(JOB, paused, "Suspended", "True").await?;
    suspend(false).await?;
    let second = jobs.runs(paused, 2).await?;
    let first = jobs.runs(slow, 1).await?;
    let brief = jobs.ends_well(brief).await?;
    let tried = scope
        .reason(JOB, tried, "Failed", "True", "PlatformFailed")
        .await?;
    scope.gone(JOB, going).await?;

    // Both have their answers: what is killed on its way would be another story.
    for name in &names {
        let run = format!("{name}-");
        until("both are answered", PATIENCE, async || {
            let answers = jobs.answers(&run).await?;
            Ok((answers.len() > 1 && answers.iter().all(Option::is_some)).then_some(()))
        })
        .await?;
    }

    // The other one leads on, and the first comes back.
    operator.kill()?;
    for run in [&first, &second] {
        emulator.set_run(run, "Completed").await?;
    }
    let slow = jobs.ends_well(slow).await?;
    let paused = jobs.ends_well(paused).await?;
    operator.start().await?;
    twin.stop()?;

    for (object, states) in [
        (&slow, vec!["Completed"]),
        (&brief, vec!["Completed"]),
        (&tried, vec!["Failed", "Failed"]),
        (&paused, vec!["Canceled", "Completed"]),
        (&leaver, vec!["Canceled"]),
    ] {
        let name = object["metadata"]["name"].as_str().unwrap();
        assert_eq!(jobs.states(uid(object)).await?, states, "{name}");
        if object != &leaver {
            ended_once(jobs, object).await?;
        }
    }
    for object in [&slow, &brief, &tried, &paused] {
        let last = object["status"]["azureName"].as_str().unwrap();
        let past = object["status"]["attempts"].as_array();
        for run in past.into_iter().flatten() {
            jobs.made_one(run["azureName"].as_str().unwrap(), 2).await?;
        }
        jobs.made_one(last, if past.is_some() { 1 } else { 2 })
            .await?;
    }
    let gone = format!("{going}-");
    jobs.made_one(&gone, 2).await
}

/// The end is what it was, and was not said twice.
async fn ended_once(jobs: &Jobs<'_>, object: &Value) -> Result<()> {
    let name = object["metadata"]["name"].as_str().unwrap();
    let now = jobs.scope.get(JOB, name).await?;
    assert_eq!(now["status"], object["status"], "{name}");
    let kind = ["Complete", "Failed"]
        .into_iter()
        .find_map(|kind| find_condition(&now, kind));
    let reason = kind.unwrap()["reason"].as_str().unwrap();
    let events = jobs.scope.events(JOB, name).await?;
    let said = events.iter().filter(|(_, why, _)| why == reason).count();
    assert!(said <= 1, "{events:?}");
    Ok(())
}
