//! What is published about a run.

use std::collections::BTreeMap;
use std::ops::Not;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::DataType;
use crate::role::Role;

/// What the operator last saw of the run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct SparkJobStatus {
    /// Generation of the spec that this status considered; -1 before the first look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// The state of affairs: `Ready`, `SpecAccepted`, `ReferencesResolved`, `CodeUploaded`, `Submitted`, at the end
    /// `Complete` or `Failed`, and while true `Suspended`, `Reconciling`, `Stalled`, `Warning` or `Paused`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
    /// Which attempt this is about, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<i32>,
    /// The attempts that ended and were followed by another, the newest last, at most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20))]
    pub attempts: Vec<AttemptStatus>,
    /// When the next attempt is made, while one is waited for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_attempt_time: Option<Time>,
    /// Name of the run in Azure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub azure_name: Option<String>,
    /// Resource id of the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub azure_id: Option<String>,
    /// Azure's word for the state of the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Since when the run has been seen in this state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state_time: Option<Time>,
    /// The intent to submit, on record before the submission.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submission: Option<Submission>,
    /// The cancel that the operator asked Azure for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel: Option<CancelStatus>,
    /// SHA-256 of the definition that runs, or ran last, as the run has it among its properties.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition_hash: Option<String>,
    /// Resource id of the registered code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_id: Option<String>,
    /// What the names in the spec meant at the first submission; every attempt runs with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved: Option<Resolved>,
    /// The Flux artifact that the code was taken from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceStatus>,
    /// SHA-256 of the display name, description and tags that were last sent to Azure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels_hash: Option<String>,
    /// What became of them; absent once Azure has them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels_state: Option<LabelsState>,
    /// When they are sent again although Azure has refused them, for want of a right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels_retry_time: Option<Time>,
    /// Since when it refuses them for want of a right: they are sent again ever more seldom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels_refused_time: Option<Time>,
    /// When Azure started the run, its first attempt if there are several.
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
    /// Roles that its identity did not seem to hold when it was last looked at, before the first submission; each is told
    /// by `Warning` until the run has ended well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing_roles: Vec<MissingRole>,
    /// The size that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<Cluster>,
    /// What it writes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outputs: Vec<OutputStatus>,
    /// Why it ended, the reason of `Complete` or `Failed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_reason: Option<String>,
    /// Why no further attempt was made, if one was due and could not be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_note: Option<String>,
    /// What Azure says about it, if it failed; and the end of its log, also if it was cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
}

/// An attempt that ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct AttemptStatus {
    /// Which attempt, from 1.
    pub attempt: i32,
    /// Name of its run in Azure.
    pub azure_name: String,
    /// Azure's word for the state that it ended in.
    pub state: String,
    /// When Azure started it; absent if it never ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_time: Option<Time>,
    /// When it ended.
    pub end_time: Time,
    /// Why it ended: the word that would be the reason of `Failed`, or `Suspended`.
    pub reason: String,
}

/// A cancel that the operator asked Azure for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct CancelStatus {
    /// When it was first asked for.
    pub since_time: Time,
    /// When it was last asked for; on record before the request.
    pub requested_time: Time,
    /// What for.
    pub why: CancelCause,
    /// How often it was asked for.
    pub tries: i32,
    /// Azure's words, if it refused one and has shown no sign of another answer since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// When it said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused_time: Option<Time>,
}

/// What became of labels that are not Azure's yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum LabelsState {
    /// They were, or are about to be, sent.
    Sending,
    /// Azure refused them; they are sent again once they change.
    Refused,
}

/// What a cancel is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum CancelCause {
    /// `spec.cancel`.
    Asked,
    /// `spec.suspend`.
    Suspend,
    /// `spec.activeDeadlineSeconds`.
    Deadline,
    /// `spec.startDeadlineSeconds`.
    StartDeadline,
    /// Azure has heard nothing of the run for too long.
    NotResponding,
    /// The object is being deleted.
    Deleted,
}

/// What the names in the spec meant at the first submission.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Resolved {
    /// SHA-256 of the definition of the first attempt; each further one has the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition_hash: Option<String>,
    /// Resource id of the code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_id: Option<String>,
    /// Resource id of the environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment_id: Option<String>,
    /// What is sent as each input that is no literal, by its name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub inputs: BTreeMap<String, ResolvedInput>,
    /// Resource id of the compute; absent on serverless compute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compute_id: Option<String>,
    /// Resource id of the identity that stands for `Managed` there; absent if it is the compute's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity_id: Option<String>,
}

/// What is sent as an input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResolvedInput {
    /// What it is.
    #[serde(rename = "type")]
    pub type_: DataType,
    /// Where it is: an address, or the resource id of a data asset.
    pub path: String,
}

/// A Flux artifact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct SourceStatus {
    /// Its revision, such as `main@sha1:…`.
    pub revision: String,
    /// Its digest, `sha256:…`, which was verified.
    pub digest: String,
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
    /// Whether Azure has shown the run since.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub seen: bool,
    /// Whether the run was found while nothing was on record, as after the loss of the status: a later attempt may be
    /// there too, and is looked for before this one is believed to be the last.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub found: bool,
    /// Whether the run was taken over under `adoptionPolicy: Always`, and its definition is not that of this object.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub foreign: bool,
    /// What else is known of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<SubmissionMark>,
    /// When Azure started this attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_time: Option<Time>,
}

/// What else is known of a submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum SubmissionMark {
    /// It was asked for more than once: an earlier request may have made the run.
    Repeated,
    /// The same, and Azure refused the last one.
    Refused,
    /// A later attempt was looked for, and there is none.
    Last,
    /// Azure says that its name is taken: the run is looked for.
    Exists,
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

/// A role that the identity of a run does not seem to hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct MissingRole {
    /// The fields of the spec that need it.
    pub field: String,
    /// The role.
    pub role: Role,
    /// Resource id of the storage account, or the pool in Synapse's words (`workspaces/{}/bigDataPools/{}`).
    pub scope: String,
    /// The identity: its resource id or client id, or `SystemAssigned`.
    pub identity: String,
    /// Object id of the identity.
    pub principal_id: String,
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
    /// The data asset that it is registered as, `azureml:{name}:{version}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset: Option<String>,
}

/// Why a run failed, or what is left of one that was cancelled.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// Azure's code; `Canceled` for a run that was cancelled, of which Azure has none.
    pub code: String,
    /// Azure's message.
    pub message: String,
    /// The last lines of the driver's log, at most 4,096 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_tail: Option<String>,
}
