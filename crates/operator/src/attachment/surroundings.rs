//! What is around the pool: its Synapse workspace, and the private endpoints through which its jobs reach storage. Only
//! for warnings, so what may not be read says nothing.

use azureml_spark_azure::arm::synapse_workspace;
use azureml_spark_azure::synapse::private_endpoint;
use azureml_spark_azure::{Error, SynapseWorkspaceId};
use azureml_spark_core::attachment::Synapse;
use azureml_spark_core::{Class, Fault, Sight};

use crate::access::Site;
use crate::translate;

/// Most pages of private endpoints that one look reads.
const PAGES: usize = 20;

pub(super) async fn look(site: &Site, id: &SynapseWorkspaceId) -> Result<Sight<Synapse>, Fault> {
    let found = site.client.send(synapse_workspace::get(id)).await;
    let Some(found) = unless_refused(found)? else {
        return Ok(Sight::Unknown);
    };
    let endpoints = if found.has_managed_network() {
        approved(site, id.name()).await?
    } else {
        None
    };
    Ok(Sight::Present(Synapse {
        public_network_access_disabled: found.is_public_access_disabled(),
        // A network whose endpoints may not be read cannot be warned of.
        managed_network: endpoints.is_some(),
        approved_endpoints: endpoints.unwrap_or_default(),
    }))
}

/// What the approved endpoints lead to.
async fn approved(site: &Site, workspace: &str) -> Result<Option<Vec<String>>, Fault> {
    let mut approved = Vec::new();
    let mut call = private_endpoint::list(workspace);
    for _ in 0..PAGES {
        let Some(page) = unless_refused(site.client.send(call).await)? else {
            return Ok(None);
        };
        let endpoints = page.items.iter().filter(|endpoint| endpoint.is_approved());
        approved.extend(endpoints.map(|endpoint| {
            let target = &endpoint.properties.private_link_resource_id;
            target.as_str().to_owned()
        }));
        match page.next {
            Some(next) => call = private_endpoint::next_page(next),
            None => return Ok(Some(approved)),
        }
    }
    // A network with more than that is not judged by a part of it.
    Ok(None)
}

fn unless_refused<T>(answer: Result<T, Error>) -> Result<Option<T>, Fault> {
    match answer.map_err(|error| translate::fault(&error)) {
        Ok(found) => Ok(Some(found)),
        Err(fault)
            if matches!(
                fault.class,
                Class::Forbidden | Class::Absent | Class::Terminal
            ) =>
        {
            Ok(None)
        }
        Err(fault) => Err(fault),
    }
}
