//! What there is in Azure.

use anyhow::{Context, Result, anyhow, bail};
use azureml_spark_azure::arm::compute::{self, Compute};
use azureml_spark_azure::arm::linked_service::{self, LinkedService};
use azureml_spark_azure::arm::workspace;
use azureml_spark_azure::{Class, Client, Error, WorkspaceId};

/// Pages after which a list of computes is taken for endless: Azure's limit is 500 computes in a workspace.
const MOST_PAGES: usize = 1_000;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Links and computes.
    All,
    /// No links.
    ComputesOnly,
}

/// What a workspace has.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Its links.
    pub(super) links: Vec<LinkedService>,
    /// Its computes that are Synapse Spark pools.
    pub(super) computes: Vec<Compute>,
    /// What could not be seen, each in a sentence.
    pub(super) unseen: Vec<String>,
}

/// Reads a workspace. Each Synapse Spark compute is read by itself, too: whether a list tells all of it is unverified
/// (contract §2.2).
pub(super) async fn look(client: &Client, id: &WorkspaceId, wanted: Wanted) -> Result<Found> {
    match client.send(workspace::get(id)).await {
        Ok(_) => {}
        Err(error) if error.class == Class::Absent => {
            bail!("there is no workspace {id} ({})", said(&error))
        }
        Err(error) if error.class == Class::Credential => bail!(
            "no login to Azure ({}): az login, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET",
            said(&error)
        ),
        Err(error) => bail!("the workspace cannot be read: {}", said(&error)),
    }
    let mut found = Found::default();
    if wanted == Wanted::All {
        links(client, id, &mut found).await?;
    }
    computes(client, id, &mut found).await?;
    Ok(found)
}

async fn links(client: &Client, id: &WorkspaceId, found: &mut Found) -> Result<()> {
    match client.send(linked_service::list(id)).await {
        Ok(page) => {
            found.links = page.items;
            unreadable("link", page.unreadable, found);
        }
        // The workspace is there, so an absence is that of the type.
        Err(error) if error.is_link_frozen() || error.class == Class::Absent => {
            found.unseen.push(format!(
                "Azure does not serve links here, so none is imported ({})",
                said(&error)
            ));
        }
        Err(error) => {
            return Err(anyhow!("the links cannot be read: {}", said(&error)))
                .context("--no-links leaves them out");
        }
    }
    Ok(())
}

async fn computes(client: &Client, id: &WorkspaceId, found: &mut Found) -> Result<()> {
    let failed = |error: Error| anyhow!("the computes cannot be read: {}", said(&error));
    let mut page = client.send(compute::list(id)).await.map_err(failed)?;
    for _ in 0..MOST_PAGES {
        unreadable("compute", page.unreadable, found);
        for listed in page.items.iter().filter(|one| one.is_synapse_spark()) {
            let read = client.find(compute::get(id, &listed.name)).await;
            match read.map_err(failed)? {
                Some(compute) => found.computes.push(compute),
                None => found
                    .unseen
                    .push(format!("compute '{}' went away meanwhile", listed.name)),
            }
        }
        let Some(next) = page.next else {
            return Ok(());
        };
        let next = client.send(compute::next_page(next)).await;
        page = next.map_err(failed)?;
    }
    bail!("the list of computes does not end")
}

fn unreadable(what: &str, count: usize, found: &mut Found) {
    if count > 0 {
        found.unseen.push(format!(
            "Azure's answer holds {count} that cannot be read as a {what}"
        ));
    }
}

/// What a person can act on: Azure's code and sentence, and the id that its support asks for.
fn said(error: &Error) -> String {
    let code = error.innermost_code();
    match &error.request_id {
        Some(id) => format!(
            "{code}: {}, request {id}",
            error.message.trim_end_matches('.')
        ),
        None => format!("{code}: {}", error.message),
    }
}
