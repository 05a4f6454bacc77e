//! GET, LIST and DELETE.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde_json::{Value, json};

use super::frozen::check;
use super::{LINKS, Names};
use crate::error::{Answer, Refusal};
use crate::request::AsSent;
use crate::settings::{Absent, LinkDeleted};
use crate::state::App;

/// `GET …/linkedServices/{name}`.
pub(super) async fn show(
    State(app): State<Arc<App>>,
    Path((_, _, workspace, name)): Path<Names>,
    sent: AsSent,
) -> Answer {
    check(&app, &sent)?;
    let found = app.store().get(LINKS, &name).cloned();
    let found = found.ok_or_else(|| absent(&workspace, &name))?;
    Ok(Json(found).into_response())
}

/// `GET …/linkedServices`: everything at once, without a next link.
pub(super) async fn list(State(app): State<Arc<App>>, sent: AsSent) -> Answer {
    check(&app, &sent)?;
    let store = app.store();
    let all: Vec<&Value> = store.list(LINKS).map(|(_, link)| link).collect();
    Ok(Json(json!({"value": all})).into_response())
}

/// `DELETE …/linkedServices/{name}`.
pub(super) async fn delete(
    State(app): State<Arc<App>>,
    Path((_, _, workspace, name)): Path<Names>,
    sent: AsSent,
) -> Answer {
    check(&app, &sent)?;
    let settings = app.settings();
    let removed = app.store().remove(LINKS, &name);
    let status = match (removed, settings.link_deleted, settings.absent_link) {
        (None, _, Absent::NotFound) => return Err(absent(&workspace, &name)),
        (Some(_), LinkDeleted::Ok, _) => StatusCode::OK,
        (None, _, Absent::NoContent) | (Some(_), LinkDeleted::NoContent, _) => {
            StatusCode::NO_CONTENT
        }
    };
    Ok(status.into_response())
}

fn absent(workspace: &str, name: &str) -> Refusal {
    Refusal::plain(
        StatusCode::NOT_FOUND,
        "ResourceNotFound",
        format!("Linked service '{name}' was not found in the workspace '{workspace}'."),
    )
}
