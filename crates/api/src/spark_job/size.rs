//! How large a run is.

use kube::KubeSchema;
use serde::{Deserialize, Serialize};

/// Size of the driver. Example: `{cores: 1, memory: 2g}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Driver {
    /// Cores, 1 to 256.
    #[schemars(range(min = 1, max = 256))]
    pub cores: i32,
    /// Memory: a number and one of the units k, m, g, t and p, such as `2g` or `512m`, at most 12 characters.
    #[schemars(length(max = 12), regex(pattern = r"^[1-9][0-9]*[kKmMgGtTpP]$"))]
    pub memory: String,
}

/// Size and number of the executors. Example: `{cores: 2, memory: 2g, instances: 2}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Executor {
    /// Cores of each, 1 to 256.
    #[schemars(range(min = 1, max = 256))]
    pub cores: i32,
    /// Memory of each: a number and one of the units k, m, g, t and p, such as `2g` or `512m`, at most 12 characters.
    #[schemars(length(max = 12), regex(pattern = r"^[1-9][0-9]*[kKmMgGtTpP]$"))]
    pub memory: String,
    /// How many, 1 to 10,000. With `dynamicAllocation` optional, and between its bounds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10000))]
    pub instances: Option<i32>,
}

/// How many executors Spark may choose. Example: `{minExecutors: 1, maxExecutors: 4}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("self.minExecutors <= self.maxExecutors")
        .message("spec.dynamicAllocation.minExecutors must not be greater than maxExecutors")
)]
pub struct DynamicAllocation {
    /// Fewest, 1 to 10,000.
    #[schemars(range(min = 1, max = 10000))]
    pub min_executors: i32,
    /// Most, 1 to 10,000.
    #[schemars(range(min = 1, max = 10000))]
    pub max_executors: i32,
}
