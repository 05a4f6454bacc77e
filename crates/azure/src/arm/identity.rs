//! The identities of a resource, and user-assigned identities themselves.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::api_version;
use crate::request::{Call, Request};
use crate::resource_id::ArmId;
use crate::tolerant;

/// `GET` of a user-assigned identity. Needs
/// `Microsoft.ManagedIdentity/userAssignedIdentities/read`; 200, or 404 for no such identity.
pub fn get(id: &ArmId) -> Call<UserAssignedIdentity> {
    let version = api_version::USER_ASSIGNED_IDENTITY;
    Request::arm("identity.get", Method::GET, id.segments(), version).parsed()
}

/// A user-assigned identity as Azure reports it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct UserAssignedIdentity {
    /// Its id, in Azure's casing.
    pub id: ArmId,
    /// Its name.
    pub name: String,
    /// Its region.
    pub location: Option<String>,
    /// The names it is known by elsewhere.
    #[serde(deserialize_with = "tolerant::or_default")]
    pub properties: UserAssigned,
}

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

impl IdentityType {
    /// The word, in Azure's spelling.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "None",
            Self::SystemAssigned => "SystemAssigned",
            Self::UserAssigned => "UserAssigned",
            Self::SystemAndUserAssigned => "SystemAssigned,UserAssigned",
        }
    }

    /// The same and user-assigned ones beside it.
    pub fn with_user_assigned(self) -> Self {
        match self {
            Self::None | Self::UserAssigned => Self::UserAssigned,
            Self::SystemAssigned | Self::SystemAndUserAssigned => Self::SystemAndUserAssigned,
        }
    }
}

impl Serialize for IdentityType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for IdentityType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = Option::<String>::deserialize(deserializer)?;
        Ok(word.as_deref().map(Self::parse).unwrap_or_default())
    }
}

/// A user-assigned identity's other names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct UserAssigned {
    /// The object id, which roles are assigned to.
    pub principal_id: Option<String>,
    /// The client id, which tokens are asked for with.
    pub client_id: Option<String>,
    /// Its tenant, where Azure tells it.
    pub tenant_id: Option<String>,
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

/// `userAssignedIdentities` of a request: an empty object for each, and each once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wished<'a>(pub(crate) &'a [ArmId]);

impl Serialize for Wished<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Nothing {}
        let mut once = BTreeSet::new();
        for id in self.0 {
            // The first spelling stays; collecting would keep the last.
            once.insert(id);
        }
        serializer.collect_map(once.into_iter().map(|id| (id.as_str(), Nothing {})))
    }
}
