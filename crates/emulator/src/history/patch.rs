//! `PATCH …/runs/{run}`: how the SDK updates and archives a job (contract §3.5).

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::IntoResponse as _;
use serde_json::{Map, Value};

use super::run::record;
use super::{Named, job};
use crate::aml::jobs::refusal::invalid;
use crate::aml::jobs::{Job, validate};
use crate::error::{Answer, Refusal};
use crate::request::Body;
use crate::state::App;

pub(super) async fn patch(
    State(app): State<Arc<App>>,
    Path(Named { run }): Path<Named>,
    Body(body): Body,
) -> Answer {
    let Value::Object(fields) = body else {
        return Err(invalid(&app, "The body must be an object."));
    };
    job(&app, &run)?;
    // The limits of the models (contract §3.2).
    validate::limits(&app, &fields)?;
    let changed = app.jobs.write(&run, |job| change(&app, job, &fields));
    changed.transpose()?;
    let job = job(&app, &run)?;
    let moment = job.life.at(app.clock.now());
    Ok(Json(record(&app, &job, &moment)).into_response())
}

/// Properties can only be added; everything else that is given is taken, nothing else is touched.
fn change(app: &App, job: &mut Job, fields: &Map<String, Value>) -> Result<(), Refusal> {
    let given = |field: &str| fields.get(field).filter(|value| !value.is_null());
    for (key, value) in given("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        if job.notes.get(key).is_some_and(|kept| kept != value) {
            return Err(invalid(
                app,
                &format!("The property '{key}' cannot be changed."),
            ));
        }
        job.notes.insert(key.clone(), value.clone());
    }
    if let Some(tags) = given("tags").and_then(Value::as_object) {
        job.tags.extend(tags.clone());
    }
    if let Some(name) = given("displayName") {
        job.display_name = name.clone();
    }
    if let Some(text) = given("description") {
        job.description = text.clone();
    }
    if let Some(hidden) = given("hidden").and_then(Value::as_bool) {
        job.archived = hidden;
    }
    Ok(())
}
