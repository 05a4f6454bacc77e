//! From the manifest to a complete wish.

use std::collections::BTreeMap;

use azureml_spark_api::Reason;
use azureml_spark_api::attachment::AttachmentIdentityType;
use azureml_spark_api::azure_id::{self, SparkPoolId};
use azureml_spark_api::policy::ManagementPolicy;
use azureml_spark_api::role::SynapseRole;

use super::{ComputeWish, Given, OWNER_TAG, Policies, StorageWish, Want};
use crate::grants::{self, Origin};
use crate::machine::Invalid;
use crate::place::{Blocked, Link, Reference};

/// Longest value of a tag in Azure, in characters.
const TAG_LIMIT: usize = 256;

pub(super) fn want(given: &Given) -> Result<Want, Invalid> {
    let spec = &given.spec;
    let policies = Policies {
        management: spec.management_policy.unwrap_or_default(),
        adoption: spec.adoption_policy.unwrap_or_default(),
        drift: spec.drift_policy.unwrap_or_default(),
        deletion: spec.deletion_policy.unwrap_or_default(),
    };
    let pool = pool(given)?;
    let roles = spec
        .grants
        .as_ref()
        .and_then(|grants| grants.synapse_roles.clone())
        .unwrap_or_else(|| vec![SynapseRole::SynapseAdministrator]);
    let storage = storage(given);
    // Whatever is asked for, the object can be deleted; and one that only looks grants nothing.
    if !given.deleting && policies.management == ManagementPolicy::Full {
        check_roles(given, &roles, &storage)?;
    }
    Ok(Want {
        workspace: given.workspace.ready().cloned(),
        compute: ComputeWish {
            name: spec
                .azure_name
                .clone()
                .unwrap_or_else(|| given.name.clone()),
            pool,
            description: spec.description.clone(),
            tags: tags(given),
            identity: spec
                .identity
                .as_ref()
                .map_or(AttachmentIdentityType::SystemAssigned, |identity| {
                    identity.type_
                }),
            user_assigned: user_assigned(given),
            owner: given.uid.clone(),
        },
        roles,
        storage,
        policies,
        shared: given.shared.clone(),
        blocked: given.workspace.usable(&spec.workspace_ref.name).err(),
        unlinked: unlinked(given),
        users: given.users.clone(),
        held: given.held,
        deleting: given.deleting,
        sync_period: given.sync_period,
        warnings: given.warnings.clone(),
    })
}

fn tags(given: &Given) -> BTreeMap<String, String> {
    let mut tags = given.spec.tags.clone().unwrap_or_default();
    let owner = format!("{} {}/{}", given.uid, given.namespace, given.name);
    let owner = owner.chars().take(TAG_LIMIT).collect();
    tags.insert(OWNER_TAG.to_owned(), owner);
    tags
}

fn user_assigned(given: &Given) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for named in given
        .spec
        .identity
        .iter()
        .flat_map(|identity| identity.user_assigned_identities.iter().flatten())
    {
        // Azure keeps a map by id, ignoring case: one that is named twice is there once.
        if !all
            .iter()
            .any(|known| azure_id::same(known, &named.resource_id))
        {
            all.push(named.resource_id.clone());
        }
    }
    all
}

/// Accounts and their roles, each once: a scope has no slash at its end, and its casing does not count.
fn storage(given: &Given) -> Vec<StorageWish> {
    let mut all: Vec<StorageWish> = Vec::new();
    for named in given
        .spec
        .grants
        .iter()
        .flat_map(|grants| grants.storage.iter().flatten())
    {
        let found = all
            .iter_mut()
            .find(|wish| azure_id::same(&wish.account_id, &named.account_id));
        match found {
            Some(wish) => {
                for role in &named.roles {
                    if !wish.roles.contains(role) {
                        wish.roles.push(*role);
                    }
                }
            }
            None => all.push(StorageWish {
                account_id: named.account_id.trim_end_matches('/').to_owned(),
                roles: named.roles.clone(),
            }),
        }
    }
    all
}

fn check_roles(
    given: &Given,
    roles: &[SynapseRole],
    storage: &[StorageWish],
) -> Result<(), Invalid> {
    let grants = given.spec.grants.as_ref();
    let origin = match grants.and_then(|grants| grants.synapse_roles.as_ref()) {
        Some(_) => Origin::Spec,
        None => Origin::Default,
    };
    let grantable = &given.grantable;
    grants::allowed(
        roles.iter().copied(),
        grantable,
        "spec.grants.synapseRoles",
        origin,
    )?;
    let on_storage = storage.iter().flat_map(|wish| wish.roles.iter().copied());
    grants::allowed(on_storage, grantable, "spec.grants.storage", Origin::Spec)
}

/// The pool that is named, by its id or by a link; `None` while the link does not tell.
fn pool(given: &Given) -> Result<Option<SparkPoolId>, Invalid> {
    let named = &given.spec.pool;
    let Some(id) = named.resource_id.as_deref() else {
        let name = named
            .pool_name
            .as_deref()
            .filter(|_| named.linked_service_ref.is_some());
        return match (name, given.deleting) {
            (Some(name), _) => Ok(link(given).map(|link| link.synapse.pool(name))),
            (None, true) => Ok(None),
            (None, false) => Err(invalid(
                "spec.pool",
                "needs resourceId, or linkedServiceRef with poolName".to_owned(),
            )),
        };
    };
    match SparkPoolId::parse(id) {
        Some(pool) => Ok(Some(pool)),
        // Whatever is wrong with the spec, the object can be deleted: nothing was ever attached to such an id.
        None if given.deleting => Ok(None),
        None => Err(invalid(
            "spec.pool.resourceId",
            format!(
                "'{id}' is not the resource id of a Synapse Spark pool: /subscriptions/{{}}/resourceGroups/{{}}/providers/Microsoft.Synapse/workspaces/{{}}/bigDataPools/{{}}"
            ),
        )),
    }
}

fn link(given: &Given) -> Option<&Link> {
    given.link.as_ref().and_then(Reference::ready)
}

fn invalid(field: &str, message: String) -> Invalid {
    Invalid {
        field: field.to_owned(),
        reason: Reason::InvalidSpec,
        message,
    }
}

/// To leave, no link is needed: what was attached is on record.
fn unlinked(given: &Given) -> Option<Blocked> {
    let named = given.spec.pool.linked_service_ref.as_ref();
    let name = &named.filter(|_| !given.deleting)?.name;
    match &given.link {
        Some(Reference::Ready(_)) => None,
        Some(Reference::NotReady(why)) => Some(Blocked::new(
            Reason::LinkNotReady,
            format!("LinkedService '{name}' is not ready: {why}"),
        )),
        Some(Reference::Missing) | None => Some(Blocked::new(
            Reason::LinkNotFound,
            format!(
                "spec.pool.linkedServiceRef: no LinkedService '{name}' in this namespace: create it, or name the pool by spec.pool.resourceId"
            ),
        )),
    }
}
