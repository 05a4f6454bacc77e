//! A thousand jobs at once.

use std::time::{Duration, Instant};

use anyhow::Result;
use azureml_spark_testkit::manifest::{self, Manifest};
use azureml_spark_testkit::scope::{Scope, WORKSPACE};
use serde_json::json;

use super::Bench;
use super::figure::{Figure, each, number};
use super::stage::{self, Setting, Stage};

const JOB: &str = "SparkJob";

pub(super) async fn measure(bench: &Bench) -> Result<Vec<Figure>> {
    let setting = Setting {
        azure: json!({"instantSeconds": 36_000}),
        ..Setting::default()
    };
    let stage = Stage::set(setting).await?;
    bench.say("everything answers");
    let figures = on(bench, &stage).await;
    stage.end().await?;
    figures
}

async fn on(bench: &Bench, stage: &Stage) -> Result<Vec<Figure>> {
    let count = bench.size(1_000);
    let scope = stage.stack().scope("submit").await?;
    scope.workspace().await?;
    scope
        .apply(&manifest::code("src", "main.py", "print('one of many')\n"))
        .await?;
    let begun = Instant::now();
    stage::create(&scope, &jobs(&scope, count)).await?;
    bench.say(&format!("{count} jobs are created"));
    let since = stage.emulator().now().await?;
    let within = Duration::from_mins(10);
    stage::until("every job is submitted", within, async || {
        let asked = stage.emulator().requests_since(0).await?;
        Ok((asked.count("PUT", &["/jobs/"]) >= count).then_some(()))
    })
    .await?;
    let seconds = begun.elapsed().as_secs_f64();
    bench.say("all are submitted");
    let _ = since;
    Ok(vec![
        Figure::new("submitted", number(count) / seconds, "jobs/s"),
        Figure::new(
            "CPU",
            each(1, count) * stage.usage()?.cpu_seconds * 1e3,
            "ms a job",
        ),
    ])
}

fn jobs(scope: &Scope<'_>, count: usize) -> Vec<Manifest> {
    let world = scope.stack().emulator().world();
    (0..count)
        .map(|number| manifest::serverless_job(&format!("job-{number}"), WORKSPACE, "src", world))
        .collect()
}
