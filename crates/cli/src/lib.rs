//! `kubectl azureml`: what a person at a terminal does beside the operator. One file per verb; what a verb prints is
//! made by pure functions, and what it asks Azure is in a file of its own.

use std::io::Write;

use anyhow::Result;
use clap::{Parser, Subcommand};

pub mod import;
pub mod logs;
mod yaml;

/// Azure Machine Learning's Spark side, from a terminal.
#[derive(Debug, Parser)]
#[command(name = "kubectl-azureml", bin_name = "kubectl azureml", version)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Print manifests for what exists in Azure.
    #[command(subcommand)]
    Import(import::What),

    /// Print the log of a `SparkJob`'s run.
    Logs(Box<logs::Args>),
}

/// Does it. `out` gets the result and nothing else, `notes` what a person should know besides.
///
/// # Errors
/// In words for that person; `out` has got nothing then, or the log as far as it was read.
pub async fn run(cli: Cli, out: &mut dyn Write, notes: &mut dyn Write) -> Result<()> {
    match cli.verb {
        Verb::Import(import::What::Workspace(args)) => import::workspace(&args, out, notes).await,
        Verb::Logs(args) => logs::logs(&args, out, notes).await,
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_flags_make_sense_together() {
        Cli::command().debug_assert();
    }
}
