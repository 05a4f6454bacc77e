//! The roles that the operator grants, in Synapse and in Azure.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A role of Synapse (contract §7).
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub enum SynapseRole {
    /// What Azure's documentation asks for the identity of an attached pool.
    SynapseAdministrator,
    /// What Azure's documentation asks for the identity of a linked service. Some Synapse workspaces give it at the
    /// workspace only.
    SynapseApacheSparkAdministrator,
    /// May submit to the pool and cancel on it.
    SynapseComputeOperator,
    /// May create and run, not grant.
    SynapseContributor,
}

/// A role of Azure on a storage account (contract §8.1).
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub enum StorageRole {
    /// Manages the account. Azure's documentation asks for it, with `StorageBlobDataContributor`, to write.
    Contributor,
    /// Sees the account. Azure's documentation asks for it, with `StorageBlobDataReader`, to read.
    Reader,
    /// Reads and writes blobs.
    StorageBlobDataContributor,
    /// Reads blobs.
    StorageBlobDataReader,
}

/// Any role that the operator grants.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub enum Role {
    /// See [`SynapseRole::SynapseAdministrator`].
    SynapseAdministrator,
    /// See [`SynapseRole::SynapseApacheSparkAdministrator`].
    SynapseApacheSparkAdministrator,
    /// See [`SynapseRole::SynapseComputeOperator`].
    SynapseComputeOperator,
    /// See [`SynapseRole::SynapseContributor`].
    SynapseContributor,
    /// See [`StorageRole::Contributor`].
    Contributor,
    /// See [`StorageRole::Reader`].
    Reader,
    /// See [`StorageRole::StorageBlobDataContributor`].
    StorageBlobDataContributor,
    /// See [`StorageRole::StorageBlobDataReader`].
    StorageBlobDataReader,
}

/// A role by the service that grants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// Granted by Synapse's data plane.
    Synapse(SynapseRole),
    /// Granted by Azure Resource Manager.
    Storage(StorageRole),
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 8] = [
        Self::SynapseAdministrator,
        Self::SynapseApacheSparkAdministrator,
        Self::SynapseComputeOperator,
        Self::SynapseContributor,
        Self::Contributor,
        Self::Reader,
        Self::StorageBlobDataContributor,
        Self::StorageBlobDataReader,
    ];

    /// Who grants it.
    pub fn service(self) -> Service {
        match self {
            Self::SynapseAdministrator => Service::Synapse(SynapseRole::SynapseAdministrator),
            Self::SynapseApacheSparkAdministrator => {
                Service::Synapse(SynapseRole::SynapseApacheSparkAdministrator)
            }
            Self::SynapseComputeOperator => Service::Synapse(SynapseRole::SynapseComputeOperator),
            Self::SynapseContributor => Service::Synapse(SynapseRole::SynapseContributor),
            Self::Contributor => Service::Storage(StorageRole::Contributor),
            Self::Reader => Service::Storage(StorageRole::Reader),
            Self::StorageBlobDataContributor => {
                Service::Storage(StorageRole::StorageBlobDataContributor)
            }
            Self::StorageBlobDataReader => Service::Storage(StorageRole::StorageBlobDataReader),
        }
    }

    /// The word in the manifest.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SynapseAdministrator => "SynapseAdministrator",
            Self::SynapseApacheSparkAdministrator => "SynapseApacheSparkAdministrator",
            Self::SynapseComputeOperator => "SynapseComputeOperator",
            Self::SynapseContributor => "SynapseContributor",
            Self::Contributor => "Contributor",
            Self::Reader => "Reader",
            Self::StorageBlobDataContributor => "StorageBlobDataContributor",
            Self::StorageBlobDataReader => "StorageBlobDataReader",
        }
    }
}

impl From<SynapseRole> for Role {
    fn from(role: SynapseRole) -> Self {
        match role {
            SynapseRole::SynapseAdministrator => Self::SynapseAdministrator,
            SynapseRole::SynapseApacheSparkAdministrator => Self::SynapseApacheSparkAdministrator,
            SynapseRole::SynapseComputeOperator => Self::SynapseComputeOperator,
            SynapseRole::SynapseContributor => Self::SynapseContributor,
        }
    }
}

impl From<StorageRole> for Role {
    fn from(role: StorageRole) -> Self {
        match role {
            StorageRole::Contributor => Self::Contributor,
            StorageRole::Reader => Self::Reader,
            StorageRole::StorageBlobDataContributor => Self::StorageBlobDataContributor,
            StorageRole::StorageBlobDataReader => Self::StorageBlobDataReader,
        }
    }
}

/// The word is not a role that the operator grants.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no role '{word}': use one of {}", Role::ALL.map(Role::as_str).join(", "))]
pub struct UnknownRole {
    /// The word.
    pub word: String,
}

impl std::str::FromStr for Role {
    type Err = UnknownRole;

    fn from_str(word: &str) -> Result<Self, UnknownRole> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == word)
            .ok_or_else(|| UnknownRole {
                word: word.to_owned(),
            })
    }
}

/// A role assignment that the operator made or relies on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RoleAssignment {
    /// The role.
    pub role: Role,
    /// Where it holds: in Synapse's words (`workspaces/{}/bigDataPools/{}`), or the resource id of a storage account.
    pub scope: String,
    /// Object id of the identity that holds it.
    pub principal_id: String,
    /// Name of the assignment, a UUID that follows from the three above.
    pub id: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_has_one_word_everywhere() {
        for role in Role::ALL {
            assert_eq!(role.as_str().parse(), Ok(role));
            assert_eq!(serde_json::to_value(role).unwrap(), role.as_str());
            let again = match role.service() {
                Service::Synapse(role) => Role::from(role),
                Service::Storage(role) => Role::from(role),
            };
            assert_eq!(again, role);
        }
        let unknown = "Owner".parse::<Role>().unwrap_err();
        assert!(unknown.to_string().contains("SynapseAdministrator"));
    }
}
