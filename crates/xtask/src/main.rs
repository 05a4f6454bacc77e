//! Every command that a person or CI runs: `cargo xtask --help`.

mod tools;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Runs, tests and checks azureml-spark-operator")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Builds the programs that tests need into the user's cache folder: what `test` and `demo` do first.
    Tools,
}

fn main() -> Result<()> {
    match Arguments::parse().command {
        Command::Tools => tools::build_all(),
    }
}
