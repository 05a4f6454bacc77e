//! `SynapseSparkAttachment`: a Synapse Spark pool, attached to a workspace as a compute.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::LocalRef;
use crate::policy::{AdoptionPolicy, Difference, DriftPolicy, ManagementPolicy};
use crate::role::{RoleAssignment, StorageRole, SynapseRole};
use crate::workspace::ResourceIdentity;

/// Attaches a Synapse Spark pool to an Azure Machine Learning workspace and keeps it so. A compute of that name that is
/// already as described is taken over, unless `adoptionPolicy` says otherwise. Deleting the object detaches the pool and never deletes it. Example:
/// `{workspaceRef: {name: ml}, pool: {resourceId: /subscriptions/…/Microsoft.Synapse/workspaces/syn/bigDataPools/p}}`.
#[derive(CustomResource, Clone, Debug, PartialEq, Serialize, Deserialize, KubeSchema)]
#[kube(
    group = "spark.azureml.dev",
    version = "v1alpha1",
    kind = "SynapseSparkAttachment",
    plural = "synapsesparkattachments",
    shortname = "ssa",
    category = "azureml",
    namespaced,
    status = "SynapseSparkAttachmentStatus",
    derive = "PartialEq",
    doc = "A Synapse Spark pool, attached to an Azure Machine Learning workspace as a compute.",
    printcolumn(name = "Ready", type_ = "string", json_path = ".status.conditions[?(@.type=='Ready')].status"),
    printcolumn(name = "Reason", type_ = "string", json_path = ".status.conditions[?(@.type=='Ready')].reason"),
    printcolumn(name = "Azure name", type_ = "string", json_path = ".status.azureName"),
    printcolumn(name = "State", type_ = "string", json_path = ".status.provisioningState"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(
        name = "Message",
        type_ = "string",
        json_path = ".status.conditions[?(@.type=='Ready')].message",
        priority = "1"
    ),
    validation = Rule::new(
        "has(self.spec.azureName) || self.metadata.name.matches('^[a-zA-Z][a-zA-Z0-9-]{0,14}[a-zA-Z0-9]$')"
    )
    .message(
        "metadata.name is the compute's name in Azure: 2 to 16 letters, digits and hyphens, a letter first; set spec.azureName to use another"
    ),
    validation = Rule::new(
        "has(self.spec.azureName) == has(oldSelf.spec.azureName) && (!has(self.spec.azureName) || self.spec.azureName == oldSelf.spec.azureName)"
    )
    .message("spec.azureName is immutable: create another SynapseSparkAttachment")
)]
#[serde(rename_all = "camelCase")]
pub struct SynapseSparkAttachmentSpec {
    /// The `AzureMLWorkspace` to attach to. Immutable.
    #[x_kube(validation = Rule::new("self == oldSelf").message("spec.workspaceRef is immutable: create another SynapseSparkAttachment"))]
    pub workspace_ref: LocalRef,
    /// Name of the compute in Azure: 2 to 16 letters, digits and hyphens, a letter first. Omitted: `metadata.name`.
    /// Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(max = 16),
        regex(pattern = r"^[a-zA-Z][a-zA-Z0-9-]{0,14}[a-zA-Z0-9]$")
    )]
    pub azure_name: Option<String>,
    /// The pool. Immutable.
    #[x_kube(validation = Rule::new("self == oldSelf").message("spec.pool is immutable: create another SynapseSparkAttachment"))]
    pub pool: Pool,
    /// Shown in Studio, at most 1,000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000))]
    pub description: Option<String>,
    /// Azure tags of the compute, at most 40. Others that Azure holds are left alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<crate::definition::Tags>")]
    pub tags: Option<BTreeMap<String, String>>,
    /// The identity that the pool's jobs run as by default. Omitted: `SystemAssigned`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<AttachmentIdentity>,
    /// What that identity is granted. Omitted: `SynapseAdministrator` at the pool, without which jobs fail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grants: Option<Grants>,
    /// Whether the operator changes Azure. Omitted: `Full`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ManagementPolicy")]
    pub management_policy: Option<ManagementPolicy>,
    /// What to do with a compute of that name that exists. Omitted: `IfIdentical`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "AdoptionPolicy")]
    pub adoption_policy: Option<AdoptionPolicy>,
    /// What to do when somebody changes the compute or its roles in Azure. Omitted: `Correct`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "DriftPolicy")]
    pub drift_policy: Option<DriftPolicy>,
    /// What becomes of the compute when the object is deleted. Omitted: `Detach`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "DeletionPolicy")]
    pub deletion_policy: Option<DeletionPolicy>,
}

/// A Synapse Spark pool: by its id, or by a link and its name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("has(self.resourceId) != has(self.linkedServiceRef) && has(self.poolName) == has(self.linkedServiceRef)")
        .message("spec.pool needs exactly one of resourceId, or linkedServiceRef with poolName")
)]
pub struct Pool {
    /// Resource id of the pool: `/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Synapse/workspaces/{}/bigDataPools/{}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(max = 512),
        regex(
            pattern = r"^/[sS]ubscriptions/[^/]+/[rR]esource[gG]roups/[^/]+/[pP]roviders/[mM]icrosoft\.[sS]ynapse/[wW]orkspaces/[^/]+/[bB]ig[dD]ata[pP]ools/[^/]+$"
        )
    )]
    pub resource_id: Option<String>,
    /// The `LinkedService` of this namespace that links the pool's Synapse workspace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub linked_service_ref: Option<LocalRef>,
    /// Name of the pool in that Synapse workspace, 1 to 15 letters and digits, a letter first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 15), regex(pattern = r"^[a-zA-Z][a-zA-Z0-9]{0,14}$"))]
    pub pool_name: Option<String>,
}

/// The identity of an attached pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("(self.type == 'UserAssigned') == has(self.userAssignedIdentities)")
        .message("identity.userAssignedIdentities is needed with type UserAssigned, and only there")
)]
pub struct AttachmentIdentity {
    /// `SystemAssigned` or `UserAssigned`.
    #[serde(rename = "type")]
    pub type_: AttachmentIdentityType,
    /// The identities, 1 to 10; the first submits jobs by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 10), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["resourceId"]))]
    pub user_assigned_identities: Option<Vec<IdentityRef>>,
}

/// Which kind of identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum AttachmentIdentityType {
    /// Azure makes one that lives and dies with the compute.
    SystemAssigned,
    /// Existing identities.
    UserAssigned,
}

/// A user-assigned identity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct IdentityRef {
    /// Resource id: `/subscriptions/{}/resourceGroups/{}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{}`.
    #[schemars(length(min = 1, max = 512))]
    pub resource_id: String,
}

/// What the identity of an attachment is granted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Grants {
    /// Roles in Synapse, at the pool. Omitted: `SynapseAdministrator`; `[]`: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    // A set would do but for `[]`: nobody owns the members of an empty set, and a server-side apply that comes to it
    // leaves the field out, which means the default.
    #[schemars(length(max = 5), extend("x-kubernetes-list-type" = "atomic"))]
    #[x_kube(validation = Rule::new("self.all(role, self.exists_one(other, other == role))").message("grants.synapseRoles has duplicate entries"))]
    pub synapse_roles: Option<Vec<SynapseRole>>,
    /// Roles on storage accounts, at most 20 accounts. Omitted: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 20), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["accountId"]))]
    pub storage: Option<Vec<StorageGrant>>,
}

/// Roles on a storage account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct StorageGrant {
    /// Resource id of the account: `/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Storage/storageAccounts/{}`.
    #[schemars(
        length(max = 512),
        regex(
            pattern = r"^/[sS]ubscriptions/[^/]+/[rR]esource[gG]roups/[^/]+/[pP]roviders/[mM]icrosoft\.[sS]torage/[sS]torage[aA]ccounts/[^/]+$"
        )
    )]
    pub account_id: String,
    /// The roles, 1 to 4. Azure's documentation asks for `Contributor` and `StorageBlobDataContributor` to write, and
    /// for `Reader` and `StorageBlobDataReader` to read.
    #[schemars(length(min = 1, max = 4), extend("x-kubernetes-list-type" = "set"))]
    pub roles: Vec<StorageRole>,
}

/// What becomes of the pool's attachment when the object is deleted. The pool itself is never deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum DeletionPolicy {
    /// The pool is detached and the roles are taken back.
    #[default]
    Detach,
    /// The compute and its roles stay; only the mark of the owner is taken off.
    Retain,
}

/// What the operator last saw of the attachment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct SynapseSparkAttachmentStatus {
    /// Generation of the spec that this status considered; -1 before the first look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// The state of affairs: `Ready`, `SpecAccepted`, `ReferencesResolved`, `Attached`, `AccessGranted`, and while
    /// true `Reconciling`, `Stalled`, `Warning` or `Paused`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
    /// Name of the compute in Azure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub azure_name: Option<String>,
    /// Resource id of the compute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub azure_id: Option<String>,
    /// Resource id of the pool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool_id: Option<String>,
    /// Azure's word for the state of the compute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provisioning_state: Option<String>,
    /// Azure region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// When the pool was attached, as Azure says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_on: Option<String>,
    /// Version of Spark, such as `3.4`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spark_version: Option<String>,
    /// Number of nodes of a pool of fixed size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_count: Option<i32>,
    /// Size of a node, such as `Medium`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_size: Option<String>,
    /// Family of the node size, such as `MemoryOptimized`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_size_family: Option<String>,
    /// How the pool grows and shrinks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_scale: Option<AutoScale>,
    /// When the pool goes to sleep.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_pause: Option<AutoPause>,
    /// The identities of the compute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<ResourceIdentity>,
    /// Which identity jobs run as by default: `SystemAssigned`, or the resource id of the first user-assigned one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_identity: Option<String>,
    /// When the operator last asked Azure for the compute or a role; on record before the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_time: Option<Time>,
    /// Since when something is asked for that Azure does not show, or that has no effect yet; absent once all was as
    /// the spec says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_since: Option<Time>,
    /// A request about the compute that Azure has taken on, until its effect is seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending_request: Option<PendingRequest>,
    /// SHA-256 of the compute that was last asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_hash: Option<String>,
    /// Whether the compute was once seen with this object's mark: one that was taken away since is not taken back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub owned: bool,
    /// Keys of the tags that were last asked for: one that leaves the spec is taken off in Azure.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub managed_tags: Vec<String>,
    /// The fields in which Azure is not as the spec says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drift: Vec<Difference>,
    /// The role assignments that the operator made or relies on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub role_assignments: Vec<RoleAssignment>,
}

/// A request that Azure has taken on, and of which nothing was seen yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct PendingRequest {
    /// What was asked for.
    pub action: PendingAction,
    /// When it was asked for first.
    pub since: Time,
    /// When it was asked for last; absent where that was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_time: Option<Time>,
}

/// What is asked for about a compute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum PendingAction {
    /// That the pool be attached.
    Attach,
    /// That it be detached.
    Detach,
}

/// How a pool grows and shrinks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct AutoScale {
    /// Whether it does.
    pub enabled: bool,
    /// Fewest nodes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_node_count: Option<i32>,
    /// Most nodes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_node_count: Option<i32>,
}

/// When a pool goes to sleep.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct AutoPause {
    /// Whether it does.
    pub enabled: bool,
    /// After so many minutes without work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_in_minutes: Option<i32>,
}
