//! What exists in Azure before the first request: one subscription with one resource group, one Azure
//! ML workspace, Synapse workspaces with their pools, one storage account, and who may touch them.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

mod link;
mod synapse;

pub use link::Link;
pub use synapse::{Pool, SynapseWorkspace};

/// The resources and principals that the emulator starts with. Every field can be given in a file;
/// what is left out has the value described here.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct World {
    /// Microsoft Entra tenant, a GUID.
    pub tenant: String,
    /// Application id of the client that may do everything.
    pub client_id: String,
    /// Secret shared by all clients; made up at every start when empty.
    pub client_secret: String,
    /// Application id of a client that can log in but holds no role anywhere.
    pub denied_client_id: String,
    /// Further clients, with the same secret.
    pub principals: Vec<Principal>,
    /// The only subscription.
    pub subscription: String,
    /// The only resource group.
    pub resource_group: String,
    /// Name of the Azure ML workspace.
    pub workspace: String,
    /// GUID of the Azure ML workspace; the default container carries it in its name.
    pub workspace_id: String,
    /// Names of more Azure ML workspaces of the resource group, on the same storage account.
    pub other_workspaces: Vec<String>,
    /// Region of everything but the other Synapse workspaces.
    pub location: String,
    /// Name of the Synapse workspace.
    pub synapse_workspace: String,
    /// The Spark pool that examples use; described by the entry of `pools` with this name.
    pub pool: String,
    /// All Spark pools of the Synapse workspace.
    pub pools: Vec<Pool>,
    /// More Synapse workspaces of the resource group.
    pub other_synapse_workspaces: Vec<SynapseWorkspace>,
    /// Linked services that the Azure ML workspace has from the start.
    pub links: Vec<Link>,
    /// The user-assigned identity that examples use; described by the entry of `identities`.
    pub user_assigned_identity: String,
    /// All user-assigned identities of the resource group.
    pub identities: Vec<Identity>,
    /// Name of the storage account behind the workspace.
    pub storage_account: String,
    /// Account key, base64; derived from the account's name when empty.
    pub storage_account_key: String,
    /// Container behind the datastore `workspaceblobstore`; derived from `workspace_id` when empty.
    pub container: String,
}

/// One application that can log in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Principal {
    /// Application id.
    pub client_id: String,
    /// What it may do in the subscription.
    pub access: Access,
}

/// What a client may do through the resource manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Access {
    /// Everything, and Synapse Administrator of the Synapse workspace too.
    All,
    /// Only reading.
    Read,
    /// Nothing: every request is answered with `AuthorizationFailed`.
    None,
}

/// One user-assigned managed identity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Identity {
    /// Name, unique in the resource group.
    pub name: String,
    /// Whether the Azure ML workspace has it assigned, so that serverless Spark can use it.
    #[serde(default)]
    pub workspace: bool,
}

impl Default for World {
    fn default() -> Self {
        Self {
            tenant: "11111111-1111-4111-8111-111111111111".to_owned(),
            client_id: "22222222-2222-4222-8222-222222222222".to_owned(),
            client_secret: String::new(),
            denied_client_id: "22222222-2222-4222-8222-000000000403".to_owned(),
            principals: Vec::new(),
            subscription: "33333333-3333-4333-8333-333333333333".to_owned(),
            resource_group: "yogi-res-group".to_owned(),
            workspace: "yogi-aml-ws".to_owned(),
            workspace_id: "44444444-4444-4444-8444-444444444444".to_owned(),
            other_workspaces: Vec::new(),
            location: "eastus".to_owned(),
            synapse_workspace: "yogi-synapse-ws".to_owned(),
            pool: "yogisparkpool".to_owned(),
            pools: Vec::new(),
            other_synapse_workspaces: vec![SynapseWorkspace {
                name: "far-synapse-ws".to_owned(),
                location: "westeurope".to_owned(),
                pools: vec![Pool {
                    name: "farpool".to_owned(),
                    ..Pool::default()
                }],
            }],
            links: Vec::new(),
            user_assigned_identity: "yogi-managed-id".to_owned(),
            identities: ["yogi-second-id", "yogi-third-id"]
                .map(|name| Identity {
                    name: name.to_owned(),
                    workspace: false,
                })
                .to_vec(),
            storage_account: "yogistorage".to_owned(),
            storage_account_key: String::new(),
            container: String::new(),
        }
    }
}

/// Says nothing about keys and secrets.
impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World")
            .field("tenant", &self.tenant)
            .field("client_id", &self.client_id)
            .field("subscription", &self.subscription)
            .field("resource_group", &self.resource_group)
            .field("workspace", &self.workspace)
            .field("synapse_workspace", &self.synapse_workspace)
            .finish_non_exhaustive()
    }
}

impl World {
    /// Fills what was left empty: secrets, derived names, and the entries that the examples name.
    pub(crate) fn complete(mut self) -> Self {
        use base64::Engine as _;
        if self.client_secret.is_empty() {
            // Two version 4 GUIDs: 244 random bits.
            self.client_secret = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
        }
        if self.storage_account_key.is_empty() {
            let key = [Uuid::new_v4().into_bytes(), Uuid::new_v4().into_bytes()].concat();
            self.storage_account_key = base64::engine::general_purpose::STANDARD.encode(key);
        }
        if self.container.is_empty() {
            self.container = format!("azureml-blobstore-{}", self.workspace_id);
        }
        if !self
            .pools
            .iter()
            .any(|pool| pool.name.eq_ignore_ascii_case(&self.pool))
        {
            self.pools.insert(
                0,
                Pool {
                    name: self.pool.clone(),
                    ..Pool::default()
                },
            );
        }
        let named = &self.user_assigned_identity;
        if !self
            .identities
            .iter()
            .any(|identity| identity.name.eq_ignore_ascii_case(named))
        {
            self.identities.insert(
                0,
                Identity {
                    name: named.clone(),
                    workspace: true,
                },
            );
        }
        self
    }

    /// The world as it is seen from another of its Azure ML workspaces, which has no links.
    pub(crate) fn seen_from(&self, workspace: &str) -> Self {
        let id = self.object_id(&format!("{}#workspace/{workspace}", self.workspace_id));
        Self {
            workspace: workspace.to_owned(),
            container: format!("azureml-blobstore-{id}"),
            workspace_id: id,
            links: Vec::new(),
            ..self.clone()
        }
    }

    /// What the application may do, or `None` when the tenant does not know it.
    pub(crate) fn access(&self, client_id: &str) -> Option<Access> {
        if client_id.eq_ignore_ascii_case(&self.client_id) {
            return Some(Access::All);
        }
        if client_id.eq_ignore_ascii_case(&self.denied_client_id) {
            return Some(Access::None);
        }
        self.principals
            .iter()
            .find(|principal| principal.client_id.eq_ignore_ascii_case(client_id))
            .map(|principal| principal.access)
    }

    /// The object id that the tenant gives to something, always the same for the same name.
    pub(crate) fn object_id(&self, of: &str) -> String {
        let seed = format!("{}/{}", self.tenant, of.to_ascii_lowercase());
        Uuid::new_v5(&Uuid::NAMESPACE_URL, seed.as_bytes()).to_string()
    }

    /// `/subscriptions/…/resourceGroups/…`.
    pub(crate) fn resource_group_id(&self) -> String {
        format!(
            "/subscriptions/{}/resourceGroups/{}",
            self.subscription, self.resource_group
        )
    }

    /// ARM id of the Azure ML workspace.
    pub fn workspace_arm_id(&self) -> String {
        format!(
            "{}/providers/Microsoft.MachineLearningServices/workspaces/{}",
            self.resource_group_id(),
            self.workspace
        )
    }

    /// ARM id of a Spark pool of the Synapse workspace.
    pub fn pool_arm_id(&self, pool: &str) -> String {
        format!(
            "{}/bigDataPools/{pool}",
            self.synapse_arm_id(&self.synapse_workspace)
        )
    }

    /// ARM id of a Synapse workspace of the resource group.
    pub fn synapse_arm_id(&self, workspace: &str) -> String {
        format!(
            "{}/providers/Microsoft.Synapse/workspaces/{workspace}",
            self.resource_group_id()
        )
    }

    /// ARM id of a user-assigned identity of the resource group.
    pub fn identity_arm_id(&self, name: &str) -> String {
        format!(
            "{}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}",
            self.resource_group_id()
        )
    }

    /// ARM id of the storage account.
    pub fn storage_arm_id(&self) -> String {
        format!(
            "{}/providers/Microsoft.Storage/storageAccounts/{}",
            self.resource_group_id(),
            self.storage_account
        )
    }

    /// Client id (application id) of a user-assigned identity.
    pub fn identity_client_id(&self, name: &str) -> String {
        self.object_id(&format!("{}#application", self.identity_arm_id(name)))
    }

    /// Object id (principal id) of a user-assigned identity.
    pub fn identity_principal_id(&self, name: &str) -> String {
        self.object_id(&self.identity_arm_id(name))
    }

    /// Object id of the workspace's own identity.
    pub fn workspace_principal_id(&self) -> String {
        self.object_id(&self.workspace_arm_id())
    }
}
