//! The private endpoints through which Spark pools in a managed virtual network reach storage.

use reqwest::Method;
use serde::Deserialize;
use url::Url;

use crate::api_version;
use crate::arm::provisioning::ProvisioningState;
use crate::page::{self, Page};
use crate::request::Call;
use crate::resource_id::ArmId;
use crate::tolerant;

const LIST: &str = "privateEndpoint.list";

/// `GET /managedVirtualNetworks/default/managedPrivateEndpoints`, the first page; 200. A Synapse
/// workspace has one such network and it has this name. Pages by `nextLink`, as the published
/// definition of 2020-12-01 has it, where the last page's is empty. Contract §8.2.
pub fn list(workspace: &str) -> Call<Page<ManagedPrivateEndpoint>> {
    let path = [
        "managedVirtualNetworks",
        "default",
        "managedPrivateEndpoints",
    ];
    super::request(
        LIST,
        Method::GET,
        workspace,
        &path,
        api_version::SYNAPSE_NETWORK,
    )
    .parsed_by(page::page)
}

/// The page behind [`Page::next`].
pub fn next_page(next: Url) -> Call<Page<ManagedPrivateEndpoint>> {
    page::follow_in_synapse(LIST, next)
}

/// A managed private endpoint as Synapse reports it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ManagedPrivateEndpoint {
    /// Its name.
    pub name: String,
    /// The rest.
    #[serde(deserialize_with = "tolerant::or_default")]
    pub properties: Properties,
}

/// `properties` of a managed private endpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Properties {
    /// Where it leads, for example a storage account.
    #[serde(deserialize_with = "tolerant::or_default")]
    pub private_link_resource_id: ArmId,
    /// Which service there, for example `dfs`.
    #[serde(deserialize_with = "tolerant::or_default")]
    pub group_id: String,
    /// How far Azure is with it.
    pub provisioning_state: ProvisioningState,
    /// What the other side says.
    #[serde(deserialize_with = "tolerant::or_default")]
    pub connection_state: ConnectionState,
}

/// What the owner of the other side says to the connection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ConnectionState {
    /// `Pending` until somebody on the storage side says `Approved` or `Rejected` (contract §8.2).
    pub status: Option<String>,
    /// Free text.
    pub description: Option<String>,
}

impl ManagedPrivateEndpoint {
    /// Whether traffic may go through it.
    pub fn is_approved(&self) -> bool {
        let status = self.properties.connection_state.status.as_deref();
        status.is_some_and(|status| status.eq_ignore_ascii_case("Approved"))
    }
}
