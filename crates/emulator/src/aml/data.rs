//! Data assets (contract §4.2).

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use serde_json::Value;

use super::WORKSPACE;
use super::assets::{Asset, Kind, Version, properties};
use super::jobs::refusal::invalid;
use crate::error::Answer;
use crate::login::Caller;
use crate::request::{AsSent, Body};
use crate::state::App;

const KIND: Kind = Kind {
    word: "data",
    fixed: &["dataUri", "dataType"],
    refusal: "Asset paths cannot be updated.",
};

pub(super) fn routes() -> Router<Arc<App>> {
    let asset = format!("{WORKSPACE}/data/{{name}}");
    Router::new()
        .route(&asset, get(container))
        .route(&format!("{asset}/versions"), get(list))
        .route(
            &format!("{asset}/versions/{{version}}"),
            get(show).put(put).delete(delete),
        )
}

async fn container(State(app): State<Arc<App>>, Path(at): Path<Asset>) -> Answer {
    KIND.container(&app, &at.name)
}

async fn list(State(app): State<Arc<App>>, Path(at): Path<Asset>, sent: AsSent) -> Answer {
    let prefix = format!("{}/", at.name.to_ascii_lowercase());
    KIND.list(&app, &sent, |key, _| key.starts_with(&prefix))
}

async fn show(State(app): State<Arc<App>>, Path(at): Path<Version>) -> Answer {
    KIND.show(&app, &at)
}

async fn put(
    State(app): State<Arc<App>>,
    Path(at): Path<Version>,
    caller: Caller,
    Body(body): Body,
) -> Answer {
    let properties = properties(&app, &body)?;
    for field in ["dataUri", "dataType"] {
        if properties
            .get(field)
            .and_then(Value::as_str)
            .is_none_or(str::is_empty)
        {
            return Err(invalid(&app, &format!("{field} is required.")));
        }
    }
    KIND.put(&app, &at, &caller, &properties)
}

async fn delete(State(app): State<Arc<App>>, Path(at): Path<Version>) -> Response {
    KIND.delete(&app, &at)
}
