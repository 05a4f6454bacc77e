//! `/_emulator/resources`: the hand that changes what stands in the resource group.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Map, Value};

use super::{INVENTORY, find, made, put, remove};
use crate::error::{Answer, Refusal, bad_request};
use crate::state::App;
use crate::synapse;

pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/_emulator/resources", get(list))
        .route(
            "/_emulator/resources/{*id}",
            get(show).put(change).delete(vanish),
        )
}

async fn list(State(app): State<Arc<App>>) -> Json<Vec<Value>> {
    let store = app.group();
    Json(
        store
            .list(INVENTORY)
            .map(|(_, kept)| kept.clone())
            .collect(),
    )
}

async fn show(State(app): State<Arc<App>>, Path(id): Path<String>) -> Answer {
    let id = format!("/{id}");
    let found = find(&app, &id).ok_or_else(|| absent(&id))?;
    Ok(Json(found).into_response())
}

/// A JSON merge patch of what is there, or of what is made anew.
async fn change(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Json(patch): Json<Value>,
) -> Answer {
    let id = format!("/{id}");
    let before = find(&app, &id);
    let is_new = before.is_none();
    let Some(mut resource) = before.or_else(|| made(&app, &id)) else {
        return Err(bad_request(
            "UnknownResource",
            format!("'{id}' is not the id of a resource that can be kept here."),
        ));
    };
    merge(&mut resource, &patch);
    put(&app, &id, resource.clone());
    if is_new {
        let own = ["/properties/principalId", "/identity/principalId"];
        for principal in own.iter().filter_map(|at| resource.pointer(at)?.as_str()) {
            app.principal_made(principal);
        }
        synapse::administer(&app, &resource);
    }
    Ok(Json(resource).into_response())
}

async fn vanish(State(app): State<Arc<App>>, Path(id): Path<String>) -> Answer {
    let id = format!("/{id}");
    if remove(&app, &id) {
        Ok(StatusCode::NO_CONTENT.into_response())
    } else {
        Err(absent(&id))
    }
}

fn absent(id: &str) -> Refusal {
    Refusal::plain(
        StatusCode::NOT_FOUND,
        "UnknownResource",
        format!("Nothing is kept under '{id}'."),
    )
}

/// RFC 7396.
pub(crate) fn merge(under: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        patch.clone_into(under);
        return;
    };
    if !under.is_object() {
        *under = Value::Object(Map::new());
    }
    let Value::Object(under) = under else { return };
    for (key, value) in patch {
        if value.is_null() {
            under.remove(key);
        } else {
            merge(under.entry(key.clone()).or_insert(Value::Null), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::merge;

    #[test]
    fn a_merge_patch_adds_replaces_and_removes() {
        let mut under = json!({"a": {"b": 1, "c": 2}, "d": [1]});
        merge(
            &mut under,
            &json!({"a": {"b": null, "e": {"f": 3}}, "d": [2], "g": null}),
        );
        assert_eq!(under, json!({"a": {"c": 2, "e": {"f": 3}}, "d": [2]}));
    }
}
