//! `cargo xtask sim`: many more generated specs and simulated worlds than `test` has time for.

use std::ops::Range;
use std::time::Instant;

use anyhow::{Result, ensure};

use crate::run::{Steps, cargo, quietly, run};

/// So often it is told how far a step is.
const PARTS: u64 = 20;

/// Tests of the pure core, which know no clock: what they are given is a range of numbers.
const TESTS: [&str; 6] = [
    "test",
    "--release",
    "--locked",
    "--package=azureml-spark-core",
    "--test=verdict",
    "--test=simulation",
];

#[derive(clap::Args)]
pub(crate) struct Numbers {
    /// Specs about which the rules at apply time and the operator must agree.
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    specs: u64,
    /// Worlds in which everything must settle, whatever goes wrong in them.
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    seeds: u64,
    /// The first spec and seed; the same number is the same spec and the same world.
    #[arg(long, value_name = "N", default_value_t = 0)]
    from: u64,
}

/// A test that takes a range of numbers from its environment.
struct Subject {
    what: &'static str,
    test: &'static str,
    first: &'static str,
    end: &'static str,
}

const SPECS: Subject = Subject {
    what: "specs",
    test: "the_apiserver_and_the_operator_agree",
    first: "SPECS_FROM",
    end: "SPECS",
};
const WORLDS: Subject = Subject {
    what: "worlds",
    test: "everything_settles_and_nothing_is_left_behind",
    first: "SIM_FROM",
    end: "SIM_RUNS",
};

pub(crate) fn sim(numbers: &Numbers) -> Result<()> {
    println!("== release build");
    run(cargo().args(TESTS).arg("--no-run"))?;
    let mut steps = Steps::new();
    for (name, subject, count) in [
        ("specs, by rules and by operator", SPECS, numbers.specs),
        ("simulated worlds", WORLDS, numbers.seeds),
    ] {
        let all = numbers.from..numbers.from.saturating_add(count);
        steps.step(name, || play(&subject, &all));
    }
    steps.finish()
}

/// Plays all of it in parts, until one fails.
fn play(subject: &Subject, all: &Range<u64>) -> Result<()> {
    let begun = Instant::now();
    let total = all.end - all.start;
    for part in parts(all) {
        let mut command = cargo();
        command
            .args(TESTS)
            .args(["--", "--exact", subject.test])
            .env(subject.first, part.start.to_string())
            .env(subject.end, part.end.to_string());
        let said = quietly(&mut command)?;
        ensure!(
            said.contains("1 passed"),
            "there is no test {}",
            subject.test
        );
        println!(
            "{:>9} of {total} {}, {:>6.1} s",
            part.end - all.start,
            subject.what,
            begun.elapsed().as_secs_f64()
        );
    }
    Ok(())
}

fn parts(all: &Range<u64>) -> impl Iterator<Item = Range<u64>> {
    let (start, end) = (all.start, all.end);
    let size = (end - start).div_ceil(PARTS).max(1);
    let count = (end - start).div_ceil(size);
    (0..count).map(move |part| {
        let first = start + part * size;
        first..end.min(first + size)
    })
}

#[cfg(test)]
mod tests {
    use super::{PARTS, parts};

    #[test]
    fn parts_are_the_whole_without_gaps() {
        for all in [0..0, 7..8, 0..19, 100..141, 5..1_000_005] {
            let parts: Vec<_> = parts(&all).collect();
            assert!(parts.len() as u64 <= PARTS, "{all:?}: {parts:?}");
            let mut next = all.start;
            for part in parts {
                assert_eq!(part.start, next, "{all:?}");
                assert!(part.end > part.start, "{all:?}");
                next = part.end;
            }
            assert_eq!(next, all.end);
        }
    }
}
