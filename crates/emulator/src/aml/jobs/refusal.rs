//! Refusals of Azure ML's front end (contract §0.2). Inner codes that no source tells are the
//! emulator's choice, see `docs/fidelity.md`.

use axum::http::StatusCode;

use crate::error::{Refusal, UserError};
use crate::state::App;

/// 400: something in the request is wrong.
pub(crate) fn invalid(app: &App, message: &str) -> Refusal {
    let chain = &["BadArgument", "ArgumentInvalid"];
    let error = UserError {
        chain,
        message,
        format: message,
        parameters: &[],
    };
    Refusal::user(app, StatusCode::BAD_REQUEST, error)
}

/// 404: something that the request names is not there. Reads and writes alike.
pub(crate) fn not_found(
    app: &App,
    code: &str,
    format: &str,
    parameters: &[(&str, &str)],
) -> Refusal {
    let message = parameters
        .iter()
        .fold(format.to_owned(), |text, (name, value)| {
            text.replace(&format!("{{{name}}}"), value)
        });
    let error = UserError {
        chain: &["NotFound", code],
        message: &message,
        format,
        parameters,
    };
    Refusal::user(app, StatusCode::NOT_FOUND, error)
}

/// 404 for a job, as recorded.
pub(crate) fn no_job(app: &App, name: &str) -> Refusal {
    not_found(
        app,
        "JobNotFound",
        "Job {jobId} not found.",
        &[("jobId", name)],
    )
}
