//! Scenarios of one test binary, side by side.

use std::sync::LazyLock;

use anyhow::{Result, anyhow};
use tokio::runtime::Runtime;

/// One runtime for all: connections of a shared stack belong to the runtime that made them.
static RUNTIME: LazyLock<std::io::Result<Runtime>> = LazyLock::new(Runtime::new);

/// Plays a scenario to its end, whatever runs beside it.
///
/// # Panics
///
/// Where the scenario fails, as a test does.
#[track_caller]
#[expect(clippy::panic, reason = "a scenario that fails is a test that fails")]
pub fn play(scenario: impl Future<Output = Result<()>>) {
    let ended = match &*RUNTIME {
        Ok(runtime) => runtime.block_on(scenario),
        Err(error) => Err(anyhow!("no runtime: {error}")),
    };
    if let Err(error) = ended {
        panic!("{error:?}");
    }
}
