//! Control of jobs: runs of other people by the thousand, and states set by hand.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::IntoResponse as _;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Named;
use super::job::Job;
use super::life::{Life, Moment};
use super::refusal::no_job;
use super::status::Status;
use crate::clock::after;
use crate::error::Answer;
use crate::state::App;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/_emulator/seed-runs", post(seed))
        .route("/_emulator/jobs/{name}", get(show).post(set))
}

/// Runs that are just there, ended long ago.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct Seed {
    count: u32,
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

async fn seed(State(app): State<Arc<App>>, Json(seed): Json<Seed>) -> Json<Value> {
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
            let error = (seed.status == Status::Failed).then(|| "The run failed.".to_owned());
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
            }
        });
    Json(json!({"added": app.jobs.add_all(jobs)}))
}

/// The state of a job, without a token.
async fn show(State(app): State<Arc<App>>, Path(Named { name }): Path<Named>) -> Answer {
    let Some(job) = app.jobs.get(&name) else {
        return Err(no_job(&app, &name));
    };
    let moment = job.life.at(app.clock.now());
    Ok(Json(json!({"name": job.name, "status": moment.status})).into_response())
}

/// A state that somebody sets.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Set {
    status: Status,
    #[serde(default)]
    error: Option<String>,
}

/// Puts a job into a state, from which only a cancellation or the next setting takes it. A process
/// that runs for it is ended.
async fn set(
    State(app): State<Arc<App>>,
    Path(Named { name }): Path<Named>,
    Json(set): Json<Set>,
) -> Answer {
    if app.jobs.get(&name).is_none() {
        return Err(no_job(&app, &name));
    }
    let now = app.clock.now();
    app.jobs.advance(&name, |job| {
        job.life.kill();
        let before = job.life.at(now);
        job.life = Life::Fixed(Moment {
            status: set.status,
            started: before.started.or(Some(now)),
            ended: set.status.is_end().then_some(now),
            error: set.error.clone(),
        });
    });
    Ok(Json(json!({"name": name, "status": set.status})).into_response())
}
