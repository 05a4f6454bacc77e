//! What a person gives.

use std::path::PathBuf;

use azureml_spark_api::policy::{AdoptionPolicy, ManagementPolicy};
use azureml_spark_azure::Clouds;
use clap::ValueEnum;

/// Which workspace, and how it is written.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Subscription of the workspace, a UUID.
    #[arg(long, value_name = "UUID", value_parser = subscription)]
    pub subscription: String,

    /// Resource group of the workspace.
    #[arg(long, short = 'g', value_name = "NAME")]
    pub resource_group: String,

    /// Name of the workspace in Azure.
    #[arg(long, short = 'w', value_name = "NAME")]
    pub workspace_name: String,

    /// AzurePublic, AzureUSGovernment, AzureChina, or a cloud of the file.
    #[arg(long, value_name = "NAME", default_value = Clouds::DEFAULT)]
    pub cloud: String,

    /// File with clouds beside the built-in ones, as the operator has it (YAML: name → endpoints).
    #[arg(long, value_name = "FILE", env = "AZUREML_SPARK_CLOUDS")]
    pub clouds: Option<PathBuf>,

    /// Name of the `AzureMLWorkspace`.
    #[arg(long, default_value = "ml", value_parser = object_name)]
    pub name: String,

    /// Namespace that is written into the manifests; omitted: none.
    #[arg(long, short = 'n', value_parser = object_name)]
    pub namespace: Option<String>,

    /// Name of the Secret with the service principal that the operator uses.
    #[arg(long, value_name = "NAME", default_value = "azure", value_parser = object_name)]
    pub secret: String,

    /// No Secret: the operator uses its own identity, which the installation must have opened to the namespace.
    #[arg(long, conflicts_with = "secret")]
    pub operators_identity: bool,

    /// Whether the operator may change what is imported.
    #[arg(long, value_enum, value_name = "POLICY", default_value_t = Policy::ObserveOnly)]
    pub management_policy: Policy,

    /// Leave the links out, and do not ask for them.
    #[arg(long)]
    pub no_links: bool,
}

/// Whether the operator may change what is imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "PascalCase")]
pub enum Policy {
    /// The operator looks and reports.
    ObserveOnly,
    /// The operator takes over what is still as printed.
    Full,
}

impl Policy {
    /// What a spec says about taking over.
    pub(super) fn adoption(self) -> Option<AdoptionPolicy> {
        match self {
            Self::ObserveOnly => None,
            Self::Full => Some(AdoptionPolicy::IfIdentical),
        }
    }
}

impl From<Policy> for ManagementPolicy {
    fn from(policy: Policy) -> Self {
        match policy {
            Policy::ObserveOnly => Self::ObserveOnly,
            Policy::Full => Self::Full,
        }
    }
}

fn subscription(text: &str) -> Result<String, String> {
    let parts: Vec<usize> = text.split('-').map(str::len).collect();
    let hexadecimal = text.chars().all(|c| c == '-' || c.is_ascii_hexdigit());
    if hexadecimal && parts == [8, 4, 4, 4, 12] {
        Ok(text.to_owned())
    } else {
        Err("the subscription's id is needed, not its name: az account show --query id".to_owned())
    }
}

fn object_name(text: &str) -> Result<String, String> {
    if super::name::is_object_name(text) {
        Ok(text.to_owned())
    } else {
        Err(
            "lower-case letters, digits and hyphens, at most 63, a letter or digit at both ends"
                .to_owned(),
        )
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use crate::Cli;

    const S: &str = "6560575d-fa06-4e7d-95fb-f962e74efd7a";

    fn parse(more: &[&str]) -> Result<Cli, String> {
        let args = [
            "kubectl-azureml",
            "import",
            "workspace",
            "-g",
            "g",
            "-w",
            "ws",
        ];
        Cli::try_parse_from(args.iter().chain(more)).map_err(|error| error.to_string())
    }

    #[test]
    fn what_cannot_work_is_refused_with_the_mend() {
        assert!(parse(&["--subscription", S]).is_ok());
        for (more, said) in [
            (vec!["--subscription", "prod"], "az account show"),
            (vec!["--subscription", S, "--name", "My_ML"], "lower-case"),
            (
                vec!["--subscription", S, "--namespace", "a_b"],
                "lower-case",
            ),
            (
                vec!["--subscription", S, "--secret", "x", "--operators-identity"],
                "cannot be used with",
            ),
            (
                vec!["--subscription", S, "--management-policy", "full"],
                "ObserveOnly, Full",
            ),
        ] {
            let error = parse(&more).expect_err(&more.join(" "));
            assert!(error.contains(said), "{error}");
        }
    }
}
