//! Binds `SynapseSparkAttachment` to Azure.

mod around;
mod observe;
mod surroundings;

use std::collections::BTreeSet;
use std::sync::Arc;

use azureml_spark_api::attachment::{AttachmentIdentityType, DeletionPolicy};
use azureml_spark_api::azure_id;
use azureml_spark_api::condition::Condition;
use azureml_spark_api::policy::ManagementPolicy;
use azureml_spark_api::role::Role;
use azureml_spark_api::{
    AzureMLWorkspace, LinkedService, SparkJob, SynapseSparkAttachment, SynapseSparkAttachmentStatus,
};
use azureml_spark_azure::arm::compute::{self, ComputeIdentity, SynapseSpark};
use azureml_spark_azure::{ArmId, Rank, SparkPoolId};
use azureml_spark_core::attachment::{
    ATTACH, Attachment, Body, Compute, Given, Memo, Seen, Step, Want,
};
use azureml_spark_core::place::Workspace;
use azureml_spark_core::{Class, Fault, Machine};
use azureml_spark_engine::{Error, Kind, Queued, Seat, finalizer};
use jiff::SignedDuration;
use kube::ResourceExt;
use kube::runtime::reflector::Store;

use crate::access::{self, Access, Site};
use crate::census::Census;
use crate::holders::Needed;
use crate::records::{self, Records, Stake};
use crate::{budget, linked_service, references, roles, steering, translate, workspace};

pub(crate) use around::Around;

/// The kind.
pub(crate) struct AttachmentKind {
    pub(crate) kube: kube::Client,
    pub(crate) access: Arc<Access>,
    pub(crate) workspaces: Store<AzureMLWorkspace>,
    pub(crate) links: Store<LinkedService>,
    pub(crate) grantable: BTreeSet<Role>,
    pub(crate) sync_period: SignedDuration,
    pub(crate) census: Census,
    pub(crate) around: Around,
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
        let uid = object.uid().unwrap_or_default();
        self.around.begins(&uid);
        let spec = &object.spec;
        let deleting = object.metadata.deletion_timestamp.is_some();
        let find = if deleting {
            references::for_leaving
        } else {
            references::workspace
        };
        let link = spec.pool.linked_service_ref.as_ref();
        let (sync_period, warning) = steering::sync_period(&object.metadata, self.sync_period);
        let mut given = Given {
            name: object.name_any(),
            spec: spec.clone(),
            workspace: find(&self.workspaces, &namespace, &spec.workspace_ref.name),
            link: link.map(|named| references::link(&self.links, &namespace, &named.name)),
            users: Vec::new(),
            shared: BTreeSet::new(),
            grantable: self.grantable.clone(),
            held: finalizer::is_on(&object.metadata),
            deleting,
            sync_period,
            warnings: warning.into_iter().collect(),
            namespace,
            uid,
        };
        let stake = at_stake(&given, object);
        if deleting || stake != Stake::Nothing {
            given.users = self.users(object).await?;
        }
        if given.users.is_empty() {
            given.shared = records::relied_on(&self.census, &given.uid, &stake).await?;
        }
        Ok(given)
    }

    async fn observe(&self, want: &Want, memo: &Memo) -> Result<Seen, Fault> {
        let asked = want.workspace.as_ref().filter(|_| observe::looks(want));
        let Some(workspace) = asked else {
            return Ok(Seen::default());
        };
        let seen = match self.access.site(&workspace.place).await {
            Ok(site) => {
                let site = site.of(&want.compute.owner).for_end(want.deleting);
                observe::observe(&self.around, &site, &workspace.place, want, memo).await
            }
            Err(fault) => Err(fault),
        };
        self.access.heed(&workspace.place, seen)
    }

    async fn execute(&self, want: &Want, _: &Memo, step: Step) -> Result<(), Fault> {
        let Some(workspace) = &want.workspace else {
            return Err(access::not_ready());
        };
        if !matches!(step, Step::Grant(_) | Step::Revoke(_)) {
            self.around.changed(&want.compute.owner);
        }
        let done = match self.access.site(&workspace.place).await {
            Ok(site) => {
                act(
                    &site.of(&want.compute.owner),
                    workspace,
                    &want.compute.name,
                    step,
                )
                .await
            }
            Err(fault) => Err(fault),
        };
        self.access.heed(&workspace.place, done)
    }

    async fn admit(
        &self,
        want: &Want,
        _: &Memo,
        step: &Step,
    ) -> Result<Option<Arc<dyn Seat>>, Box<Queued>> {
        let (Step::Attach(body), Some(workspace)) = (step, &want.workspace) else {
            return Ok(None);
        };
        let Ok(site) = self.access.site(&workspace.place).await else {
            return Ok(None);
        };
        // What cannot be addressed, the step itself tells.
        let Ok(body) = compute(workspace, body.clone()) else {
            return Ok(None);
        };
        let put = compute::put(&site.id, &want.compute.name, &body);
        let client = site.of(&want.compute.owner).client;
        budget::admit(&self.access, &workspace.place, &client, ATTACH, &put)
    }

    async fn hold(&self, object: &SynapseSparkAttachment) -> Result<bool, Error> {
        let namespace = object.namespace().unwrap_or_default();
        if let Some(link) = &object.spec.pool.linked_service_ref
            && !linked_service::hold(&self.kube, &namespace, &link.name).await?
        {
            return Ok(false);
        }
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
    /// Jobs that run on the pool: detaching under one would fail it. That nobody does is the apiserver's word.
    async fn users(&self, object: &SynapseSparkAttachment) -> Result<Vec<String>, Error> {
        let (namespace, name) = (object.namespace().unwrap_or_default(), object.name_any());
        let needed = Needed::Attachment(namespace.clone(), name.clone());
        self.census.users::<SparkJob>(&needed).await
    }
}

/// The roles that may be taken back in this pass. An identity that is new since the last look took the roles of the old
/// one along.
fn at_stake(given: &Given, object: &SynapseSparkAttachment) -> Stake {
    let Ok(want) = Attachment::want(given) else {
        return Stake::Nothing;
    };
    let stays = want.deleting && want.policies.deletion == DeletionPolicy::Retain;
    if stays || want.policies.management == ManagementPolicy::ObserveOnly {
        return Stake::Nothing;
    }
    let status = object.status.clone().unwrap_or_default();
    let memo = Attachment::recall(&status);
    let known = Compute {
        identity: status.identity.unwrap_or_default(),
        ..Compute::default()
    };
    let wanted = want.wanted(&known, &memo).unwrap_or_default();
    let recorded = object.recorded();
    if want.deleting && given.held {
        // Those of the identities that the compute has by then, which are not known here.
        Stake::Anything
    } else if want.deleting {
        Stake::these(recorded.iter().chain(&wanted))
    } else if records::some_unwanted(recorded, &wanted) {
        Stake::these(recorded)
    } else {
        Stake::Nothing
    }
}

async fn act(site: &Site, workspace: &Workspace, name: &str, step: Step) -> Result<(), Fault> {
    let fault = |error| translate::fault(&error);
    match step {
        Step::Attach(body) | Step::Disown(body) => {
            let body = compute(workspace, body)?;
            let put = compute::put(&site.id, name, &body);
            site.client.send(put).await.map(drop).map_err(fault)
        }
        Step::Grant(grant) => roles::grant(site, &grant).await,
        Step::Revoke(grant) => roles::revoke(site, &grant).await,
        Step::Detach => {
            let detach = compute::detach(&site.id, name);
            let client = site.client.ranked(Rank::Urgent);
            client.send(detach).await.map(drop).map_err(fault)
        }
    }
}

fn compute(workspace: &Workspace, body: Body) -> Result<SynapseSpark, Fault> {
    Ok(SynapseSpark {
        location: workspace.location.clone(),
        pool: pool_id(&body.pool)?,
        description: body.description,
        identity: match body.identity {
            AttachmentIdentityType::SystemAssigned => ComputeIdentity::SystemAssigned,
            AttachmentIdentityType::UserAssigned => {
                ComputeIdentity::UserAssigned(body.user_assigned.iter().map(ArmId::new).collect())
            }
        },
        tags: body.tags,
    })
}

fn pool_id(pool: &azure_id::SparkPoolId) -> Result<SparkPoolId, Fault> {
    let (subscription, group) = (&pool.subscription, &pool.resource_group);
    SparkPoolId::new(subscription, group, &pool.workspace, &pool.pool).map_err(|error| Fault {
        class: Class::Terminal,
        code: "InvalidPoolId".to_owned(),
        op: "address the Spark pool",
        text: error.to_string(),
        request_id: None,
        retry_after: None,
    })
}

#[cfg(test)]
mod tests {
    use azureml_spark_core::place::Reference;
    use serde_json::json;

    use super::*;

    /// An object with this spec beside the usual, and one role on record that it does not ask for any more.
    fn object(policies: &serde_json::Value) -> SynapseSparkAttachment {
        let pool = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Synapse/workspaces/syn/bigDataPools/p";
        let mut object = json!({
            "apiVersion": "spark.azureml.dev/v1alpha1", "kind": "SynapseSparkAttachment",
            "metadata": {"name": "a", "namespace": "team", "uid": "u"},
            "spec": {"workspaceRef": {"name": "ml"}, "pool": {"resourceId": pool}},
            "status": {
                "requestedTime": "2026-01-01T00:00:00Z",
                "roleAssignments": [{"role": "Reader", "scope": "/s", "principalId": "p", "id": "x"}]
            }
        });
        for (field, policy) in policies.as_object().unwrap() {
            object["spec"][field] = policy.clone();
        }
        serde_json::from_value(object).unwrap()
    }

    fn stake(policies: &serde_json::Value, held: bool, deleting: bool) -> Stake {
        let object = object(policies);
        let given = Given {
            namespace: "team".to_owned(),
            name: "a".to_owned(),
            uid: "u".to_owned(),
            spec: object.spec.clone(),
            workspace: Reference::Missing,
            link: None,
            users: Vec::new(),
            shared: BTreeSet::new(),
            grantable: BTreeSet::from([Role::SynapseAdministrator]),
            held,
            deleting,
            sync_period: SignedDuration::from_hours(1),
            warnings: Vec::new(),
        };
        at_stake(&given, &object)
    }

    #[test]
    fn what_may_be_taken_back_is_any_role_of_one_that_goes_and_else_what_is_on_record() {
        let recorded = Stake::These(BTreeSet::from(["x".to_owned()]));
        let plain = json!({});
        assert_eq!(stake(&plain, true, true), Stake::Anything);
        assert_eq!(stake(&plain, false, true), recorded);
        assert_eq!(stake(&plain, true, false), recorded);
        let retained = json!({"deletionPolicy": "Retain"});
        assert_eq!(stake(&retained, true, true), Stake::Nothing);
        let observed = json!({"managementPolicy": "ObserveOnly"});
        assert_eq!(stake(&observed, true, true), Stake::Nothing);
    }
}
