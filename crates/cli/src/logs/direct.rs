//! The log from Azure itself, with the person's own login. The cluster tells only which run it is.

use std::io::Write;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use azureml_spark_api::{AzureMLWorkspace, SparkJob, logs::runs};
use azureml_spark_azure::aml::log::{Event, Pace, Position, Reader, Wanted, Wish};
use azureml_spark_azure::aml::run;
use azureml_spark_azure::{Client, Clouds, Credential, Options, WorkspaceId};
use kube::Api;
use url::Url;

use super::{Args, print};

/// How often a job that does not run yet is looked at.
const LOOK: Duration = Duration::from_secs(2);

/// Prints the log.
pub(super) async fn tell(
    cluster: &kube::Client,
    namespace: &str,
    args: &Args,
    out: &mut dyn Write,
    notes: &mut dyn Write,
) -> Result<()> {
    let (job, run) = found(cluster, namespace, args, notes).await?;
    let workspaces: Api<AzureMLWorkspace> = Api::namespaced(cluster.clone(), namespace);
    let workspace = workspaces.get(&job.spec.workspace_ref.name).await?;
    let (client, id) = azure(&workspace, args)?;
    let discovery = workspace
        .status
        .and_then(|status| Url::parse(status.discovery_url.as_deref()?).ok())
        .context("the AzureMLWorkspace has no discoveryUrl in its status: is it ready?")?;
    let api = client.send(run::discover(discovery)).await?;
    let wanted = match (args.stdout, args.stderr) {
        (true, _) => Wanted::Stdout,
        (_, true) => Wanted::Stderr,
        _ => Wanted::All,
    };
    let wish = Wish {
        wanted,
        follow: args.follow,
        tail: args.tail,
        from: Position::default(),
        pace: Pace::default(),
    };
    let mut reader = Reader::new(client, id, api, run, wish);
    loop {
        match reader.next().await? {
            Event::Lines { text, .. } => print(out, &text)?,
            Event::End(state) => {
                if args.follow {
                    writeln!(notes, "the run has ended: {state}")?;
                }
                return Ok(());
            }
        }
    }
}

/// The job, and the name of its run in Azure; waited for if that is wished.
async fn found(
    cluster: &kube::Client,
    namespace: &str,
    args: &Args,
    notes: &mut dyn Write,
) -> Result<(SparkJob, String)> {
    let jobs: Api<SparkJob> = Api::namespaced(cluster.clone(), namespace);
    let mut waited = false;
    loop {
        let job = jobs.get(&args.job).await?;
        let status = job.status.clone().unwrap_or_default();
        let runs = runs(&status);
        let run = match args.attempt {
            Some(attempt) => runs.iter().find(|(number, _)| *number == attempt),
            None => runs.last(),
        };
        if let Some((_, name)) = run {
            let name = (*name).to_owned();
            return Ok((job, name));
        }
        if let (Some(attempt), false) = (args.attempt, runs.is_empty()) {
            bail!("there is no attempt {attempt}");
        }
        if !args.follow || status.completion_time.is_some() {
            bail!(
                "{} does not run in Azure; kubectl describe says why",
                args.job
            );
        }
        if !waited {
            writeln!(notes, "waiting: it does not run yet")?;
            waited = true;
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// A client as the person, for the workspace in Azure.
fn azure(workspace: &AzureMLWorkspace, args: &Args) -> Result<(Client, WorkspaceId)> {
    let spec = &workspace.spec;
    let id = WorkspaceId::new(
        &spec.subscription_id,
        &spec.resource_group,
        &spec.workspace_name,
    )?;
    let clouds = Clouds::load(args.clouds.as_deref())?;
    let cloud = spec.cloud.as_deref().unwrap_or(Clouds::DEFAULT);
    let transport = clouds.get(cloud).with_context(|| {
        format!("the workspace is in the cloud '{cloud}', which --clouds has to describe")
    })?;
    let credential = Credential::developer(transport)?;
    let client = Client::new(transport.clone(), credential, Options::default());
    Ok((client, id))
}
