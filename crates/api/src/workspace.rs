//! `AzureMLWorkspace`: which Azure Machine Learning workspace, and as whom.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use kube::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

use crate::LocalRef;

/// Names an Azure Machine Learning workspace and the identity that is used there. The operator reads it and owns
/// nothing in it; asked to, it attaches identities to it. Example: `{subscriptionId: 6560575d-fa06-4e7d-95fb-f962e74efd7a, resourceGroup: ml, workspaceName:
/// prod, credentials: {servicePrincipalSecretRef: {name: azure}}}`.
#[derive(CustomResource, Clone, Debug, PartialEq, Serialize, Deserialize, KubeSchema)]
#[kube(
    group = "spark.azureml.dev",
    version = "v1alpha1",
    kind = "AzureMLWorkspace",
    plural = "azuremlworkspaces",
    shortname = "amlws",
    category = "azureml",
    namespaced,
    status = "AzureMLWorkspaceStatus",
    derive = "PartialEq",
    doc = "An Azure Machine Learning workspace, and the identity that is used there.",
    printcolumn(
        name = "Ready",
        type_ = "string",
        json_path = ".status.conditions[?(@.type=='Ready')].status"
    ),
    printcolumn(
        name = "Reason",
        type_ = "string",
        json_path = ".status.conditions[?(@.type=='Ready')].reason"
    ),
    printcolumn(name = "Azure name", type_ = "string", json_path = ".status.azureName"),
    printcolumn(name = "Location", type_ = "string", json_path = ".status.location"),
    printcolumn(
        name = "Age",
        type_ = "date",
        json_path = ".metadata.creationTimestamp"
    ),
    printcolumn(
        name = "Message",
        type_ = "string",
        json_path = ".status.conditions[?(@.type=='Ready')].message",
        priority = "1"
    ),
    validation = Rule::new(
        "has(self.spec.cloud) == has(oldSelf.spec.cloud) && (!has(self.spec.cloud) || self.spec.cloud == oldSelf.spec.cloud)"
    )
    .message("spec.cloud is immutable: create another AzureMLWorkspace"),
    validation = Rule::new(
        "has(self.spec.credentials) == has(oldSelf.spec.credentials) && (!has(self.spec.credentials) || self.spec.credentials == oldSelf.spec.credentials)"
    )
    .message("spec.credentials is immutable, since jobs rely on the Secret to their end: change what the Secret holds, or create another AzureMLWorkspace")
)]
#[serde(rename_all = "camelCase")]
pub struct AzureMLWorkspaceSpec {
    /// Subscription of the workspace, a UUID. Immutable.
    #[schemars(
        length(max = 36),
        regex(pattern = r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")
    )]
    #[x_kube(validation = Rule::new("self == oldSelf").message("spec.subscriptionId is immutable: create another AzureMLWorkspace"))]
    pub subscription_id: String,
    /// Resource group of the workspace, 1 to 90 characters. Immutable.
    #[schemars(length(min = 1, max = 90))]
    #[x_kube(validation = Rule::new("self == oldSelf").message("spec.resourceGroup is immutable: create another AzureMLWorkspace"))]
    pub resource_group: String,
    /// Name of the workspace, 3 to 33 characters. Immutable.
    #[schemars(length(max = 33), regex(pattern = r"^[a-zA-Z0-9][a-zA-Z0-9_-]{2,32}$"))]
    #[x_kube(validation = Rule::new("self == oldSelf").message("spec.workspaceName is immutable: create another AzureMLWorkspace"))]
    pub workspace_name: String,
    /// `AzurePublic` (also when omitted), `AzureUSGovernment`, `AzureChina`, or the name of a cloud in the
    /// installation's settings. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63))]
    pub cloud: Option<String>,
    /// As whom the workspace is used. Omitted: the operator's own identity, which the installation must have opened to
    /// this namespace. Immutable: to rotate, change what the Secret holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials: Option<Credentials>,
    /// User-assigned identities that the operator attaches to the workspace, at most 10: serverless jobs with a managed
    /// identity run as one of these. Others that the workspace has are left alone, and so is one that leaves this list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 10), inner(length(min = 1, max = 512), regex(pattern = r"^/[sS]ubscriptions/[^/]+/[rR]esource[gG]roups/[^/]+/[pP]roviders/[mM]icrosoft\.[mM]anaged[iI]dentity/[uU]ser[aA]ssigned[iI]dentities/[^/]+$")), extend("x-kubernetes-list-type" = "set"))]
    pub attach_user_assigned_identities: Option<Vec<String>>,
}

/// As whom a workspace is used: exactly one way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Credentials {
    /// A Secret of this namespace with the keys `AZURE_TENANT_ID`, `AZURE_CLIENT_ID` and `AZURE_CLIENT_SECRET`.
    pub service_principal_secret_ref: LocalRef,
}

/// What the operator last saw of the workspace.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct AzureMLWorkspaceStatus {
    /// Generation of the spec that this status considered; -1 before the first look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// The state of affairs: `Ready`, `SpecAccepted`, `Reachable`, and while true `Reconciling`, `Stalled`, `Warning` or
    /// `Paused`. What lives in the workspace goes on while it is `Reachable`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
    /// Name of the workspace in Azure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub azure_name: Option<String>,
    /// Resource id of the workspace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub azure_id: Option<String>,
    /// Azure region, such as `eastus`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// Tenant of the workspace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<String>,
    /// Resource id of the workspace's own storage account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage_account_id: Option<String>,
    /// The identities of the workspace; a serverless job with a managed identity runs as one of the user-assigned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<ResourceIdentity>,
    /// Where runs are shown and logs are found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discovery_url: Option<String>,
    /// Whether the managed network lets Spark run; absent where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spark_ready: Option<bool>,
    /// `Enabled` or `Disabled`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_network_access: Option<String>,
    /// True where the workspace may block the API for jobs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub v1_legacy_mode: Option<bool>,
    /// When the operator asked Azure to attach identities; on record before the request, and until they are there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_time: Option<Time>,
}

/// The identities of an Azure resource.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResourceIdentity {
    /// `SystemAssigned`, `UserAssigned`, `SystemAssigned,UserAssigned` or `None`.
    #[serde(rename = "type")]
    pub type_: String,
    /// Object id of the system-assigned identity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal_id: Option<String>,
    /// Tenant of the system-assigned identity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<String>,
    /// The user-assigned identities, ordered by id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub user_assigned: Vec<UserAssignedIdentity>,
}

/// One user-assigned identity of an Azure resource.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserAssignedIdentity {
    /// Resource id.
    pub resource_id: String,
    /// Client id, by which applications ask for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// Object id, to which roles are granted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal_id: Option<String>,
}
