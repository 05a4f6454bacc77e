//! What is only read through the resource manager: Synapse workspaces and their pools (contract §2.7),
//! user-assigned identities, storage accounts.

use std::sync::Arc;

use axum::extract::State;
use axum::http::Uri;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use super::gate::not_found;
use crate::error::Answer;
use crate::inventory;
use crate::state::App;

pub(crate) fn routes() -> Router<Arc<App>> {
    const PROVIDERS: &str = "/subscriptions/{sub}/resourceGroups/{rg}/providers";
    let mut routes = Router::new();
    for kind in [
        "Microsoft.Synapse/workspaces",
        "Microsoft.Synapse/workspaces/{syn}/bigDataPools",
        "Microsoft.ManagedIdentity/userAssignedIdentities",
        "Microsoft.Storage/storageAccounts",
    ] {
        routes = routes
            .route(&format!("{PROVIDERS}/{kind}"), get(list))
            .route(&format!("{PROVIDERS}/{kind}/{{name}}"), get(show));
    }
    routes
}

async fn show(State(app): State<Arc<App>>, uri: Uri) -> Answer {
    let id = uri.path();
    let found = inventory::find(&app, id).ok_or_else(|| {
        let (_, resource) = id.split_once("/providers/").unwrap_or_default();
        not_found(resource, &app.world.resource_group)
    })?;
    Ok(Json(found).into_response())
}

async fn list(State(app): State<Arc<App>>, uri: Uri) -> Json<Value> {
    Json(json!({"value": inventory::below(&app, uri.path())}))
}
