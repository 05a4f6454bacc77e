//! Scenarios on one stack: a real control plane, the chart installed by helm, the operator as a process under the
//! chart's own account, and the emulator. Each has a namespace of its own, so they run side by side.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test with a place in it"
)]

mod attachments;
mod import;
mod jobs;
mod leaving;
mod readme;
mod refusals;
mod sources;
mod validation;
mod workspaces;

use anyhow::Result;
use azureml_spark_testkit::scenario::play;
use azureml_spark_testkit::scope::Scope;
use azureml_spark_testkit::stack::Stack;

/// Runs a scenario in a namespace of its own on the shared stack.
fn scenario(name: &str, story: impl AsyncFnOnce(&Scope<'_>) -> Result<()>) {
    play(async {
        let scope = Stack::shared().await?.scope(name).await?;
        story(&scope).await
    });
}
