//! The parts of a run's description.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::LocalRef;

/// Where the code of a run comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Code {
    /// `ConfigMap`s of this namespace, 1 to 10, laid out together as one folder of at most 1 MiB each.
    #[schemars(length(min = 1, max = 10), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub config_maps: Vec<CodeConfigMap>,
}

/// A `ConfigMap` with code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct CodeConfigMap {
    /// Name of the `ConfigMap`.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
    /// Which keys go where. Omitted: every key is a file of that name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 100))]
    pub items: Option<Vec<Item>>,
}

/// One key of a `ConfigMap` as a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    /// The key.
    #[schemars(length(min = 1, max = 253))]
    pub key: String,
    /// Relative path of the file, such as `lib/util.py`, at most 256 characters; no `..`.
    #[schemars(length(min = 1, max = 256))]
    #[x_kube(validation = Rule::new("!('/' + self + '/').contains('//') && !('/' + self + '/').contains('/./') && !('/' + self + '/').contains('/../')")
        .message("path must be relative, without '.', '..' and empty parts"))]
    pub path: String,
}

/// Where a run starts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// Relative path of a Python file of the code, such as `main.py`, at most 256 characters.
    #[schemars(length(min = 1, max = 256))]
    #[x_kube(validation = Rule::new("self.endsWith('.py') && !('/' + self).contains('//') && !('/' + self).contains('/./') && !('/' + self).contains('/../')")
        .message("entry.file must be the relative path of a .py file of the code, without '.', '..' and empty parts"))]
    pub file: String,
}

/// What a run reads: a file or folder, or a plain value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("has(self.value) != has(self.path)").message("an input is either a value or a path"),
    validation = Rule::new("has(self.type) == has(self.path)").message("an input with a path needs a type, a value has none")
)]
pub struct Input {
    /// `uri_file` or `uri_folder`.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub type_: Option<PathType>,
    /// `azureml://datastores/{}/paths/{}`, `abfss://` or `wasbs://`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2048))]
    #[x_kube(validation = Rule::new("self.startsWith('azureml:') || self.startsWith('abfss://') || self.startsWith('wasbs://')")
        .message("path must begin with azureml:, abfss:// or wasbs://"))]
    pub path: Option<String>,
    /// A literal, as a string.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    pub value: Option<String>,
}

/// What a run writes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    /// `uri_file` or `uri_folder`.
    #[serde(rename = "type")]
    pub type_: PathType,
    /// `azureml://datastores/{}/paths/{}`, `abfss://` or `wasbs://`.
    #[schemars(length(min = 1, max = 2048))]
    #[x_kube(validation = Rule::new("self.startsWith('azureml:') || self.startsWith('abfss://') || self.startsWith('wasbs://')")
        .message("path must begin with azureml:, abfss:// or wasbs://"))]
    pub path: String,
}

/// What a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PathType {
    /// One file.
    UriFile,
    /// A folder.
    UriFolder,
}

impl PathType {
    /// Azure's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UriFile => "uri_file",
            Self::UriFolder => "uri_folder",
        }
    }
}

/// Size of the driver.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Driver {
    /// Cores, 1 to 256.
    #[schemars(range(min = 1, max = 256))]
    pub cores: i32,
    /// Memory with a unit, such as `2g` or `512m`.
    #[schemars(length(max = 12), regex(pattern = r"^[1-9][0-9]*[kKmMgGtTpP]$"))]
    pub memory: String,
}

/// Size and number of the executors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Executor {
    /// Cores of each, 1 to 256.
    #[schemars(range(min = 1, max = 256))]
    pub cores: i32,
    /// Memory of each with a unit, such as `2g` or `512m`.
    #[schemars(length(max = 12), regex(pattern = r"^[1-9][0-9]*[kKmMgGtTpP]$"))]
    pub memory: String,
    /// How many, 1 to 10,000. With `dynamicAllocation` optional.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10000))]
    pub instances: Option<i32>,
}

/// How many executors Spark may choose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct DynamicAllocation {
    /// Fewest, 1 to 10,000.
    #[schemars(range(min = 1, max = 10000))]
    pub min_executors: i32,
    /// Most, 1 to 10,000.
    #[schemars(range(min = 1, max = 10000))]
    pub max_executors: i32,
}

/// What a run runs on: exactly one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("has(self.attachmentRef) != has(self.serverless)")
        .message("compute needs exactly one of attachmentRef and serverless")
)]
pub struct Compute {
    /// A `SynapseSparkAttachment` of this namespace; the run waits until it is ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attachment_ref: Option<LocalRef>,
    /// Compute that Azure brings up for this run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serverless: Option<Serverless>,
}

/// Compute that Azure brings up for one run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Serverless {
    /// Size of a machine, such as `standard_e4s_v3`.
    #[schemars(length(min = 1, max = 64))]
    pub instance_type: String,
    /// Version of Spark, such as `3.4`.
    #[schemars(length(min = 1, max = 16), regex(pattern = r"^[0-9]+(\.[0-9]+)*$"))]
    pub runtime_version: String,
}

/// As whom a run runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("!(has(self.clientId) && has(self.resourceId))")
        .message("identity takes clientId or resourceId, not both"),
    validation = Rule::new("self.type == 'Managed' || !(has(self.clientId) || has(self.resourceId))")
        .message("identity.clientId and identity.resourceId go with type Managed")
)]
pub struct Identity {
    /// `Managed` or `UserIdentity`.
    #[serde(rename = "type")]
    pub type_: IdentityType,
    /// Client id of a user-assigned identity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    pub client_id: Option<String>,
    /// Resource id of a user-assigned identity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 512))]
    pub resource_id: Option<String>,
}

/// Which kind of identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum IdentityType {
    /// A managed identity of the compute, or on serverless compute of the workspace.
    Managed,
    /// The identity of the workspace's credentials; not with the operator's own identity.
    UserIdentity,
}
