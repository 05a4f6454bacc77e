//! What is published about a run.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use kube::KubeSchema;
use serde::{Deserialize, Serialize};

/// What the operator last saw of the run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct SparkJobStatus {
    /// Generation of the spec that this status considered; -1 before the first look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// The state of affairs: `Ready`, `SpecAccepted`, `ReferencesResolved`, `CodeUploaded`, `Submitted`, at the end
    /// `Complete` or `Failed`, and while true `Reconciling` or `Stalled`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
    /// Name of the run in Azure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub azure_name: Option<String>,
    /// Resource id of the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub azure_id: Option<String>,
    /// Azure's word for the state of the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// The intent to submit, on record before the submission.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submission: Option<Submission>,
    /// When the operator asked Azure to cancel the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel_requested_time: Option<Time>,
    /// Resource id of the registered code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_id: Option<String>,
    /// When Azure started the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_time: Option<Time>,
    /// When the run ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completion_time: Option<Time>,
    /// How long it ran, such as `4m12s`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<String>,
    /// The page of the run in Studio.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub studio_url: Option<String>,
    /// As whom it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_identity: Option<EffectiveIdentity>,
    /// The size that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<Cluster>,
    /// What it writes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outputs: Vec<OutputStatus>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
}

/// The intent to submit a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Submission {
    /// Which attempt, from 1.
    pub attempt: i32,
    /// When it was put on record.
    pub requested_time: Time,
    /// SHA-256 of the run's definition; travels as a property of the run.
    pub definition_hash: String,
}

/// As whom a run runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct EffectiveIdentity {
    /// `Managed` or `UserIdentity`.
    #[serde(rename = "type")]
    pub type_: String,
    /// Client id, where one was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// Resource id, where one was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_id: Option<String>,
}

/// The size that a run asks for: 6 executors × 4 cores × 28g = 24 cores, 168g.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Cluster {
    /// Executors; with dynamic allocation the fewest and most, `1-4`.
    pub executors: String,
    /// Cores of all executors; with dynamic allocation at most.
    pub cores: i64,
    /// Memory of all executors, such as `168g`; with dynamic allocation at most.
    pub memory: String,
}

/// What a run writes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct OutputStatus {
    /// Name of the output.
    pub name: String,
    /// Where it is written.
    pub path: String,
}

/// Why a run failed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// Azure's code.
    pub code: String,
    /// Azure's message.
    pub message: String,
    /// The last lines of the driver's log, at most 4,096 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_tail: Option<String>,
}
