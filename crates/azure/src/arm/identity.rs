//! The identities of a resource, as Azure reports them.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use crate::resource_id::ArmId;
use crate::tolerant;

/// Which identities a resource has. Azure writes the words in several casings (contract §0.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IdentityType {
    /// None, or a word that is not known here.
    #[default]
    None,
    /// One of its own.
    SystemAssigned,
    /// One or more that exist beside it.
    UserAssigned,
    /// Both.
    SystemAndUserAssigned,
}

impl IdentityType {
    fn parse(word: &str) -> Self {
        let word = word.to_ascii_lowercase();
        match (
            word.contains("systemassigned"),
            word.contains("userassigned"),
        ) {
            (true, true) => Self::SystemAndUserAssigned,
            (true, false) => Self::SystemAssigned,
            (false, true) => Self::UserAssigned,
            (false, false) => Self::None,
        }
    }
}

impl<'de> Deserialize<'de> for IdentityType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = Option::<String>::deserialize(deserializer)?;
        Ok(word.as_deref().map(Self::parse).unwrap_or_default())
    }
}

/// A user-assigned identity's two other names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct UserAssigned {
    /// The object id, which roles are assigned to.
    pub principal_id: Option<String>,
    /// The client id, which tokens are asked for with.
    pub client_id: Option<String>,
}

/// `identity` of a workspace or a compute.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ManagedIdentity {
    /// Which kinds.
    #[serde(rename = "type")]
    pub kind: IdentityType,
    /// The system-assigned identity's object id; may be absent until an operation ends
    /// (contract §2.2).
    pub principal_id: Option<String>,
    /// Its tenant.
    pub tenant_id: Option<String>,
    /// The user-assigned ones by their id, in no order (contract §2.1).
    #[serde(deserialize_with = "tolerant::or_default")]
    pub user_assigned_identities: BTreeMap<ArmId, UserAssigned>,
}
