//! Every command that a person or CI runs: `cargo xtask --help`.

mod bench;
mod check;
mod demo;
mod generate;
mod local;
mod run;
mod sim;
mod suite;
mod tools;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use azureml_spark_testkit::repository;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    about = "Runs, tests and checks azureml-spark-operator"
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the sample jobs on a stack of its own, shows what becomes of them, and ends everything.
    Demo,
    /// Everything: unit tests, laws, real control plane, emulator, `PySpark`, Microsoft's SDK.
    Test,
    /// Starts a stack and leaves it running: `. .local/env` tells a shell where it is.
    Up(Place),
    /// Ends the stack that `up` left running.
    Down(Place),
    /// A million generated specs through the rules at apply time and through the operator, and 100,000 simulated worlds.
    Sim(sim::Numbers),
    /// Speed, memory and requests, measured with release builds on the real control plane; `docs/performance.md`.
    Bench(bench::Request),
    /// Formatting, lints, dependencies, generated files, the chart.
    Check,
    /// Writes the custom resource definitions from the Rust types.
    Gen,
    /// Builds the programs that tests need into the user's cache folder: what `test` and `demo` do first.
    Tools,
}

#[derive(clap::Args)]
struct Place {
    /// Where kubeconfig, env, ca.pem, data and logs go; empty or a stack's. Default: .local in the checkout.
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
}

impl Place {
    fn path(self) -> PathBuf {
        self.folder
            .unwrap_or_else(|| repository::root().join(".local"))
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse().command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Not as `main` would: with RUST_BACKTRACE set, a page of frames buries what a person needs to read.
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Result<()> {
    match command {
        Command::Demo => demo::demo().await,
        Command::Test => suite::test().await,
        Command::Up(place) => local::up(&place.path()).await,
        Command::Down(place) => local::down(&place.path()),
        Command::Sim(numbers) => sim::sim(&numbers),
        Command::Bench(request) => bench::bench(request).await,
        Command::Check => check::check(),
        Command::Gen => generate::write(),
        Command::Tools => tools::build_all(),
    }
}
