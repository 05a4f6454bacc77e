//! Binds `SynapseSparkAttachment` to Azure.

mod grants;
mod observe;

use std::sync::Arc;

use azureml_spark_api::attachment::AttachmentIdentityType;
use azureml_spark_api::condition::Condition;
use azureml_spark_api::{
    AzureMLWorkspace, SparkJob, SynapseSparkAttachment, SynapseSparkAttachmentStatus,
};
use azureml_spark_azure::arm::compute::{self, ComputeIdentity, SynapseSpark};
use azureml_spark_azure::{ArmId, SparkPoolId};
use azureml_spark_core::attachment::{Attachment, ComputeWish, Given, Memo, Seen, Step, Want};
use azureml_spark_core::{Class, Fault};
use azureml_spark_engine::{Error, Kind, deadline, finalizer};
use jiff::SignedDuration;
use kube::api::ListParams;
use kube::core::DeserializeGuard;
use kube::runtime::reflector::Store;
use kube::{Api, ResourceExt};

use crate::access::{Access, Site};
use crate::holders::{Needed, Needs};
use crate::{references, translate, workspace};

/// The kind.
pub(crate) struct AttachmentKind {
    pub(crate) kube: kube::Client,
    pub(crate) access: Arc<Access>,
    pub(crate) workspaces: Store<AzureMLWorkspace>,
    pub(crate) sync_period: SignedDuration,
}

impl Kind for AttachmentKind {
    type Object = SynapseSparkAttachment;
    type Machine = Attachment;
    const NAME: &'static str = "SynapseSparkAttachment";

    fn status(object: &SynapseSparkAttachment) -> Option<&SynapseSparkAttachmentStatus> {
        object.status.as_ref()
    }

    fn conditions(status: &SynapseSparkAttachmentStatus) -> &[Condition] {
        &status.conditions
    }

    async fn gather(&self, object: &SynapseSparkAttachment) -> Result<Given, Error> {
        let namespace = object.namespace().unwrap_or_default();
        let deleting = object.metadata.deletion_timestamp.is_some();
        let find = if deleting {
            references::for_leaving
        } else {
            references::workspace
        };
        Ok(Given {
            name: object.name_any(),
            uid: object.uid().unwrap_or_default(),
            spec: object.spec.clone(),
            workspace: find(
                &self.workspaces,
                &namespace,
                &object.spec.workspace_ref.name,
            ),
            users: if deleting {
                self.users(&namespace, &object.name_any()).await?
            } else {
                Vec::new()
            },
            held: finalizer::is_on(&object.metadata),
            deleting,
            sync_period: self.sync_period,
        })
    }

    async fn observe(&self, want: &Want, memo: &Memo) -> Result<Seen, Fault> {
        let seen = match self.site(want).await {
            Ok(Some(site)) => observe::observe(&site, want, memo).await,
            Ok(None) => Ok(Seen::default()),
            Err(fault) => Err(fault),
        };
        if let (Some(workspace), Err(fault)) = (&want.workspace, &seen) {
            self.access.doubt(&workspace.place, fault);
        }
        seen
    }

    async fn execute(&self, want: &Want, _: &Memo, step: Step) -> Result<(), Fault> {
        let (Some(site), Some(workspace)) = (self.site(want).await?, &want.workspace) else {
            return Err(Fault {
                class: Class::Retryable,
                code: "WorkspaceNotReady".to_owned(),
                op: "reach the workspace",
                text: "the AzureMLWorkspace is not ready".to_owned(),
                request_id: None,
            });
        };
        let wish = &want.compute;
        match step {
            Step::Attach { tags } => {
                let body = SynapseSpark {
                    location: workspace.location.clone(),
                    pool: pool_id(wish)?,
                    description: wish.description.clone(),
                    identity: identity(wish),
                    tags,
                };
                site.client
                    .send(compute::put(&site.id, &wish.name, &body))
                    .await
                    .map(drop)
                    .map_err(|error| translate::fault(&error))
            }
            Step::Grant(grant) => grants::grant(&site, &wish.pool.workspace, &grant).await,
            Step::Revoke(grant) => grants::revoke(&site, &wish.pool.workspace, &grant).await,
            Step::Detach => site
                .client
                .send(compute::detach(&site.id, &wish.name))
                .await
                .map(drop)
                .map_err(|error| translate::fault(&error)),
        }
    }

    async fn hold(&self, object: &SynapseSparkAttachment) -> Result<bool, Error> {
        let namespace = object.namespace().unwrap_or_default();
        workspace::hold(&self.kube, &namespace, &object.spec.workspace_ref.name).await
    }

    fn remains(object: &SynapseSparkAttachment) -> String {
        let status = object.status.as_ref();
        let compute = status
            .and_then(|s| s.azure_id.clone())
            .unwrap_or_else(|| object.name_any());
        format!("the compute {compute} and its role assignments may still be there")
    }
}

impl AttachmentKind {
    /// Jobs that run on the pool, by the apiserver's word and not a cache: detaching under one would fail it. One that
    /// cannot be read, and carries our finalizer, may run here.
    async fn users(&self, namespace: &str, name: &str) -> Result<Vec<String>, Error> {
        let needed = Needed::Attachment(namespace.to_owned(), name.to_owned());
        let api: Api<DeserializeGuard<SparkJob>> = Api::namespaced(self.kube.clone(), namespace);
        let all = deadline::within("list jobs", api.list(&ListParams::default())).await??;
        Ok(all
            .items
            .into_iter()
            .filter_map(|found| match found.0 {
                Ok(job) if finalizer::is_on(&job.metadata) && job.needs().contains(&needed) => {
                    Some(job.title())
                }
                Ok(_) => None,
                Err(unreadable) => finalizer::is_on(&unreadable.metadata)
                    .then(|| format!("SparkJob {}", unreadable.metadata.name.unwrap_or_default())),
            })
            .collect())
    }

    async fn site(&self, want: &Want) -> Result<Option<Site>, Fault> {
        match &want.workspace {
            Some(workspace) => self.access.site(&workspace.place).await.map(Some),
            None => Ok(None),
        }
    }
}

fn identity(wish: &ComputeWish) -> ComputeIdentity {
    match wish.identity {
        AttachmentIdentityType::SystemAssigned => ComputeIdentity::SystemAssigned,
        AttachmentIdentityType::UserAssigned => {
            ComputeIdentity::UserAssigned(wish.user_assigned.iter().map(ArmId::new).collect())
        }
    }
}

fn pool_id(wish: &ComputeWish) -> Result<SparkPoolId, Fault> {
    let pool = &wish.pool;
    SparkPoolId::new(
        &pool.subscription,
        &pool.resource_group,
        &pool.workspace,
        &pool.pool,
    )
    .map_err(|error| Fault {
        class: Class::Terminal,
        code: "InvalidPoolId".to_owned(),
        op: "address the Spark pool",
        text: error.to_string(),
        request_id: None,
    })
}
