//! Azure takes whatever comes, so that the operator's own passes are what is short: one team's many jobs are under way when
//! another one's few come.

use anyhow::Result;
use azureml_spark_testkit::eventually::PATIENCE;
use azureml_spark_testkit::scope::WORKSPACE;
use azureml_spark_testkit::stack::Stack;

use crate::crowd::{self, Crowd, JOB, submissions};

/// Several times as many as there are passes side by side.
const JOBS: usize = 250;
const FEW: usize = 10;

pub(crate) async fn play(stack: &Stack) -> Result<()> {
    let emulator = stack.emulator();
    let (team, other) = (stack.scope("team").await?, stack.scope("other").await?);
    stack.operator().start().await?;
    for scope in [&team, &other] {
        crowd::found(scope).await?;
        scope
            .condition("AzureMLWorkspace", WORKSPACE, "Ready", "True")
            .await?;
    }
    // All of the crowd is there before the first of it has its pass.
    tokio::task::block_in_place(|| stack.operator().stop())?;
    let crowd = Crowd::gather(&team, JOBS).await?;
    stack.operator().start().await?;
    emulator
        .wait_for_requests(0, "the first of the crowd", PATIENCE, |all| {
            all.count("PUT", &["/jobs/"]) > 0
        })
        .await?;
    let before = submissions(emulator).await?.0.len();
    let few: Vec<String> = (0..FEW).map(|number| format!("few-{number}")).collect();
    for name in &few {
        other.apply(&crowd::job(&other, name)).await?;
    }
    assert!(
        before <= JOBS / 2,
        "{before} had gone before anybody else came"
    );

    let mut runs = Vec::new();
    for name in &few {
        let submitted = other.condition(JOB, name, "Submitted", "True").await?;
        runs.push(
            submitted["status"]["azureName"]
                .as_str()
                .unwrap()
                .to_owned(),
        );
    }
    crowd.submitted().await?;
    let puts = submissions(emulator).await?;
    let is_of_the_few = |path: &str| runs.iter().any(|run| path.contains(run));
    let last_of_the_few = puts.0.iter().rposition(|put| is_of_the_few(&put.path));
    let overtaken = last_of_the_few.unwrap() - before;
    // A job takes several passes, and each is one of two in turn. Who has no turn goes after all that are left.
    assert!(
        overtaken <= (JOBS - before) / 2,
        "the last of the few went after {overtaken} others, when {before} had gone before: {puts}"
    );
    Ok(())
}
