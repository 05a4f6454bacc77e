//! Control of jobs: runs of other people by the thousand, and states set by hand.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Named;
use super::job::Job;
use super::life::{Life, Moment};
use super::refusal::no_job;
use super::run_error::RunError;
use super::status::Status;
use crate::clock::after;
use crate::error::{Answer, Refusal, bad_request};
use crate::settings::Ending;
use crate::spark::{Stream, append_log};
use crate::state::App;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/_emulator/seed-runs", post(seed))
        .route("/_emulator/jobs/{name}", get(show).post(set).delete(forget))
        .route("/_emulator/jobs/{name}/log", post(write_log))
}

/// The job and the workspace that has it: here names are told apart by nothing else.
fn find(app: &App, name: &str) -> Result<(App, Arc<Job>), Refusal> {
    app.workspaces()
        .find_map(|app| app.jobs.get(name).map(|job| (app, job)))
        .ok_or_else(|| no_job(app, name))
}

/// Runs that are just there, ended long ago.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct Seed {
    count: u32,
    /// The workspace that they are in; the world's own when it is missing.
    workspace: Option<String>,
    /// Who made them.
    owner: String,
    /// Names are `{prefix}-{number}`.
    prefix: String,
    /// `Command` or `Spark`; when it is missing, they take turns.
    job_type: Option<String>,
    tags: Map<String, Value>,
    experiment_name: String,
    status: Status,
    /// How long ago the youngest of them was made.
    age_seconds: f64,
    /// How far they lie apart.
    spacing_seconds: f64,
}

impl Default for Seed {
    fn default() -> Self {
        Self {
            count: 0,
            workspace: None,
            owner: "other".to_owned(),
            prefix: "old-run".to_owned(),
            job_type: None,
            tags: Map::new(),
            experiment_name: "other-people".to_owned(),
            status: Status::Completed,
            age_seconds: 3600.0,
            spacing_seconds: 60.0,
        }
    }
}

async fn seed(State(app): State<Arc<App>>, Json(seed): Json<Seed>) -> Answer {
    let name = seed.workspace.as_ref().unwrap_or(&app.world.workspace);
    let app = app
        .in_workspace(name)
        .ok_or_else(|| bad_request("UnknownWorkspace", format!("'{name}' is no workspace.")))?;
    let sent = |kind: &str| {
        let own = match kind {
            "Spark" => json!({
                "entry": {"sparkJobEntryType": "SparkJobPythonEntry", "file": "main.py"},
                "resources": {"instanceType": "standard_e4s_v3", "runtimeVersion": "3.4"},
            }),
            _ => json!({"command": "python train.py", "resources": {"instanceCount": 1}}),
        };
        let mut fields = match own {
            Value::Object(fields) => fields,
            _ => Map::new(),
        };
        fields.insert("jobType".to_owned(), kind.into());
        fields.insert(
            "experimentName".to_owned(),
            seed.experiment_name.as_str().into(),
        );
        fields.insert("codeId".to_owned(), json!(null));
        Arc::new(fields)
    };
    let kinds = match &seed.job_type {
        Some(kind) => [sent(kind), sent(kind)],
        None => [sent("Command"), sent("Spark")],
    };
    let now = app.clock.now();
    let jobs = (0..seed.count)
        .zip(kinds.iter().cycle())
        .map(|(number, sent)| {
            let age = seed.age_seconds + seed.spacing_seconds * f64::from(seed.count - 1 - number);
            let created = after(now, -age);
            let ended = after(created, seed.spacing_seconds.min(30.0));
            let error = (seed.status == Status::Failed).then(|| RunError::user("The run failed."));
            Job {
                name: format!("{}-{number:06}", seed.prefix),
                sent: Arc::clone(sent),
                tags: seed.tags.clone(),
                notes: Map::new(),
                display_name: json!(format!("{} {number}", seed.prefix)),
                description: Value::Null,
                archived: false,
                created,
                created_by: seed.owner.clone(),
                life: Life::Fixed(Moment {
                    status: seed.status,
                    started: Some(created),
                    ended: seed.status.is_end().then_some(ended),
                    error,
                }),
                unlisted: false,
                registered: BTreeMap::new(),
            }
        });
    Ok(Json(json!({"added": app.jobs.add_all(jobs)})).into_response())
}

/// The state of a job, without a token.
async fn show(State(app): State<Arc<App>>, Path(Named { name }): Path<Named>) -> Answer {
    let (app, job) = find(&app, &name)?;
    let moment = job.life.at(app.clock.now());
    Ok(Json(json!({"name": job.name, "status": moment.status})).into_response())
}

/// What somebody does to a job.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Set {
    /// The state that it has from now on.
    #[serde(default)]
    status: Option<Status>,
    /// Why it failed, in words.
    #[serde(default)]
    error: Option<String>,
    /// The code that run history gives the error.
    #[serde(default)]
    code: Option<String>,
    /// Why it failed, as the instant runner can tell it.
    #[serde(default)]
    ending: Option<Ending>,
    /// Whether lists leave it out.
    #[serde(default)]
    unlisted: Option<bool>,
}

/// Puts a job into a state, from which only a cancellation or the next setting takes it. A process
/// that runs for it is ended.
async fn set(
    State(app): State<Arc<App>>,
    Path(Named { name }): Path<Named>,
    Json(set): Json<Set>,
) -> Answer {
    let (app, job) = find(&app, &name)?;
    let now = app.clock.now();
    let error = match (set.ending, &set.error) {
        (Some(ending), _) => Some(ending.error(&app, &job)),
        (None, Some(words)) => {
            let code = set.code.as_deref().unwrap_or("UserError");
            Some(RunError::new(code, words))
        }
        (None, None) => None,
    };
    let status = set.status.or(set.ending.map(|_| Status::Failed));
    app.jobs.advance(&name, |job| {
        if let Some(unlisted) = set.unlisted {
            job.unlisted = unlisted;
        }
        let Some(status) = status else {
            return;
        };
        job.life.kill();
        let before = job.life.at(now);
        let runs = !matches!(
            status,
            Status::NotStarted
                | Status::Starting
                | Status::Provisioning
                | Status::Preparing
                | Status::Queued
        );
        job.life = Life::Fixed(Moment {
            status,
            started: before.started.or(Some(now).filter(|_| runs)),
            ended: status.is_end().then_some(now),
            error,
        });
    });
    show(State(Arc::new(app)), Path(Named { name })).await
}

/// Removes a job and its history, whatever it is doing.
async fn forget(State(app): State<Arc<App>>, Path(Named { name }): Path<Named>) -> StatusCode {
    let Ok((app, job)) = find(&app, &name) else {
        return StatusCode::NOT_FOUND;
    };
    job.life.kill();
    app.jobs.forget(&name);
    StatusCode::NO_CONTENT
}

/// Words that a job's program writes.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Written {
    text: String,
    #[serde(default)]
    stream: Stream,
}

/// Adds to the log of a job.
async fn write_log(
    State(app): State<Arc<App>>,
    Path(Named { name }): Path<Named>,
    Json(written): Json<Written>,
) -> Answer {
    let (app, _) = find(&app, &name)?;
    append_log(&app, &name, written.stream, &written.text)
        .await
        .map_err(|error| {
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            Refusal::plain(status, "InternalServerError", error.to_string())
        })?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
