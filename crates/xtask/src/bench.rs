//! `cargo xtask bench`: figures on the real control plane, each beside its floor or limit from the same run.
//!
//! A bench fails when something is broken, never for a number: whether a figure reaches what it is to reach is said
//! beside it. What each figure means is in docs/performance.md.

mod apiserver;
mod arrivals;
mod attach;
mod azure;
mod figure;
mod floor;
mod follow;
mod machine;
mod memory;
mod progress;
mod report;
mod rest;
mod sdk;
mod settled;
mod stage;
mod submit;
mod table;
mod throttled;
mod usage;

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use clap::ValueEnum;

use crate::run::{cargo, run};
use figure::Figure;
use machine::{Machine, Versions};
use progress::Progress;
use report::{Measured, Report};
use settled::Shelf;

#[derive(clap::Args)]
pub(crate) struct Request {
    /// Which; all of them if none is named.
    #[arg(value_enum, value_name = "SCENARIO")]
    scenarios: Vec<Scenario>,
    /// Where the figures go as JSON, beside the table on standard output.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// A part of each scenario's numbers of objects, to see that it works: 0.01 makes 10 jobs of 1,000. The bench itself
    /// is then not built for speed.
    #[arg(long, value_name = "PART", default_value_t = 1.0, value_parser = part)]
    part: f64,
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Scenario {
    /// 1,000 jobs at once: from apply to Azure's PUT, against the same writes by a bare loop.
    Submit,
    /// 5,000 jobs under Azure's limits, four times as large: the drain against what they allow, and who waits for it.
    Throttled,
    /// 1,000 live jobs in 10 workspaces, each with 5,000 old runs: what following them costs, how soon an end is told.
    Follow,
    /// 10,000 ended jobs and 200 attachments: memory, and what a restart takes.
    Memory,
    /// The same, left alone for five minutes.
    Rest,
    /// The same 50 jobs by Microsoft's own client and by us.
    Sdk,
    /// 100 attachments, then another identity for each.
    Attach,
}

impl Scenario {
    async fn measure(self, bench: &Bench) -> Result<Vec<Figure>> {
        match self {
            Self::Submit => submit::measure(bench).await,
            Self::Throttled => throttled::measure(bench).await,
            Self::Sdk => sdk::measure(bench).await,
            Self::Attach => attach::measure(bench).await,
            Self::Follow => follow::measure(bench).await,
            Self::Memory => memory::measure(bench).await,
            Self::Rest => rest::measure(bench).await,
        }
    }

    fn name(self) -> String {
        let value = self.to_possible_value();
        value.map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

/// One scenario that is being measured.
struct Bench {
    part: f64,
    progress: Progress,
    /// What is measured after this.
    to_come: Vec<Scenario>,
    shelf: Shelf,
}

impl Bench {
    /// How many of the scenario's objects there are: all of them, unless a part was asked for.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "counts of objects, far below 2^52"
    )]
    fn size(&self, full: usize) -> usize {
        ((full as f64 * self.part).ceil() as usize).max(1)
    }

    /// Whether a scenario is measured after this one.
    fn is_to_come(&self, scenario: Scenario) -> bool {
        self.to_come.contains(&scenario)
    }

    /// One line of progress, with the time since the scenario began.
    fn say(&self, text: &str) {
        self.progress.say(text);
    }
}

pub(crate) async fn bench(request: Request) -> Result<()> {
    if cfg!(debug_assertions) && request.part >= 1.0 {
        // What it does itself is a part of what is measured: the floor, the making of objects.
        let mut command = cargo();
        command.args(["run", "--release", "--quiet", "--package", "xtask", "--"]);
        return run(command.args(std::env::args_os().skip(1)));
    }
    let scenarios = if request.scenarios.is_empty() {
        Scenario::value_variants().to_vec()
    } else {
        request.scenarios
    };
    let machine = Machine::read()?;
    tokio::task::spawn_blocking(stage::prepare).await??;
    let versions = Versions::read().await?;
    println!("{machine}\n{versions}\n");
    let mut report = Report::new(machine, versions, request.part);
    let mut broken = Vec::new();
    let shelf = Shelf::default();
    let mut to_come = scenarios;
    while !to_come.is_empty() {
        let scenario = to_come.remove(0);
        let name = scenario.name();
        let bench = Bench {
            part: request.part,
            progress: Progress::begin(&name),
            to_come: to_come.clone(),
            shelf: shelf.clone(),
        };
        let begun = Instant::now();
        match scenario.measure(&bench).await {
            Ok(figures) => {
                let measured = Measured::new(name, begun.elapsed(), figures);
                println!("{}", table::of(&measured));
                report.scenarios.push(measured);
            }
            Err(error) => {
                bench.say(&format!("broken: {error:#}"));
                broken.push(name);
            }
        }
        // After each: what was measured is not lost with a later one.
        if let Some(file) = &request.json {
            std::fs::write(file, serde_json::to_string_pretty(&report)?)
                .with_context(|| format!("{} cannot be written", file.display()))?;
        }
    }
    if broken.is_empty() {
        return Ok(());
    }
    bail!("broken: {}", broken.join(", "))
}

fn part(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(part) if part > 0.0 && part <= 1.0 => Ok(part),
        _ => Err("more than 0, at most 1".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Bench, Progress, Scenario, Shelf};

    fn bench(part: f64, to_come: &[Scenario]) -> Bench {
        Bench {
            part,
            progress: Progress::begin("size"),
            to_come: to_come.to_vec(),
            shelf: Shelf::default(),
        }
    }

    #[test]
    fn what_comes_later_is_known() {
        let bench = bench(1.0, &[Scenario::Rest]);
        assert!(bench.is_to_come(Scenario::Rest));
        assert!(!bench.is_to_come(Scenario::Memory));
    }

    #[test]
    fn a_part_is_rounded_up_and_never_nothing() {
        let size = |part, full| bench(part, &[]).size(full);
        assert_eq!(size(1.0, 1_000), 1_000);
        assert_eq!(size(0.01, 1_000), 10);
        assert_eq!(size(0.015, 100), 2);
        assert_eq!(size(0.001, 5), 1);
    }
}
