//! The operations of blob storage over HTTP.

mod account;
mod block;
mod container;
mod read;
mod write;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, Method};

use super::access::authorize;
use super::error::BlobError;
use super::store::http_date;
use super::target::{Target, header};
use crate::site::Account;
use crate::state::App;

/// The version of the storage service that answers name when the client named none.
const VERSION: HeaderValue = HeaderValue::from_static("2021-08-06");

/// Answers any request to a blob host.
pub(crate) async fn serve(State(app): State<Arc<App>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let account = parts
        .extensions
        .get::<Account>()
        .map(|Account(name)| name.clone());
    let version = parts
        .headers
        .get("x-ms-version")
        .cloned()
        .unwrap_or(VERSION);
    let client_id = parts.headers.get("x-ms-client-request-id").cloned();
    let head = parts.method == Method::HEAD;
    let outcome = match account {
        Some(account) if app.blobs.has_account(&account) => {
            dispatch(&app, &account, &parts, body).await
        }
        _ => Err(BlobError::new(
            http::StatusCode::NOT_FOUND,
            "ResourceNotFound",
            "The specified account does not exist: in Azure its name would not resolve.",
        )),
    };
    let mut response = outcome.unwrap_or_else(|error| {
        let mut response = error.into_response();
        if head {
            *response.body_mut() = Body::empty();
        }
        response
    });
    let headers = response.headers_mut();
    headers.insert("x-ms-version", version);
    if let Some(id) = client_id {
        headers.insert("x-ms-client-request-id", id);
    }
    insert(
        headers,
        "x-ms-request-id",
        &uuid::Uuid::new_v4().to_string(),
    );
    insert(headers, "date", &http_date(app.clock.now()));
    response
}

/// Sets a header whose value is text that may, in theory, not fit a header.
fn insert(headers: &mut http::HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// Finds the operation, asks for the right to it, and does it. The letters are the permissions of
/// a signature of which one suffices ("Create a service SAS", permissions for blobs).
async fn dispatch(
    app: &App,
    account: &str,
    parts: &http::request::Parts,
    body: Body,
) -> Result<Response, BlobError> {
    let target = Target::of(account, &parts.uri)?;
    let comp = target.parameter("comp");
    let of_container = target.parameter("restype") == "container";
    let may = |permissions: &str| authorize(app, parts, &target, permissions);
    match (
        &parts.method,
        target.container.is_some(),
        target.blob.is_some(),
        comp,
    ) {
        (&Method::GET, false, false, "list") => {
            may("l")?;
            account::list(app, account)
        }
        (&Method::GET, true, false, "list") if of_container => {
            may("l")?;
            container::list(app, &target).await
        }
        (&Method::PUT, true, false, "") if of_container => {
            may("cw")?;
            container::create(app, &target)
        }
        (&Method::GET | &Method::HEAD, true, false, "" | "metadata") if of_container => {
            may("r")?;
            container::properties(app, &target)
        }
        (&Method::DELETE, true, false, "") if of_container => {
            may("d")?;
            container::delete(app, &target).await
        }
        (&Method::HEAD, true, true, "" | "metadata") | (&Method::GET, true, true, "metadata") => {
            may("r")?;
            read::head(app, &target, &parts.headers)
        }
        (&Method::GET, true, true, "") => {
            may("r")?;
            read::get(app, &target, &parts.headers).await
        }
        (&Method::PUT, true, true, "") => {
            may("wc")?;
            if header(&parts.headers, "x-ms-copy-source").is_some() {
                return Err(BlobError::unsupported("Copy Blob"));
            }
            write::put(app, &target, &parts.headers, body).await
        }
        (&Method::PUT, true, true, "metadata") => {
            may("w")?;
            write::metadata(app, &target, &parts.headers).await
        }
        (&Method::PUT, true, true, "properties") => {
            may("w")?;
            write::properties(app, &target, &parts.headers).await
        }
        (&Method::DELETE, true, true, "") => {
            may("d")?;
            write::delete(app, &target, &parts.headers).await
        }
        (&Method::PUT, true, true, "block") => {
            may("wc")?;
            block::put(app, &target, &parts.headers, body).await
        }
        (&Method::PUT, true, true, "blocklist") => {
            may("wc")?;
            block::commit(app, &target, &parts.headers, body).await
        }
        (&Method::GET, true, true, "blocklist") => {
            may("r")?;
            block::list(app, &target)
        }
        (method, ..) => Err(BlobError::unsupported(&format!(
            "{method} with comp={comp:?}"
        ))),
    }
}
