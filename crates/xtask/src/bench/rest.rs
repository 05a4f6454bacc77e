//! The same installation left alone for five minutes.

use std::time::{Duration, Instant};

use anyhow::Result;

use super::Bench;
use super::figure::Figure;
use super::memory::{counted, told};
use super::settled::Settled;

/// How long it is left alone.
const IDLE: Duration = Duration::from_mins(5);
/// A part of it that is too short shows nothing: the lease alone is renewed every few seconds.
const SHORTEST: Duration = Duration::from_secs(20);

pub(super) async fn measure(bench: &Bench) -> Result<Vec<Figure>> {
    let settled = match bench.shelf.take() {
        Some(settled) => settled,
        None => Settled::build(bench).await?,
    };
    let figures = idle(bench, &settled).await;
    settled.stage.end().await?;
    figures
}

async fn idle(bench: &Bench, settled: &Settled) -> Result<Vec<Figure>> {
    let stage = &settled.stage;
    let (mark, before) = (stage.audit().mark(), stage.emulator().counts().await?);
    let (used, begun) = (stage.usage()?, Instant::now());
    let span = IDLE.mul_f64(bench.part).max(SHORTEST);
    bench.say(&format!("left alone for {} s", span.as_secs()));
    tokio::time::sleep(span).await;
    let now = stage.usage()?;
    let seconds = begun.elapsed().as_secs_f64();
    let azure = stage.emulator().counts().await?.since(&before);
    let apiserver = stage.audit().since(mark)?;
    let cpu = now.cpu_seconds - used.cpu_seconds;
    Ok(vec![
        Figure::new("CPU", cpu / seconds * 100.0, "% of a core")
            .at_most(1.0)
            .note(format!("{cpu:.2} s in {seconds:.0} s")),
        counted("requests to Azure", &azure),
        Figure::count(
            "apiserver writes but the lease",
            apiserver.writes() + apiserver.events(),
        )
        .at_most(0.0)
        .note(told(&apiserver)),
        Figure::count("apiserver reads", apiserver.reads()),
        Figure::count("renewals of the lease", apiserver.leases()),
        Figure::new("resident memory at the end", now.rss_mb, "MB").at_most(64.0),
    ])
}
