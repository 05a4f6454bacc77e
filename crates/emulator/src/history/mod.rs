//! Run history: what happened in a run, and its logs (contract §5).

mod artifacts;
mod details;
mod patch;
mod run;

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::IntoResponse as _;
use axum::routing::{get, patch as patch_method, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::json;

use crate::aml::WORKSPACE;
use crate::aml::jobs::Job;
use crate::aml::jobs::refusal::not_found;
use crate::error::{Answer, Refusal};
use crate::state::App;

/// The datastore of runs' artifacts, and the container behind it.
pub(crate) const ARTIFACT_STORE: &str = "workspaceartifactstore";
pub(crate) const ARTIFACT_CONTAINER: &str = "azureml";

/// The part of a path that names a run.
#[derive(Deserialize)]
struct Named {
    run: String,
}

/// Routes below `/history/v1.0`.
pub(crate) fn routes() -> Router<Arc<App>> {
    let workspace = format!("/history/v1.0{WORKSPACE}");
    let mut routes = Router::new().route(&format!("{workspace}/rundata"), post(run::data));
    // The same run under three roofs; the names of experiments are not checked.
    for above in [
        "",
        "/experiments/{experiment}",
        "/experimentids/{experiment}",
    ] {
        let run = format!("{workspace}{above}/runs/{{run}}");
        routes = routes
            .route(&run, get(run::show).merge(patch_method(patch::patch)))
            .route(&format!("{run}/details"), get(details::show))
            .route(&format!("{run}/children"), get(children))
            .route(&format!("{run}/services"), get(services))
            .route(&format!("{run}/artifacts"), get(artifacts::list))
            .route(&format!("{run}/artifacts/contentinfo"), get(artifacts::one))
            .route(
                &format!("{run}/artifacts/prefix/contentinfo"),
                get(artifacts::below),
            )
            .route(&format!("{run}/artifacts/artifacturi"), get(artifacts::uri));
    }
    routes
}

/// The run's job, or run history's 404.
fn job(app: &App, run: &str) -> Result<Arc<Job>, Refusal> {
    let format = "Run {runId} was not found.";
    app.jobs
        .get(run)
        .ok_or_else(|| not_found(app, "RunNotFound", format, &[("runId", run)]))
}

/// Spark jobs have no children.
async fn children(State(app): State<Arc<App>>, Path(Named { run }): Path<Named>) -> Answer {
    job(&app, &run)?;
    Ok(Json(json!({"value": []})).into_response())
}

async fn services(State(app): State<Arc<App>>, Path(Named { run }): Path<Named>) -> Answer {
    job(&app, &run)?;
    Ok(Json(json!({})).into_response())
}
