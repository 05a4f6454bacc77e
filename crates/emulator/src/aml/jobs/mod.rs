//! Jobs (contract §3): Spark only.

mod aftermath;
mod book;
mod control;
mod end;
mod ending;
mod job;
mod life;
mod list;
mod put;
mod references;
pub(crate) mod refusal;
mod repeat;
mod run_error;
pub(crate) mod shown;
mod size;
mod status;
mod told;
pub(crate) mod validate;

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::IntoResponse as _;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;

use super::WORKSPACE;
use crate::error::Answer;
use crate::state::App;

pub(crate) use aftermath::{outputs, settle};
pub(crate) use book::{Cut, Jobs, Place};
pub(crate) use ending::unauthorized;
pub(crate) use job::Job;
pub(crate) use life::{Life, Moment, STARTED};
pub(crate) use references::at_start;
pub(crate) use run_error::RunError;
pub(crate) use status::Status;

/// The part of a path that names a job.
#[derive(Deserialize)]
struct Named {
    name: String,
}

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route(&format!("{WORKSPACE}/jobs"), get(list::list))
        .route(
            &format!("{WORKSPACE}/jobs/{{name}}"),
            get(show).put(put::put).delete(end::delete),
        )
        .route(
            &format!("{WORKSPACE}/jobs/{{name}}/cancel"),
            post(end::cancel),
        )
        .merge(control::routes())
}

async fn show(State(app): State<Arc<App>>, Path(Named { name }): Path<Named>) -> Answer {
    let job = app
        .jobs
        .get(&name)
        .ok_or_else(|| refusal::no_job(&app, &name))?;
    let moment = job.life.at(app.clock.now());
    Ok(Json(shown::resource(&app, &job, &moment)).into_response())
}
