//! What an installation sets: flags, each also an environment variable.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use azureml_spark_engine::telemetry::Format;
use clap::Parser;

/// Runs Azure Machine Learning's Spark jobs from Kubernetes manifests.
#[derive(Debug, Parser)]
#[command(name = "azureml-spark-operator", version)]
pub struct Args {
    /// File with clouds beside the built-in ones (YAML: name → endpoints).
    #[arg(long, env = "AZUREML_SPARK_CLOUDS")]
    pub clouds: Option<PathBuf>,

    /// Namespaces in which an `AzureMLWorkspace` without credentials uses the operator's own identity.
    #[arg(
        long,
        env = "AZUREML_SPARK_OPERATOR_IDENTITY_NAMESPACES",
        value_delimiter = ','
    )]
    pub operator_identity_namespaces: Vec<String>,

    /// Where /livez, /readyz and /metrics are served; a pod's probes need 0.0.0.0.
    #[arg(
        long,
        env = "AZUREML_SPARK_PROBE_ADDRESS",
        default_value = "127.0.0.1:8080"
    )]
    pub probe_address: SocketAddr,

    /// Seconds between two looks at a workspace with live runs.
    #[arg(long, env = "AZUREML_SPARK_POLL_SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub poll_seconds: u64,

    /// Seconds between two looks at something that is as it should be.
    #[arg(long, env = "AZUREML_SPARK_SYNC_PERIOD_SECONDS", default_value_t = 3600, value_parser = clap::value_parser!(u64).range(60..=86400))]
    pub sync_period_seconds: u64,

    /// How the log is written: json or text.
    #[arg(long, env = "AZUREML_SPARK_LOG_FORMAT", default_value_t = Format::Json)]
    pub log_format: Format,

    /// Objects of one kind that are worked on at a time.
    #[arg(long, env = "AZUREML_SPARK_CONCURRENCY", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub concurrency: u16,
}

impl Args {
    /// Between two looks at a workspace with live runs.
    pub fn poll(&self) -> Duration {
        Duration::from_secs(self.poll_seconds)
    }

    /// Between two looks at something that is as it should be.
    pub fn sync_period(&self) -> Duration {
        Duration::from_secs(self.sync_period_seconds)
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_flags_make_sense_together() {
        Args::command().debug_assert();
    }

    #[test]
    fn namespaces_are_a_list() {
        let args =
            Args::try_parse_from(["operator", "--operator-identity-namespaces", "a,b"]).unwrap();
        assert_eq!(args.operator_identity_namespaces, ["a", "b"]);
    }
}
