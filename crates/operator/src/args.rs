//! What an installation sets: flags, each also an environment variable.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use azureml_spark_api::role::{Role, UnknownRole};
use azureml_spark_core::spark_job::Patience;
use azureml_spark_engine::telemetry::Format;
use clap::Parser;
use jiff::SignedDuration;

use crate::follow::FollowBy;
use crate::source::ArtifactHosts;

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

    /// Where the logs of runs are served to the apiserver, by HTTPS; omitted: not at all.
    #[arg(long, env = "AZUREML_SPARK_LOGS_ADDRESS", requires_all = ["logs_certificate", "logs_key"])]
    pub logs_address: Option<SocketAddr>,

    /// File with the certificate that logs are served by (PEM); read again when it changes.
    #[arg(long, env = "AZUREML_SPARK_LOGS_CERTIFICATE")]
    pub logs_certificate: Option<PathBuf>,

    /// File with that certificate's key (PEM).
    #[arg(long, env = "AZUREML_SPARK_LOGS_KEY")]
    pub logs_key: Option<PathBuf>,

    /// Seconds between two looks at a workspace with live runs.
    #[arg(long, env = "AZUREML_SPARK_POLL_SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub poll_seconds: u64,

    /// Who is asked which runs are live: the list of jobs; or Studio's index, which knows states, answers for less and is
    /// not documented. Where the index does not answer, the list is asked for some minutes.
    #[arg(long, env = "AZUREML_SPARK_FOLLOW", value_enum, default_value_t = FollowBy::List)]
    pub follow: FollowBy,

    /// Seconds between two looks at something that is as it should be.
    #[arg(long, env = "AZUREML_SPARK_SYNC_PERIOD_SECONDS", default_value_t = 3600, value_parser = clap::value_parser!(u64).range(60..=86400))]
    pub sync_period_seconds: u64,

    /// Seconds that a cancel may be without effect before `CancelStuck` is said.
    #[arg(long, env = "AZUREML_SPARK_CANCEL_STUCK_SECONDS", default_value_t = 900, value_parser = clap::value_parser!(u32).range(1..=86400))]
    pub cancel_stuck_seconds: u32,

    /// Seconds that Azure may hear nothing of a run before it is cancelled.
    #[arg(long, env = "AZUREML_SPARK_NOT_RESPONDING_SECONDS", default_value_t = 1800, value_parser = clap::value_parser!(u32).range(1..=86400))]
    pub not_responding_seconds: u32,

    /// Seconds that a state between submission and start, or between the script's end and the run's, must last before it
    /// is told: runs pass through them by themselves, and each would be a write for every job.
    #[arg(long, env = "AZUREML_SPARK_TELL_STATES_AFTER_SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u32).range(0..=86400))]
    pub tell_states_after_seconds: u32,

    /// The roles that objects may have granted, separated by commas; empty: none. Omitted: every role that the operator
    /// can grant.
    #[arg(
        long,
        env = "AZUREML_SPARK_GRANTABLE_ROLES",
        default_value_t = Roles::all(),
        hide_default_value = true
    )]
    pub grantable_roles: Roles,

    /// Versions of Spark of which runs are warned, since Azure has retired them, separated by commas. Which they are
    /// changes with time: Azure alone decides whether it runs them.
    #[arg(
        long,
        env = "AZUREML_SPARK_RETIRED_RUNTIMES",
        value_delimiter = ',',
        default_value = "3.2,3.3"
    )]
    pub retired_runtimes: Vec<String>,

    /// Hosts, each perhaps with a port, from which the artifacts of Flux sources are fetched, separated by commas; empty:
    /// Flux sources are not read at all.
    #[arg(
        long,
        env = "AZUREML_SPARK_ARTIFACT_HOSTS",
        default_value = "source-controller.flux-system.svc.cluster.local,source-controller.flux-system.svc"
    )]
    pub artifact_hosts: ArtifactHosts,

    /// How the log is written: json or text.
    #[arg(long, env = "AZUREML_SPARK_LOG_FORMAT", default_value_t = Format::Json)]
    pub log_format: Format,

    /// The share of the requests that Azure takes from a principal which this operator may use, in percent: the rest is
    /// for people and other tools with the same credentials.
    #[arg(long, env = "AZUREML_SPARK_AZURE_BUDGET_PERCENT", default_value_t = 100, value_parser = clap::value_parser!(u8).range(1..=100))]
    pub azure_budget_percent: u8,

    /// Objects of one kind that are worked on at a time: what Resource Manager takes, ten writes a second (contract §0.4),
    /// times the three seconds that a write may last.
    #[arg(long, env = "AZUREML_SPARK_CONCURRENCY", default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub concurrency: u16,
}

impl Args {
    /// Between two looks at a workspace with live runs.
    pub fn poll(&self) -> Duration {
        Duration::from_secs(self.poll_seconds)
    }

    /// How long runs that do not behave are waited for.
    pub fn patience(&self) -> Patience {
        Patience {
            cancel: SignedDuration::from_secs(self.cancel_stuck_seconds.into()),
            silence: SignedDuration::from_secs(self.not_responding_seconds.into()),
            passing: SignedDuration::from_secs(self.tell_states_after_seconds.into()),
        }
    }

    /// Certificate and key that logs are served by.
    pub fn logs_identity(&self) -> Option<(PathBuf, PathBuf)> {
        self.logs_certificate.clone().zip(self.logs_key.clone())
    }

    /// Between two looks at something that is as it should be.
    pub fn sync_period(&self) -> Duration {
        Duration::from_secs(self.sync_period_seconds)
    }
}

/// Some of the roles that the operator can grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roles(pub BTreeSet<Role>);

impl Roles {
    /// Every role.
    pub fn all() -> Self {
        Self(Role::ALL.into())
    }
}

impl FromStr for Roles {
    type Err = UnknownRole;

    fn from_str(words: &str) -> Result<Self, UnknownRole> {
        let words = words.split(',').map(str::trim);
        let words = words.filter(|word| !word.is_empty());
        words.map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}

impl std::fmt::Display for Roles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let words: Vec<&str> = self.0.iter().map(|role| role.as_str()).collect();
        f.write_str(&words.join(","))
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
    fn logs_are_served_with_a_certificate_or_not_at_all() {
        let parse = |more: &[&str]| Args::try_parse_from(["operator"].iter().chain(more));
        assert_eq!(parse(&[]).unwrap().logs_address, None);
        let address = "--logs-address=127.0.0.1:8443";
        assert!(parse(&[address, "--logs-certificate=a"]).is_err());
        let served = parse(&[address, "--logs-certificate=a", "--logs-key=b"]).unwrap();
        assert_eq!(served.logs_identity(), Some(("a".into(), "b".into())));
    }

    #[test]
    fn artifacts_are_fetched_from_flux_or_from_whom_is_named_or_not_at_all() {
        let hosts = |words: &[&str]| {
            let args = Args::try_parse_from(["operator"].iter().chain(words));
            args.map(|args| args.artifact_hosts.to_string())
        };
        assert_eq!(
            hosts(&[]).unwrap(),
            "source-controller.flux-system.svc.cluster.local,source-controller.flux-system.svc"
        );
        assert_eq!(hosts(&["--artifact-hosts=a:80"]).unwrap(), "a:80");
        assert_eq!(hosts(&["--artifact-hosts="]).unwrap(), "");
        assert!(hosts(&["--artifact-hosts=http://a"]).is_err());
    }

    #[test]
    fn namespaces_are_a_list() {
        let args =
            Args::try_parse_from(["operator", "--operator-identity-namespaces", "a,b"]).unwrap();
        assert_eq!(args.operator_identity_namespaces, ["a", "b"]);
    }

    #[test]
    fn the_share_of_the_budget_is_all_of_it_or_less_and_never_nothing() {
        let percent = |words: &[&str]| {
            let args = Args::try_parse_from(["operator"].iter().chain(words));
            args.map(|args| args.azure_budget_percent)
        };
        assert_eq!(percent(&[]).unwrap(), 100);
        assert_eq!(percent(&["--azure-budget-percent=25"]).unwrap(), 25);
        assert!(percent(&["--azure-budget-percent=0"]).is_err());
        assert!(percent(&["--azure-budget-percent=101"]).is_err());
    }

    #[test]
    fn how_long_runs_are_waited_for_is_the_cores_unless_it_is_said() {
        let patience = |words: &[&str]| {
            let args = Args::try_parse_from(["operator"].iter().chain(words));
            args.map(|args| args.patience())
        };
        assert_eq!(patience(&[]).unwrap(), Patience::default());
        let short = patience(&[
            "--cancel-stuck-seconds=1",
            "--not-responding-seconds=2",
            "--tell-states-after-seconds=0",
        ]);
        let seconds = [1, 2, 0].map(SignedDuration::from_secs);
        let short = short.unwrap();
        assert_eq!([short.cancel, short.silence, short.passing], seconds);
        assert!(patience(&["--cancel-stuck-seconds=0"]).is_err());
    }

    #[test]
    fn the_retired_runtimes_are_a_list_that_may_be_empty() {
        let retired = |words: &[&str]| {
            let args = Args::try_parse_from(["operator"].iter().chain(words)).unwrap();
            args.retired_runtimes
        };
        assert_eq!(retired(&[]), ["3.2", "3.3"]);
        assert_eq!(retired(&["--retired-runtimes=3.4"]), ["3.4"]);
        assert_eq!(retired(&["--retired-runtimes="]), [""]);
    }

    #[test]
    fn the_roles_that_may_be_granted_are_all_or_those_that_are_named_or_none() {
        let roles = |words: &[&str]| {
            let args = Args::try_parse_from(["operator"].iter().chain(words));
            args.map(|args| args.grantable_roles.0)
        };
        assert_eq!(roles(&[]).unwrap(), BTreeSet::from(Role::ALL));
        assert_eq!(
            roles(&["--grantable-roles=Reader, SynapseContributor"]).unwrap(),
            BTreeSet::from([Role::Reader, Role::SynapseContributor])
        );
        assert!(roles(&["--grantable-roles="]).unwrap().is_empty());
        let unknown = roles(&["--grantable-roles=Owner"]).unwrap_err();
        assert!(
            unknown.to_string().contains("SynapseAdministrator"),
            "{unknown}"
        );
    }
}
