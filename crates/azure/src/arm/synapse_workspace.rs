//! The Synapse workspace that holds the pools, which is only read.

use std::collections::BTreeMap;

use reqwest::Method;
use serde::Deserialize;

use crate::api_version;
use crate::arm::provisioning::ProvisioningState;
use crate::request::{Call, Request, path};
use crate::resource_id::{ArmId, SynapseWorkspaceId};
use crate::tolerant;

/// `GET {Synapse workspace}`. Needs `Microsoft.Synapse/workspaces/read`; 200. Contract §2.7.
pub fn get(workspace: &SynapseWorkspaceId) -> Call<SynapseWorkspace> {
    let path = path(&workspace.segments(), &[]);
    let version = api_version::SYNAPSE_WORKSPACE;
    Request::arm("synapseWorkspace.get", Method::GET, path, version).parsed()
}

/// A Synapse workspace as ARM reports it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SynapseWorkspace {
    /// Its id.
    pub id: ArmId,
    /// Its name.
    pub name: String,
    /// Its region; may be the displayed name, see [`crate::arm::region::is_same`].
    pub location: Option<String>,
    /// The rest.
    #[serde(deserialize_with = "tolerant::or_default")]
    pub properties: Properties,
}

/// `properties` of a Synapse workspace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Properties {
    /// How far Azure is with it.
    pub provisioning_state: ProvisioningState,
    /// `Enabled` or `Disabled`; attached pools need `Enabled` (contract §2.7).
    pub public_network_access: Option<String>,
    /// `default`, or nothing where the workspace has no managed virtual network.
    pub managed_virtual_network: Option<String>,
    /// Where its parts are served, by part: `dev` is the data plane's host.
    #[serde(deserialize_with = "tolerant::strings")]
    pub connectivity_endpoints: BTreeMap<String, String>,
}

impl SynapseWorkspace {
    /// Whether its pools run in a managed virtual network, so that they reach storage through
    /// private endpoints of [`crate::synapse::private_endpoint`] only.
    pub fn has_managed_network(&self) -> bool {
        let network = self.properties.managed_virtual_network.as_deref();
        network.is_some_and(|network| !network.is_empty())
    }

    /// Whether the public network is shut out. A missing word is not a `Disabled`.
    pub fn is_public_access_disabled(&self) -> bool {
        let access = self.properties.public_network_access.as_deref();
        access.is_some_and(|access| access.eq_ignore_ascii_case("Disabled"))
    }
}
