//! What an object is about in Synapse.

use azureml_spark_api::azure_id;
use azureml_spark_azure::arm::{pool, synapse_workspace};
use azureml_spark_azure::{SparkPoolId, SynapseWorkspaceId};

use crate::access::Site;

/// A pool for an attachment, a Synapse workspace for a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Home {
    /// A pool.
    Pool(SparkPoolId),
    /// A Synapse workspace.
    Workspace(SynapseWorkspaceId),
    /// Nobody knows: the spec is wrong, or what it names is gone.
    Unknown,
}

impl Home {
    /// The pool of an attachment.
    pub(crate) fn pool(id: &azure_id::SparkPoolId) -> Self {
        let (subscription, group) = (&id.subscription, &id.resource_group);
        SparkPoolId::new(subscription, group, &id.workspace, &id.pool)
            .map_or(Self::Unknown, Self::Pool)
    }

    /// The Synapse workspace of a link.
    pub(crate) fn workspace(id: &azure_id::SynapseWorkspaceId) -> Self {
        SynapseWorkspaceId::new(&id.subscription, &id.resource_group, &id.workspace)
            .map_or(Self::Unknown, Self::Workspace)
    }

    /// Whether Azure says that it is not there. Anything short of that is a no.
    pub(super) async fn is_gone(&self, site: &Site) -> bool {
        match self {
            Self::Pool(id) => matches!(site.client.find(pool::get(id)).await, Ok(None)),
            Self::Workspace(id) => {
                matches!(site.client.find(synapse_workspace::get(id)).await, Ok(None))
            }
            Self::Unknown => false,
        }
    }
}
