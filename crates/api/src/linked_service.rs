//! `LinkedService`: a Synapse workspace, linked to a workspace.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::LocalRef;
use crate::policy::{AdoptionPolicy, Difference, DriftPolicy, ManagementPolicy};
use crate::role::{RoleAssignment, SynapseRole};

/// Links a Synapse workspace to an Azure Machine Learning workspace and keeps it so. Azure has frozen new links: where
/// it refuses one, attach the pool by its id (`SynapseSparkAttachment`, `spec.pool.resourceId`), which needs none.
/// Example: `{workspaceRef: {name: ml}, synapseWorkspaceId: /subscriptions/…/Microsoft.Synapse/workspaces/syn}`.
#[derive(CustomResource, Clone, Debug, PartialEq, Serialize, Deserialize, KubeSchema)]
#[kube(
    group = "spark.azureml.dev",
    version = "v1alpha1",
    kind = "LinkedService",
    plural = "linkedservices",
    shortname = "amllink",
    category = "azureml",
    namespaced,
    status = "LinkedServiceStatus",
    derive = "PartialEq",
    doc = "A Synapse workspace, linked to an Azure Machine Learning workspace.",
    printcolumn(name = "Ready", type_ = "string", json_path = ".status.conditions[?(@.type=='Ready')].status"),
    printcolumn(name = "Reason", type_ = "string", json_path = ".status.conditions[?(@.type=='Ready')].reason"),
    printcolumn(name = "Azure name", type_ = "string", json_path = ".status.azureName"),
    printcolumn(name = "Linked", type_ = "string", json_path = ".status.conditions[?(@.type=='Linked')].status"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(
        name = "Message",
        type_ = "string",
        json_path = ".status.conditions[?(@.type=='Ready')].message",
        priority = "1"
    ),
    validation = Rule::new(
        "has(self.spec.azureName) || self.metadata.name.matches('^[a-zA-Z0-9][a-zA-Z0-9_-]{2,32}$')"
    )
    .message(
        "metadata.name is the link's name in Azure: 3 to 33 letters, digits, hyphens and underscores; set spec.azureName to use another"
    ),
    validation = Rule::new(
        "has(self.spec.azureName) == has(oldSelf.spec.azureName) && (!has(self.spec.azureName) || self.spec.azureName == oldSelf.spec.azureName)"
    )
    .message("spec.azureName is immutable: create another LinkedService")
)]
#[serde(rename_all = "camelCase")]
pub struct LinkedServiceSpec {
    /// The `AzureMLWorkspace` to link to. Immutable.
    #[x_kube(validation = Rule::new("self == oldSelf").message("spec.workspaceRef is immutable: create another LinkedService"))]
    pub workspace_ref: LocalRef,
    /// Name of the link in Azure: 3 to 33 letters, digits, hyphens and underscores. Omitted: `metadata.name`. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 33), regex(pattern = r"^[a-zA-Z0-9][a-zA-Z0-9_-]{2,32}$"))]
    pub azure_name: Option<String>,
    /// Resource id of the Synapse workspace: `/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Synapse/workspaces/{}`.
    /// Immutable.
    #[schemars(
        length(max = 512),
        regex(
            pattern = r"^/[sS]ubscriptions/[^/]+/[rR]esource[gG]roups/[^/]+/[pP]roviders/[mM]icrosoft\.[sS]ynapse/[wW]orkspaces/[^/]+$"
        )
    )]
    #[x_kube(validation = Rule::new("self == oldSelf").message("spec.synapseWorkspaceId is immutable: create another LinkedService"))]
    pub synapse_workspace_id: String,
    /// What the link's identity is granted. Omitted: `SynapseApacheSparkAdministrator` at the Synapse workspace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grants: Option<LinkGrants>,
    /// Whether the operator changes Azure. Omitted: `Full`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ManagementPolicy")]
    pub management_policy: Option<ManagementPolicy>,
    /// What to do with a link of that name that exists. Omitted: `IfIdentical`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "AdoptionPolicy")]
    pub adoption_policy: Option<AdoptionPolicy>,
    /// What to do when somebody removes the link or its roles in Azure. Omitted: `Correct`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "DriftPolicy")]
    pub drift_policy: Option<DriftPolicy>,
    /// What becomes of the link when the object is deleted. Omitted: `Unlink`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "LinkDeletionPolicy")]
    pub deletion_policy: Option<LinkDeletionPolicy>,
}

/// What the system-assigned identity of a link is granted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct LinkGrants {
    /// Roles in Synapse, at the workspace. Omitted: `SynapseApacheSparkAdministrator`; `[]`: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    // A set would do but for `[]`: nobody owns the members of an empty set, and a server-side apply that comes to it
    // leaves the field out, which means the default.
    #[schemars(length(max = 5), extend("x-kubernetes-list-type" = "atomic"))]
    #[x_kube(validation = Rule::new("self.all(role, self.exists_one(other, other == role))").message("grants.synapseRoles has duplicate entries"))]
    pub synapse_roles: Option<Vec<SynapseRole>>,
}

/// What becomes of the link when the object is deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum LinkDeletionPolicy {
    /// The link is removed and the roles are taken back.
    #[default]
    Unlink,
    /// The link and its roles stay.
    Retain,
}

/// What the operator last saw of the link.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct LinkedServiceStatus {
    /// Generation of the spec that this status considered; -1 before the first look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// The state of affairs: `Ready`, `SpecAccepted`, `ReferencesResolved`, `Linked`, `AccessGranted`, and while true
    /// `Reconciling`, `Stalled` or `Paused`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
    /// Name of the link in Azure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub azure_name: Option<String>,
    /// Resource id of the link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub azure_id: Option<String>,
    /// The link's system-assigned identity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<LinkIdentity>,
    /// When the link was made, as Azure says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_time: Option<String>,
    /// When the link was last changed, as Azure says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified_time: Option<String>,
    /// When the operator last asked Azure for the link or a role; on record before the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_time: Option<Time>,
    /// Since when something is asked for that Azure does not show, or that has no effect yet; absent once all was as
    /// the spec says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_since: Option<Time>,
    /// Whether this object asked for the link, or took it over.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub owned: bool,
    /// The fields in which Azure is not as the spec says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drift: Vec<Difference>,
    /// The role assignments that the operator made or relies on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub role_assignments: Vec<RoleAssignment>,
}

/// The identity of a link.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct LinkIdentity {
    /// Object id, to which roles are granted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal_id: Option<String>,
    /// Its tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<String>,
}
