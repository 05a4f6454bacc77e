//! What a person gives.

use std::path::PathBuf;

/// Whose log, and how much of it.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "flags")]
pub struct Args {
    /// The `SparkJob`: its name, or `sparkjob/NAME`.
    #[arg(value_name = "JOB", value_parser = job)]
    pub job: String,

    /// Go on until the run has ended; wait for it if it does not run yet.
    #[arg(long, short = 'f')]
    pub follow: bool,

    /// The attempt, from 1; omitted: the newest.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..))]
    pub attempt: Option<i32>,

    /// Only the last lines of what is there; omitted: all.
    #[arg(long, value_name = "N")]
    pub tail: Option<u64>,

    /// Only the driver's standard output.
    #[arg(long, conflicts_with = "stderr")]
    pub stdout: bool,

    /// Only the driver's standard error.
    #[arg(long)]
    pub stderr: bool,

    /// Namespace of the job; omitted: that of the kubeconfig.
    #[arg(long, short = 'n')]
    pub namespace: Option<String>,

    /// Context of the kubeconfig; omitted: the current one.
    #[arg(long)]
    pub context: Option<String>,

    /// The kubeconfig; omitted: `KUBECONFIG`, or that of the home directory.
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,

    /// Read Azure without the operator, as the service principal of `AZURE_TENANT_ID`, `AZURE_CLIENT_ID` and
    /// `AZURE_CLIENT_SECRET`, else as whoever is logged in to the Azure CLI.
    #[arg(long)]
    pub direct: bool,

    /// With `--direct`: file with clouds beside the built-in ones, as the operator has it (YAML: name → endpoints).
    #[arg(
        long,
        value_name = "FILE",
        env = "AZUREML_SPARK_CLOUDS",
        requires = "direct"
    )]
    pub clouds: Option<PathBuf>,
}

fn job(text: &str) -> Result<String, String> {
    let name = match text.split_once('/') {
        None => text,
        Some((kind, name)) => {
            let word = kind.split('.').next().unwrap_or_default();
            if !["sparkjob", "sparkjobs"].contains(&word.to_ascii_lowercase().as_str()) {
                return Err(format!("'{kind}' has no log: a SparkJob has"));
            }
            name
        }
    };
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
    if name.is_empty() || name.len() > 253 || !name.chars().all(fits) || name.contains("..") {
        return Err("lower-case letters, digits, hyphens and dots, at most 253".to_owned());
    }
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::{Cli, Verb};

    fn parse(more: &[&str]) -> Result<Args, String> {
        let args = ["kubectl-azureml", "logs"];
        let cli =
            Cli::try_parse_from(args.iter().chain(more)).map_err(|error| error.to_string())?;
        let Verb::Logs(args) = cli.verb else {
            panic!("another verb");
        };
        Ok(*args)
    }

    #[test]
    fn a_job_is_named_as_in_kubectl() {
        for name in [
            "titanic.v1",
            "sparkjob/titanic.v1",
            "sparkjobs.spark.azureml.dev/titanic.v1",
        ] {
            assert_eq!(parse(&[name]).unwrap().job, "titanic.v1");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for (more, said) in [
            (&[][..], "<JOB>"),
            (&["pod/a"], "'pod' has no log"),
            (&["Titanic"], "lower-case"),
            (&["../secrets"], "has no log"),
            (&["a", "--attempt", "0"], "--attempt"),
            (&["a", "--stdout", "--stderr"], "cannot be used with"),
            (&["a", "--clouds", "f"], "--direct"),
        ] {
            let error = parse(more).unwrap_err();
            assert!(error.contains(said), "{more:?}: {error}");
        }
    }
}
