//! Long-running operations (contract §0.3), polled until they have ended: by `Azure-AsyncOperation` for
//! computes, by `Location` for the workspace.
//!
//! An operation is a record with the time at which it ends and what it then does to its resource. Nothing
//! runs meanwhile: every request first settles what is over by then.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{Path, State};
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::arm::{computes, workspace};
use crate::clock::after;
use crate::error::{Answer, Refusal};
use crate::request::AsSent;
use crate::state::App;
use crate::store::STALE;

/// Kind of the records in the store.
const OPERATIONS: &str = "operations";

/// The operations that have not ended, by their end: every request asks, so asking must not cost a walk over those
/// that have.
#[derive(Debug, Default)]
pub(crate) struct Open {
    subjects: Mutex<BTreeMap<(Timestamp, String), String>>,
}

impl Open {
    fn started(&self, ends: Timestamp, id: &str, subject: &str) {
        self.lock()
            .insert((ends, id.to_owned()), subject.to_owned());
    }

    /// The ids of those that are over by now; nobody else is told of them.
    fn over(&self, now: Timestamp) -> Vec<String> {
        let mut open = self.lock();
        let mut over = Vec::new();
        while let Some(first) = open.first_entry().filter(|first| first.key().0 <= now) {
            over.push(first.remove_entry().0.1);
        }
        over
    }

    fn is_any_on(&self, subject: &str) -> bool {
        let open = self.lock();
        open.values().any(|name| name.eq_ignore_ascii_case(subject))
    }

    /// Forgets all.
    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<(Timestamp, String), String>> {
        self.subjects.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where the operation's state is asked for.
const ASYNC_OPERATION: HeaderName = HeaderName::from_static("azure-asyncoperation");

/// Starts an operation on a compute or the workspace, by its name; `effect` says what it does in the end.
/// Answers with the operation's id.
pub(crate) fn start(app: &App, subject: &str, effect: &Value) -> String {
    let id = Uuid::new_v4().to_string();
    let ends = after(app.clock.now(), app.settings().operation_seconds);
    let record = json!({"subject": subject, "ends": ends, "effect": effect, "settled": false});
    app.store().put(OPERATIONS, &id, record);
    app.operations.started(ends, &id, subject);
    settle(app);
    id
}

/// Where the operation is asked for.
pub(crate) fn url(app: &App, kind: &str, id: &str, version: &str) -> String {
    format!(
        "{}/subscriptions/{}/providers/Microsoft.MachineLearningServices/locations/{}/{kind}/{id}?api-version={version}",
        app.addresses.base, app.world.subscription, app.world.location
    )
}

/// The headers that lead to the operation of a compute.
pub(crate) fn hints(app: &App, id: &str, version: &str) -> HeaderMap {
    let url = format!(
        "{}&service=new",
        url(app, "computeOperationsStatus", id, version)
    );
    let mut headers = HeaderMap::new();
    headers.extend(HeaderValue::from_str(&url).map(|url| (ASYNC_OPERATION, url)));
    let pace = app.settings().operation_retry_after;
    headers.extend(pace.map(|seconds| (RETRY_AFTER, HeaderValue::from(seconds))));
    headers
}

/// Lets every operation that is over by now have its effect.
pub(crate) fn settle(app: &App) {
    // A read that is to be stale must not carry out effects for a second time.
    STALE.sync_scope(false, || settle_now(app));
}

fn settle_now(app: &App) {
    for id in app.operations.over(app.clock.now()) {
        let Some(mut record) = app.store().get(OPERATIONS, &id).cloned() else {
            continue;
        };
        let error = ended(app, &record);
        if let Some(fields) = record.as_object_mut() {
            fields.insert("settled".to_owned(), Value::Bool(true));
            fields.insert("error".to_owned(), error.unwrap_or_default());
        }
        app.store().put(OPERATIONS, &id, record);
    }
}

fn ended(app: &App, record: &Value) -> Option<Value> {
    let effect = record.get("effect")?;
    if effect.get("kind").and_then(Value::as_str) == Some("workspace") {
        workspace::ended(app, effect);
        return None;
    }
    let compute = record.get("subject").and_then(Value::as_str)?;
    computes::ended(app, compute, effect)
}

/// Whether an operation on the compute has not ended yet.
pub(crate) fn is_running(app: &App, compute: &str) -> bool {
    app.operations.is_any_on(compute)
}

/// Whether the operation was started in this workspace.
pub(crate) fn is_known(app: &App, id: &str) -> bool {
    app.store().get(OPERATIONS, id).is_some()
}

pub(crate) fn routes() -> Router<Arc<App>> {
    const LOCATION: &str =
        "/subscriptions/{sub}/providers/Microsoft.MachineLearningServices/locations/{loc}";
    Router::new()
        .route(
            &format!("{LOCATION}/computeOperationsStatus/{{id}}"),
            get(status),
        )
        .route(
            &format!("{LOCATION}/workspaceOperationsStatus/{{id}}"),
            get(result),
        )
}

/// As `Azure-AsyncOperation` answers: always 200.
async fn status(
    State(app): State<Arc<App>>,
    Path((_, _, id)): Path<(String, String, String)>,
) -> Answer {
    let record = find(&app, &id)?;
    Ok(body(&record, app.settings().operation_retry_after))
}

/// As `Location` answers: 202 until the operation has ended, then the workspace.
async fn result(
    State(app): State<Arc<App>>,
    Path((_, _, id)): Path<(String, String, String)>,
    AsSent(sent): AsSent,
) -> Answer {
    let record = find(&app, &id)?;
    if record.get("settled") == Some(&Value::Bool(true)) {
        return Ok(Json(workspace::now(&app)?).into_response());
    }
    let mut headers = HeaderMap::new();
    let here = format!("{}{sent}", app.addresses.base);
    headers.extend(HeaderValue::from_str(&here).map(|url| (header::LOCATION, url)));
    let pace = app.settings().operation_retry_after;
    headers.extend(pace.map(|seconds| (RETRY_AFTER, HeaderValue::from(seconds))));
    Ok((StatusCode::ACCEPTED, headers).into_response())
}

fn find(app: &App, id: &str) -> Result<Value, Refusal> {
    let gone = || {
        Refusal::plain(
            StatusCode::NOT_FOUND,
            "OperationNotFound",
            format!("The operation '{id}' could not be found."),
        )
    };
    let record = app.store().get(OPERATIONS, id).cloned().ok_or_else(gone)?;
    let lifetime = app.settings().operation_url_seconds;
    if lifetime > 0.0 && after(ends(&record), lifetime) < app.clock.now() {
        return Err(gone());
    }
    Ok(record)
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
