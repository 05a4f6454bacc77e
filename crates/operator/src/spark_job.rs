//! Binds `SparkJob` to Azure.

mod assigned;
mod execute;
mod failure;
mod given;
mod lookup;
mod observe;
mod produced;
mod request;
mod written;

use std::collections::BTreeSet;
use std::sync::Arc;

use azureml_spark_api::condition::Condition;
use azureml_spark_api::{AzureMLWorkspace, SparkJob, SparkJobStatus, SynapseSparkAttachment};
use azureml_spark_core::place::Place;
use azureml_spark_core::spark_job::{self, Given, Memo, Patience, Seen, Step, Want};
use azureml_spark_core::{Class, Fault};
use azureml_spark_engine::{Error, Kind, Wakes, deadline};
use kube::runtime::reflector::{ObjectRef, Store};
use kube::{Api, ResourceExt};

pub(crate) use lookup::Lookup;
pub(crate) use produced::produced;

use crate::access::Access;
use crate::board::Board;
use crate::registered::Registered;
use crate::source::FluxSources;
use crate::workspace;

/// The kind.
pub(crate) struct SparkJobKind {
    pub(crate) kube: kube::Client,
    pub(crate) access: Arc<Access>,
    pub(crate) workspaces: Store<AzureMLWorkspace>,
    pub(crate) attachments: Store<SynapseSparkAttachment>,
    pub(crate) jobs: Store<SparkJob>,
    pub(crate) sources: FluxSources,
    pub(crate) board: Board,
    pub(crate) follow: Wakes<Place>,
    /// Jobs that follow a run together hear of each other.
    pub(crate) news: Wakes<ObjectRef<SparkJob>>,
    pub(crate) registered: Registered,
    pub(crate) lookup: Lookup,
    /// Versions of Spark that are known as retired.
    pub(crate) retired: BTreeSet<String>,
    /// How long runs that do not behave are waited for.
    pub(crate) patience: Patience,
}

impl Kind for SparkJobKind {
    type Object = SparkJob;
    type Machine = spark_job::SparkJob;
    const NAME: &'static str = "SparkJob";

    fn status(object: &SparkJob) -> Option<&SparkJobStatus> {
        object.status.as_ref()
    }

    fn conditions(status: &SparkJobStatus) -> &[Condition] {
        &status.conditions
    }

    async fn gather(&self, object: &SparkJob) -> Result<Given, Error> {
        self.given(object).await
    }

    async fn observe(&self, want: &Want, memo: &Memo) -> Result<Seen, Fault> {
        let seen = self.look(want, memo).await;
        self.doubt(want, seen)
    }

    async fn execute(&self, want: &Want, memo: &Memo, step: Step) -> Result<(), Fault> {
        let done = self.act(want, memo, step).await;
        self.doubt(want, done)
    }

    async fn hold(&self, object: &SparkJob) -> Result<bool, Error> {
        let namespace = object.namespace().unwrap_or_default();
        if let Some(attachment) = &object.spec.compute.attachment_ref
            && !is_staying(&self.kube, &namespace, &attachment.name).await?
        {
            return Ok(false);
        }
        workspace::hold(&self.kube, &namespace, &object.spec.workspace_ref.name).await
    }

    fn remains(object: &SparkJob) -> String {
        let name = object
            .status
            .as_ref()
            .and_then(|status| status.azure_name.clone());
        format!(
            "the run {} may still be going on",
            name.unwrap_or_else(|| object.name_any())
        )
    }
}

impl SparkJobKind {
    /// A fault of the credentials is news for the workspace.
    fn doubt<T>(&self, want: &Want, outcome: Result<T, Fault>) -> Result<T, Fault> {
        if let (Some(workspace), Err(fault)) = (&want.workspace, &outcome) {
            self.access.doubt(&workspace.place, fault);
        }
        outcome
    }
}

/// Whether an attachment exists and is not being deleted, by the apiserver's word: one that goes away after this finds
/// our finalizer on the job, and waits.
async fn is_staying(kube: &kube::Client, namespace: &str, name: &str) -> Result<bool, Error> {
    let api: Api<SynapseSparkAttachment> = Api::namespaced(kube.clone(), namespace);
    let found = deadline::within("get attachment", api.get_metadata_opt(name)).await??;
    Ok(found.is_some_and(|object| object.metadata.deletion_timestamp.is_none()))
}

fn not_ready() -> Fault {
    Fault {
        class: Class::Retryable,
        code: "NotReady".to_owned(),
        op: "go on with the run",
        text: "what the run needs is not ready any more".to_owned(),
        request_id: None,
    }
}
