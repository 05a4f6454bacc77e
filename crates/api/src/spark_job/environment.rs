//! The Python packages of a run.

use kube::KubeSchema;
use serde::{Deserialize, Serialize};

use crate::reference::OBJECT_NAME;

/// The Python packages of a run: exactly one of `asset`, `conda` and `condaConfigMapKeyRef`. With packages a cold start
/// takes 10 to 15 minutes. Example: `{asset: azureml:spark-env:1}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("[has(self.asset), has(self.conda), has(self.condaConfigMapKeyRef)].filter(given, given).size() == 1")
        .message("spec.environment needs exactly one of asset, conda and condaConfigMapKeyRef")
)]
pub struct Environment {
    /// An environment of the workspace: `azureml:{name}:{version}`, `azureml:{name}@latest` (looked up once, told in
    /// `status.resolved`) or its resource id, at most 1,024 characters. Example: `azureml:spark-env:1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024))]
    #[x_kube(validation = Rule::new("self.matches('^azureml:[a-zA-Z0-9][a-zA-Z0-9_.-]*(:[a-zA-Z0-9][a-zA-Z0-9_.-]*|@latest)$') || self.matches('^/[sS]ubscriptions/[^/]+/[rR]esource[gG]roups/[^/]+/[pP]roviders/[mM]icrosoft[.][mM]achine[lL]earning[sS]ervices/workspaces/[^/]+/environments/[^/]+/versions/[^/]+$')")
        .message("spec.environment.asset must be azureml:{name}:{version}, azureml:{name}@latest or a resource id that ends in /environments/{name}/versions/{version}"))]
    pub asset: Option<String>,
    /// A conda file as text, at most 65,536 characters; registered once under a name that is made of its content. Example:
    /// `{dependencies: [python=3.10, {pip: [pandas]}]}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 65536))]
    pub conda: Option<String>,
    /// The key of a `ConfigMap` of this namespace that holds the conda file, at most 64 KiB. Example: `{name: packages,
    /// key: conda.yaml}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conda_config_map_key_ref: Option<KeyRef>,
}

/// A key of a `ConfigMap` of the same namespace. Example: `{name: packages, key: conda.yaml}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct KeyRef {
    /// Name of the `ConfigMap`.
    #[schemars(length(min = 1, max = 253), regex(pattern = OBJECT_NAME))]
    pub name: String,
    /// The key.
    #[schemars(length(min = 1, max = 253))]
    pub key: String,
}
