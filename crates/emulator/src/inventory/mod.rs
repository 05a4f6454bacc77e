//! What stands in the resource group beside what the workspace itself holds: workspaces, pools, identities,
//! storage accounts and managed private endpoints. Each is kept as the JSON that a GET is answered with,
//! by its ARM id.
//!
//! `/_emulator/resources` lists all of it. `GET`, `PUT` and `DELETE /_emulator/resources{ARM id}` look at
//! one, change it and let it vanish: a PUT takes a JSON merge patch, `{}` brings back what is gone. So a
//! test makes a pool disappear, closes a Synapse workspace (`{"properties": {"publicNetworkAccess":
//! "Disabled"}}`), puts the Azure ML workspace into its legacy mode (`{"properties": {"v1LegacyMode":
//! true}}`) or approves a private endpoint.

mod control;
mod endpoint;
mod identity;
mod ml_workspace;
mod pool;
mod storage_account;
mod synapse_workspace;

use serde_json::Value;

use crate::arm::path::Path;
use crate::state::App;

pub(crate) use control::{merge, routes};

/// Kind of the resources in the store; named by their ARM id.
const INVENTORY: &str = "inventory";

/// What the world has from the start.
pub(crate) fn seed(app: &App) {
    let world = &app.world;
    let mut ids = vec![world.workspace_arm_id(), world.storage_arm_id()];
    ids.extend(
        world
            .identities
            .iter()
            .map(|identity| world.identity_arm_id(&identity.name)),
    );
    // A pool takes its region from its workspace, which therefore comes first.
    ids.push(world.synapse_arm_id(&world.synapse_workspace));
    ids.extend(world.pools.iter().map(|pool| world.pool_arm_id(&pool.name)));
    for synapse in &world.other_synapse_workspaces {
        let id = world.synapse_arm_id(&synapse.name);
        let pools = synapse.pools.iter();
        let pools: Vec<String> = pools
            .map(|pool| format!("{id}/bigDataPools/{}", pool.name))
            .collect();
        ids.push(id);
        ids.extend(pools);
    }
    for id in ids {
        if let Some(made) = made(app, &id) {
            app.group().found(INVENTORY, &id, made);
        }
    }
}

/// The resource with this id, ignoring case.
pub(crate) fn find(app: &App, id: &str) -> Option<Value> {
    app.group().get(INVENTORY, id).cloned()
}

/// Whether there is a resource with this id.
pub(crate) fn exists(app: &App, id: &str) -> bool {
    app.group().get(INVENTORY, id).is_some()
}

/// Writes the resource.
pub(crate) fn put(app: &App, id: &str, value: Value) {
    app.group().put(INVENTORY, id, value);
}

/// Removes the resource and says whether it was there.
pub(crate) fn remove(app: &App, id: &str) -> bool {
    app.group().remove(INVENTORY, id).is_some()
}

/// The resources directly below a path such as `…/workspaces/{name}/bigDataPools`.
pub(crate) fn below(app: &App, path: &str) -> Vec<Value> {
    let prefix = format!("{}/", path.to_ascii_lowercase());
    app.group()
        .list(INVENTORY)
        .filter(|(id, _)| {
            id.strip_prefix(&prefix)
                .is_some_and(|name| !name.contains('/'))
        })
        .map(|(_, kept)| kept.clone())
        .collect()
}

/// A text of a resource.
pub(crate) fn text<'a>(resource: &'a Value, pointer: &str) -> &'a str {
    resource
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// Whether two regions are the same one; Azure writes `eastus` and `East US`.
pub(crate) fn same_region(one: &str, other: &str) -> bool {
    let plain = |text: &str| text.replace(' ', "").to_ascii_lowercase();
    plain(one) == plain(other)
}

/// The resource as it is when it is new, or nothing for an id of another kind, subscription or group.
pub(crate) fn made(app: &App, id: &str) -> Option<Value> {
    let path = Path::new(id);
    let world = &app.world;
    let in_group = path
        .name_after("subscriptions")?
        .eq_ignore_ascii_case(&world.subscription)
        && path
            .name_after("resourceGroups")?
            .eq_ignore_ascii_case(&world.resource_group);
    let (namespace, kind) = path.resource_type()?;
    let id = path.to_string();
    let name = id.rsplit('/').next().filter(|name| !name.is_empty())?;
    match (namespace.as_str(), kind.as_str()) {
        _ if !in_group => None,
        ("Microsoft.MachineLearningServices", "workspaces") => {
            app.in_workspace(name).map(|app| ml_workspace::made(&app))
        }
        ("Microsoft.Synapse", "workspaces") => Some(synapse_workspace::made(app, &id, name)),
        ("Microsoft.Synapse", "workspaces/bigDataPools") => pool::made(app, &id, name),
        ("Microsoft.Synapse", "workspaces/managedVirtualNetworks/managedPrivateEndpoints") => {
            Some(endpoint::made(&id, name))
        }
        ("Microsoft.ManagedIdentity", "userAssignedIdentities") => {
            Some(identity::made(app, &id, name))
        }
        ("Microsoft.Storage", "storageAccounts") => Some(storage_account::made(app, &id, name)),
        _ => None,
    }
}
