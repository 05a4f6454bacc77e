//! Azure takes so many requests in a time: many jobs of one team, somebody else's few, and others who use the same
//! principal. Each scenario has a stack of its own, with its own idea of what Azure takes; one after another.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test with a place in it"
)]

mod crowd;
mod others;
mod passes;
mod turns;

use anyhow::Result;
use azureml_spark_testkit::emulator;
use azureml_spark_testkit::stack::{CLOUD, Options, Stack};
use serde_json::{Value, json};
use tokio::sync::Mutex;

/// Size, and tokens a second.
type Rate = (f64, f64);

const PLENTY: Rate = (5_000.0, 5_000.0);

/// A stack on which Azure takes so many writes, and the operator believes that it takes so many. The operator is not
/// started, and runs do not end by themselves.
async fn stack(azure: Rate, believed: Rate) -> Result<Stack> {
    let rate = |(size, per_second): Rate| json!({"size": size, "perSecond": per_second});
    let limits = |writes: Rate| json!({"reads": rate(PLENTY), "writes": rate(writes), "deletes": rate(PLENTY)});
    let mut throttle: Value = limits(azure);
    throttle["enabled"] = json!(true);
    let options = Options {
        emulator: emulator::Options {
            settings: json!({"throttle": throttle, "instantSeconds": 36_000, "operationSeconds": 0}),
            ..emulator::Options::default()
        },
        values: json!({"clouds": {CLOUD: {"limits": limits(believed)}}}),
        start_operator: false,
        ..Options::default()
    };
    Stack::start(options).await
}

/// One scenario at a time: a stack is 0.7 GB.
static ALONE: Mutex<()> = Mutex::const_new(());

#[tokio::test(flavor = "multi_thread")]
async fn a_team_with_many_jobs_keeps_nobody_else_waiting_and_nothing_is_refused() -> Result<()> {
    let _alone = ALONE.lock().await;
    turns::play(&stack(turns::RATE, turns::RATE).await?).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_team_with_many_jobs_leaves_passes_to_the_others() -> Result<()> {
    let _alone = ALONE.lock().await;
    passes::play(&stack(PLENTY, PLENTY).await?).await
}

#[tokio::test(flavor = "multi_thread")]
async fn others_who_use_the_same_principal_slow_us_down_and_what_azure_asks_for_is_kept()
-> Result<()> {
    let _alone = ALONE.lock().await;
    // Azure's own bucket is ten times as large.
    others::play(&stack((10.0, 2.0), (200.0, 10.0)).await?).await
}
