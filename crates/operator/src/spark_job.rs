//! Binds `SparkJob` to Azure.

mod failure;
mod request;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use azureml_spark_api::condition::{Condition, ConditionType};
use azureml_spark_api::{AzureMLWorkspace, SparkJob, SparkJobStatus, SynapseSparkAttachment};
use azureml_spark_azure::aml::job;
use azureml_spark_core::place::{Place, Reference};
use azureml_spark_core::spark_job::{
    self, AttachedPool, Given, Memo, RunState, SUBMIT, Seen, Step, Want,
};
use azureml_spark_core::{Class, Fault, Sight};
use azureml_spark_engine::{Error, Kind, Wakes, deadline, finalizer};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::runtime::reflector::{ObjectRef, Store};
use kube::{Api, ResourceExt};

use crate::access::{Access, Site};
use crate::board::Board;
use crate::code_assets::CodeAssets;
use crate::{readiness, references, translate, workspace};

/// How long an end is held back because the reason of a failure cannot be read yet.
const PATIENCE: Duration = Duration::from_mins(10);

/// The kind.
pub(crate) struct SparkJobKind {
    pub(crate) kube: kube::Client,
    pub(crate) access: Arc<Access>,
    pub(crate) workspaces: Store<AzureMLWorkspace>,
    pub(crate) attachments: Store<SynapseSparkAttachment>,
    pub(crate) board: Board,
    pub(crate) follow: Wakes<Place>,
    pub(crate) code: CodeAssets,
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
        let namespace = object.namespace().unwrap_or_default();
        let deleting = object.metadata.deletion_timestamp.is_some();
        let status = object.status.as_ref();
        let submitted = status.is_some_and(|status| status.submission.is_some());
        let seen = status.is_some_and(|status| status.azure_id.is_some());
        // What is under way is followed through a workspace that others find not ready, say by a new secret.
        let find = if deleting || submitted {
            references::for_leaving
        } else if object.spec.compute.serverless.is_some() {
            references::complete_workspace
        } else {
            references::workspace
        };
        let attachment = object.spec.compute.attachment_ref.as_ref();
        Ok(Given {
            name: object.name_any(),
            uid: object.uid().unwrap_or_default(),
            spec: object.spec.clone(),
            workspace: find(
                &self.workspaces,
                &namespace,
                &object.spec.workspace_ref.name,
            ),
            attachment: attachment.map(|named| self.attached_pool(&namespace, &named.name)),
            // Once the run is in Azure, its code is there too.
            config_maps: if deleting || seen {
                BTreeMap::new()
            } else {
                self.config_maps(object).await?
            },
            held: finalizer::is_on(&object.metadata),
            deleting,
            namespace,
        })
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

    async fn look(&self, want: &Want, memo: &Memo) -> Result<Seen, Fault> {
        let (Some(workspace), None) = (&want.workspace, &memo.ended) else {
            return Ok(Seen::default());
        };
        let site = self.access.site(&workspace.place).await?;
        let mut run = self.run(&site, &workspace.place, want, memo).await?;
        let mut failure = Sight::Unknown;
        if let Sight::Present(run) = &mut run
            && run.state == RunState::Failed
            && want.owns(run, memo)
        {
            let place = &workspace.place;
            let patient = self.board.unchanged_for(place, &want.azure_name) < PATIENCE;
            let told = failure::read(&self.access, &site, place, &want.azure_name, patient).await?;
            (failure, run.started, run.ended) = (told.failure, told.started, told.ended);
        }
        let code = match &want.definition {
            Ok(definition) if run.present().is_none() => {
                match self.code.known(&site.id, &definition.code) {
                    Some(id) => Sight::Present(id),
                    // Whether somebody else registered it is found out by the step itself.
                    None => Sight::Absent,
                }
            }
            _ => Sight::Unknown,
        };
        Ok(Seen { code, run, failure })
    }

    async fn act(&self, want: &Want, memo: &Memo, step: Step) -> Result<(), Fault> {
        let Some(workspace) = &want.workspace else {
            return Err(not_ready());
        };
        let site = self.access.site(&workspace.place).await?;
        match (step, &want.definition) {
            (Step::UploadCode, Ok(definition)) => self.code.register(&site, &definition.code).await,
            (Step::Submit, Ok(definition)) => {
                let body = request::body(want, definition, memo)?;
                match site
                    .client
                    .send(job::put(&site.id, &want.azure_name, &body))
                    .await
                {
                    Ok(job) => {
                        self.keep(
                            &workspace.place,
                            want,
                            translate::run(&job, site.tenant.as_deref()),
                        );
                        Ok(())
                    }
                    // It is there: an earlier submission of ours had come through. The next look tells.
                    Err(error) if error.is_job_exists() => Ok(()),
                    Err(error) => {
                        let fault = translate::fault_of(SUBMIT)(error);
                        if fault.class == Class::Terminal {
                            self.code.forget(&site.id, &definition.code);
                        }
                        Err(fault)
                    }
                }
            }
            (Step::Cancel, _) => {
                let asked = site
                    .client
                    .send(job::cancel(&site.id, &want.azure_name))
                    .await;
                match asked.map_err(|error| translate::fault(&error)) {
                    Ok(_) => Ok(()),
                    // It is ending or has ended (contract §13): what the board says is old, the next look tells.
                    Err(fault) if matches!(fault.class, Class::Terminal | Class::Absent) => {
                        self.board.forget(&workspace.place, &want.azure_name);
                        Ok(())
                    }
                    Err(fault) => Err(fault),
                }
            }
            (Step::UploadCode | Step::Submit, Err(_)) => Err(not_ready()),
        }
    }

    fn attached_pool(&self, namespace: &str, name: &str) -> Reference<AttachedPool> {
        let object = self
            .attachments
            .get(&ObjectRef::new(name).within(namespace));
        readiness::reference(
            ConditionType::Ready,
            object.as_deref(),
            |o| o.status.as_ref()?.observed_generation,
            |o| {
                o.status
                    .as_ref()
                    .map_or(&[], |status| status.conditions.as_slice())
            },
            |o| {
                let status = o.status.as_ref()?;
                Some(AttachedPool {
                    compute_id: status.azure_id.clone()?,
                    default_identity: status
                        .default_identity
                        .clone()
                        .filter(|id| id.starts_with('/')),
                })
            },
        )
    }

    async fn config_maps(
        &self,
        object: &SparkJob,
    ) -> Result<BTreeMap<String, Option<BTreeMap<String, Vec<u8>>>>, Error> {
        let api: Api<ConfigMap> =
            Api::namespaced(self.kube.clone(), &object.namespace().unwrap_or_default());
        let mut found = BTreeMap::new();
        for source in &object.spec.code.config_maps {
            let map = deadline::within("get configmap", api.get_opt(&source.name)).await??;
            found.insert(source.name.clone(), map.map(contents));
        }
        Ok(found)
    }

    /// The board first. One request where it must be asked: a submission is on record, the name may be somebody
    /// else's, or the object says that it had begun.
    async fn run(
        &self,
        site: &Site,
        place: &Place,
        want: &Want,
        memo: &Memo,
    ) -> Result<Sight<spark_job::Run>, Fault> {
        if let Some(run) = self.board.get(place, &want.azure_name) {
            return Ok(Sight::Present(run));
        }
        if !want.may_have_run(memo) {
            return Ok(Sight::Unknown);
        }
        let found = site.client.find(job::get(&site.id, &want.azure_name)).await;
        Ok(match found.map_err(|error| translate::fault(&error))? {
            Some(job) => {
                let run = translate::run(&job, site.tenant.as_deref());
                if want.owns(&run, memo) {
                    self.keep(place, want, run.clone());
                }
                Sight::Present(run)
            }
            None => Sight::Absent,
        })
    }

    /// Puts a run on the board, and has it followed while it is live.
    fn keep(&self, place: &Place, want: &Want, run: spark_job::Run) {
        let live = !run.state.is_end();
        let key = ObjectRef::new(&want.object_name).within(&place.namespace);
        self.board.put(place, &want.azure_name, run, key);
        if live {
            self.follow.wake(place.clone());
        }
    }
}

/// Whether an attachment exists and is not being deleted, by the apiserver's word: one that goes away after this finds
/// our finalizer on the job, and waits.
async fn is_staying(kube: &kube::Client, namespace: &str, name: &str) -> Result<bool, Error> {
    let api: Api<SynapseSparkAttachment> = Api::namespaced(kube.clone(), namespace);
    let found = deadline::within("get attachment", api.get_metadata_opt(name)).await??;
    Ok(found.is_some_and(|object| object.metadata.deletion_timestamp.is_none()))
}

fn contents(map: ConfigMap) -> BTreeMap<String, Vec<u8>> {
    let text = map
        .data
        .into_iter()
        .flatten()
        .map(|(key, value)| (key, value.into_bytes()));
    let binary = map
        .binary_data
        .into_iter()
        .flatten()
        .map(|(key, value)| (key, value.0));
    text.chain(binary).collect()
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
