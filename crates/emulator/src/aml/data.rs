//! Data assets (contract §4.2).

use std::sync::Arc;

use axum::Router;
use serde_json::{Map, Value};

use super::assets::{Absent, Kind};
use super::jobs::refusal::invalid;
use crate::error::Refusal;
use crate::state::App;

static KIND: Kind = Kind {
    word: "data",
    fixed: &["dataUri", "dataType"],
    refusal: "Asset paths cannot be updated.",
    absent: Absent::Asset,
    check,
};

pub(super) fn routes() -> Router<Arc<App>> {
    KIND.routes()
}

fn check(app: &App, properties: &mut Map<String, Value>) -> Result<(), Refusal> {
    let text = |field: &str| properties.get(field).and_then(Value::as_str);
    if text("dataUri").is_none_or(str::is_empty) {
        return Err(invalid(app, "dataUri is required."));
    }
    match text("dataType") {
        Some("uri_file" | "uri_folder" | "mltable") => Ok(()),
        _ => Err(invalid(
            app,
            "dataType must be uri_file, uri_folder or mltable.",
        )),
    }
}
