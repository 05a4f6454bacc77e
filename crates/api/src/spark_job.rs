//! `SparkJob`: one run of a Spark script in Azure Machine Learning.

mod code;
mod compute;
mod data;
mod environment;
pub(crate) mod frozen;
mod size;
mod status;
mod steering;

use std::collections::BTreeMap;

use kube::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

pub use code::{Code, CodeConfigMap, Entry, Item, SourceKind, SourceRef};
pub use compute::{Compute, Identity, IdentityType, Serverless};
pub use data::{DataType, FromJob, Input, Output, RegisterAs};
pub use environment::{Environment, KeyRef};
pub use size::{Driver, DynamicAllocation, Executor};
pub use status::{
    AttemptStatus, CancelCause, CancelStatus, Cluster, EffectiveIdentity, Failure, LabelsState,
    OutputStatus, Resolved, ResolvedInput, SourceStatus, SparkJobStatus, Submission,
};
pub use steering::{Retry, RetryCause, RunDeletionPolicy};

use crate::LocalRef;
use crate::policy::AdoptionPolicy;

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
        "has(self.spec.azureName) == has(oldSelf.spec.azureName) && (!has(self.spec.azureName) || self.spec.azureName == oldSelf.spec.azureName)"
    )
    .message("spec.azureName is immutable: create another SparkJob")
)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("!has(oldSelf.cancel) || !oldSelf.cancel || (has(self.cancel) && self.cancel)")
        .message("spec.cancel cannot be taken back: create another SparkJob"),
    validation = Rule::new("!has(self.entry.className) || (has(self.jars) && size(self.jars) > 0)")
        .message("spec.jars is needed with spec.entry.className: name the jar that holds the class"),
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
    /// What to do with a run in Azure that has the name `azureName` and is not this object's. Omitted: `IfIdentical`, it
    /// is followed if this definition was sent to start it; with `Always` whatever it is, with `Never` not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adoption_policy: Option<AdoptionPolicy>,
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
    /// Python files, zips or eggs that are put on the path of driver and executors, such as `lib/util.py`: relative paths
    /// of the code, or addresses that begin with azureml:, abfss://, wasbs:// or https://. At most 50, of at most 512
    /// characters each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 50), inner(length(min = 1, max = 512)), extend("x-kubernetes-list-type" = "set"))]
    #[x_kube(
        validation = Rule::new("self.all(path, path.matches('^(azureml|abfss|wasbs|https):') || (!('/' + path + '/').contains('//') && !('/' + path + '/').contains('/./') && !('/' + path + '/').contains('/../')))")
            .message("spec.pyFiles holds relative paths of the code, without '.', '..' and empty parts, or addresses that begin with azureml:, abfss://, wasbs:// or https://"),
        validation = Rule::new("!self.exists(path, path.contains('sig='))")
            .message("spec.pyFiles must not hold a SAS, which everybody could read in Studio: grant the job's identity a role on the storage account")
    )]
    pub py_files: Option<Vec<String>>,
    /// Jars that are put on the class path of driver and executors, such as `lib/wordcount.jar`: relative paths of the
    /// code, or addresses that begin with azureml:, abfss://, wasbs:// or https://. At most 50, of at most 512 characters
    /// each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 50), inner(length(min = 1, max = 512)), extend("x-kubernetes-list-type" = "set"))]
    #[x_kube(
        validation = Rule::new("self.all(path, path.matches('^(azureml|abfss|wasbs|https):') || (!('/' + path + '/').contains('//') && !('/' + path + '/').contains('/./') && !('/' + path + '/').contains('/../')))")
            .message("spec.jars holds relative paths of the code, without '.', '..' and empty parts, or addresses that begin with azureml:, abfss://, wasbs:// or https://"),
        validation = Rule::new("!self.exists(path, path.contains('sig='))")
            .message("spec.jars must not hold a SAS, which everybody could read in Studio: grant the job's identity a role on the storage account")
    )]
    pub jars: Option<Vec<String>>,
    /// Files that are laid into the working folder of driver and executors, such as `settings.json`: relative paths of
    /// the code, or addresses that begin with azureml:, abfss://, wasbs:// or https://. At most 50, of at most 512
    /// characters each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 50), inner(length(min = 1, max = 512)), extend("x-kubernetes-list-type" = "set"))]
    #[x_kube(
        validation = Rule::new("self.all(path, path.matches('^(azureml|abfss|wasbs|https):') || (!('/' + path + '/').contains('//') && !('/' + path + '/').contains('/./') && !('/' + path + '/').contains('/../')))")
            .message("spec.files holds relative paths of the code, without '.', '..' and empty parts, or addresses that begin with azureml:, abfss://, wasbs:// or https://"),
        validation = Rule::new("!self.exists(path, path.contains('sig='))")
            .message("spec.files must not hold a SAS, which everybody could read in Studio: grant the job's identity a role on the storage account")
    )]
    pub files: Option<Vec<String>>,
    /// Archives that are unpacked in the working folder of driver and executors, such as `data.zip#data`: relative paths
    /// of the code, or addresses that begin with azureml:, abfss://, wasbs:// or https://. At most 50, of at most 512
    /// characters each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 50), inner(length(min = 1, max = 512)), extend("x-kubernetes-list-type" = "set"))]
    #[x_kube(
        validation = Rule::new("self.all(path, path.matches('^(azureml|abfss|wasbs|https):') || (!('/' + path + '/').contains('//') && !('/' + path + '/').contains('/./') && !('/' + path + '/').contains('/../')))")
            .message("spec.archives holds relative paths of the code, without '.', '..' and empty parts, or addresses that begin with azureml:, abfss://, wasbs:// or https://"),
        validation = Rule::new("!self.exists(path, path.contains('sig='))")
            .message("spec.archives must not hold a SAS, which everybody could read in Studio: grant the job's identity a role on the storage account")
    )]
    pub archives: Option<Vec<String>>,
    /// Arguments of the entry, as on a command line, with `${{inputs.name}}` and `${{outputs.name}}`, at most 8,192
    /// characters. No secrets: everybody can read them in Studio. Example: `--rows ${{inputs.rows}}`.
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
    /// The Python packages that it needs. Omitted: those of the compute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<Environment>,
    /// What it runs on.
    pub compute: Compute,
    /// As whom it runs. Omitted on an attached pool: the pool's own identity. Needed on serverless compute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identity>,
    /// `true` before the submission: nothing is submitted. `true` while it runs: the run is cancelled. `false` again:
    /// it is submitted, under a new name in Azure if it had run. May be changed at any time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspend: Option<bool>,
    /// `true`: the run is cancelled, ends as `Failed` with the reason `Canceled`, and never starts again. Cannot be
    /// taken back. May be set at any time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel: Option<bool>,
    /// Seconds from the first start, 1 to 31,536,000 (a year), after which the run is cancelled and ends as `Failed`
    /// with the reason `DeadlineExceeded`, whatever attempt it is in. Omitted: no limit but Azure's. May be changed at
    /// any time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 31_536_000))]
    pub active_deadline_seconds: Option<i64>,
    /// Seconds from the submission of an attempt, 1 to 31,536,000 (a year), within which it must be running; else it
    /// is cancelled with the reason `StartDeadlineExceeded`. A cold start takes 3 to 15 minutes. Omitted: no limit. May
    /// be changed at any time. Example: `1800`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 31_536_000))]
    pub start_deadline_seconds: Option<i64>,
    /// When it is tried again. Omitted: never. May be changed at any time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<Retry>,
    /// Seconds after the end, 0 to 31,536,000 (a year), after which this object is deleted; the run's history in Azure
    /// stays. Omitted: never. A GitOps tool makes the object again, and that is a new run unless `azureName` is given.
    /// May be changed at any time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 31_536_000))]
    pub ttl_seconds_after_finished: Option<i64>,
    /// What becomes of a run that is still going when the object is deleted. Omitted: `Cancel`. May be changed at any
    /// time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion_policy: Option<RunDeletionPolicy>,
}
