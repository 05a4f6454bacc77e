//! What a run runs on, and as whom.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::LocalRef;

/// What a run runs on: exactly one of `attachmentRef`, `name` and `serverless`. Example: `{attachmentRef: {name:
/// pool}}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("[has(self.attachmentRef), has(self.name), has(self.serverless)].filter(given, given).size() == 1")
        .message("spec.compute needs exactly one of attachmentRef, name and serverless")
)]
pub struct Compute {
    /// A `SynapseSparkAttachment` of this namespace; the run waits until it is ready. Example: `{name: pool}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attachment_ref: Option<LocalRef>,
    /// Name of an attached Spark pool of the workspace that this cluster does not manage: letters, digits, `-` and `_`,
    /// at most 64. Example: `my-spark-pool`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    #[x_kube(validation = Rule::new("self.matches('^[a-zA-Z0-9][a-zA-Z0-9_-]*$')")
        .message("spec.compute.name is the name of a compute in the workspace: letters, digits, '-' and '_'"))]
    pub name: Option<String>,
    /// Compute that Azure brings up for this run; needs `spec.identity`. Example: `{instanceType: standard_e4s_v3,
    /// runtimeVersion: "3.4"}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serverless: Option<Serverless>,
}

/// Compute that Azure brings up for one run. Example: `{instanceType: standard_e4s_v3, runtimeVersion: "3.4"}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Serverless {
    /// Size of a machine, such as `standard_e4s_v3`, at most 64 characters; which there are, Azure says.
    #[schemars(length(min = 1, max = 64))]
    pub instance_type: String,
    /// Version of Spark, such as `"3.4"`, at most 16 characters; which there are, Azure says.
    #[schemars(length(min = 1, max = 16), regex(pattern = r"^[0-9]+(\.[0-9]+)*$"))]
    pub runtime_version: String,
}

/// As whom a run runs. Example: `{type: Managed, resourceId:
/// /subscriptions/…/providers/Microsoft.ManagedIdentity/userAssignedIdentities/jobs}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("!(has(self.clientId) && has(self.resourceId))")
        .message("identity takes clientId or resourceId, not both"),
    validation = Rule::new("self.type == 'Managed' || !(has(self.clientId) || has(self.resourceId))")
        .message("identity.clientId and identity.resourceId go with type Managed")
)]
pub struct Identity {
    /// `Managed`: a managed identity, of the compute, or on serverless compute attached to the workspace. `UserIdentity`:
    /// that of the workspace's credentials; not with the operator's own identity.
    #[serde(rename = "type")]
    pub type_: IdentityType,
    /// Client id of a user-assigned identity, at most 64 characters. Omitted, and `resourceId` too: the default one of the
    /// compute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    pub client_id: Option<String>,
    /// Resource id of a user-assigned identity, at most 512 characters. Example:
    /// `/subscriptions/…/providers/Microsoft.ManagedIdentity/userAssignedIdentities/jobs`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 512))]
    pub resource_id: Option<String>,
}

/// Which kind of identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum IdentityType {
    /// A managed identity of the compute, or on serverless compute of the workspace.
    Managed,
    /// The identity of the workspace's credentials; not with the operator's own identity.
    UserIdentity,
}
