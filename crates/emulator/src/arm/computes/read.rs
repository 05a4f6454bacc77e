//! GET and LIST.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde_json::Value;

use super::{COMPUTES, Names};
use crate::error::{Answer, Refusal};
use crate::paging::Cut;
use crate::request::AsSent;
use crate::state::App;

/// The compute as it is answered, by its name.
pub(super) fn find(app: &App, name: &str) -> Option<Value> {
    app.store().get(COMPUTES, name).cloned()
}

/// `GET …/computes/{name}`.
pub(super) async fn show(
    State(app): State<Arc<App>>,
    Path((_, _, workspace, name)): Path<Names>,
) -> Answer {
    let found = find(&app, &name).ok_or_else(|| not_found(&workspace, &name))?;
    Ok(Json(found).into_response())
}

/// `GET …/computes`.
pub(super) async fn list(State(app): State<Arc<App>>, AsSent(sent): AsSent) -> Answer {
    let settings = app.settings();
    let all: Vec<Value> = app
        .store()
        .list(COMPUTES)
        .map(|(_, compute)| compute.clone())
        .collect();
    let cut = Cut {
        base: &app.addresses.base,
        path_and_query: &sent,
        size: settings.compute_page_size,
        empty_first: settings.empty_first_page,
    };
    let page = cut.page(all, |compute| {
        compute
            .get("name")
            .and_then(Value::as_str)
            .unwrap_or_default()
    })?;
    Ok(Json(page.json()).into_response())
}

/// 404 for a compute.
pub(super) fn not_found(workspace: &str, name: &str) -> Refusal {
    Refusal::plain(
        StatusCode::NOT_FOUND,
        "ResourceNotFound",
        format!("Compute '{name}' was not found in the workspace '{workspace}'."),
    )
}
