//! Scripts that are really run by `PySpark`, described by manifests: what they write, how they fail, how they are
//! stopped.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test with a place in it"
)]

mod ends;
mod wrangling;

use std::time::Duration;

use anyhow::Result;
use azureml_spark_testkit::emulator::{self, Runner};
use azureml_spark_testkit::scenario::play;
use azureml_spark_testkit::scope::{Scope, find_condition};
use azureml_spark_testkit::stack::{Options, Stack};
use serde_json::Value;
use tokio::sync::OnceCell;

const JOB: &str = "SparkJob";
const ATTACHMENT: &str = "SynapseSparkAttachment";

/// Runs are made one at a time, and each is a minute on a slow machine.
const SPARKS_PATIENCE: Duration = Duration::from_mins(10);

/// One stack for all: the emulator runs one script at a time anyway.
static STACK: OnceCell<Stack> = OnceCell::const_new();

/// Runs a scenario in a namespace of its own.
fn scenario(name: &str, story: impl AsyncFnOnce(&Scope<'_>) -> Result<()>) {
    play(async {
        let options = Options {
            emulator: emulator::Options {
                runner: Runner::Spark,
                ..emulator::Options::default()
            },
            ..Options::default()
        };
        let stack = STACK.get_or_try_init(|| Stack::start(options)).await?;
        let scope = stack.scope(name).await?;
        scope.workspace().await?;
        story(&scope).await
    });
}

/// Waits until a job has ended, well or not.
async fn ended(scope: &Scope<'_>, name: &str) -> Result<Value> {
    let over = |job: &Value| {
        ["Complete", "Failed"]
            .iter()
            .any(|kind| find_condition(job, kind).is_some_and(|c| c["status"] == "True"))
    };
    scope
        .wait_for(SPARKS_PATIENCE, JOB, name, "has ended", over)
        .await
}
