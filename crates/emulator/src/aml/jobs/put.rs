//! `PUT …/jobs/{name}`: 201 with the job's own URL as `Location`; not a long-running operation.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use super::job::Job;
use super::life::{Driven, Life, Moment, Timed};
use super::refusal::invalid;
use super::status::Status;
use super::validate::{Fields, given};
use super::{Named, repeat, shown, validate};
use crate::Runner;
use crate::error::{Answer, Refusal};
use crate::login::Caller;
use crate::request::Body;
use crate::spark;
use crate::state::App;

/// Creates a job, or updates what may be updated of one.
pub(super) async fn put(
    State(app): State<Arc<App>>,
    Path(Named { name }): Path<Named>,
    caller: Caller,
    headers: HeaderMap,
    Body(body): Body,
) -> Answer {
    validate::name(&app, &name)?;
    let Some(Value::Object(fields)) = body.get("properties") else {
        return Err(invalid(&app, "properties is required."));
    };
    if let Some(updated) = update(&app, &name, fields) {
        return updated;
    }
    validate::job(&app, fields)?;
    if validate::runs_as_user(fields) {
        let token = headers
            .get("x-azureml-token")
            .and_then(|token| token.to_str().ok());
        validate::user_token(&app, token)?;
    }
    let job = new(&app, &name, fields, &caller);
    if let Life::Timed(_) = &job.life {
        spark::leave_log(&app, &job).await;
    }
    let is_driven = matches!(job.life, Life::Driven(_));
    let shown = shown::resource(&app, &job, &Moment::waiting(Status::Starting));
    if !app.jobs.add(job) {
        // Another request took the name while this one was checked.
        return update(&app, &name, fields)
            .unwrap_or_else(|| Err(invalid(&app, "The job was deleted while it was made.")));
    }
    if is_driven {
        spark::start(&app, &name);
    }
    Ok(answer(&app, StatusCode::CREATED, &name, shown))
}

/// The answer for a name that exists; `None` when it does not.
fn update(app: &App, name: &str, fields: &Fields) -> Option<Answer> {
    let written: Result<Job, Refusal> = app.jobs.write(name, |job| {
        validate::limits(app, fields)?;
        repeat::apply(app, job, fields)?;
        Ok(job.clone())
    })?;
    Some(written.map(|job| {
        let moment = job.life.at(app.clock.now());
        answer(
            app,
            StatusCode::OK,
            name,
            shown::resource(app, &job, &moment),
        )
    }))
}

fn answer(app: &App, status: StatusCode, name: &str, shown: Value) -> Response {
    let location = format!("{}{}", app.addresses.base, shown::id(app, name));
    (status, [(LOCATION, location)], Json(shown)).into_response()
}

/// A job from the fields of a request.
fn new(app: &App, name: &str, fields: &Fields, caller: &Caller) -> Job {
    let mut sent = fields.clone();
    let mut take = |field: &str| sent.remove(field).filter(|value| !value.is_null());
    let map = |value: Option<Value>| match value {
        Some(Value::Object(map)) => map,
        _ => Map::new(),
    };
    let (tags, notes) = (map(take("tags")), map(take("properties")));
    let display_name = take("displayName").unwrap_or(Value::Null);
    let description = take("description").unwrap_or(Value::Null);
    let archived = given(fields, "isArchived")
        .and_then(Value::as_bool)
        .unwrap_or(false);
    for written_by_service in ["isArchived", "status", "services"] {
        take(written_by_service);
    }
    let mut job = Job {
        name: name.to_owned(),
        sent: Arc::new(sent),
        tags,
        notes,
        display_name,
        description,
        archived,
        created: app.clock.now(),
        created_by: caller.app_id.clone(),
        life: Life::Fixed(Moment::waiting(Status::Starting)),
    };
    job.life = life(app, &job);
    job
}

/// Tags by which one job tells the instant runner how long it takes and how it ends, whatever the settings say: what
/// runs side by side cannot share a setting.
const SECONDS_TAG: &str = "emulator-instant-seconds";
/// See [`SECONDS_TAG`].
const OUTCOME_TAG: &str = "emulator-instant-outcome";

fn seconds_tag(job: &Job) -> Option<f64> {
    job.tags.get(SECONDS_TAG)?.as_str()?.parse().ok()
}

/// How the job is going to live, by the runner that is set now.
fn life(app: &App, job: &Job) -> Life {
    let settings = app.settings();
    if settings.runner == Runner::Spark {
        return Life::Driven(Driven {
            moment: Moment::waiting(Status::Starting),
            cancel: CancellationToken::new(),
        });
    }
    let told = job
        .tags
        .get(OUTCOME_TAG)
        .cloned()
        .unwrap_or_else(|| json!(settings.instant_outcome));
    let told = serde_json::from_value(told).unwrap_or(Status::Completed);
    let (outcome, error) = match (spark::check_access(app, job), told) {
        (Err(failure), _) => (Status::Failed, Some(failure.to_string())),
        (Ok(()), Status::Failed) => (
            Status::Failed,
            Some("The instant runner was told to let the job fail.".to_owned()),
        ),
        (Ok(()), other) => (other, None),
    };
    let from = job.created;
    Life::Timed(Timed {
        from,
        seconds: seconds_tag(job).unwrap_or(settings.instant_seconds),
        outcome,
        error,
        canceled: None,
    })
}
