//! `POST …/jobs/{name}/cancel` and `DELETE …/jobs/{name}`.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::IntoResponse as _;

use super::refusal::{invalid, no_job};
use super::status::Status;
use super::{Named, shown};
use crate::error::Answer;
use crate::settings::{CancelAnswer, Refusing};
use crate::state::App;

/// Asks a job to end. Whether it has ended is to be seen on the job (contract §0.3).
pub(super) async fn cancel(
    State(app): State<Arc<App>>,
    Path(Named { name }): Path<Named>,
) -> Answer {
    let settings = app.settings();
    let now = app.clock.now();
    app.jobs
        .write(&name, |job| {
            match job.life.at(now).status {
                // Recorded as an error by users (contract §13); its words are not.
                Status::Finalizing => {
                    return Err(invalid(&app, "Cannot cancel a run that is Finalizing."));
                }
                status if status.is_end() => {
                    if settings.cancel_ended == Refusing::Refuse {
                        let text = format!("Cannot cancel a run that is {}.", status.as_str());
                        return Err(invalid(&app, &text));
                    }
                }
                _ => job.life.cancel(now, settings.cancel_seconds),
            }
            Ok(())
        })
        .unwrap_or_else(|| Err(no_job(&app, &name)))?;
    let location = format!("{}{}", app.addresses.base, shown::id(&app, &name));
    let status = match settings.cancel_answer {
        CancelAnswer::Ok => StatusCode::OK,
        CancelAnswer::Accepted => StatusCode::ACCEPTED,
    };
    Ok((
        status,
        [(LOCATION, location + "?api-version=2023-04-01-preview")],
    )
        .into_response())
}

/// Removes a job and its history.
pub(super) async fn delete(
    State(app): State<Arc<App>>,
    Path(Named { name }): Path<Named>,
) -> Answer {
    let refuse_live = app.settings().delete_live_job == Refusing::Refuse;
    let now = app.clock.now();
    let removed = app.jobs.remove(&name, |job| {
        if refuse_live && !job.life.at(now).status.is_end() {
            return Err(invalid(&app, "A job that has not ended cannot be deleted."));
        }
        job.life.kill();
        Ok(())
    });
    match removed {
        None => Ok(StatusCode::NO_CONTENT.into_response()),
        Some(outcome) => outcome.map(|()| StatusCode::OK.into_response()),
    }
}
