//! What a Spark job's PUT says, exactly as the SDK says it (contract §3.1, §3.2).

use std::collections::BTreeMap;

use serde::Serialize;

use super::data::{JobInput, JobOutput};
use crate::resource_id::ArmId;

/// A Spark job to submit. All of it but tags, properties, description and display name is fixed
/// once it is submitted (contract §3.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SparkJob {
    /// Shown in Studio; at most 256 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// The experiment; Azure's default is `Default`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub experiment_name: Option<String>,
    /// At most 5,000 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// At most 50; can be added and changed later, not removed.
    pub tags: BTreeMap<String, String>,
    /// At most 50; can only be added later.
    pub properties: BTreeMap<String, String>,
    /// Always sent, as the SDK does.
    pub is_archived: bool,
    /// The code version.
    pub code_id: ArmId,
    /// What is run.
    pub entry: Entry,
    /// Python files and archives of them: relative to the code, or addresses that Spark reads.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub py_files: Vec<String>,
    /// JARs, as the Python files.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub jars: Vec<String>,
    /// Files put into each executor's working folder.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
    /// Archives unpacked there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub archives: Vec<String>,
    /// As whom it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<JobIdentity>,
    /// Spark's configuration; every value is a string, see [`super::Size::conf`].
    pub conf: BTreeMap<String, String>,
    /// Named inputs.
    pub inputs: BTreeMap<String, JobInput>,
    /// Named outputs.
    pub outputs: BTreeMap<String, JobOutput>,
    /// The command line, with `${{inputs.x}}` and `${{outputs.x}}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub args: Option<String>,
    /// The environment version, for its packages; a curated one by its short name, which Azure
    /// resolves (`azureml:AzureML-…:1`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment_id: Option<ArmId>,
    /// Where it runs.
    #[serde(flatten)]
    pub target: Target,
}

/// What is run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "sparkJobEntryType")]
pub enum Entry {
    /// A Python file, relative to the code.
    #[serde(rename = "SparkJobPythonEntry")]
    Python {
        /// The path.
        file: String,
    },
    /// A class of one of the JARs. The SDK refuses to send one, although it has the model of it
    /// (contract §3.2); whether Azure takes it is unverified.
    #[serde(rename = "SparkJobScalaEntry", rename_all = "camelCase")]
    Class {
        /// For example `com.example.Main`.
        class_name: String,
    },
}

/// Where a job runs: an attached pool, or machines that Azure ML starts for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Target {
    /// An attached compute, whoever attached it.
    #[serde(rename_all = "camelCase")]
    Attached {
        /// Its id.
        compute_id: ArmId,
    },
    /// Serverless Spark.
    Serverless {
        /// The machines.
        resources: Resources,
    },
}

/// The machines of serverless Spark.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Resources {
    /// For example `standard_e4s_v3`.
    pub instance_type: String,
    /// For example `3.4`.
    pub runtime_version: String,
}

/// As whom a job runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "identityType")]
pub enum JobIdentity {
    /// A managed identity; without names the system-assigned one.
    #[serde(rename_all = "camelCase")]
    Managed {
        /// By client id.
        #[serde(skip_serializing_if = "Option::is_none")]
        client_id: Option<String>,
        /// By resource id.
        #[serde(skip_serializing_if = "Option::is_none")]
        resource_id: Option<ArmId>,
    },
    /// Whoever submits; needs `x-azureml-token`, which [`super::put`] then sends.
    UserIdentity,
}
