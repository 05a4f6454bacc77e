//! What Azure shows of an attachment.

use std::collections::BTreeMap;

use azureml_spark_api::attachment::{AutoPause, AutoScale};
use azureml_spark_api::workspace::ResourceIdentity;

use crate::grants;
use crate::machine::Sight;

/// One look at the world.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// The pool; looked at every time, but not on the way out. While a compute is there, a pool that may not be read is
    /// unknown and does no harm.
    pub pool: Sight<Pool>,
    /// The Synapse workspace of the pool; unknown where it may not be read. Only for warnings.
    pub synapse: Sight<Synapse>,
    /// The compute.
    pub compute: Sight<Compute>,
    /// Role assignments at [`Want::scopes`](super::Want::scopes); looked at while the compute has an identity, and while any is on record.
    pub grants: grants::Seen,
}

/// A pool, as far as it counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pool {
    /// Region.
    pub location: Option<String>,
}

/// A Synapse workspace, as far as it counts for jobs on its pools.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Synapse {
    /// Whether nobody gets in from the public network.
    pub public_network_access_disabled: bool,
    /// Whether its pools run in a managed virtual network.
    pub managed_network: bool,
    /// Resource ids of what its approved managed private endpoints lead to; empty and of no use without a managed
    /// virtual network.
    pub approved_endpoints: Vec<String>,
}

/// A compute as Azure shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compute {
    /// Resource id.
    pub azure_id: String,
    /// Resource id of the pool.
    pub pool_id: String,
    /// How far Azure is with it.
    pub state: Provisioning,
    /// Azure's word for that.
    pub provisioning_state: String,
    /// Region.
    pub location: Option<String>,
    /// Description.
    pub description: Option<String>,
    /// Tags.
    pub tags: BTreeMap<String, String>,
    /// Identities.
    pub identity: ResourceIdentity,
    /// When it was attached, in Azure's words.
    pub created_on: Option<String>,
    /// Version of Spark.
    pub spark_version: Option<String>,
    /// Nodes.
    pub node_count: Option<i32>,
    /// Size of a node.
    pub node_size: Option<String>,
    /// Family of the size.
    pub node_size_family: Option<String>,
    /// How the pool grows.
    pub auto_scale: Option<AutoScale>,
    /// When it sleeps.
    pub auto_pause: Option<AutoPause>,
}

/// How far Azure is with a compute.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Provisioning {
    /// At work on it, or in a state that this operator does not know.
    #[default]
    Working,
    /// It is going away.
    Deleting,
    /// Done.
    Succeeded,
    /// Given up, with Azure's errors.
    Failed(String),
}
