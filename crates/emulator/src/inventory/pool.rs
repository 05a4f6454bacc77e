//! Spark pools (contract §2.7).

use serde_json::{Value, json};

use super::{find, text};
use crate::Pool;
use crate::state::App;

/// The pool as the world describes it, or one of the usual size; it is where its workspace is. Nothing
/// without the workspace.
pub(super) fn made(app: &App, id: &str, name: &str) -> Option<Value> {
    let (synapse, _) = id.split_once("/bigDataPools/")?;
    let workspace = find(app, synapse)?;
    let pool = described(app, text(&workspace, "/name"), name);
    Some(json(&pool, id, name, text(&workspace, "/location")))
}

fn described(app: &App, synapse: &str, name: &str) -> Pool {
    let world = &app.world;
    let pools = if synapse.eq_ignore_ascii_case(&world.synapse_workspace) {
        &world.pools
    } else {
        world
            .other_synapse_workspaces
            .iter()
            .find(|other| other.name.eq_ignore_ascii_case(synapse))
            .map_or(&world.pools, |other| &other.pools)
    };
    pools
        .iter()
        .find(|pool| pool.name.eq_ignore_ascii_case(name))
        .cloned()
        .unwrap_or_default()
}

/// The fields of a real answer of 2025-05.
fn json(pool: &Pool, id: &str, name: &str, location: &str) -> Value {
    json!({
        "id": id,
        "name": name,
        "type": "Microsoft.Synapse/workspaces/bigDataPools",
        "location": location,
        "tags": {},
        "properties": {
            "creationDate": "2024-01-01T00:00:00.0000000Z",
            "sparkVersion": pool.spark_version,
            "nodeCount": pool.node_count,
            "nodeSize": pool.node_size,
            "nodeSizeFamily": "MemoryOptimized",
            "autoScale": {
                "enabled": pool.auto_scale,
                "minNodeCount": pool.min_node_count,
                "maxNodeCount": pool.max_node_count,
            },
            "autoPause": {
                "enabled": pool.auto_pause_minutes > 0,
                "delayInMinutes": pool.auto_pause_minutes,
            },
            "isComputeIsolationEnabled": false,
            "sessionLevelPackagesEnabled": true,
            "cacheSize": 0,
            "dynamicExecutorAllocation": {"enabled": false},
            "lastSucceededTimestamp": "2024-01-01T00:00:00.0000000Z",
            "isAutotuneEnabled": false,
            "provisioningState": "Succeeded",
        },
    })
}
