//! `SparkJob`: one run of a Spark script in Azure Machine Learning.

mod code;
mod compute;
mod data;
mod environment;
mod files;
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
    MissingRole, OutputStatus, Resolved, ResolvedInput, SourceStatus, SparkJobStatus, Submission,
    SubmissionMark,
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
        "has(self.spec.azureName) ? has(oldSelf.spec.azureName) && self.spec.azureName == oldSelf.spec.azureName : !has(oldSelf.spec.azureName)"
    )
    .message("spec.azureName is immutable: create another SparkJob")
)]
#[serde(rename_all = "camelCase")]
// Rules are asked at each write, of the status too, and each field of a wide object that a rule names costs the apiserver
// a walk through all of its fields (docs/performance.md): what can be asked of a field alone is asked there.
#[x_kube(
    validation = Rule::new("!has(oldSelf.cancel) || !oldSelf.cancel || (has(self.cancel) && self.cancel)")
        .message("spec.cancel cannot be taken back: create another SparkJob"),
    validation = Rule::new("!has(self.entry.className) || (has(self.jars) && size(self.jars) > 0)")
        .message("spec.jars is needed with spec.entry.className: name the jar that holds the class"),
    validation = Rule::new("has(self.executor.instances) || has(self.dynamicAllocation)")
        .message("spec.executor.instances is needed without spec.dynamicAllocation"),
    validation = Rule::new(
        "!has(self.dynamicAllocation) || !has(self.executor.instances) || (self.executor.instances >= self.dynamicAllocation.minExecutors && self.executor.instances <= self.dynamicAllocation.maxExecutors)"
    )
    .message("spec.executor.instances must lie between spec.dynamicAllocation.minExecutors and maxExecutors"),
    validation = Rule::new(
        // What stands between `${{` and `}}`. The text before the first is marked, so as not to be looked at.
        "!has(self.args) || ('\\n}}' + self.args).split('${{').all(part, part.startsWith('\\n}}') || !part.contains('}}') || (part.trim().startsWith('inputs.') && has(self.inputs) && part.substring(0, part.indexOf('}}')).trim().substring(7) in self.inputs) || (part.trim().startsWith('outputs.') && has(self.outputs) && part.substring(0, part.indexOf('}}')).trim().substring(8) in self.outputs))"
    )
    .message("spec.args names what is not there: ${{inputs.NAME}} needs NAME in spec.inputs, ${{outputs.NAME}} in spec.outputs"),
    validation = Rule::new("!has(self.compute.serverless) || has(self.identity)").message(
        "spec.identity is needed on serverless compute, where Azure's default is whoever submits: set {type: Managed}, an identity attached to the workspace, or {type: UserIdentity}, the identity of the workspace's credentials"
    ),
)]
pub struct SparkJobSpec {
    /// The `AzureMLWorkspace` of this namespace to run in. Example: `{name: ml}`.
    pub workspace_ref: LocalRef,
    /// Name of the run in Azure: letters, digits, `-` and `_`, at most 255; from the second attempt on with `-2` and so
    /// on behind it. Omitted: made from the object's name and uid, so that a re-created object is a new run. With a name,
    /// a re-created object finds its run again. Immutable. Example: `titanic-2024-05`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 255), regex(pattern = r"^[a-zA-Z0-9][a-zA-Z0-9_-]*$"))]
    pub azure_name: Option<String>,
    /// Shown in Studio, 1 to 256 characters. Omitted: the object's name. May be changed at any time. Example: `Titanic`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256))]
    pub display_name: Option<String>,
    /// What to do with a run in Azure that is called `azureName` and is not this object's. `IfIdentical`: it is followed
    /// if this very definition was sent to start it. `Always`: it is followed whatever it is. `Never`: it is left alone,
    /// and nothing is submitted. Omitted: `IfIdentical`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "AdoptionPolicy")]
    pub adoption_policy: Option<AdoptionPolicy>,
    /// The experiment that the run is filed under, 1 to 256 characters. Omitted: `Default`. Example: `data-prep`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256))]
    pub experiment_name: Option<String>,
    /// Shown in Studio, at most 5,000 characters. May be changed at any time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 5000))]
    pub description: Option<String>,
    /// Azure tags of the run, at most 40, with values of at most 256 characters. Tags can be added and changed at any
    /// time; one that is taken out stays in Azure. Example: `{team: a}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<crate::definition::Tags>")]
    pub tags: Option<BTreeMap<String, String>>,
    /// Where the code comes from: exactly one of `configMaps`, `asset`, `uri` and `sourceRef`. It is read once, before the
    /// first submission; every attempt runs what was read then. Example: `{configMaps: [{name: src}]}`.
    pub code: Code,
    /// Where it starts: exactly one of `file` and `className`. Example: `{file: main.py}`.
    pub entry: Entry,
    /// Python files, zips or eggs that driver and executors can import, at most 50 of at most 512 characters each:
    /// relative paths of the code, or addresses that begin with `azureml:`, `abfss:`, `wasbs:` or `https:`. Example:
    /// `[lib/util.py]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<files::Files>")]
    pub py_files: Option<Vec<String>>,
    /// Jars on the class path of driver and executors, at most 50 of at most 512 characters each: relative paths of the
    /// code, or addresses that begin with `azureml:`, `abfss:`, `wasbs:` or `https:`. Example: `[lib/wordcount.jar]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<files::Files>")]
    pub jars: Option<Vec<String>>,
    /// Files that are laid into the working folder of driver and executors, at most 50 of at most 512 characters each:
    /// relative paths of the code, or addresses that begin with `azureml:`, `abfss:`, `wasbs:` or `https:`. Example:
    /// `[settings.json]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<files::Files>")]
    pub files: Option<Vec<String>>,
    /// Archives that are unpacked in the working folder of driver and executors, at most 50 of at most 512 characters
    /// each: relative paths of the code, or addresses that begin with `azureml:`, `abfss:`, `wasbs:` or `https:`; after a
    /// `#`, the name of the folder. Example: `[data.zip#data]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<files::Files>")]
    pub archives: Option<Vec<String>>,
    /// Arguments of the entry, as on a command line, at most 8,192 characters. `${{inputs.name}}` and
    /// `${{outputs.name}}` stand for paths and values, and must be there. No secrets: everybody can read them in Studio.
    /// Example: `--rows ${{inputs.rows}}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 8192))]
    pub args: Option<String>,
    /// What the run reads, at most 100, by name: letters, digits and `_`, not beginning with a digit. Example: `{titanic:
    /// {type: uri_file, path: azureml://datastores/workspaceblobstore/paths/titanic.csv}, rows: {value: "5"}}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("maxProperties" = 100))]
    #[x_kube(validation = Rule::new("self.all(k, k.matches('^[a-zA-Z_][a-zA-Z0-9_]*$'))")
        .message("names in spec.inputs are letters, digits and '_', not beginning with a digit"))]
    pub inputs: Option<BTreeMap<String, Input>>,
    /// What the run writes, at most 20, by name: letters, digits and `_`, not beginning with a digit. Example: `{wrangled:
    /// {type: uri_folder, path: azureml://datastores/workspaceblobstore/paths/wrangled/}}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("maxProperties" = 20))]
    #[x_kube(validation = Rule::new("self.all(k, k.matches('^[a-zA-Z_][a-zA-Z0-9_]*$'))")
        .message("names in spec.outputs are letters, digits and '_', not beginning with a digit"))]
    pub outputs: Option<BTreeMap<String, Output>>,
    /// Spark configuration, at most 100 keys with values of at most 2,048 characters, all strings. Sizes have fields of
    /// their own; account keys, client secrets and SAS are refused. Example: `{spark.sql.shuffle.partitions: "8"}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<crate::definition::Conf>")]
    #[x_kube(
        validation = Rule::new(
            "!self.exists(k, k in ['spark.driver.cores', 'spark.driver.memory', 'spark.executor.cores', 'spark.executor.memory', 'spark.executor.instances', 'spark.dynamicAllocation.enabled', 'spark.dynamicAllocation.minExecutors', 'spark.dynamicAllocation.maxExecutors'])"
        )
        .message(
            "spec.conf must not hold keys that have fields of their own: use spec.driver, spec.executor and spec.dynamicAllocation"
        ),
        validation = Rule::new(
            "!self.exists(k, k.startsWith('fs.azure.account.key') || k.startsWith('fs.azure.sas') || k.startsWith('spark.hadoop.fs.azure.account.key') || k.startsWith('spark.hadoop.fs.azure.sas') || k.contains('fs.azure.account.oauth2.client.secret') || self[k].contains('sig=') || self[k].contains('AccountKey='))"
        )
        .message(
            "spec.conf must not hold account keys, client secrets or SAS, which everybody could read in Studio: grant the job's identity a role on the storage account"
        )
    )]
    pub conf: Option<BTreeMap<String, String>>,
    /// Size of the driver. Example: `{cores: 1, memory: 2g}`.
    pub driver: Driver,
    /// Size and number of the executors: 6 of 4 cores and 28g each make 24 cores and 168g. Example: `{cores: 2, memory:
    /// 2g, instances: 2}`.
    pub executor: Executor,
    /// Lets Spark choose the number of executors between two bounds. Omitted: `executor.instances` of them. Example:
    /// `{minExecutors: 1, maxExecutors: 4}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dynamic_allocation: Option<DynamicAllocation>,
    /// The Python packages that it needs: exactly one of `asset`, `conda` and `condaConfigMapKeyRef`. With packages a
    /// cold start takes 10 to 15 minutes. Omitted: those of the compute. Example: `{asset: azureml:spark-env:1}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<Environment>,
    /// What it runs on: exactly one of `attachmentRef`, `name` and `serverless`. Example: `{attachmentRef: {name: pool}}`.
    pub compute: Compute,
    /// As whom it runs. Omitted on an attached pool: the pool's own identity. Needed on serverless compute, where Azure's
    /// default is whoever submits. Example: `{type: Managed, clientId: 22222222-2222-4222-8222-222222222222}`.
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
    /// any time. Example: `7200`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 31_536_000))]
    pub active_deadline_seconds: Option<i64>,
    /// Seconds from the submission of an attempt, 1 to 31,536,000 (a year), within which it must be running; else it
    /// is cancelled with the reason `StartDeadlineExceeded`. A cold start takes 3 to 15 minutes. Omitted: no limit. May
    /// be changed at any time. Example: `1800`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 31_536_000))]
    pub start_deadline_seconds: Option<i64>,
    /// When a run that failed is tried again, under a new name in Azure, with the code, environment and data of the first
    /// attempt. Omitted: never. May be changed at any time. Example: `{maxAttempts: 3, backoffSeconds: 60}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<Retry>,
    /// Seconds after the end, 0 to 31,536,000 (a year), after which this object is deleted; the run's history in Azure
    /// stays. Omitted: never. A GitOps tool makes the object again, and that is a new run unless `azureName` is given.
    /// May be changed at any time. Example: `86400`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 31_536_000))]
    pub ttl_seconds_after_finished: Option<i64>,
    /// What becomes of a run that is still going when the object is deleted. `Cancel`: it is cancelled, and the object
    /// goes once it has ended. `Leave`: it goes on, followed by nobody. The history of an ended run always stays. Omitted:
    /// `Cancel`. May be changed at any time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "RunDeletionPolicy")]
    pub deletion_policy: Option<RunDeletionPolicy>,
}
