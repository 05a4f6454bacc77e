//! Binds `SparkJob` to Azure.

mod assigned;
mod execute;
mod failure;
mod given;
mod kept;
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
use azureml_spark_core::{Class, Fault, Wake};
use azureml_spark_engine::{Clock, Error, Kind, Queued, Seat, Wakes};
use futures::future::try_join;
use kube::ResourceExt;
use kube::runtime::reflector::{ObjectRef, Store};

pub(crate) use lookup::Lookup;
pub(crate) use produced::produced;

use crate::access::Access;
use crate::board::Board;
use crate::registered::Registered;
use crate::source::FluxSources;
use crate::stays::{Stay, Stays};
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
    /// What many jobs need at once is asked for together.
    pub(crate) stays: Stays,
    /// Versions of Spark that are known as retired.
    pub(crate) retired: BTreeSet<String>,
    /// How long runs that do not behave are waited for.
    pub(crate) patience: Patience,
    pub(crate) clock: Clock,
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

    async fn admit(
        &self,
        want: &Want,
        memo: &Memo,
        step: &Step,
    ) -> Result<Option<Arc<dyn Seat>>, Box<Queued>> {
        self.turn(want, memo, step).await
    }

    async fn hold(&self, object: &SparkJob) -> Result<bool, Error> {
        let namespace = object.namespace().unwrap_or_default();
        let attachment = async {
            match &object.spec.compute.attachment_ref {
                Some(attachment) => self.stays.attachment(&namespace, &attachment.name).await,
                None => Ok(true),
            }
        };
        let workspace = self
            .stays
            .workspace(&namespace, &object.spec.workspace_ref.name);
        let (attachment, workspace) = try_join(attachment, workspace).await?;
        if !attachment || workspace == Stay::Goes {
            return Ok(false);
        }
        if workspace == Stay::Held {
            return Ok(true);
        }
        workspace::hold(&self.kube, &namespace, &object.spec.workspace_ref.name).await
    }

    fn settled(object: &SparkJob) -> Option<Wake> {
        kept::settled(object)
    }

    fn slim(object: SparkJob) -> SparkJob {
        kept::slim(object)
    }

    fn is_slim(object: &SparkJob) -> bool {
        kept::is_slim(object)
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

fn not_ready() -> Fault {
    Fault {
        class: Class::Retryable,
        code: "NotReady".to_owned(),
        op: "go on with the run",
        text: "what the run needs is not ready any more".to_owned(),
        request_id: None,
        retry_after: None,
    }
}
