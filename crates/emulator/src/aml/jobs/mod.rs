//! Jobs (contract §3): Spark only.

mod book;
mod control;
mod end;
mod job;
mod life;
mod list;
mod put;
pub(crate) mod refusal;
mod repeat;
pub(crate) mod shown;
mod size;
mod status;
mod validate;

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::IntoResponse as _;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;

use super::WORKSPACE;
use crate::error::Answer;
use crate::state::App;

pub(crate) use book::Jobs;
pub(crate) use job::Job;
pub(crate) use life::{Life, Moment};
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
