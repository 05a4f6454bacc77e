//! `PUT …/jobs/{name}`: 201 with the job's own URL as `Location`; not a long-running operation.

use std::collections::BTreeMap;
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
use super::references::at_start;
use super::refusal::invalid;
use super::run_error::RunError;
use super::status::Status;
use super::told::Told;
use super::validate::{Fields, given};
use super::{Named, repeat, shown, validate};
use crate::Runner;
use crate::error::{Answer, Refusal};
use crate::login::Caller;
use crate::request::Body;
use crate::settings::Presence;
use crate::spark::{self, Lines};
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
    if let Some(Value::Object(tags)) = fields.get("tags")
        && let Err(words) = Told::by(tags)
    {
        return Err(invalid(&app, &words));
    }
    let job = new(&app, &name, fields, &caller);
    let lines = lines(&app, &job);
    if lines.is_some() && app.settings().instant_log == Presence::Present {
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
    if let Some(lines) = lines {
        spark::grow_log(&app, &name, lines);
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
        unlisted: false,
        registered: BTreeMap::new(),
    };
    job.life = life(app, &job);
    job
}

/// What the instant runner writes for the job.
fn lines(app: &App, job: &Job) -> Option<Lines> {
    let Life::Timed(timed) = &job.life else {
        return None;
    };
    let set = app.settings().instant_log_lines;
    Some(Lines {
        from: timed.from,
        seconds: timed.seconds,
        count: job.told().log_lines.unwrap_or(set),
    })
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
    let told = job.told();
    let timed = |last, end| {
        Life::Timed(Timed {
            from: job.created,
            seconds: told.seconds.unwrap_or(settings.instant_seconds),
            last,
            end,
        })
    };
    let failed = |last, error| timed(last, Some((Status::Failed, Some(error))));
    let barred = spark::check_access(app, job).and_then(|()| at_start(app, job));
    if let Err(failure) = barred {
        return failed(Status::Preparing, failure.into());
    }
    if let Some(last) = told.stuck.or(settings.instant_stuck) {
        return timed(last, None);
    }
    // A job's own word wins over a setting of either kind.
    let ending = match (told.ending, told.outcome) {
        (None, Some(_)) => None,
        (ending, _) => ending.or(settings.instant_ending),
    };
    if let Some(ending) = ending {
        return failed(ending.last(), ending.error(app, job));
    }
    let set = || serde_json::from_value(json!(settings.instant_outcome)).ok();
    match told.outcome.or_else(set).unwrap_or(Status::Completed) {
        Status::Failed => failed(
            Status::Finalizing,
            RunError::user("The instant runner was told to let the job fail."),
        ),
        end if end.is_end() => timed(Status::Finalizing, Some((end, None))),
        state => timed(state, None),
    }
}
