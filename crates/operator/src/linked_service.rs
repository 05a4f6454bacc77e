//! Binds `LinkedService` to Azure.

mod observe;

use std::collections::BTreeSet;
use std::sync::Arc;

use azureml_spark_api::condition::Condition;
use azureml_spark_api::policy::ManagementPolicy;
use azureml_spark_api::role::Role;
use azureml_spark_api::{
    AzureMLWorkspace, LinkedService, LinkedServiceStatus, SynapseSparkAttachment, azure_id,
};
use azureml_spark_azure::arm::linked_service::{self, NewLink};
use azureml_spark_azure::{Call, Rank, SynapseWorkspaceId};
use azureml_spark_core::linked_service::{
    FROZEN, Given, LINK, LinkWish, LinkedService as LinkMachine, Memo, Seen, Step, Want,
};
use azureml_spark_core::place::Workspace;
use azureml_spark_core::{Class, Fault, Machine};
use azureml_spark_engine::{Error, Kind, Queued, Seat, deadline, finalizer};
use jiff::SignedDuration;
use kube::api::ListParams;
use kube::core::DeserializeGuard;
use kube::runtime::reflector::Store;
use kube::{Api, ResourceExt};

use crate::access::{self, Access, Site};
use crate::census::Census;
use crate::holders::Needed;
use crate::records::{self, Records, Stake};
use crate::{budget, references, roles, steering, translate, workspace};

/// The kind.
pub(crate) struct LinkKind {
    pub(crate) kube: kube::Client,
    pub(crate) access: Arc<Access>,
    pub(crate) workspaces: Store<AzureMLWorkspace>,
    pub(crate) grantable: BTreeSet<Role>,
    pub(crate) sync_period: SignedDuration,
    pub(crate) census: Census,
}

impl Kind for LinkKind {
    type Object = LinkedService;
    type Machine = LinkMachine;
    const NAME: &'static str = "LinkedService";

    fn status(object: &LinkedService) -> Option<&LinkedServiceStatus> {
        object.status.as_ref()
    }

    fn conditions(status: &LinkedServiceStatus) -> &[Condition] {
        &status.conditions
    }

    async fn gather(&self, object: &LinkedService) -> Result<Given, Error> {
        let namespace = object.namespace().unwrap_or_default();
        let spec = &object.spec;
        let deleting = object.metadata.deletion_timestamp.is_some();
        let find = if deleting {
            references::for_leaving
        } else {
            references::workspace
        };
        let (sync_period, warning) = steering::sync_period(&object.metadata, self.sync_period);
        let mut given = Given {
            name: object.name_any(),
            spec: spec.clone(),
            workspace: find(&self.workspaces, &namespace, &spec.workspace_ref.name),
            users: Vec::new(),
            twins: Vec::new(),
            shared: BTreeSet::new(),
            grantable: self.grantable.clone(),
            held: finalizer::is_on(&object.metadata),
            deleting,
            sync_period,
            warnings: warning.into_iter().collect(),
        };
        if deleting {
            given.users = self.users(object).await?;
        }
        let (uid, stake) = (object.uid().unwrap_or_default(), at_stake(&given, object));
        if given.users.is_empty() {
            given.shared = records::relied_on(&self.census, &uid, &stake).await?;
        }
        if deleting && given.users.is_empty() {
            given.twins = self.twins(object).await?;
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
                let site = site.of(&want.link.name).for_end(want.deleting);
                observe::observe(&site, want, memo).await
            }
            Err(fault) => Err(fault),
        };
        self.access.heed(&workspace.place, seen)
    }

    async fn execute(&self, want: &Want, _: &Memo, step: Step) -> Result<(), Fault> {
        let Some(workspace) = &want.workspace else {
            return Err(access::not_ready());
        };
        let done = match self.access.site(&workspace.place).await {
            Ok(site) => act(&site.of(&want.link.name), workspace, &want.link, step).await,
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
        let (Step::Link, Some(workspace)) = (step, &want.workspace) else {
            return Ok(None);
        };
        let Ok(site) = self.access.site(&workspace.place).await else {
            return Ok(None);
        };
        // What cannot be addressed, the step itself tells.
        let Ok(put) = put(&site, workspace, &want.link) else {
            return Ok(None);
        };
        let client = site.of(&want.link.name).client;
        budget::admit(&self.access, &workspace.place, &client, LINK, &put)
    }

    async fn hold(&self, object: &LinkedService) -> Result<bool, Error> {
        let namespace = object.namespace().unwrap_or_default();
        workspace::hold(&self.kube, &namespace, &object.spec.workspace_ref.name).await
    }

    /// Asks the apiserver: whoever put our finalizer on this link carries it itself since before.
    async fn may_release(&self, object: &LinkedService) -> Result<bool, Error> {
        let (namespace, name) = (object.namespace().unwrap_or_default(), object.name_any());
        let users = LinkedService::needing(&self.census, &namespace, &name).await?;
        Ok(users.is_empty())
    }

    fn remains(object: &LinkedService) -> String {
        let status = object.status.as_ref();
        let link = status
            .and_then(|status| status.azure_id.clone())
            .unwrap_or_else(|| object.name_any());
        format!("the link {link} and its role assignments may still be there")
    }
}

impl LinkKind {
    /// Attachments that name the link. That none does is the apiserver's word.
    async fn users(&self, object: &LinkedService) -> Result<Vec<String>, Error> {
        let (namespace, name) = (object.namespace().unwrap_or_default(), object.name_any());
        let needed = Needed::Link(namespace.clone(), name.clone());
        self.census.users::<SynapseSparkAttachment>(&needed).await
    }

    /// Objects of the cluster that stay and keep the same link: by the apiserver's word, since a link that nobody keeps
    /// is removed.
    async fn twins(&self, object: &LinkedService) -> Result<Vec<String>, Error> {
        let api: Api<DeserializeGuard<LinkedService>> = Api::all(self.kube.clone());
        let found = deadline::within("list links", api.list(&ListParams::default())).await??;
        let all = found.items.into_iter().filter_map(|one| one.0.ok());
        Ok(all
            .filter(|other| keeps_the_same(other, object))
            .map(|other| {
                let namespace = other.namespace().unwrap_or_default();
                format!("{namespace}/{}", other.name_any())
            })
            .collect())
    }
}

/// Whether another object keeps the link of this one, and stays.
fn keeps_the_same(other: &LinkedService, this: &LinkedService) -> bool {
    let id = |object: &LinkedService| object.status.as_ref()?.azure_id.clone();
    let same = id(this)
        .zip(id(other))
        .is_some_and(|(ours, theirs)| azure_id::same(&ours, &theirs));
    let keeps = other.status.as_ref().is_some_and(|status| status.owned)
        && other.spec.management_policy != Some(ManagementPolicy::ObserveOnly);
    same && keeps
        && other.metadata.uid != this.metadata.uid
        && other.metadata.deletion_timestamp.is_none()
}

/// Puts our finalizer on a link, for an attachment that needs it to its end. `false`: it is going away.
pub(crate) async fn hold(kube: &kube::Client, namespace: &str, name: &str) -> Result<bool, Error> {
    let links: Api<LinkedService> = Api::namespaced(kube.clone(), namespace);
    finalizer::hold(&links, name).await
}

/// The roles that may be taken back in this pass. An identity that is new since the last look took the roles of the old
/// one along.
fn at_stake(given: &Given, object: &LinkedService) -> Stake {
    let Ok(want) = LinkMachine::want(given) else {
        return Stake::Nothing;
    };
    if want.leaves_all() {
        return Stake::Nothing;
    }
    let status = object.status.as_ref();
    let principal = status.and_then(|status| status.identity.as_ref()?.principal_id.as_deref());
    let wanted = want.wanted(principal);
    match status.and_then(|status| status.requested_time.as_ref()) {
        None if want.deleting && given.held => Stake::Anything,
        _ if want.deleting => Stake::these(object.recorded().iter().chain(&wanted)),
        _ if records::some_unwanted(object.recorded(), &wanted) => Stake::these(object.recorded()),
        _ => Stake::Nothing,
    }
}

async fn act(site: &Site, workspace: &Workspace, wish: &LinkWish, step: Step) -> Result<(), Fault> {
    match step {
        Step::Link => {
            let done = site.client.send(put(site, workspace, wish)?).await;
            done.map(drop).map_err(|error| refused(&error))
        }
        Step::Grant(grant) => roles::grant(site, &grant).await,
        Step::Revoke(grant) => roles::revoke(site, &grant).await,
        Step::Unlink => {
            let delete = linked_service::delete(&site.id, &wish.name);
            let done = site.client.ranked(Rank::Urgent).send(delete).await;
            done.map(drop).map_err(|error| translate::fault(&error))
        }
    }
}

fn put(
    site: &Site,
    workspace: &Workspace,
    wish: &LinkWish,
) -> Result<Call<linked_service::LinkedService>, Fault> {
    let link = NewLink {
        location: workspace.location.clone(),
        synapse_workspace: synapse(wish)?,
    };
    Ok(linked_service::put(&site.id, &wish.name, &link))
}

/// Why there is no link. Where Azure makes none any more, nothing that is tried soon helps.
fn refused(error: &azureml_spark_azure::Error) -> Fault {
    let fault = translate::fault(error);
    if error.is_link_frozen() {
        Fault {
            class: Class::Terminal,
            code: FROZEN.to_owned(),
            ..fault
        }
    } else {
        fault
    }
}

fn synapse(wish: &LinkWish) -> Result<SynapseWorkspaceId, Fault> {
    let id = &wish.synapse;
    SynapseWorkspaceId::new(&id.subscription, &id.resource_group, &id.workspace).map_err(|error| {
        Fault {
            class: Class::Terminal,
            code: "InvalidSynapseWorkspaceId".to_owned(),
            op: "address the Synapse workspace",
            text: error.to_string(),
            request_id: None,
            retry_after: None,
        }
    })
}
