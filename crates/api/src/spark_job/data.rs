//! What a run reads and writes.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::reference::OBJECT_NAME;

/// What a run reads: exactly one of `path`, `value` and `fromJob`. Example: `{type: uri_file, path:
/// azureml://datastores/workspaceblobstore/paths/data/titanic.csv}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("[has(self.path), has(self.value), has(self.fromJob)].filter(given, given).size() == 1")
        .message("an input needs exactly one of path, value and fromJob"),
    validation = Rule::new("!has(self.path) || has(self.type)").message("an input with a path needs a type, such as uri_file or uri_folder"),
    validation = Rule::new("!has(self.value) || !has(self.type)").message("an input with a value has no type: a literal is a string")
)]
pub struct Input {
    /// What it is: `uri_file`, `uri_folder`, `mltable`, or a model, `custom_model`, `mlflow_model` or `triton_model`.
    /// Needed with `path`; with `fromJob` it is the output's type if omitted; not with `value`.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "DataType")]
    pub type_: Option<DataType>,
    /// `azureml://datastores/{datastore}/paths/{path}`, `abfss://` or `wasbs://`; or a data asset (for the types of
    /// models: a model) of the workspace, `azureml:{name}:{version}`, `azureml:{name}@latest` (looked up once, told in
    /// `status.resolved`) or its resource id. At most 2,048 characters, no SAS. Example: `azureml:titanic:1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2048))]
    #[x_kube(
        validation = Rule::new("self.startsWith('azureml://') || self.startsWith('abfss://') || self.startsWith('wasbs://') || self.matches('^azureml:[a-zA-Z0-9][a-zA-Z0-9_.-]*(:[a-zA-Z0-9][a-zA-Z0-9_.-]*|@latest)$') || self.matches('^/[sS]ubscriptions/[^/]+/[rR]esource[gG]roups/[^/]+/[pP]roviders/[mM]icrosoft[.][mM]achine[lL]earning[sS]ervices/workspaces/[^/]+/(data|models)/[^/]+/versions/[^/]+$')")
            .message("path must begin with azureml://, abfss:// or wasbs://, or be azureml:{name}:{version}, azureml:{name}@latest or the resource id of a data asset"),
        validation = Rule::new("!self.contains('sig=')")
            .message("path must not hold a SAS, which everybody could read in Studio: grant the job's identity a role on the storage account")
    )]
    pub path: Option<String>,
    /// A literal, as a string of at most 2,048 characters. Example: `"5"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    pub value: Option<String>,
    /// What another `SparkJob` of this namespace writes; this run waits until that one has ended well. Example: `{name:
    /// prepare, output: wrangled_data}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_job: Option<FromJob>,
}

/// An output of another run. Example: `{name: prepare, output: wrangled_data}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct FromJob {
    /// Name of the `SparkJob`, in this namespace.
    #[schemars(length(min = 1, max = 253), regex(pattern = OBJECT_NAME))]
    pub name: String,
    /// Name of the output in its `spec.outputs`, at most 255 characters.
    #[schemars(length(min = 1, max = 255))]
    #[x_kube(validation = Rule::new("self.matches('^[a-zA-Z_][a-zA-Z0-9_]*$')")
        .message("fromJob.output is a name of that job's spec.outputs: letters, digits and '_', not beginning with a digit"))]
    pub output: String,
}

/// What a run writes. Example: `{type: uri_folder, path:
/// azureml://datastores/workspaceblobstore/paths/data/wrangled/}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    /// What it is: `uri_file`, `uri_folder`, `mltable`, or a model, `custom_model`, `mlflow_model` or `triton_model`.
    #[serde(rename = "type")]
    pub type_: DataType,
    /// `azureml://datastores/{datastore}/paths/{path}`, `abfss://` or `wasbs://`, at most 2,048 characters, no
    /// SAS. Example: `azureml://datastores/workspaceblobstore/paths/data/wrangled/`.
    #[schemars(length(min = 1, max = 2048))]
    #[x_kube(
        validation = Rule::new("self.startsWith('azureml://') || self.startsWith('abfss://') || self.startsWith('wasbs://')")
            .message("path must begin with azureml://, abfss:// or wasbs://"),
        validation = Rule::new("!self.contains('sig=')")
            .message("path must not hold a SAS, which everybody could read in Studio: grant the job's identity a role on the storage account")
    )]
    pub path: String,
    /// Registers what was written as a data asset of the workspace. Omitted: it is not registered. Example: `{name:
    /// wrangled, version: "1"}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub register_as: Option<RegisterAs>,
}

/// A data asset that an output becomes. Example: `{name: wrangled, version: "1"}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct RegisterAs {
    /// Name of the asset: letters, digits, `-` and `_`, at most 255.
    #[schemars(length(min = 1, max = 255))]
    #[x_kube(validation = Rule::new("self.matches('^[a-zA-Z0-9][a-zA-Z0-9_-]*$')")
        .message("registerAs.name is letters, digits, '-' and '_', beginning with a letter or digit"))]
    pub name: String,
    /// Version of the asset, as a string of at most 30 characters; versions cannot be written again. Omitted: the next
    /// one, which Azure chooses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 30))]
    #[x_kube(validation = Rule::new("self.matches('^[a-zA-Z0-9][a-zA-Z0-9_.-]*$')")
        .message("registerAs.version is letters, digits, '.', '-' and '_', beginning with a letter or digit"))]
    pub version: Option<String>,
}

/// What a path leads to.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum DataType {
    /// One file.
    UriFile,
    /// A folder.
    UriFolder,
    /// A table that a file `MLTable` describes.
    Mltable,
    /// A model in a form of one's own.
    CustomModel,
    /// A model in the form of `MLflow`.
    MlflowModel,
    /// A model in the form of Triton.
    TritonModel,
}

impl DataType {
    /// Azure's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UriFile => "uri_file",
            Self::UriFolder => "uri_folder",
            Self::Mltable => "mltable",
            Self::CustomModel => "custom_model",
            Self::MlflowModel => "mlflow_model",
            Self::TritonModel => "triton_model",
        }
    }
}
