//! What it takes to know 10,000 ended jobs and 200 attachments, and to learn of them at a start.

use anyhow::Result;
use azureml_spark_testkit::emulator::{Asked, Counts};

use super::apiserver::Calls;
use super::figure::{Figure, number};
use super::settled::Settled;
use super::{Bench, Scenario};

/// Attachments on a page of Azure's list of computes, as the emulator has it.
const PAGE: usize = 30;

pub(super) async fn measure(bench: &Bench) -> Result<Vec<Figure>> {
    let settled = Settled::build(bench).await?;
    let figures = figures(&settled);
    if bench.is_to_come(Scenario::Rest) {
        bench.shelf.put(settled);
    } else {
        settled.stage.end().await?;
    }
    Ok(figures)
}

fn figures(settled: &Settled) -> Vec<Figure> {
    let restart = &settled.restart;
    let arm = restart.azure.only(Asked::is_of_resource_manager);
    let reads = arm.only(Asked::is_read);
    let writes = arm.only(|asked| !asked.is_read());
    let elsewhere = restart.azure.only(|asked| !asked.is_of_resource_manager());
    // The workspace itself, and its computes in pages; nothing is live, so no jobs are listed.
    let pages = 1 + settled.attachments.div_ceil(PAGE);
    let apiserver = &restart.apiserver;
    vec![
        Figure::new("resident memory", restart.usage.rss_mb, "MB")
            .beside("with nothing there", settled.bare.rss_mb)
            .at_most(64.0)
            .note(format!(
                "{} ended jobs, {} attachments, after a restart",
                settled.jobs, settled.attachments
            )),
        Figure::new("at most since the restart", restart.usage.peak_mb, "MB")
            .beside("with nothing there", settled.bare.peak_mb)
            .at_most(100.0),
        Figure::new("restart to ready", restart.ready_seconds, "s"),
        Figure::new("restart to rest", restart.steady_seconds, "s").at_most(10.0),
        Figure::new("CPU of the restart", restart.usage.cpu_seconds, "s"),
        counted("ARM reads of the restart", &reads)
            .beside("pages", number(pages))
            .at_most(number(pages)),
        counted("ARM writes of the restart", &writes).at_most(0.0),
        counted("other requests to Azure", &elsewhere),
        Figure::count("apiserver writes of the restart", apiserver.writes())
            .at_most(0.0)
            .note(told(apiserver)),
        Figure::count("events of the restart", apiserver.events()).at_most(0.0),
    ]
}

/// A number of requests to Azure, with what they were.
pub(super) fn counted(name: &str, counts: &Counts) -> Figure {
    let number = usize::try_from(counts.made()).unwrap_or(usize::MAX);
    made(Figure::count(name, number), counts)
}

/// A figure about requests to Azure, with what they were, if there were any.
pub(super) fn made(figure: Figure, counts: &Counts) -> Figure {
    if counts.made() == 0 {
        figure
    } else {
        figure.note(counts.to_string())
    }
}

/// What was asked of the apiserver, in words.
pub(super) fn told(calls: &Calls) -> String {
    if calls.answered.is_empty() {
        "nothing was asked".to_owned()
    } else {
        calls.to_string()
    }
}
