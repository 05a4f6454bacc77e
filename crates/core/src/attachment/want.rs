//! From the manifest to a complete wish.

use azureml_spark_api::Reason;
use azureml_spark_api::attachment::AttachmentIdentityType;
use azureml_spark_api::azure_id::{self, SparkPoolId};
use azureml_spark_api::role::SynapseRole;

use super::{ComputeWish, Given, OWNER_TAG, Want};
use crate::machine::Invalid;
use crate::place::{Blocked, Reference};

pub(super) fn want(given: &Given) -> Result<Want, Invalid> {
    let spec = &given.spec;
    let pool = pool(given)?;
    let identity = spec
        .identity
        .as_ref()
        .map_or(AttachmentIdentityType::SystemAssigned, |identity| {
            identity.type_
        });
    let mut user_assigned: Vec<String> = Vec::new();
    for named in spec
        .identity
        .iter()
        .flat_map(|identity| identity.user_assigned_identities.iter().flatten())
    {
        // Azure keeps a map by id, ignoring case: one that is named twice is there once.
        if !user_assigned
            .iter()
            .any(|known| azure_id::same(known, &named.resource_id))
        {
            user_assigned.push(named.resource_id.clone());
        }
    }
    let mut tags = spec.tags.clone().unwrap_or_default();
    tags.insert(OWNER_TAG.to_owned(), given.uid.clone());
    Ok(Want {
        workspace: given.workspace.ready().cloned(),
        compute: ComputeWish {
            name: spec
                .azure_name
                .clone()
                .unwrap_or_else(|| given.name.clone()),
            pool,
            description: spec.description.clone(),
            tags,
            identity,
            user_assigned,
            owner: given.uid.clone(),
        },
        roles: spec
            .grants
            .as_ref()
            .and_then(|grants| grants.synapse_roles.clone())
            .unwrap_or_else(|| vec![SynapseRole::SynapseAdministrator]),
        blocked: blocked(given),
        users: given.users.clone(),
        held: given.held,
        deleting: given.deleting,
        sync_period: given.sync_period,
    })
}

fn pool(given: &Given) -> Result<SparkPoolId, Invalid> {
    let id = given.spec.pool.resource_id.as_deref().unwrap_or_default();
    match SparkPoolId::parse(id) {
        Some(pool) => Ok(pool),
        // Whatever is wrong with the spec, the object can be deleted: nothing was ever attached to such an id.
        None if given.deleting => Ok(SparkPoolId {
            subscription: String::new(),
            resource_group: String::new(),
            workspace: String::new(),
            pool: String::new(),
        }),
        None => Err(Invalid {
            field: "spec.pool.resourceId".to_owned(),
            reason: Reason::InvalidSpec,
            message: format!(
                "'{id}' is not the resource id of a Synapse Spark pool: /subscriptions/{{}}/resourceGroups/{{}}/providers/Microsoft.Synapse/workspaces/{{}}/bigDataPools/{{}}"
            ),
        }),
    }
}

fn blocked(given: &Given) -> Option<Blocked> {
    let name = &given.spec.workspace_ref.name;
    match &given.workspace {
        Reference::Ready(_) => None,
        Reference::Missing => Some(Blocked::new(
            Reason::WorkspaceNotFound,
            format!("spec.workspaceRef: no AzureMLWorkspace '{name}' in this namespace: create it"),
        )),
        Reference::NotReady(why) => Some(Blocked::new(
            Reason::WorkspaceNotReady,
            format!("AzureMLWorkspace '{name}' is not ready: {why}"),
        )),
    }
}
