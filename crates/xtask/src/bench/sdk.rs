//! The same fifty jobs by Microsoft's own client and by us.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use azureml_spark_testkit::emulator::{PERSON_CLIENT_ID, Requests};
use azureml_spark_testkit::manifest;
use azureml_spark_testkit::process::Process;
use azureml_spark_testkit::{repository, tools};
use jiff::Timestamp;
use serde_json::Value;

use super::Bench;
use super::arrivals::Arrivals;
use super::azure;
use super::figure::{Figure, each};
use super::stage::{self, Setting, Stage};
use super::submit::{is_submission, jobs};

const JOBS: usize = 50;
const WITHIN: Duration = Duration::from_mins(10);

pub(super) async fn measure(bench: &Bench) -> Result<Vec<Figure>> {
    let stage = Stage::set(Setting::unlimited()).await?;
    bench.say("everything answers");
    let figures = on(bench, &stage).await;
    stage.end().await?;
    figures
}

async fn on(bench: &Bench, stage: &Stage) -> Result<Vec<Figure>> {
    let count = bench.size(JOBS);
    let since = stage.emulator().now().await?;
    let seconds = by_the_sdk(stage, count).await?;
    let asked = stage.emulator().requests_since(since).await?;
    bench.say("the SDK has submitted its jobs");
    let theirs = Cost::of(&asked, seconds, count)?;

    let scope = stage.stack().scope("sdk").await?;
    scope.workspace().await?;
    let code = manifest::code("src", "main.py", "print('one of many')\n");
    scope.apply(&code).await?;
    let mut puts = Arrivals::from_now(stage.emulator(), is_submission).await?;
    let begun = Timestamp::now();
    stage::create(&scope, &jobs("job", "src", count, &scope)).await?;
    stage::until("every job is submitted", WITHIN, async || {
        Ok((puts.count().await? >= count).then_some(()))
    })
    .await?;
    let seconds = puts.seconds_from(begun)?;
    bench.say("we have submitted the same");
    let asked = stage.emulator().requests_since(puts.start()).await?;
    let ours = Cost::of(&asked, seconds, count)?;
    Ok(vec![
        Figure::new("wall time", ours.seconds, "s").beside("SDK", theirs.seconds).note(
            "until the last PUT; the SDK one job after the other, as it works, without the time to load it",
        ),
        Figure::new("Azure requests", ours.requests, "a job").beside("SDK", theirs.requests),
        Figure::new("ARM writes", ours.writes, "a job").beside("SDK", theirs.writes).note(format!(
            "ours: {}; the SDK's: {}",
            ours.kinds, theirs.kinds
        )),
        Figure::new("ARM reads", ours.reads, "a job").beside("SDK", theirs.reads),
    ])
}

/// What submitting took.
struct Cost {
    seconds: f64,
    requests: f64,
    writes: f64,
    reads: f64,
    kinds: String,
}

impl Cost {
    fn of(asked: &Requests, seconds: f64, jobs: usize) -> Result<Self> {
        let submitted = asked.0.iter().filter(|entry| is_submission(entry)).count();
        ensure!(submitted == jobs, "{submitted} submissions of {jobs} jobs");
        Ok(Self {
            seconds,
            requests: each(asked.0.len(), jobs),
            writes: each(azure::writes(asked), jobs),
            reads: each(azure::reads(asked), jobs),
            kinds: azure::kinds(asked),
        })
    }
}

/// Runs `tests/sdk/many.py`, and returns how long the submissions took by its own clock.
async fn by_the_sdk(stage: &Stage, count: usize) -> Result<f64> {
    let python = tokio::task::spawn_blocking(tools::sdk_python).await??;
    let folder = stage.stack().folder().join("sdk");
    std::fs::create_dir_all(&folder)?;
    let out = folder.join("many.json");
    let ca = stage.emulator().ca_file();
    let mut command = Command::new(python);
    command
        .arg(repository::root().join("tests/sdk/many.py"))
        .arg(&out)
        .arg(count.to_string())
        .envs(stage.emulator().world().variables())
        .env("EMULATOR_CLIENT_ID", PERSON_CLIENT_ID)
        .env("EMULATOR_CA", ca)
        .env("REQUESTS_CA_BUNDLE", ca)
        .env("PYTHONDONTWRITEBYTECODE", "1");
    let mut process = Process::start("the SDK", command, &folder.join("many.log"))?;
    let begun = Instant::now();
    let status = stage::until("the SDK has submitted its jobs", WITHIN, async || {
        process.ended()
    })
    .await?;
    ensure!(
        status.success(),
        "{status} after {} s:\n{}",
        begun.elapsed().as_secs(),
        process.log_tail(40)
    );
    let said: Value = serde_json::from_slice(&std::fs::read(&out)?)?;
    said.get("seconds")
        .and_then(Value::as_f64)
        .context("the SDK's time is not told")
}
