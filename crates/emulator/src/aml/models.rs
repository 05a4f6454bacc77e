//! Registered models: as much of them as a job's inputs and outputs need.

use std::sync::Arc;

use axum::Router;
use serde_json::{Map, Value};

use super::assets::{Absent, Kind};
use super::jobs::refusal::invalid;
use crate::error::Refusal;
use crate::state::App;

static KIND: Kind = Kind {
    word: "models",
    fixed: &["modelUri", "modelType"],
    refusal: "Asset paths cannot be updated.",
    absent: Absent::Asset,
    check,
};

pub(super) fn routes() -> Router<Arc<App>> {
    KIND.routes()
}

fn check(app: &App, properties: &mut Map<String, Value>) -> Result<(), Refusal> {
    let uri = properties.get("modelUri").and_then(Value::as_str);
    if uri.is_none_or(str::is_empty) {
        return Err(invalid(app, "modelUri is required."));
    }
    // Microsoft's client cannot read a model without a map of them.
    if properties.get("flavors").is_none_or(Value::is_null) {
        properties.insert("flavors".to_owned(), Value::Object(Map::new()));
    }
    Ok(())
}
