//! A Synapse Spark pool attached to the workspace as a compute.

use std::collections::BTreeMap;

use jiff::Timestamp;
use reqwest::Method;
use serde::ser::{SerializeMap, SerializeStruct};
use serde::{Deserialize, Serialize, Serializer};
use url::Url;

use crate::api_version;
use crate::arm::identity::{IdentityType, ManagedIdentity, Wished};
use crate::arm::provisioning::ProvisioningState;
use crate::error_body::ErrorBody;
use crate::operation::{Deletion, Operation, Started, deletion};
use crate::page::{self, Page};
use crate::request::{Call, Request, path};
use crate::resource_id::{ArmId, SparkPoolId, WorkspaceId};
use crate::response::{Refusal, Response};
use crate::tolerant;

/// `PUT {workspace}/computes/{name}`. Needs `…/workspaces/computes/write`; 200 or 201, on an update
/// too, and an operation without `Retry-After`. Starts an operation each time, so compare first.
/// Contract §2.1, §2.3, §0.3.
pub fn put(
    workspace: &WorkspaceId,
    name: &str,
    attachment: &SynapseSpark,
) -> Call<Started<Compute>> {
    let path = path(&workspace.segments(), &["computes", name]);
    Request::arm("compute.put", Method::PUT, path, api_version::COMPUTE)
        .json(attachment)
        .parsed_by(started)
}

/// `GET {workspace}/computes/{name}`. Needs `…/workspaces/computes/read`; 200. Contract §2.2.
pub fn get(workspace: &WorkspaceId, name: &str) -> Call<Compute> {
    let path = path(&workspace.segments(), &["computes", name]);
    Request::arm("compute.get", Method::GET, path, api_version::COMPUTE).parsed()
}

/// `GET {workspace}/computes`, the first page, of every type; 200. Needs `…/workspaces/computes/read`.
/// Filter by [`Compute::is_synapse_spark`]. Contract §2, §0.5.
pub fn list(workspace: &WorkspaceId) -> Call<Page<Compute>> {
    let path = path(&workspace.segments(), &["computes"]);
    Request::arm("compute.list", Method::GET, path, api_version::COMPUTE).parsed_by(page::page)
}

/// The page behind [`Page::next`].
pub fn next_page(next: Url) -> Call<Page<Compute>> {
    page::follow("compute.list", next)
}

/// `DELETE {workspace}/computes/{name}?underlyingResourceAction=Detach`. Needs
/// `…/workspaces/computes/delete`; 200, 202 or 204, and 404 is done. Never `Delete`: what that does
/// to a pool is unverified (contract §2.5).
pub fn detach(workspace: &WorkspaceId, name: &str) -> Call<Deletion> {
    let path = path(&workspace.segments(), &["computes", name]);
    Request::arm("compute.detach", Method::DELETE, path, api_version::COMPUTE)
        .query("underlyingResourceAction", "Detach")
        .expecting(&[404])
        .parsed_by(deletion)
}

fn started(response: &Response) -> Result<Started<Compute>, Refusal> {
    Ok(Started {
        resource: response.json()?,
        operation: Operation::of(response),
    })
}

/// What a PUT asks for. Always the whole wish: what leaving out `identity` or `tags` on an update
/// does is unverified (contract §2.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SynapseSpark {
    /// The workspace's region.
    pub location: String,
    /// The pool.
    pub pool: SparkPoolId,
    /// Free text.
    pub description: Option<String>,
    /// The identities that jobs on it run as.
    pub identity: ComputeIdentity,
    /// Tags.
    pub tags: BTreeMap<String, String>,
}

/// The identities asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ComputeIdentity {
    /// One that Azure makes with the compute.
    SystemAssigned,
    /// These.
    UserAssigned(Vec<ArmId>),
}

impl Serialize for SynapseSpark {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Properties<'a> {
            compute_type: &'static str,
            resource_id: String,
            #[serde(skip_serializing_if = "Option::is_none")]
            description: Option<&'a str>,
        }
        let mut body = serializer.serialize_struct("SynapseSpark", 4)?;
        body.serialize_field("location", &self.location)?;
        body.serialize_field(
            "properties",
            &Properties {
                compute_type: "SynapseSpark",
                resource_id: self.pool.to_string(),
                description: self.description.as_deref(),
            },
        )?;
        body.serialize_field("identity", &self.identity)?;
        body.serialize_field("tags", &self.tags)?;
        body.end()
    }
}

impl Serialize for ComputeIdentity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self {
            Self::SystemAssigned => map.serialize_entry("type", &IdentityType::SystemAssigned)?,
            Self::UserAssigned(ids) => {
                map.serialize_entry("type", &IdentityType::UserAssigned)?;
                map.serialize_entry("userAssignedIdentities", &Wished(ids))?;
            }
        }
        map.end()
    }
}

/// A compute as Azure reports it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Compute {
    /// Its id, in Azure's casing.
    pub id: ArmId,
    /// Its name.
    pub name: String,
    /// Its region.
    pub location: Option<String>,
    /// Its tags; `null` at first (contract §2.2).
    #[serde(deserialize_with = "tolerant::strings")]
    pub tags: BTreeMap<String, String>,
    /// Its identities; the principal may be absent until the operation ends.
    #[serde(deserialize_with = "tolerant::or_default")]
    pub identity: ManagedIdentity,
    /// The rest.
    #[serde(deserialize_with = "tolerant::or_default")]
    pub properties: Properties,
}

/// `properties` of a compute.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Properties {
    /// `SynapseSpark`, or what else has the name.
    pub compute_type: String,
    /// How far Azure is with it.
    pub provisioning_state: ProvisioningState,
    /// Free text.
    pub description: Option<String>,
    /// When it was attached.
    #[serde(deserialize_with = "tolerant::time")]
    pub created_on: Option<Timestamp>,
    /// When it was changed.
    #[serde(deserialize_with = "tolerant::time")]
    pub modified_on: Option<Timestamp>,
    /// The pool.
    pub resource_id: Option<ArmId>,
    /// Why it is `Failed`.
    #[serde(deserialize_with = "tolerant::or_default")]
    pub provisioning_errors: Vec<ErrorBody>,
    /// What Azure ML mirrors of the pool.
    #[serde(deserialize_with = "tolerant::or_default")]
    pub properties: PoolFacts,
}

impl Compute {
    /// Whether it is an attached Synapse Spark pool.
    pub fn is_synapse_spark(&self) -> bool {
        self.properties
            .compute_type
            .eq_ignore_ascii_case("SynapseSpark")
    }
}

/// The pool's facts, read-only (contract §2.2).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PoolFacts {
    /// Scaling by load.
    #[serde(deserialize_with = "tolerant::or_default")]
    pub auto_scale_properties: AutoScale,
    /// Pausing when idle.
    #[serde(deserialize_with = "tolerant::or_default")]
    pub auto_pause_properties: AutoPause,
    /// For example `3.4`.
    pub spark_version: Option<String>,
    /// Nodes at fixed size.
    pub node_count: Option<u32>,
    /// For example `Medium`.
    pub node_size: Option<String>,
    /// For example `MemoryOptimized`.
    pub node_size_family: Option<String>,
    /// The pool's name.
    pub pool_name: Option<String>,
}

/// Scaling by load; the counts are 0 when it is off (contract §2.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct AutoScale {
    /// Whether it is on.
    pub enabled: Option<bool>,
    /// The fewest nodes.
    pub min_node_count: Option<u32>,
    /// The most nodes.
    pub max_node_count: Option<u32>,
}

/// Pausing when idle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct AutoPause {
    /// Whether it is on.
    pub enabled: Option<bool>,
    /// After how long.
    pub delay_in_minutes: Option<u32>,
}
