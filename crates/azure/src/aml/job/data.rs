//! What a Spark job reads and writes (contract §3.2).

use serde::Serialize;

use crate::resource_id::AssetKind;

/// What data is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DataType {
    /// A file.
    UriFile,
    /// A folder.
    UriFolder,
    /// A table description.
    Mltable,
    /// A model of no known form.
    CustomModel,
    /// A model in the form of `MLflow`.
    MlflowModel,
    /// A model in the form of `Triton`.
    TritonModel,
}

impl DataType {
    /// Those that are registered as data; the others are models.
    pub const DATA: [Self; 3] = [Self::UriFile, Self::UriFolder, Self::Mltable];

    /// Azure's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UriFile => "uri_file",
            Self::UriFolder => "uri_folder",
            Self::Mltable => "mltable",
            Self::CustomModel => "custom_model",
            Self::MlflowModel => "mlflow_model",
            Self::TritonModel => "triton_model",
        }
    }

    /// As what `azureml:name:version` is looked for. The SDK looks for Triton's models among the data;
    /// that is not followed, for a model is registered as a model.
    pub const fn asset_kind(self) -> AssetKind {
        match self {
            Self::UriFile | Self::UriFolder | Self::Mltable => AssetKind::Data,
            Self::CustomModel | Self::MlflowModel | Self::TritonModel => AssetKind::Model,
        }
    }

    /// An input of this type.
    pub fn input(self, uri: impl Into<String>) -> JobInput {
        let uri = Uri::direct(uri);
        match self {
            Self::UriFile => JobInput::UriFile(uri),
            Self::UriFolder => JobInput::UriFolder(uri),
            Self::Mltable => JobInput::Mltable(uri),
            Self::CustomModel => JobInput::CustomModel(uri),
            Self::MlflowModel => JobInput::MlflowModel(uri),
            Self::TritonModel => JobInput::TritonModel(uri),
        }
    }

    /// An output of this type.
    pub fn output(self, uri: OutputUri) -> JobOutput {
        match self {
            Self::UriFile => JobOutput::UriFile(uri),
            Self::UriFolder => JobOutput::UriFolder(uri),
            Self::Mltable => JobOutput::Mltable(uri),
            Self::CustomModel => JobOutput::CustomModel(uri),
            Self::MlflowModel => JobOutput::MlflowModel(uri),
            Self::TritonModel => JobOutput::TritonModel(uri),
        }
    }
}

/// How data reaches a job. Spark takes no other way (contract §3.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub enum Mode {
    /// Spark reads and writes the address itself.
    #[default]
    Direct,
}

/// Data by its address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Uri {
    /// `azureml://…`, `abfss://…`, `wasbs://…`, `https://…` or the id of a version of a data asset or
    /// a model.
    pub uri: String,
    /// Always `Direct`.
    pub mode: Mode,
}

impl Uri {
    /// Read and written directly.
    pub fn direct(uri: impl Into<String>) -> Self {
        Self {
            uri: uri.into(),
            mode: Mode::Direct,
        }
    }
}

/// A named input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "jobInputType", rename_all = "snake_case")]
pub enum JobInput {
    /// A value, as text even if it is a number.
    Literal {
        /// The text.
        value: String,
    },
    /// See [`DataType::UriFile`].
    UriFile(Uri),
    /// See [`DataType::UriFolder`].
    UriFolder(Uri),
    /// See [`DataType::Mltable`].
    Mltable(Uri),
    /// See [`DataType::CustomModel`].
    CustomModel(Uri),
    /// See [`DataType::MlflowModel`].
    MlflowModel(Uri),
    /// See [`DataType::TritonModel`].
    TritonModel(Uri),
}

/// Where an output goes; Azure chooses where no address is given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct OutputUri {
    /// The address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// Always `Direct`.
    pub mode: Mode,
    /// Under which name the result is registered.
    #[serde(flatten)]
    pub register_as: Option<RegisterAs>,
}

/// The name under which an output is registered once the run has ended well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RegisterAs {
    /// The name.
    #[serde(rename = "assetName")]
    pub name: String,
    /// The version; Azure's choice if omitted.
    #[serde(rename = "assetVersion", skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// A named output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "jobOutputType", rename_all = "snake_case")]
pub enum JobOutput {
    /// See [`DataType::UriFile`].
    UriFile(OutputUri),
    /// See [`DataType::UriFolder`].
    UriFolder(OutputUri),
    /// See [`DataType::Mltable`].
    Mltable(OutputUri),
    /// See [`DataType::CustomModel`].
    CustomModel(OutputUri),
    /// See [`DataType::MlflowModel`].
    MlflowModel(OutputUri),
    /// See [`DataType::TritonModel`].
    TritonModel(OutputUri),
}
