//! The Azure ML workspace, which is read and given identities.

use reqwest::Method;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::api_version;
use crate::arm::identity::{IdentityType, ManagedIdentity, Wished};
use crate::arm::provisioning::ProvisioningState;
use crate::operation::Operation;
use crate::request::{Call, Request, path};
use crate::resource_id::{ArmId, WorkspaceId};
use crate::response::{Refusal, Response};
use crate::tolerant;

/// `GET {workspace}`. Needs `Microsoft.MachineLearningServices/workspaces/read`; 200. A 404 tells a
/// missing workspace, a missing group and (as Forbidden) a subscription out of sight apart by its
/// code. Contract §1.
pub fn get(workspace: &WorkspaceId) -> Call<Workspace> {
    let path = path(&workspace.segments(), &[]);
    Request::arm("workspace.get", Method::GET, path, api_version::WORKSPACE).parsed()
}

/// `PATCH {workspace}` with the identities that the workspace is to have: `kind` and all of `ids`,
/// those it has included, since what Azure does with the ones left out is unverified. Needs
/// `…/workspaces/write`, and `…/userAssignedIdentities/assign/action` on each; 200, or 202 with a
/// `Location`. The next GET tells how it went. Contract §1, §0.3, §0.6.
pub fn attach_identities(
    workspace: &WorkspaceId,
    location: &str,
    kind: IdentityType,
    ids: &[ArmId],
) -> Call<Option<Operation>> {
    #[derive(Serialize)]
    struct Body<'a> {
        location: &'a str,
        properties: Empty,
        identity: Identity<'a>,
    }
    #[derive(Serialize)]
    struct Empty {}
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Identity<'a> {
        #[serde(rename = "type")]
        kind: IdentityType,
        user_assigned_identities: Wished<'a>,
    }
    fn accepted(response: &Response) -> Result<Option<Operation>, Refusal> {
        response.ignored()?;
        Ok(Operation::of(response))
    }
    let path = path(&workspace.segments(), &[]);
    Request::arm(
        "workspace.patch",
        Method::PATCH,
        path,
        api_version::WORKSPACE,
    )
    .json(&Body {
        location,
        properties: Empty {},
        identity: Identity {
            kind,
            user_assigned_identities: Wished(ids),
        },
    })
    .parsed_by(accepted)
}

/// A workspace as Azure reports it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Workspace {
    /// Its id, in Azure's casing.
    pub id: ArmId,
    /// Its name.
    pub name: String,
    /// Its region, which computes must be given, too (contract §2.1).
    pub location: String,
    /// Its identities. Serverless Spark with a managed identity takes one of the user-assigned.
    #[serde(deserialize_with = "tolerant::or_default")]
    pub identity: ManagedIdentity,
    /// The rest.
    #[serde(deserialize_with = "tolerant::or_default")]
    pub properties: Properties,
}

/// `properties` of a workspace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Properties {
    /// How far Azure is with it.
    pub provisioning_state: ProvisioningState,
    /// A GUID; part of the default container's name.
    pub workspace_id: Option<String>,
    /// The tenant.
    pub tenant_id: Option<String>,
    /// The default storage account.
    pub storage_account: Option<ArmId>,
    /// Where the region's API is told, see [`crate::aml::run::discover`].
    #[serde(deserialize_with = "tolerant::or_none")]
    pub discovery_url: Option<Url>,
    /// `Enabled` or `Disabled`.
    pub public_network_access: Option<String>,
    /// Whether the workspace refuses the jobs API.
    pub v1_legacy_mode: Option<bool>,
    /// The managed network.
    #[serde(deserialize_with = "tolerant::or_default")]
    pub managed_network: ManagedNetwork,
}

/// `managedNetwork` of a workspace (contract §8.2).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ManagedNetwork {
    /// `Disabled`, `AllowInternetOutbound` or `AllowOnlyApprovedOutbound`.
    pub isolation_mode: Option<String>,
    /// Its state.
    #[serde(deserialize_with = "tolerant::or_default")]
    pub status: NetworkStatus,
}

/// `managedNetwork.status`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NetworkStatus {
    /// `Inactive` or `Active`.
    pub status: Option<String>,
    /// Whether serverless Spark can run in it.
    pub spark_ready: Option<bool>,
}
