//! Synapse workspaces and their pools, as a world describes them.

use serde::{Deserialize, Serialize};

/// A Synapse workspace beside the one that examples use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SynapseWorkspace {
    /// Name, unique in the cloud.
    pub name: String,
    /// Region of the workspace and its pools.
    pub location: String,
    /// Its Spark pools.
    #[serde(default)]
    pub pools: Vec<Pool>,
}

/// One Synapse Spark pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Pool {
    /// Name, unique in the Synapse workspace.
    pub name: String,
    /// Version of Spark, such as `3.4`.
    pub spark_version: String,
    /// Size of each node: `Small`, `Medium`, `Large`, `XLarge` or `XXLarge`.
    pub node_size: String,
    /// Number of nodes when the pool does not scale by itself.
    pub node_count: u32,
    /// Whether the pool scales by itself.
    pub auto_scale: bool,
    /// Fewest nodes while it scales by itself.
    pub min_node_count: u32,
    /// Most nodes while it scales by itself.
    pub max_node_count: u32,
    /// Idle minutes until the pool pauses; 0 for never.
    pub auto_pause_minutes: u32,
}

impl Default for Pool {
    fn default() -> Self {
        Self {
            name: "yogisparkpool".to_owned(),
            spark_version: "3.4".to_owned(),
            node_size: "Medium".to_owned(),
            node_count: 0,
            auto_scale: true,
            min_node_count: 3,
            max_node_count: 10,
            auto_pause_minutes: 15,
        }
    }
}
