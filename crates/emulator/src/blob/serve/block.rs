//! Put Block, Put Block List, Get Block List.

use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, StatusCode};

use super::insert;
use super::write::{attributes, written};
use crate::blob::condition::Conditions;
use crate::blob::error::BlobError;
use crate::blob::incoming::Incoming;
use crate::blob::target::{Target, header};
use crate::blob::xml;
use crate::state::App;

/// A list of 50,000 ids of 64 bytes with their tags stays below this.
const LONGEST_LIST: usize = 8 << 20;

/// Put Block.
pub(super) async fn put(
    app: &App,
    target: &Target,
    headers: &HeaderMap,
    body: Body,
) -> Result<Response, BlobError> {
    let blob = target.blob_name()?;
    if !app.blobs.has_container(&blob.container) {
        return Err(BlobError::container_not_found());
    }
    let id = target.parameter("blockid");
    let incoming = Incoming::receive(app.blobs.data_dir(), body).await?;
    incoming.check_md5(header(headers, "content-md5"))?;
    let md5 = incoming.md5.clone();
    app.blobs.blocks.put(&blob, id, incoming)?;
    let mut response = StatusCode::CREATED.into_response();
    insert(response.headers_mut(), "content-md5", &md5);
    Ok(response)
}

/// Put Block List.
pub(super) async fn commit(
    app: &App,
    target: &Target,
    headers: &HeaderMap,
    body: Body,
) -> Result<Response, BlobError> {
    let blob = target.blob_name()?;
    let body = axum::body::to_bytes(body, LONGEST_LIST)
        .await
        .map_err(|_| {
            BlobError::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "RequestBodyTooLarge",
                "The request body is too large.",
            )
        })?;
    let ids = xml::wanted_blocks(&String::from_utf8_lossy(&body))?;
    let joined = app.blobs.blocks.join(app.blobs.data_dir(), &blob, &ids)?;
    let found = app
        .blobs
        .place(&blob, joined, attributes(headers), &Conditions::of(headers))
        .await?;
    Ok(written(StatusCode::CREATED, &found, None))
}

/// Get Block List. A committed blob shows as one block: its blocks are not remembered.
pub(super) fn list(app: &App, target: &Target) -> Result<Response, BlobError> {
    let blob = target.blob_name()?;
    let staged = app.blobs.blocks.staged(&blob);
    let found = app.blobs.maybe(&blob)?;
    if found.is_none() && staged.is_empty() {
        return Err(BlobError::blob_not_found());
    }
    let committed: Vec<(String, u64)> = found
        .into_iter()
        .map(|found| ("d2hvbGU=".to_owned(), found.length))
        .collect();
    let body = xml::block_list(&committed, &staged);
    Ok(([("content-type", "application/xml")], body).into_response())
}
