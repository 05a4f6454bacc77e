//! What exists in the emulator: the names and ids that its env file tells.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// Names and ids.
#[derive(Clone)]
pub struct World {
    /// `EMULATOR_URL`.
    pub url: String,
    /// `EMULATOR_TENANT`.
    pub tenant: String,
    /// `EMULATOR_CLIENT_ID`: may do everything.
    pub client_id: String,
    /// `EMULATOR_CLIENT_SECRET`.
    pub client_secret: String,
    /// `EMULATOR_SUBSCRIPTION`.
    pub subscription: String,
    /// `EMULATOR_RESOURCE_GROUP`.
    pub resource_group: String,
    /// `EMULATOR_WORKSPACE`.
    pub workspace: String,
    /// `EMULATOR_SYNAPSE_WORKSPACE`.
    pub synapse_workspace: String,
    /// `EMULATOR_POOL`.
    pub pool: String,
    /// `EMULATOR_USER_ASSIGNED_IDENTITY`, a name.
    pub user_assigned_identity: String,
    /// `EMULATOR_STORAGE_ACCOUNT`.
    pub storage_account: String,
    /// `EMULATOR_CONTAINER`: the one behind `workspaceblobstore`.
    pub container: String,
    /// `EMULATOR_DATA_DIR`.
    pub data_dir: PathBuf,
    variables: BTreeMap<String, String>,
}

/// A client that can log in and may do nothing.
pub const DENIED_CLIENT_ID: &str = "22222222-2222-4222-8222-000000000403";
/// A client that may do everything and is not the operator's: what it does, a person does.
pub const PERSON_CLIENT_ID: &str = "22222222-2222-4222-8222-000000000777";

impl World {
    pub(super) fn read(env_file: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(env_file)?;
        Self::parse(&text).with_context(|| format!("{}", env_file.display()))
    }

    fn parse(text: &str) -> Result<Self> {
        let variables: BTreeMap<String, String> = text
            .lines()
            .filter_map(|line| line.trim_start_matches("export ").split_once('='))
            .map(|(name, value)| {
                let bare = value
                    .strip_prefix('\'')
                    .and_then(|rest| rest.strip_suffix('\''));
                (name.to_owned(), bare.unwrap_or(value).replace(r"'\''", "'"))
            })
            .collect();
        let get = |name: &str| {
            let value = variables.get(&format!("EMULATOR_{name}"));
            value
                .cloned()
                .with_context(|| format!("EMULATOR_{name} is not there"))
        };
        Ok(Self {
            url: get("URL")?,
            tenant: get("TENANT")?,
            client_id: get("CLIENT_ID")?,
            client_secret: get("CLIENT_SECRET")?,
            subscription: get("SUBSCRIPTION")?,
            resource_group: get("RESOURCE_GROUP")?,
            workspace: get("WORKSPACE")?,
            synapse_workspace: get("SYNAPSE_WORKSPACE")?,
            pool: get("POOL")?,
            user_assigned_identity: get("USER_ASSIGNED_IDENTITY")?,
            storage_account: get("STORAGE_ACCOUNT")?,
            container: get("CONTAINER")?,
            data_dir: get("DATA_DIR")?.into(),
            variables,
        })
    }

    /// The variables as the emulator wrote them, for a shell or for Python.
    pub fn variables(&self) -> &BTreeMap<String, String> {
        &self.variables
    }

    /// Resource id of something in the resource group, such as `Microsoft.Storage/storageAccounts/x`.
    pub fn resource(&self, provider_path: &str) -> String {
        let (subscription, group) = (&self.subscription, &self.resource_group);
        format!("/subscriptions/{subscription}/resourceGroups/{group}/providers/{provider_path}")
    }

    /// Resource id of the Synapse workspace.
    pub fn synapse_id(&self) -> String {
        let synapse = &self.synapse_workspace;
        self.resource(&format!("Microsoft.Synapse/workspaces/{synapse}"))
    }

    /// The Synapse workspace as a scope of its role assignments.
    pub fn synapse_scope(&self) -> String {
        format!("workspaces/{}", self.synapse_workspace)
    }

    /// A Spark pool of the Synapse workspace as a scope of role assignments.
    pub fn pool_scope(&self, pool: &str) -> String {
        format!("{}/bigDataPools/{pool}", self.synapse_scope())
    }

    /// Resource id of the storage account behind the workspace.
    pub fn storage_account_id(&self) -> String {
        let account = &self.storage_account;
        self.resource(&format!("Microsoft.Storage/storageAccounts/{account}"))
    }

    /// Resource id of a Spark pool of the Synapse workspace.
    pub fn pool_id(&self, pool: &str) -> String {
        format!("{}/bigDataPools/{pool}", self.synapse_id())
    }

    /// Resource id of a user-assigned identity.
    pub fn identity_id(&self, name: &str) -> String {
        self.resource(&format!(
            "Microsoft.ManagedIdentity/userAssignedIdentities/{name}"
        ))
    }
}

/// Says nothing about the secret.
impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::World;

    #[test]
    fn an_env_file_is_read_and_a_missing_name_is_named() {
        let names = [
            "URL",
            "TENANT",
            "CLIENT_ID",
            "CLIENT_SECRET",
            "SUBSCRIPTION",
            "RESOURCE_GROUP",
            "WORKSPACE",
            "SYNAPSE_WORKSPACE",
            "POOL",
            "USER_ASSIGNED_IDENTITY",
            "STORAGE_ACCOUNT",
            "CONTAINER",
        ];
        let lines = names.map(|name| format!("EMULATOR_{name}='{}'\n", name.to_lowercase()));
        let mut text = lines.concat();
        let error = World::parse(&text).unwrap_err().to_string();
        assert!(error.contains("EMULATOR_DATA_DIR"), "{error}");

        text.push_str("EMULATOR_DATA_DIR='/a/b'\\''s'\n");
        let world = World::parse(&text).unwrap();
        assert_eq!(world.data_dir.to_str(), Some("/a/b's"));
        assert_eq!(
            world.pool_id("p"),
            "/subscriptions/subscription/resourceGroups/resource_group/providers/Microsoft.Synapse/workspaces/synapse_workspace/bigDataPools/p"
        );
        assert!(!format!("{world:?}").contains("client_secret"));
    }
}
