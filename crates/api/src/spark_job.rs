//! `SparkJob`: one run of a Spark script in Azure Machine Learning.

mod run;
mod status;

use std::collections::BTreeMap;

use kube::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

pub use run::{
    Code, CodeConfigMap, Compute, Driver, DynamicAllocation, Entry, Executor, Identity,
    IdentityType, Input, Item, Output, PathType, Serverless,
};
pub use status::{Cluster, EffectiveIdentity, Failure, OutputStatus, SparkJobStatus, Submission};

use crate::LocalRef;

/// One run of a Spark script, on an attached pool or on serverless compute. Example: `{workspaceRef: {name: ml}, code:
/// {configMaps: [{name: src}]}, entry: {file: main.py}, driver: {cores: 1, memory: 2g}, executor: {cores: 2, memory:
/// 2g, instances: 2}, compute: {attachmentRef: {name: pool}}}`.
#[derive(CustomResource, Clone, Debug, PartialEq, Serialize, Deserialize, KubeSchema)]
#[kube(
    group = "spark.azureml.dev",
    version = "v1alpha1",
    kind = "SparkJob",
    plural = "sparkjobs",
    shortname = "sj",
    category = "azureml",
    namespaced,
    status = "SparkJobStatus",
    derive = "PartialEq",
    doc = "One run of a Spark script in Azure Machine Learning.",
    printcolumn(name = "Ready", type_ = "string", json_path = ".status.conditions[?(@.type=='Ready')].status"),
    printcolumn(name = "Reason", type_ = "string", json_path = ".status.conditions[?(@.type=='Ready')].reason"),
    printcolumn(name = "Azure name", type_ = "string", json_path = ".status.azureName"),
    printcolumn(name = "State", type_ = "string", json_path = ".status.state"),
    printcolumn(name = "Cores", type_ = "integer", json_path = ".status.cluster.cores"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(
        name = "Message",
        type_ = "string",
        json_path = ".status.conditions[?(@.type=='Ready')].message",
        priority = "1"
    ),
    validation = Rule::new(
        "!has(oldSelf.status) || !has(oldSelf.status.submission) || self.spec == oldSelf.spec"
    )
    .message("spec is immutable once the run is submitted: a run cannot be changed in Azure; create another SparkJob"),
    validation = Rule::new(
        "has(self.spec.azureName) == has(oldSelf.spec.azureName) && (!has(self.spec.azureName) || self.spec.azureName == oldSelf.spec.azureName)"
    )
    .message("spec.azureName is immutable: create another SparkJob")
)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("has(self.executor.instances) || has(self.dynamicAllocation)")
        .message("spec.executor.instances is needed without spec.dynamicAllocation"),
    validation = Rule::new(
        "!has(self.dynamicAllocation) || self.dynamicAllocation.minExecutors <= self.dynamicAllocation.maxExecutors"
    )
    .message("spec.dynamicAllocation.minExecutors must not be greater than maxExecutors"),
    validation = Rule::new(
        "!has(self.dynamicAllocation) || !has(self.executor.instances) || (self.executor.instances >= self.dynamicAllocation.minExecutors && self.executor.instances <= self.dynamicAllocation.maxExecutors)"
    )
    .message("spec.executor.instances must lie between spec.dynamicAllocation.minExecutors and maxExecutors"),
    validation = Rule::new("!has(self.inputs) || self.inputs.all(k, k.matches('^[a-zA-Z_][a-zA-Z0-9_]*$'))")
        .message("names in spec.inputs are letters, digits and '_', not beginning with a digit"),
    validation = Rule::new("!has(self.outputs) || self.outputs.all(k, k.matches('^[a-zA-Z_][a-zA-Z0-9_]*$'))")
        .message("names in spec.outputs are letters, digits and '_', not beginning with a digit"),
    validation = Rule::new("!has(self.compute.serverless) || has(self.identity)").message(
        "spec.identity is needed on serverless compute, where Azure's default is whoever submits: set {type: Managed}, an identity attached to the workspace, or {type: UserIdentity}, the identity of the workspace's credentials"
    ),
    validation = Rule::new(
        "!has(self.conf) || !self.conf.exists(k, k in ['spark.driver.cores', 'spark.driver.memory', 'spark.executor.cores', 'spark.executor.memory', 'spark.executor.instances', 'spark.dynamicAllocation.enabled', 'spark.dynamicAllocation.minExecutors', 'spark.dynamicAllocation.maxExecutors'])"
    )
    .message(
        "spec.conf must not hold keys that have fields of their own: use spec.driver, spec.executor and spec.dynamicAllocation"
    ),
    validation = Rule::new(
        "!has(self.conf) || !self.conf.exists(k, k.startsWith('fs.azure.account.key') || k.startsWith('fs.azure.sas') || k.startsWith('spark.hadoop.fs.azure.account.key') || k.startsWith('spark.hadoop.fs.azure.sas') || k.contains('fs.azure.account.oauth2.client.secret') || self.conf[k].contains('sig=') || self.conf[k].contains('AccountKey='))"
    )
    .message(
        "spec.conf must not hold account keys, client secrets or SAS, which everybody could read in Studio: grant the job's identity a role on the storage account"
    )
)]
pub struct SparkJobSpec {
    /// The `AzureMLWorkspace` to run in.
    pub workspace_ref: LocalRef,
    /// Name of the run in Azure: letters, digits, `-` and `_`, at most 255. Omitted: made from the object's name and
    /// uid, so that a re-created object is a new run. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 255), regex(pattern = r"^[a-zA-Z0-9][a-zA-Z0-9_-]*$"))]
    pub azure_name: Option<String>,
    /// Shown in Studio, at most 256 characters. Omitted: the object's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256))]
    pub display_name: Option<String>,
    /// The experiment that the run is filed under, at most 256 characters. Omitted: `Default`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256))]
    pub experiment_name: Option<String>,
    /// Shown in Studio, at most 5,000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 5000))]
    pub description: Option<String>,
    /// Azure tags of the run, at most 40.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<crate::definition::Tags>")]
    pub tags: Option<BTreeMap<String, String>>,
    /// Where the code comes from.
    pub code: Code,
    /// Where it starts.
    pub entry: Entry,
    /// Arguments of the entry, as on a command line, with `${{inputs.name}}` and `${{outputs.name}}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 8192))]
    pub args: Option<String>,
    /// What the run reads, at most 100, by name: `[a-zA-Z_][a-zA-Z0-9_]*`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("maxProperties" = 100))]
    pub inputs: Option<BTreeMap<String, Input>>,
    /// What the run writes, at most 20, by name: `[a-zA-Z_][a-zA-Z0-9_]*`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("maxProperties" = 20))]
    pub outputs: Option<BTreeMap<String, Output>>,
    /// Spark configuration, at most 100 keys; sizes have fields of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<crate::definition::Conf>")]
    pub conf: Option<BTreeMap<String, String>>,
    /// Size of the driver.
    pub driver: Driver,
    /// Size and number of the executors.
    pub executor: Executor,
    /// Lets Spark choose the number of executors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dynamic_allocation: Option<DynamicAllocation>,
    /// What it runs on.
    pub compute: Compute,
    /// As whom it runs. Omitted on an attached pool: the pool's own identity. Needed on serverless compute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identity>,
}
