//! `POST …/jobs/{name}/cancel` and `DELETE …/jobs/{name}`.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::IntoResponse as _;

use super::refusal::{invalid, no_job};
use super::status::Status;
use super::{Named, shown};
use crate::error::{Answer, Refusal, UserError};
use crate::settings::{CancelAnswer, CancelEffect, Refusing};
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
                _ => {
                    let told = job.told();
                    let seconds = told.cancel_seconds.unwrap_or(settings.cancel_seconds);
                    match told.cancel.unwrap_or(settings.cancel_effect) {
                        CancelEffect::Ends => job.life.cancel(now, Some(seconds)),
                        CancelEffect::Stays => job.life.cancel(now, None),
                        CancelEffect::Nothing => {}
                        CancelEffect::Refused => {
                            return Err(no_right(&app, StatusCode::BAD_REQUEST));
                        }
                        CancelEffect::Forbidden => {
                            return Err(no_right(&app, StatusCode::FORBIDDEN));
                        }
                    }
                }
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

/// What people without the right to cancel are told (contract §13); status and inner codes are not recorded.
fn no_right(app: &App, status: StatusCode) -> Refusal {
    let message = "Cannot execute Cancel because user does not have sufficient permission.";
    let error = UserError {
        chain: &["Authorization", "InsufficientPermission"],
        message,
        format: message,
        parameters: &[],
    };
    Refusal::user(app, status, error)
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
