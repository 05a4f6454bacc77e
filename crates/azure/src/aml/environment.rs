//! Environments: the packages that a run has besides those of its Spark (contract §4.2).

use std::collections::BTreeMap;

use reqwest::Method;
use serde::{Deserialize, Serialize};

use crate::aml::asset::{self, Version};
use crate::api_version;
use crate::client::Client;
use crate::error::Error;
use crate::request::{Call, Request};
use crate::resource_id::{ArmId, AssetId, AssetKind, WorkspaceId};

/// The image that the SDK names where a Spark job has none of its own: only the packages matter, and
/// images are not supported (contract §4.2).
pub const IMAGE: &str = "conda/miniconda3";

/// How the names of Microsoft's own environments begin. The SDK does not look them up.
const CURATED: &str = "AzureML-";

/// What a job names one of Microsoft's own environments by: its short name, which Azure itself resolves,
/// with or without a version. None for every other name. As the SDK: tests/data/sdk/jobs/config-inputs-outputs.json.
pub fn curated(name: &str, version: Option<&str>) -> Option<ArmId> {
    let version = version.map_or_else(|| "@latest".to_owned(), |version| format!(":{version}"));
    name.starts_with(CURATED)
        .then(|| ArmId::new(format!("azureml:{name}{version}")))
}

/// `GET {workspace}/environments/{name}/versions/{version}`. Needs
/// `…/workspaces/environments/versions/read`; 200, and 404 if there is none. Contract §4.2.
pub fn get(id: &AssetId) -> Call<EnvironmentVersion> {
    asset::get("environment.get", api_version::ENVIRONMENT, id)
}

/// `GET {workspace}/environments/{name}/versions`, only the version that was created last, which is
/// what the SDK takes for `@latest`. Needs `…/workspaces/environments/versions/read`; 200, and empty
/// or 404 if there is no such environment. Contract §4.2.
pub fn latest(workspace: &WorkspaceId, name: &str) -> Call<Option<EnvironmentVersion>> {
    asset::created_last(
        "environment.latest",
        api_version::ENVIRONMENT,
        workspace,
        AssetKind::Environment,
        name,
    )
}

/// `PUT {workspace}/environments/{name}/versions/{version}`. Needs
/// `…/workspaces/environments/versions/write`; 200 or 201, at once. The same once more is accepted;
/// other packages under the same version are refused, since what a version holds never changes.
/// Contract §4.2, §0.3.
pub fn put(id: &AssetId, environment: &NewEnvironment) -> Call<EnvironmentVersion> {
    #[derive(Serialize)]
    struct Body<'a> {
        properties: &'a NewEnvironment,
    }
    Request::arm(
        "environment.put",
        Method::PUT,
        id.segments(),
        api_version::ENVIRONMENT,
    )
    .json(&Body {
        properties: environment,
    })
    .parsed()
}

/// Registers packages under an id that is made from them: found, or put. One read, and one write the
/// first time. Registering them twice at the same moment is one version; whoever is second and is told
/// so with a 409, as the SDK expects it of a version that exists, looks again.
pub async fn register(
    client: &Client,
    id: &AssetId,
    environment: &NewEnvironment,
) -> Result<ArmId, Error> {
    if client.find(get(id)).await?.is_none() {
        match client.send(put(id, environment)).await {
            Ok(_) => {}
            Err(error) if error.status == Some(409) => {
                if client.find(get(id)).await?.is_none() {
                    return Err(error);
                }
            }
            Err(error) => return Err(error),
        }
    }
    Ok(id.to_arm_id())
}

/// An environment to register.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewEnvironment {
    /// The text of a conda file.
    pub conda_file: String,
    /// For example [`IMAGE`].
    pub image: String,
    /// Free text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Tags.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// Whether Studio leaves it out of its lists.
    pub is_anonymous: bool,
    /// Always sent, as the SDK does.
    pub is_archived: bool,
}

impl NewEnvironment {
    /// As the SDK registers the packages that are part of a job.
    pub fn of_a_job(conda_file: impl Into<String>) -> Self {
        Self {
            conda_file: conda_file.into(),
            image: IMAGE.to_owned(),
            description: None,
            tags: BTreeMap::new(),
            is_anonymous: true,
            is_archived: false,
        }
    }
}

/// A version of an environment.
pub type EnvironmentVersion = Version<Properties>;

/// `properties` of an environment version.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Properties {
    /// The packages.
    pub conda_file: Option<String>,
    /// The image.
    pub image: Option<String>,
}
