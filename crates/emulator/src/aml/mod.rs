//! Azure ML's own resources: jobs and what they are made of.

pub(crate) mod assets;
pub(crate) mod codes;
mod data;
mod datastores;
mod environments;
pub(crate) mod jobs;
mod models;
mod resolved;

use std::sync::Arc;

use axum::Router;
use serde_json::{Value, json};

use crate::clock::azure_time;
use crate::state::App;

pub(crate) use jobs::Jobs;

/// The path of a workspace, as routes write it.
pub(crate) const WORKSPACE: &str = "/subscriptions/{subscription}/resourceGroups/{group}/providers/\
                                    Microsoft.MachineLearningServices/workspaces/{workspace}";

/// Routes below a workspace.
pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .merge(jobs::routes())
        .merge(codes::routes())
        .merge(environments::routes())
        .merge(data::routes())
        .merge(models::routes())
        .merge(datastores::routes())
        .merge(resolved::routes())
}

/// What a workspace holds from the start.
pub(crate) fn seed(app: &App) {
    crate::spark::sweep(app);
    datastores::seed(app);
}

/// `systemData` of something that an application made now.
fn system_data(app: &App, by: &str) -> Value {
    let now = azure_time(app.clock.now());
    json!({
        "createdAt": now,
        "createdBy": by,
        "createdByType": "Application",
        "lastModifiedAt": now,
    })
}
