//! `kubectl azureml import`: manifests for what exists in Azure.

use std::io::Write;

use anyhow::{Context, Result};
use azureml_spark_azure::{Client, Clouds, Credential, Options, WorkspaceId};
use clap::Subcommand;

mod args;
mod attachment;
mod found;
mod link;
mod manifests;
mod name;

pub use args::{Args, Policy};

/// What to print manifests for.
#[derive(Debug, Subcommand)]
pub enum What {
    /// A workspace, its links to Synapse workspaces and its attached Synapse Spark pools.
    ///
    /// Reads Azure as the service principal of `AZURE_TENANT_ID`, `AZURE_CLIENT_ID` and `AZURE_CLIENT_SECRET`,
    /// else as whoever is logged in to the Azure CLI. Changes nothing.
    Workspace(Box<Args>),
}

/// Looks at a workspace and prints it.
pub(crate) async fn workspace(
    args: &Args,
    out: &mut dyn Write,
    notes: &mut dyn Write,
) -> Result<()> {
    let id = WorkspaceId::new(
        &args.subscription,
        &args.resource_group,
        &args.workspace_name,
    )?;
    let clouds = Clouds::load(args.clouds.as_deref())?;
    let transport = clouds.get(&args.cloud).with_context(|| {
        format!(
            "--cloud: '{}' is neither built in (AzurePublic, AzureUSGovernment, AzureChina) nor in the file of --clouds",
            args.cloud
        )
    })?;
    let credential = Credential::developer(transport)?;
    let client = Client::new(transport.clone(), credential, Options::default());
    let links = if args.no_links {
        found::Wanted::ComputesOnly
    } else {
        found::Wanted::All
    };
    let found = found::look(&client, &id, links).await?;
    let printed = manifests::manifests(&found, args)?;
    for warning in &printed.warnings {
        writeln!(notes, "warning: {warning}")?;
    }
    writeln!(notes, "{}", printed.summary)?;
    out.write_all(printed.text.as_bytes())?;
    out.flush()?;
    Ok(())
}
