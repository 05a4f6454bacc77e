//! Registered models, as far as they are inputs of jobs.

use serde::Deserialize;

use crate::aml::asset::{self, Version};
use crate::api_version;
use crate::request::Call;
use crate::resource_id::{AssetId, AssetKind, WorkspaceId};

/// `GET {workspace}/models/{name}/versions/{version}`. Needs `…/workspaces/models/versions/read`; 200,
/// and 404 if there is none. As the SDK: tests/data/sdk/model-get.json.
pub fn get(id: &AssetId) -> Call<ModelVersion> {
    asset::get("model.get", api_version::MODEL, id)
}

/// `GET {workspace}/models/{name}/versions`, only the version that was created last, which is what the
/// SDK takes for `@latest`. Needs `…/workspaces/models/versions/read`; 200, and 404 if there is no such
/// model. As the SDK: tests/data/sdk/model-latest.json.
pub fn latest(workspace: &WorkspaceId, name: &str) -> Call<Option<ModelVersion>> {
    asset::created_last(
        "model.latest",
        api_version::MODEL,
        workspace,
        AssetKind::Model,
        name,
    )
}

/// A version of a model.
pub type ModelVersion = Version<Properties>;

/// `properties` of a model version.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Properties {
    /// For example `mlflow_model`.
    pub model_type: Option<String>,
    /// Where it is.
    pub model_uri: Option<String>,
}
