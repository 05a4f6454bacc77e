//! Words of the settings about Synapse.

use serde::{Deserialize, Serialize};

/// The least Synapse role that lets a job run on a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SufficientPoolRole {
    /// Synapse Administrator.
    Administrator,
    /// Also Apache Spark Administrator.
    SparkAdministrator,
    /// Also Compute Operator.
    ComputeOperator,
}

/// What `checkAccessSynapseRbac` is answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CheckAccess {
    /// A decision for every action.
    Answers,
    /// 403 `Unauthorized`.
    Forbidden,
    /// 404: the route is not there.
    NotFound,
}

/// What the data plane of a Synapse workspace without public network access does to a caller from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ClosedSynapse {
    /// It answers, as if the caller stood in its network.
    Answers,
    /// It refuses everything with 403.
    Refuses,
}
