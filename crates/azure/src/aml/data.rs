//! Data assets (contract §4.2).

use reqwest::Method;
use serde::Deserialize;

use crate::aml::asset::{self, Version};
use crate::api_version;
use crate::request::{Call, Request, path};
use crate::resource_id::{ArmId, AssetId, WorkspaceId};
use crate::tolerant;

/// `GET {workspace}/data/{name}/versions/{version}`. Needs `…/workspaces/data/versions/read`; 200, and
/// 404 if there is none. Contract §4.2.
pub fn get(id: &AssetId) -> Call<DataVersion> {
    asset::get("data.get", api_version::DATA, id)
}

/// `GET {workspace}/data/{name}`, which names the latest version, as the SDK asks for `@latest`. Needs
/// `…/workspaces/data/read`; 200, and 404 if there is none. Contract §4.2.
pub fn container(workspace: &WorkspaceId, name: &str) -> Call<Container> {
    let path = path(&workspace.segments(), &["data", name]);
    Request::arm("data.container", Method::GET, path, api_version::DATA).parsed()
}

/// A version of a data asset.
pub type DataVersion = Version<Properties>;

/// `properties` of a data version; fixed once it is made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Properties {
    /// `uri_file`, `uri_folder` or `mltable`.
    pub data_type: Option<String>,
    /// Where it is.
    pub data_uri: Option<String>,
}

/// A data asset, whatever its versions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Container {
    /// Its id.
    pub id: ArmId,
    /// Its name.
    pub name: String,
    /// The rest.
    #[serde(deserialize_with = "tolerant::or_default")]
    pub properties: ContainerProperties,
}

/// `properties` of a data asset.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ContainerProperties {
    /// Azure's latest version.
    pub latest_version: Option<String>,
}
