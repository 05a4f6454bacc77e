//! What becomes of links, attachments and roles over time, on one stack as in `shared`: a real control plane, the chart,
//! the operator, and the emulator, in which a person works beside the operator.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test with a place in it"
)]

mod adoption;
mod calm;
mod detached;
mod drift;
mod grants;
mod hands_off;
mod identities;
mod leaving;
mod link_users;
mod links;
mod looks;
mod rivals;
mod tags;
mod unlinked;
mod workspaces;

use std::time::Duration;

use anyhow::Result;
use azureml_spark_testkit::eventually::{PATIENCE, until};
use azureml_spark_testkit::manifest::{self, Manifest};
use azureml_spark_testkit::portal::Portal;
use azureml_spark_testkit::scenario::play;
use azureml_spark_testkit::scope::{Scope, WORKSPACE};
use azureml_spark_testkit::stack::Stack;

const LINK: &str = "LinkedService";
const ATTACHMENT: &str = "SynapseSparkAttachment";
const JOB: &str = "SparkJob";

/// How long an end may take: links and computes are not believed to be absent for 75 s, one after the other.
const END: Duration = Duration::from_mins(4);

/// Runs a scenario on the shared stack, in a namespace of its own with a workspace that is ready.
fn scenario(name: &str, story: impl AsyncFnOnce(&Scope<'_>, &Portal<'_>) -> Result<()>) {
    bare_scenario(name, async |scope, portal| {
        scope.workspace().await?;
        story(scope, portal).await
    });
}

/// The same in an empty namespace.
fn bare_scenario(name: &str, story: impl AsyncFnOnce(&Scope<'_>, &Portal<'_>) -> Result<()>) {
    play(async {
        let stack = Stack::shared().await?;
        let scope = stack.scope(name).await?;
        let portal = Portal::new(stack.emulator())?;
        story(&scope, &portal).await
    });
}

/// The emulator's Synapse workspace, linked under a name of this scenario's own, since all share one workspace in Azure.
fn link(scope: &Scope<'_>) -> Manifest {
    let world = scope.stack().emulator().world();
    manifest::link(&scope.unique("link"), WORKSPACE, world)
}

/// The emulator's pool, attached under a name of this scenario's own.
fn pool(scope: &Scope<'_>) -> Manifest {
    let world = scope.stack().emulator().world();
    manifest::attachment(&scope.unique("pool"), WORKSPACE, world)
}

/// Waits until the operator has made a request whose path and query contain all of `parts`.
async fn waits_for(scope: &Scope<'_>, since: u64, method: &str, parts: &[&str]) -> Result<()> {
    until(&format!("{method} {parts:?}"), PATIENCE, async || {
        let seen = scope.asked(since).await?;
        Ok((seen.count(method, parts) > 0).then_some(()))
    })
    .await
}

/// Waits until Azure is so.
async fn becomes(what: &str, holds: impl AsyncFn() -> Result<bool>) -> Result<()> {
    until(what, PATIENCE, async || Ok(holds().await?.then_some(()))).await
}

/// Waits until the compute has this tag.
async fn tagged(portal: &Portal<'_>, name: &str, key: &str, value: &str) -> Result<()> {
    becomes(&format!("{name} has {key}={value}"), async || {
        let compute = portal.compute(name).await?.unwrap_or_default();
        Ok(compute["tags"][key] == value)
    })
    .await
}
