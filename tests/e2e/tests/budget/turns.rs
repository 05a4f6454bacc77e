//! One team's many jobs, another's single one, an attachment, and a cancel: all under one small bucket of which both
//! sides know. Who goes when is told by the order of requests, not by the time.

use std::collections::BTreeSet;

use anyhow::Result;
use azureml_spark_testkit::emulator::Requests;
use azureml_spark_testkit::eventually::PATIENCE;
use azureml_spark_testkit::manifest;
use azureml_spark_testkit::scope::{Scope, WORKSPACE};
use azureml_spark_testkit::stack::Stack;
use serde_json::json;

use crate::Rate;
use crate::crowd::{self, Crowd, JOB, submissions};

/// The crowd needs a minute and a half, however fast the machine: on a slow one the others come in the middle of it.
pub(crate) const RATE: Rate = (10.0, 1.0);
const JOBS: usize = 100;

pub(crate) async fn play(stack: &Stack) -> Result<()> {
    let emulator = stack.emulator();
    let (team, other) = (stack.scope("team").await?, stack.scope("other").await?);
    crowd::found(&other).await?;
    let crowd = Crowd::gather(&team, JOBS).await?;
    stack.operator().start().await?;
    crowd.some_says("Reconciling/WaitingForBudget").await?;
    other
        .condition("AzureMLWorkspace", WORKSPACE, "Ready", "True")
        .await?;

    let first = crowd.some_run().await?;
    let before = submissions(emulator).await?.0.len();
    assert!(
        before <= JOBS * 2 / 3,
        "{before} of the crowd have gone before anybody else came"
    );
    other.apply(&crowd::job(&other, "single")).await?;
    let pool = other.unique("pool");
    let pool_id = emulator.world().pool_id(&pool);
    emulator.put_resource(&pool_id, json!({})).await?;
    let attachment = manifest::attachment(&pool, WORKSPACE, emulator.world())
        .with("/spec/pool/resourceId", pool_id);
    other.apply(&attachment).await?;
    team.patch(JOB, &first, json!({"spec": {"cancel": true}}))
        .await?;

    let single = run_of(&other, "single").await?;
    let all = emulator
        .wait_for_requests(
            0,
            "the single job, the attachment and the cancel",
            PATIENCE,
            |all| {
                is_asked(all, "PUT", &["/jobs/", &single])
                    && is_asked(all, "PUT", &["/computes/", &pool])
                    && is_asked(all, "POST", &["/cancel"])
            },
        )
        .await?;
    for (method, parts) in [
        ("PUT", ["/jobs/", single.as_str()]),
        ("PUT", ["/computes/", pool.as_str()]),
        ("POST", ["/jobs/", "/cancel"]),
    ] {
        let went = all.matching(method, &parts).0[0].number;
        let of_the_crowd = all.matching("PUT", &["/jobs/"]).0.into_iter();
        let overtaken = of_the_crowd
            .filter(|put| put.number < went && !put.path.contains(&single))
            .count();
        // Who has to wait for the crowd goes after all of it. In turn, a few go before; some more while the apiserver and
        // the operator hear of the wish on a slow machine.
        assert!(
            overtaken <= before + (JOBS - before) * 3 / 4,
            "{method} {parts:?} went after {overtaken} of the crowd, {before} of which had gone before: {all}"
        );
    }

    crowd.submitted().await?;
    let all = emulator.requests_since(0).await?;
    let refused: Vec<_> = all.0.iter().filter(|one| one.status == Some(429)).collect();
    assert!(refused.is_empty(), "{refused:?}");
    let puts = all.matching("PUT", &["/jobs/"]);
    let runs: BTreeSet<_> = puts.0.iter().map(|put| put.path.clone()).collect();
    assert_eq!(
        (puts.0.len(), runs.len()),
        (JOBS + 1, JOBS + 1),
        "one PUT a job"
    );
    crowd.shows_no_trouble(&first).await?;
    let waited = crowd.said("Reconciling/WaitingForBudget").len();
    // All but those who found a token at once or within moments.
    assert!(waited >= JOBS / 2, "{waited} have said that they wait");
    Ok(())
}

fn is_asked(all: &Requests, method: &str, parts: &[&str]) -> bool {
    all.count(method, parts) > 0
}

/// The name of a job's run, once it has one.
async fn run_of(scope: &Scope<'_>, job: &str) -> Result<String> {
    let submitted = scope.condition(JOB, job, "Submitted", "True").await?;
    Ok(submitted["status"]["azureName"]
        .as_str()
        .unwrap()
        .to_owned())
}

impl Crowd<'_> {
    /// A job of which Azure has a run.
    async fn some_run(&self) -> Result<String> {
        self.some_says("Submitted/Submitted").await?;
        let submitted = self.said("Submitted/Submitted");
        Ok(submitted.first().unwrap().clone())
    }
}
