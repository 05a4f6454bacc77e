//! Long-running operations (contract §0.3): `Azure-AsyncOperation`, polled until it has ended.
//!
//! An operation is a record with the time at which it ends and what it then does to its resource. Nothing
//! runs meanwhile: every request first settles what is over by then.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::arm::computes;
use crate::clock::after;
use crate::error::{Answer, Refusal};
use crate::state::App;
use crate::store::STALE;

/// Kind of the records in the store.
const OPERATIONS: &str = "operations";

/// Where the operation's state is asked for.
const ASYNC_OPERATION: HeaderName = HeaderName::from_static("azure-asyncoperation");

/// Starts an operation on a compute; `effect` is handed to [`computes::ended`] when it is over.
/// Answers with the headers that lead to it.
pub(crate) fn start(app: &App, version: &str, compute: &str, effect: &Value) -> HeaderMap {
    let settings = app.settings();
    let id = Uuid::new_v4().to_string();
    let ends = after(app.clock.now(), settings.operation_seconds);
    let record = json!({"compute": compute, "ends": ends, "effect": effect, "settled": false});
    app.store().put(OPERATIONS, &id, record);
    settle(app);
    let url = format!(
        "{}/subscriptions/{}/providers/Microsoft.MachineLearningServices/locations/{}/computeOperationsStatus/{id}?api-version={version}&service=new",
        app.addresses.base, app.world.subscription, app.world.location
    );
    let mut headers = HeaderMap::new();
    headers.extend(HeaderValue::from_str(&url).map(|url| (ASYNC_OPERATION, url)));
    headers.extend(
        settings
            .operation_retry_after
            .map(|s| (RETRY_AFTER, HeaderValue::from(s))),
    );
    headers
}

/// Lets every operation that is over by now have its effect.
pub(crate) fn settle(app: &App) {
    // A read that is to be stale must not carry out effects for a second time.
    STALE.sync_scope(false, || settle_now(app));
}

fn settle_now(app: &App) {
    let now = app.clock.now();
    let over: Vec<(String, Value)> = app
        .store()
        .list(OPERATIONS)
        .filter(|(_, record)| {
            record.get("settled") == Some(&Value::Bool(false)) && ends(record) <= now
        })
        .map(|(id, record)| (id.to_owned(), record.clone()))
        .collect();
    for (id, mut record) in over {
        let error = computes::ended(app, &record);
        if let Some(fields) = record.as_object_mut() {
            fields.insert("settled".to_owned(), Value::Bool(true));
            fields.insert("error".to_owned(), error.unwrap_or_default());
        }
        app.store().put(OPERATIONS, &id, record);
    }
}

/// Whether an operation on the compute has not ended yet.
pub(crate) fn is_running(app: &App, compute: &str) -> bool {
    app.store().list(OPERATIONS).any(|(_, record)| {
        record.get("settled") == Some(&Value::Bool(false))
            && record
                .get("compute")
                .and_then(Value::as_str)
                .is_some_and(|name| name.eq_ignore_ascii_case(compute))
    })
}

pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new().route(
        "/subscriptions/{sub}/providers/Microsoft.MachineLearningServices/locations/{loc}/computeOperationsStatus/{id}",
        get(status),
    )
}

async fn status(
    State(app): State<Arc<App>>,
    Path((_, _, id)): Path<(String, String, String)>,
) -> Answer {
    let settings = app.settings();
    let gone = || {
        Refusal::plain(
            StatusCode::NOT_FOUND,
            "OperationNotFound",
            format!("The operation '{id}' could not be found."),
        )
    };
    let record = app.store().get(OPERATIONS, &id).cloned().ok_or_else(gone)?;
    let lifetime = settings.operation_url_seconds;
    if lifetime > 0.0 && after(ends(&record), lifetime) < app.clock.now() {
        return Err(gone());
    }
    Ok(body(&record, settings.operation_retry_after))
}

fn body(record: &Value, retry_after: Option<u64>) -> Response {
    if record.get("settled") == Some(&Value::Bool(false)) {
        let body = Json(json!({"status": "InProgress", "percentComplete": 0.0}));
        return match retry_after {
            Some(seconds) => ([(RETRY_AFTER, seconds.to_string())], body).into_response(),
            None => body.into_response(),
        };
    }
    match record.get("error") {
        Some(error) if !error.is_null() => {
            Json(json!({"status": "Failed", "percentComplete": 100.0, "error": error}))
                .into_response()
        }
        _ => Json(json!({"status": "Succeeded", "percentComplete": 100.0})).into_response(),
    }
}

fn ends(record: &Value) -> Timestamp {
    record
        .get("ends")
        .and_then(Value::as_str)
        .and_then(|text| text.parse().ok())
        .unwrap_or(Timestamp::UNIX_EPOCH)
}
