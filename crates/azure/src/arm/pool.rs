//! A Synapse Spark pool, which is only read.

use reqwest::Method;
use serde::Deserialize;

use crate::api_version;
use crate::arm::compute::{AutoPause, AutoScale};
use crate::arm::provisioning::ProvisioningState;
use crate::request::{Call, Request, path};
use crate::resource_id::{ArmId, SparkPoolId};
use crate::tolerant;

/// `GET {pool}`. Needs `Microsoft.Synapse/workspaces/bigDataPools/read`; 200. Contract §2.7.
pub fn get(pool: &SparkPoolId) -> Call<SparkPool> {
    let path = path(&pool.segments(), &[]);
    Request::arm("pool.get", Method::GET, path, api_version::SPARK_POOL).parsed()
}

/// A pool as Synapse reports it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SparkPool {
    /// Its id.
    pub id: ArmId,
    /// Its name.
    pub name: String,
    /// Its region.
    pub location: Option<String>,
    /// The rest.
    #[serde(deserialize_with = "tolerant::or_default")]
    pub properties: Properties,
}

/// `properties` of a pool: the same facts as a compute's, under other names (contract §2.7).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Properties {
    /// How far Azure is with it.
    pub provisioning_state: ProvisioningState,
    /// Scaling by load.
    #[serde(deserialize_with = "tolerant::or_default")]
    pub auto_scale: AutoScale,
    /// Pausing when idle.
    #[serde(deserialize_with = "tolerant::or_default")]
    pub auto_pause: AutoPause,
    /// For example `3.4`.
    pub spark_version: Option<String>,
    /// Nodes at fixed size.
    pub node_count: Option<u32>,
    /// For example `Medium`.
    pub node_size: Option<String>,
    /// For example `MemoryOptimized`.
    pub node_size_family: Option<String>,
}
