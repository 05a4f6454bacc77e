//! Spark pools of the Synapse workspace, read-only (contract §2.7).

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use super::gate::not_found;
use crate::Pool;
use crate::error::Answer;
use crate::state::App;

pub(crate) fn routes() -> Router<Arc<App>> {
    const POOLS: &str = "/subscriptions/{sub}/resourceGroups/{rg}/providers/Microsoft.Synapse/workspaces/{syn}/bigDataPools";
    Router::new()
        .route(POOLS, get(list))
        .route(&format!("{POOLS}/{{pool}}"), get(show))
}

async fn show(
    State(app): State<Arc<App>>,
    Path((_, group, synapse, name)): Path<(String, String, String, String)>,
) -> Answer {
    let Some(pool) = app.world.find_pool(&name) else {
        return Err(not_found(
            &format!("Microsoft.Synapse/workspaces/{synapse}/bigDataPools/{name}"),
            &group,
        ));
    };
    Ok(Json(json(&app, pool)).into_response())
}

async fn list(State(app): State<Arc<App>>) -> Json<Value> {
    let pools: Vec<Value> = app
        .world
        .pools
        .iter()
        .map(|pool| json(&app, pool))
        .collect();
    Json(json!({"value": pools}))
}

/// The fields of a real answer of 2025-05.
fn json(app: &App, pool: &Pool) -> Value {
    json!({
        "id": app.world.pool_arm_id(&pool.name),
        "name": pool.name,
        "type": "Microsoft.Synapse/workspaces/bigDataPools",
        "location": app.world.location,
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
