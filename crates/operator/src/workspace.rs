//! Binds `AzureMLWorkspace` to Azure.

use std::collections::BTreeMap;
use std::sync::Arc;

use azureml_spark_api::condition::Condition;
use azureml_spark_api::{
    AzureMLWorkspace, AzureMLWorkspaceSpec, AzureMLWorkspaceStatus, LinkedService, SparkJob,
    SynapseSparkAttachment,
};
use azureml_spark_azure::arm::identity::IdentityType;

use azureml_spark_azure::{self as azure, ArmId, arm};
use azureml_spark_core::place::Place;
use azureml_spark_core::workspace::{
    ATTACH_IDENTITIES, Facts, Given, Memo, Seen, Step, Want, Workspace,
};
use azureml_spark_core::{Fault, Sight};
use azureml_spark_engine::{Error, Kind, deadline, finalizer};
use jiff::SignedDuration;
use k8s_openapi::api::core::v1::Secret;
use kube::api::ListParams;
use kube::{Api, ResourceExt};

use crate::access::{Access, Site, place};
use crate::census::Census;
use crate::holders::Needed;
use crate::{steering, translate};

/// The kind.
pub(crate) struct WorkspaceKind {
    pub(crate) kube: kube::Client,
    pub(crate) access: Arc<Access>,
    pub(crate) census: Census,
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
        let (sync_period, warning) = steering::sync_period(&object.metadata, self.sync_period);
        Ok(Given {
            azure_id: azure_id(spec),
            azure_name: spec.workspace_name.clone(),
            cloud: self.access.cloud(spec),
            credentials: self.access.refresh(object).await?,
            holders: self.census.known(&needed(&place)),
            deleting: object.metadata.deletion_timestamp.is_some(),
            identities: spec
                .attach_user_assigned_identities
                .clone()
                .unwrap_or_default(),
            sync_period,
            warnings: warning.into_iter().collect(),
            place,
        })
    }

    async fn observe(&self, want: &Want, _: &Memo) -> Result<Seen, Fault> {
        if !want.looks() {
            return Ok(Seen::default());
        }
        let site = self.access.site(want.place()).await?;
        let site = site.of(&want.place().name);
        let found = site.client.find(arm::workspace::get(&site.id)).await;
        let Some(workspace) = found.map_err(|error| translate::fault(&error))? else {
            return Ok(Seen {
                workspace: Sight::Absent,
                ..Seen::default()
            });
        };
        let facts = facts(&workspace);
        let mut identities = BTreeMap::new();
        for id in want.lacking(&facts) {
            identities.insert(id.to_owned(), identity(&site, id).await?);
        }
        Ok(Seen {
            workspace: Sight::Present(facts),
            identities,
        })
    }

    async fn execute(&self, want: &Want, _: &Memo, step: Step) -> Result<(), Fault> {
        let Step::AttachIdentities {
            location,
            system_assigned,
            ids,
        } = step;
        let site = self.access.site(want.place()).await?;
        let site = site.of(&want.place().name);
        let kind = if system_assigned {
            IdentityType::SystemAndUserAssigned
        } else {
            IdentityType::UserAssigned
        };
        let ids: Vec<ArmId> = ids.into_iter().map(ArmId::new).collect();
        let call = arm::workspace::attach_identities(&site.id, &location, kind, &ids);
        // Whether there is an operation to follow or not, the next look tells how it went.
        site.client
            .send(call)
            .await
            .map(drop)
            .map_err(translate::fault_of(ATTACH_IDENTITIES))
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
        let (census, needed) = (&self.census, needed(&place(object)));
        Ok(census.needing::<SparkJob>(&needed).await?.is_empty()
            && census
                .needing::<SynapseSparkAttachment>(&needed)
                .await?
                .is_empty()
            && census.needing::<LinkedService>(&needed).await?.is_empty())
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

pub(crate) fn secret_of(object: &AzureMLWorkspace) -> Option<&str> {
    object
        .spec
        .credentials
        .as_ref()
        .map(|c| c.service_principal_secret_ref.name.as_str())
}

/// The resource id of the workspace, by its manifest.
pub(crate) fn azure_id(spec: &AzureMLWorkspaceSpec) -> String {
    format!(
        "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.MachineLearningServices/workspaces/{}",
        spec.subscription_id, spec.resource_group, spec.workspace_name
    )
}

/// Whether there is such an identity. To attach it takes another right than to read it, and the workspace is readable
/// without: a look that fails stops nothing.
async fn identity(site: &Site, id: &str) -> Result<Sight<()>, Fault> {
    match site.client.find(arm::identity::get(&ArmId::new(id))).await {
        Ok(Some(_)) => Ok(Sight::Present(())),
        Ok(None) => Ok(Sight::Absent),
        Err(error) if error.class == azure::Class::Credential => Err(translate::fault(&error)),
        Err(_) => Ok(Sight::Unknown),
    }
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
        managed_network: has_managed_network(&properties.managed_network),
        spark_ready: properties.managed_network.status.spark_ready,
        public_network_access: properties.public_network_access.clone(),
        v1_legacy_mode: properties.v1_legacy_mode,
    }
}

/// One that says nothing of itself is none: Azure leaves the field out, or empty, where there is none.
fn has_managed_network(network: &arm::workspace::ManagedNetwork) -> bool {
    let mode = network.isolation_mode.as_deref();
    mode.is_some_and(|mode| !mode.eq_ignore_ascii_case("Disabled"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(mode: Option<&str>) -> arm::workspace::ManagedNetwork {
        arm::workspace::ManagedNetwork {
            isolation_mode: mode.map(str::to_owned),
            ..arm::workspace::ManagedNetwork::default()
        }
    }

    #[test]
    fn a_managed_network_is_one_that_isolates() {
        for (mode, expected) in [
            (None, false),
            (Some("Disabled"), false),
            (Some("disabled"), false),
            (Some("AllowInternetOutbound"), true),
            (Some("AllowOnlyApprovedOutbound"), true),
        ] {
            assert_eq!(has_managed_network(&network(mode)), expected, "{mode:?}");
        }
    }
}
