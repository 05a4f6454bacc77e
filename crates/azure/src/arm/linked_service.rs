//! A link from the workspace to a Synapse workspace (preview).

use jiff::Timestamp;
use reqwest::Method;
use serde::{Deserialize, Serialize};

use crate::api_version;
use crate::arm::identity::{IdentityType, ManagedIdentity};
use crate::operation::{Deletion, deletion};
use crate::page::{self, Page};
use crate::request::{Call, Request, path};
use crate::resource_id::{ArmId, SynapseWorkspaceId, WorkspaceId};
use crate::tolerant;

/// The operation by which [`crate::Error::is_link_frozen`] knows a creation.
pub(crate) const PUT: &str = "linkedService.put";

/// `PUT {workspace}/linkedServices/{name}`. Needs `…/workspaces/linkedServices/write`; 200, and 201
/// is taken, too; no operation. What of a link can be changed by a second PUT is unverified. Where
/// Azure no longer takes links: [`crate::Error::is_link_frozen`]. Contract §6.
pub fn put(workspace: &WorkspaceId, name: &str, wish: &NewLink) -> Call<LinkedService> {
    #[derive(Serialize)]
    struct Body<'a> {
        name: &'a str,
        location: &'a str,
        identity: Identity,
        properties: Target,
    }
    #[derive(Serialize)]
    struct Identity {
        #[serde(rename = "type")]
        kind: IdentityType,
    }
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Target {
        linked_service_resource_id: ArmId,
    }
    request(PUT, Method::PUT, workspace, &[name])
        .json(&Body {
            name,
            location: &wish.location,
            identity: Identity {
                kind: IdentityType::SystemAssigned,
            },
            properties: Target {
                linked_service_resource_id: wish.synapse_workspace.to_arm_id(),
            },
        })
        .parsed()
}

/// `GET {workspace}/linkedServices/{name}`. Needs `…/workspaces/linkedServices/read`; 200. An API
/// that is not served is no absence: [`crate::Error::is_not_served`]. Contract §6.
pub fn get(workspace: &WorkspaceId, name: &str) -> Call<LinkedService> {
    request("linkedService.get", Method::GET, workspace, &[name]).parsed()
}

/// `DELETE {workspace}/linkedServices/{name}`. Needs `…/workspaces/linkedServices/delete`; 200 or
/// 204, and 404 is done unless it says that the API is not served. Contract §6.
pub fn delete(workspace: &WorkspaceId, name: &str) -> Call<Deletion> {
    request("linkedService.delete", Method::DELETE, workspace, &[name])
        .expecting(&[404])
        .parsed_by(deletion)
}

/// `GET {workspace}/linkedServices`; 200. All in one answer: the list has no `nextLink` on record
/// (contract §6).
pub fn list(workspace: &WorkspaceId) -> Call<Page<LinkedService>> {
    request("linkedService.list", Method::GET, workspace, &[]).parsed_by(page::page)
}

fn request(op: &'static str, method: Method, workspace: &WorkspaceId, name: &[&str]) -> Request {
    let mut path = path(&workspace.segments(), &["linkedServices"]);
    path.extend(name.iter().map(|name| (*name).to_owned()));
    Request::arm(op, method, path, api_version::LINKED_SERVICE)
}

/// What a PUT asks for. The link's identity is always one of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLink {
    /// The Azure ML workspace's region.
    pub location: String,
    /// Where it leads.
    pub synapse_workspace: SynapseWorkspaceId,
}

/// A link as Azure reports it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct LinkedService {
    /// Its id, in Azure's casing.
    pub id: ArmId,
    /// Its name.
    pub name: String,
    /// Its region.
    pub location: Option<String>,
    /// Its own identity, which Synapse roles are given to.
    #[serde(deserialize_with = "tolerant::or_default")]
    pub identity: ManagedIdentity,
    /// The rest.
    #[serde(deserialize_with = "tolerant::or_default")]
    pub properties: Properties,
}

/// `properties` of a link.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Properties {
    /// The Synapse workspace.
    #[serde(deserialize_with = "tolerant::or_default")]
    pub linked_service_resource_id: ArmId,
    /// `Synapse`, the only one there is.
    pub link_type: Option<String>,
    /// When it was made.
    #[serde(deserialize_with = "tolerant::time")]
    pub created_time: Option<Timestamp>,
    /// When it was changed.
    #[serde(deserialize_with = "tolerant::time")]
    pub modified_time: Option<Timestamp>,
}
