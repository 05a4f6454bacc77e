//! Operations on an account.

use axum::response::{IntoResponse as _, Response};

use crate::blob::error::BlobError;
use crate::blob::xml;
use crate::state::App;

/// List Containers.
pub(super) fn list(app: &App, account: &str) -> Result<Response, BlobError> {
    let names = app.blobs.containers(account)?;
    let body = xml::containers(&app.addresses.blob(account), &names);
    Ok(([("content-type", "application/xml")], body).into_response())
}
