//! `/roleAssignments` (contract §7; answers as recorded in 2022).

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::access::{demand, is_of, since};
use super::refusal::{already_exists, not_found};
use super::scope::Scope;
use super::{ASSIGNMENTS, Workspace, roles};
use crate::clock::after;
use crate::error::{Answer, Refusal, bad_request};
use crate::login::Caller;
use crate::request::{AsSent, Body};
use crate::settings::Refusing;
use crate::state::App;

/// Carries the place between pages, in requests and in answers.
const CONTINUATION: &str = "x-ms-continuation";

/// Keeps an assignment, with the time from which its effect is counted.
pub(super) fn keep(app: &App, workspace: &str, answer: &Value, since: Timestamp) {
    let key = key(workspace, text(answer, "id").unwrap_or_default());
    let kept = json!({"workspace": workspace, "answer": answer, "since": since});
    app.group().put(ASSIGNMENTS, &key, kept);
}

/// Every workspace has its own.
fn key(workspace: &str, id: &str) -> String {
    format!("{workspace}/{id}").to_ascii_lowercase()
}

/// `PUT /roleAssignments/{id}`.
pub(super) async fn create(
    State(app): State<Arc<App>>,
    workspace: Workspace,
    caller: Caller,
    Path(id): Path<String>,
    Body(body): Body,
) -> Answer {
    demand(&app, &workspace, &caller, "roleAssignments/write")?;
    if Uuid::parse_str(&id).is_err() {
        return Err(bad_request(
            "InvalidRoleAssignmentId",
            "The role assignment id must be a GUID.",
        ));
    }
    let required = |name: &str| {
        text(&body, name)
            .ok_or_else(|| bad_request("BadRequest", format!("The field '{name}' is required.")))
    };
    let (role, principal, scope) = (
        required("roleId")?,
        required("principalId")?,
        required("scope")?,
    );
    check(&app, &workspace, role, principal, scope)?;
    let settings = app.settings();
    let same = |kept: &Value| {
        [
            ("roleDefinitionId", role),
            ("principalId", principal),
            ("scope", scope),
        ]
        .into_iter()
        .all(|(name, wanted)| text(kept, name).is_some_and(|it| it.eq_ignore_ascii_case(wanted)))
    };
    let key = key(&workspace.name, &id);
    let taken = {
        let store = app.group();
        let by_id = store
            .get(ASSIGNMENTS, &key)
            .and_then(|kept| kept.get("answer"))
            .cloned();
        let twin = store.list(ASSIGNMENTS).any(|(name, kept)| {
            name != key && is_of(kept, &workspace) && kept.get("answer").is_some_and(same)
        });
        (by_id, twin)
    };
    match taken {
        (Some(kept), _) if same(&kept) && settings.synapse_repeat == Refusing::Accept => {
            return Ok(Json(kept).into_response());
        }
        (Some(_), _) => return Err(already_exists(&workspace, role, principal, scope)),
        (None, true) if settings.synapse_duplicate == Refusing::Refuse => {
            return Err(already_exists(&workspace, role, principal, scope));
        }
        (None, _) => {}
    }
    let mut answer =
        json!({"id": id, "roleDefinitionId": role, "principalId": principal, "scope": scope});
    // The answer has the principal's type only if the request named it.
    if let (Some(fields), Some(kind)) = (answer.as_object_mut(), text(&body, "principalType")) {
        fields.insert("principalType".to_owned(), kind.into());
    }
    keep(&app, &workspace.name, &answer, app.clock.now());
    Ok(Json(answer).into_response())
}

fn check(
    app: &App,
    workspace: &Workspace,
    role: &str,
    principal: &str,
    scope: &str,
) -> Result<(), Refusal> {
    if !roles::exists(role) {
        return Err(bad_request(
            "RoleDefinitionNotFound",
            format!("Role Definition with id '{role}' is not found."),
        ));
    }
    let scope_read = Scope::read(app, workspace, scope)
        .ok_or_else(|| bad_request("InvalidScope", format!("The scope '{scope}' is invalid.")))?;
    if scope_read != Scope::Workspace && !roles::at_pool(app, role) {
        return Err(bad_request(
            "InvalidScope",
            format!("The role '{role}' can not be assigned at the scope '{scope}'."),
        ));
    }
    if Uuid::parse_str(principal).is_err() || app.is_principal_too_fresh(principal) {
        return Err(bad_request(
            "PrincipalNotFound",
            format!(
                "Principal '{principal}' does not exist in the directory '{}'.",
                app.world.tenant
            ),
        ));
    }
    Ok(())
}

/// `GET /roleAssignments/{id}`.
pub(super) async fn show(
    State(app): State<Arc<App>>,
    workspace: Workspace,
    caller: Caller,
    Path(id): Path<String>,
) -> Answer {
    demand(&app, &workspace, &caller, "read")?;
    let found = app
        .group()
        .get(ASSIGNMENTS, &key(&workspace.name, &id))
        .and_then(|kept| kept.get("answer"))
        .cloned();
    Ok(Json(found.ok_or_else(|| not_found(&id))?).into_response())
}

/// `GET /roleAssignments`, filtered, in pages.
pub(super) async fn list(
    State(app): State<Arc<App>>,
    workspace: Workspace,
    caller: Caller,
    sent: AsSent,
    headers: HeaderMap,
) -> Answer {
    demand(&app, &workspace, &caller, "read")?;
    let filters: Vec<(&str, String)> = [
        ("roleDefinitionId", "roleId"),
        ("principalId", "principalId"),
        ("scope", "scope"),
    ]
    .into_iter()
    .filter_map(|(field, parameter)| Some((field, sent.query(parameter)?)))
    .collect();
    let settings = app.settings();
    let now = app.clock.now();
    let matching: Vec<Value> = app
        .group()
        .list(ASSIGNMENTS)
        .map(|(_, kept)| kept)
        .filter(|kept| is_of(kept, &workspace))
        .filter(|kept| after(since(kept), settings.synapse_list_seconds) <= now)
        .filter_map(|kept| kept.get("answer"))
        .filter(|answer| {
            filters.iter().all(|(field, wanted)| {
                text(answer, field).is_some_and(|it| it.eq_ignore_ascii_case(wanted))
            })
        })
        .cloned()
        .collect();
    let start: usize = headers
        .get(CONTINUATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.parse().ok())
        .unwrap_or_default();
    let size = settings.synapse_page_size.max(1);
    let more = matching.len() > start.saturating_add(size);
    let value: Vec<Value> = matching.into_iter().skip(start).take(size).collect();
    // The last page has the header too, without a value.
    let next = if more {
        start.saturating_add(size).to_string()
    } else {
        String::new()
    };
    let body = json!({"count": value.len(), "value": value});
    Ok(([(CONTINUATION, next)], Json(body)).into_response())
}

/// `DELETE /roleAssignments/{id}`: 204, whether or not it was there.
pub(super) async fn delete(
    State(app): State<Arc<App>>,
    workspace: Workspace,
    caller: Caller,
    Path(id): Path<String>,
) -> Answer {
    demand(&app, &workspace, &caller, "roleAssignments/delete")?;
    let key = key(&workspace.name, &id);
    app.group().remove(ASSIGNMENTS, &key);
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name).and_then(Value::as_str)
}
