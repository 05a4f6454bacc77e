//! What one object needs to know of the workspace and of the link that it names.

use azureml_spark_api::azure_id::SynapseWorkspaceId;
use azureml_spark_api::condition::ConditionType;
use azureml_spark_api::{AzureMLWorkspace, LinkedService};
use azureml_spark_core::place::{Link, Reference, Workspace};
use kube::runtime::reflector::{ObjectRef, Store};

use crate::access::place;
use crate::{readiness, workspace};

/// The workspace of that name, as it is in the cache, if it can be read.
pub(crate) fn workspace(
    store: &Store<AzureMLWorkspace>,
    namespace: &str,
    name: &str,
) -> Reference<Workspace> {
    workspace_that_is(ConditionType::Reachable, store, namespace, name)
}

/// The same, if it has all that it asks for: machines that Azure brings up have its identities (contract §1).
pub(crate) fn complete_workspace(
    store: &Store<AzureMLWorkspace>,
    namespace: &str,
    name: &str,
) -> Reference<Workspace> {
    workspace_that_is(ConditionType::Ready, store, namespace, name)
}

fn workspace_that_is(
    so: ConditionType,
    store: &Store<AzureMLWorkspace>,
    namespace: &str,
    name: &str,
) -> Reference<Workspace> {
    let object = store.get(&ObjectRef::new(name).within(namespace));
    readiness::reference(
        so,
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

/// The workspace of that name, if there is one at all: to leave, it need not be ready, nor ever have been read.
pub(crate) fn for_leaving(
    store: &Store<AzureMLWorkspace>,
    namespace: &str,
    name: &str,
) -> Reference<Workspace> {
    store
        .get(&ObjectRef::new(name).within(namespace))
        .map_or(Reference::Missing, |object| {
            Reference::Ready(as_far_as_known(&object))
        })
}

fn facts(object: &AzureMLWorkspace) -> Option<Workspace> {
    let status = object.status.as_ref()?;
    let is_read = status.azure_id.is_some() && status.location.is_some();
    is_read.then(|| as_far_as_known(object))
}

/// What the spec says, and what was read if anything was: no location else.
fn as_far_as_known(object: &AzureMLWorkspace) -> Workspace {
    let status = object.status.clone().unwrap_or_default();
    let spec = &object.spec;
    Workspace {
        place: place(object),
        azure_id: status.azure_id.unwrap_or_else(|| workspace::azure_id(spec)),
        location: status.location.unwrap_or_default(),
        storage_account_id: status.storage_account_id,
        operators_identity: spec.credentials.is_none(),
    }
}

/// The link of that name, as it is in the cache.
pub(crate) fn link(store: &Store<LinkedService>, namespace: &str, name: &str) -> Reference<Link> {
    let object = store.get(&ObjectRef::new(name).within(namespace));
    readiness::reference(
        ConditionType::Ready,
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
