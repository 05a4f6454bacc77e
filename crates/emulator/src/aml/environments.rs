//! Environments (contract §4.2): kept and shown. The runner uses its own Python whatever they say.

use std::sync::Arc;

use axum::Router;
use serde_json::{Map, Value};

use super::assets::{Absent, Kind};
use super::jobs::refusal::invalid;
use crate::error::Refusal;
use crate::settings::Refusing;
use crate::state::App;

static KIND: Kind = Kind {
    word: "environments",
    fixed: &["image", "condaFile", "build"],
    refusal: "The image and the conda file of an environment version cannot be changed.",
    absent: Absent::Environment,
    check,
};

pub(super) fn routes() -> Router<Arc<App>> {
    KIND.routes()
}

/// Only the conda part counts for Spark; Microsoft's client sends some image with it.
fn check(app: &App, properties: &mut Map<String, Value>) -> Result<(), Refusal> {
    let given = |field: &str| properties.get(field).filter(|value| !value.is_null());
    if given("condaFile").is_some_and(|text| !text.is_string()) {
        return Err(invalid(app, "condaFile must be a text."));
    }
    let has_image = given("image").or_else(|| given("build")).is_some();
    let can_do_without = app.settings().environment_without_image == Refusing::Accept;
    if !has_image && (!can_do_without || given("condaFile").is_none()) {
        return Err(invalid(app, "An environment needs an image or a build."));
    }
    Ok(())
}
