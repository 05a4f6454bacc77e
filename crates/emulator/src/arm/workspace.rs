//! The workspace itself (contract §1): GET, and PATCH, which assigns identities to it.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::{LOCATION, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use super::gate::not_found;
use super::identity::Wish;
use crate::aml::WORKSPACE;
use crate::error::{Answer, Refusal};
use crate::request::{AsSent, Body};
use crate::settings::{WorkspaceIdentities, WorkspacePatch};
use crate::state::App;
use crate::{inventory, operation};

pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new().route(WORKSPACE, get(show).patch(patch))
}

/// The workspace as it is now.
pub(crate) fn now(app: &App) -> Result<Value, Refusal> {
    inventory::find(app, &app.world.workspace_arm_id()).ok_or_else(|| {
        not_found(
            &format!(
                "Microsoft.MachineLearningServices/workspaces/{}",
                app.world.workspace
            ),
            &app.world.resource_group,
        )
    })
}

/// Carries out a PATCH whose operation is over.
pub(crate) fn ended(app: &App, effect: &Value) {
    if let (Ok(workspace), Some(body)) = (now(app), effect.get("body"))
        && let Ok(done) = patched(app, workspace, body)
    {
        inventory::put(app, &app.world.workspace_arm_id(), done);
    }
}

async fn show(State(app): State<Arc<App>>) -> Answer {
    Ok(Json(now(&app)?).into_response())
}

async fn patch(State(app): State<Arc<App>>, sent: AsSent, Body(body): Body) -> Answer {
    let done = patched(&app, now(&app)?, &body)?;
    let settings = app.settings();
    if settings.workspace_patch == WorkspacePatch::Ok {
        inventory::put(&app, &app.world.workspace_arm_id(), done.clone());
        return Ok(Json(done).into_response());
    }
    let effect = json!({"kind": "workspace", "body": body});
    let id = operation::start(&app, &app.world.workspace, &effect);
    let version = sent.query("api-version").unwrap_or_default();
    let url = operation::url(&app, "workspaceOperationsStatus", &id, &version);
    let mut headers = HeaderMap::new();
    headers.extend(HeaderValue::from_str(&url).map(|url| (LOCATION, url)));
    let pace = settings.operation_retry_after;
    headers.extend(pace.map(|seconds| (RETRY_AFTER, HeaderValue::from(seconds))));
    Ok((StatusCode::ACCEPTED, headers).into_response())
}

/// The workspace with the request laid over it: tags are replaced, properties merged, and of the identity
/// the type decides.
fn patched(app: &App, mut workspace: Value, body: &Value) -> Result<Value, Refusal> {
    let given = |field: &str| body.get(field).filter(|value| !value.is_null());
    if let Some(properties) = given("properties") {
        inventory::merge(&mut workspace, &json!({"properties": properties}));
    }
    let mut put = |field: &str, value: Value| {
        if let Some(fields) = workspace.as_object_mut() {
            fields.insert(field.to_owned(), value);
        }
    };
    if let Some(tags) = given("tags") {
        put("tags", tags.clone());
    }
    if let Some(identity) = given("identity") {
        let before = now(app)?.get("identity").cloned().unwrap_or_default();
        let wish = Wish::read(app, identity)?;
        let wish = match app.settings().workspace_identities {
            WorkspaceIdentities::Merges => wish.joined(&before),
            WorkspaceIdentities::Replaces => wish,
        };
        put("identity", wish.grant(app, Some(&before)));
    }
    Ok(workspace)
}
