//! `/_emulator/…`: how a test or a person steers the emulator and looks into it. Without a login, as the
//! server listens on the loopback interface only.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::error::{Answer, bad_request};
use crate::fault::Rule;
use crate::ledger::{Entry, Summary};
use crate::state::App;

/// Paths that begin so are neither counted nor made to fail.
pub(crate) const PREFIX: &str = "/_emulator/";

pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/_emulator/requests", get(requests))
        .route("/_emulator/requests/summary", get(summary))
        .route("/_emulator/settings", get(settings).put(change_settings))
        .route(
            "/_emulator/faults",
            get(faults).post(add_faults).delete(clear_faults),
        )
        .route("/_emulator/reset", post(reset))
        .route("/_emulator/health", get(health))
}

#[derive(Deserialize)]
struct Since {
    #[serde(default)]
    since: u64,
}

async fn requests(State(app): State<Arc<App>>, Query(query): Query<Since>) -> Json<Vec<Entry>> {
    Json(app.ledger.since(query.since))
}

/// How many of each kind: costs the same however many there were.
async fn summary(State(app): State<Arc<App>>) -> Json<Summary> {
    Json(app.ledger.summary())
}

async fn settings(State(app): State<Arc<App>>) -> Json<crate::Settings> {
    Json(app.settings().as_ref().clone())
}

async fn change_settings(State(app): State<Arc<App>>, Json(over): Json<Value>) -> Answer {
    let changed = app
        .change_settings(&over)
        .map_err(|error| bad_request("InvalidSettings", error.to_string()))?;
    Ok(Json(changed.as_ref()).into_response())
}

async fn faults(State(app): State<Arc<App>>) -> Json<Vec<Rule>> {
    Json(app.faults.left())
}

async fn add_faults(State(app): State<Arc<App>>, Json(rules): Json<Value>) -> Answer {
    app.faults
        .add(rules)
        .map_err(|error| bad_request("InvalidFault", error.to_string()))?;
    Ok(Json(app.faults.left()).into_response())
}

#[derive(Deserialize)]
struct Which {
    /// Only the rules that were made for this path.
    path: Option<String>,
}

async fn clear_faults(State(app): State<Arc<App>>, Query(which): Query<Which>) -> StatusCode {
    match which.path {
        Some(path) => app.faults.clear_path(&path),
        None => app.faults.clear(),
    }
    StatusCode::NO_CONTENT
}

async fn reset(State(app): State<Arc<App>>) -> StatusCode {
    app.reset().await;
    StatusCode::NO_CONTENT
}

async fn health() -> Response {
    Json(json!({"status": "ready"})).into_response()
}
