//! What one object needs to know of the workspace and of the link that it names.

use azureml_spark_api::azure_id::SynapseWorkspaceId;
use azureml_spark_api::{AzureMLWorkspace, LinkedService};
use azureml_spark_core::place::{Link, Reference, Workspace};
use kube::runtime::reflector::{ObjectRef, Store};

use crate::access::place;
use crate::readiness;

/// The workspace of that name, as it is in the cache.
pub(crate) fn workspace(
    store: &Store<AzureMLWorkspace>,
    namespace: &str,
    name: &str,
) -> Reference<Workspace> {
    let object = store.get(&ObjectRef::new(name).within(namespace));
    readiness::reference(
        object.as_deref(),
        |o| o.status.as_ref()?.observed_generation,
        |o| {
            o.status
                .as_ref()
                .map_or(&[], |status| status.conditions.as_slice())
        },
        facts,
    )
}

/// The workspace of that name, if there is one at all: to leave, it need not be ready.
pub(crate) fn for_leaving(
    store: &Store<AzureMLWorkspace>,
    namespace: &str,
    name: &str,
) -> Reference<Workspace> {
    match store.get(&ObjectRef::new(name).within(namespace)) {
        None => Reference::Missing,
        Some(object) => facts(&object).map_or_else(
            || Reference::NotReady("the operator has not looked at it yet".to_owned()),
            Reference::Ready,
        ),
    }
}

fn facts(object: &AzureMLWorkspace) -> Option<Workspace> {
    let status = object.status.as_ref()?;
    Some(Workspace {
        place: place(object),
        azure_id: status.azure_id.clone()?,
        location: status.location.clone()?,
        storage_account_id: status.storage_account_id.clone(),
        operators_identity: object.spec.credentials.is_none(),
    })
}

/// The link of that name, as it is in the cache.
pub(crate) fn link(store: &Store<LinkedService>, namespace: &str, name: &str) -> Reference<Link> {
    let object = store.get(&ObjectRef::new(name).within(namespace));
    readiness::reference(
        object.as_deref(),
        |o| o.status.as_ref()?.observed_generation,
        |o| {
            o.status
                .as_ref()
                .map_or(&[], |status| status.conditions.as_slice())
        },
        |o| {
            let synapse = SynapseWorkspaceId::parse(&o.spec.synapse_workspace_id)?;
            Some(Link { synapse })
        },
    )
}
