//! Binds `AzureMLWorkspace` to Azure.

use std::fmt::Debug;
use std::sync::Arc;

use azureml_spark_api::condition::Condition;
use azureml_spark_api::{
    AzureMLWorkspace, AzureMLWorkspaceStatus, SparkJob, SynapseSparkAttachment,
};
use azureml_spark_azure::arm;
use azureml_spark_core::place::Place;
use azureml_spark_core::workspace::{Facts, Given, Memo, Want, Workspace};
use azureml_spark_core::{Fault, Sight};
use azureml_spark_engine::{Error, Kind, deadline, finalizer};
use jiff::SignedDuration;
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::core::v1::Secret;
use kube::api::ListParams;
use kube::core::DeserializeGuard;
use kube::{Api, ResourceExt};
use serde::de::DeserializeOwned;

use crate::access::{Access, place};
use crate::holders::{Holders, Needed, Needs};
use crate::translate;

/// The kind.
pub(crate) struct WorkspaceKind {
    pub(crate) kube: kube::Client,
    pub(crate) access: Arc<Access>,
    pub(crate) holders: Holders,
    pub(crate) sync_period: SignedDuration,
}

impl Kind for WorkspaceKind {
    type Object = AzureMLWorkspace;
    type Machine = Workspace;
    const NAME: &'static str = "AzureMLWorkspace";

    fn status(object: &AzureMLWorkspace) -> Option<&AzureMLWorkspaceStatus> {
        object.status.as_ref()
    }

    fn conditions(status: &AzureMLWorkspaceStatus) -> &[Condition] {
        &status.conditions
    }

    async fn gather(&self, object: &AzureMLWorkspace) -> Result<Given, Error> {
        let place = place(object);
        let spec = &object.spec;
        Ok(Given {
            azure_id: format!(
                "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.MachineLearningServices/workspaces/{}",
                spec.subscription_id, spec.resource_group, spec.workspace_name
            ),
            azure_name: spec.workspace_name.clone(),
            cloud: self.access.cloud(spec),
            credentials: self.access.refresh(object).await?,
            holders: self.holders.of(&needed(&place)),
            deleting: object.metadata.deletion_timestamp.is_some(),
            sync_period: self.sync_period,
            place,
        })
    }

    async fn observe(&self, want: &Want, _: &Memo) -> Result<Sight<Facts>, Fault> {
        if !want.looks() {
            return Ok(Sight::Unknown);
        }
        let site = self.access.site(want.place()).await?;
        let found = site.client.find(arm::workspace::get(&site.id)).await;
        Ok(match found.map_err(|error| translate::fault(&error))? {
            Some(workspace) => Sight::Present(facts(&workspace)),
            None => Sight::Absent,
        })
    }

    async fn execute(
        &self,
        _: &Want,
        _: &Memo,
        step: std::convert::Infallible,
    ) -> Result<(), Fault> {
        match step {}
    }

    /// The Secret stays with the workspace.
    async fn hold(&self, object: &AzureMLWorkspace) -> Result<bool, Error> {
        let Some(secret) = secret_of(object) else {
            return Ok(true);
        };
        let secrets: Api<Secret> = Api::namespaced(self.kube.clone(), &place(object).namespace);
        finalizer::hold(&secrets, secret).await
    }

    /// Asks the apiserver: whoever put our finalizer on this workspace carries it itself since before.
    async fn may_release(&self, object: &AzureMLWorkspace) -> Result<bool, Error> {
        let place = place(object);
        Ok(!self.is_held_by::<SparkJob>(&place).await?
            && !self.is_held_by::<SynapseSparkAttachment>(&place).await?)
    }

    /// The Secret goes when no other workspace that is still needed uses it.
    async fn released(&self, object: &AzureMLWorkspace) -> Result<(), Error> {
        let place = place(object);
        if object.metadata.deletion_timestamp.is_some() {
            self.access.forget(&place);
        }
        let Some(secret) = secret_of(object) else {
            return Ok(());
        };
        let workspaces: Api<AzureMLWorkspace> =
            Api::namespaced(self.kube.clone(), &place.namespace);
        let all =
            deadline::within("list workspaces", workspaces.list(&ListParams::default())).await??;
        let shared = all.iter().any(|other| {
            other.name_any() != place.name
                && finalizer::is_on(&other.metadata)
                && secret_of(other) == Some(secret)
        });
        if shared {
            return Ok(());
        }
        let secrets: Api<Secret> = Api::namespaced(self.kube.clone(), &place.namespace);
        finalizer::let_go(&secrets, secret).await
    }

    fn remains(_: &AzureMLWorkspace) -> String {
        "what other objects made through this workspace may still be in Azure".to_owned()
    }
}

impl WorkspaceKind {
    /// Whether an object of this kind holds the workspace. One that cannot be read, and carries our finalizer, may.
    async fn is_held_by<O>(&self, place: &Place) -> Result<bool, Error>
    where
        O: Needs + kube::Resource<DynamicType = (), Scope = NamespaceResourceScope>,
        O: Clone + Debug + DeserializeOwned,
    {
        let api: Api<DeserializeGuard<O>> = Api::namespaced(self.kube.clone(), &place.namespace);
        let all = deadline::within("list holders", api.list(&ListParams::default())).await??;
        Ok(all.items.into_iter().any(|found| match found.0 {
            Ok(object) => {
                finalizer::is_on(object.meta()) && object.needs().contains(&needed(place))
            }
            Err(unreadable) => finalizer::is_on(&unreadable.metadata),
        }))
    }
}

/// Puts our finalizer on a workspace and on the Secret that it names, for somebody who needs both to its end.
/// `false`: one of them is going away.
pub(crate) async fn hold(kube: &kube::Client, namespace: &str, name: &str) -> Result<bool, Error> {
    let workspaces: Api<AzureMLWorkspace> = Api::namespaced(kube.clone(), namespace);
    if !finalizer::hold(&workspaces, name).await? {
        return Ok(false);
    }
    let Some(object) = deadline::within("get workspace", workspaces.get_opt(name)).await?? else {
        return Ok(false);
    };
    match secret_of(&object) {
        Some(secret) => {
            let secrets: Api<Secret> = Api::namespaced(kube.clone(), namespace);
            finalizer::hold(&secrets, secret).await
        }
        None => Ok(true),
    }
}

fn needed(place: &Place) -> Needed {
    Needed::Workspace(place.namespace.clone(), place.name.clone())
}

fn secret_of(object: &AzureMLWorkspace) -> Option<&str> {
    object
        .spec
        .credentials
        .as_ref()
        .map(|c| c.service_principal_secret_ref.name.as_str())
}

fn facts(found: &arm::workspace::Workspace) -> Facts {
    let properties = &found.properties;
    Facts {
        azure_id: found.id.as_str().to_owned(),
        location: found.location.clone(),
        tenant_id: properties.tenant_id.clone(),
        storage_account_id: properties
            .storage_account
            .as_ref()
            .map(|id| id.as_str().to_owned()),
        identity: Some(translate::identity(&found.identity)),
        discovery_url: properties.discovery_url.as_ref().map(ToString::to_string),
        spark_ready: properties.managed_network.status.spark_ready,
        public_network_access: properties.public_network_access.clone(),
        v1_legacy_mode: properties.v1_legacy_mode,
    }
}
