//! Put Blob, Set Blob Metadata, Set Blob Properties, Delete Blob.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderValue, StatusCode};

use super::insert;
use crate::blob::attributes::Attributes;
use crate::blob::condition::Conditions;
use crate::blob::error::BlobError;
use crate::blob::incoming::Incoming;
use crate::blob::store::Found;
use crate::blob::target::{Target, header};
use crate::state::App;

/// Put Blob, block blobs only.
pub(super) async fn put(
    app: &App,
    target: &Target,
    headers: &HeaderMap,
    body: Body,
) -> Result<Response, BlobError> {
    match header(headers, "x-ms-blob-type") {
        Some("BlockBlob") => {}
        Some(other) => return Err(BlobError::unsupported(&format!("Put Blob of type {other}"))),
        None => return Err(BlobError::invalid_header("x-ms-blob-type")),
    }
    let blob = target.blob_name()?;
    let conditions = Conditions::of(headers);
    // Refused before the body is read where that is already certain.
    conditions.check_write(app.blobs.maybe(&blob)?.as_ref())?;
    let incoming = Incoming::receive(app.blobs.data_dir(), body).await?;
    incoming.check_md5(header(headers, "content-md5"))?;
    let md5 = incoming.md5.clone();
    let found = app
        .blobs
        .place(&blob, incoming, attributes(headers), &conditions)
        .await?;
    Ok(written(StatusCode::CREATED, &found, Some(&md5)))
}

/// Set Blob Metadata: replaces all of it.
pub(super) async fn metadata(
    app: &App,
    target: &Target,
    headers: &HeaderMap,
) -> Result<Response, BlobError> {
    let new = metadata_of(headers);
    let found = app
        .blobs
        .set_attributes(
            &target.blob_name()?,
            &Conditions::of(headers),
            |attributes| {
                attributes.metadata = new;
            },
        )
        .await?;
    Ok(written(StatusCode::OK, &found, None))
}

/// Set Blob Properties: replaces all of them.
pub(super) async fn properties(
    app: &App,
    target: &Target,
    headers: &HeaderMap,
) -> Result<Response, BlobError> {
    let new = attributes(headers);
    let found = app
        .blobs
        .set_attributes(
            &target.blob_name()?,
            &Conditions::of(headers),
            |attributes| {
                *attributes = Attributes {
                    metadata: std::mem::take(&mut attributes.metadata),
                    ..new
                };
            },
        )
        .await?;
    Ok(written(StatusCode::OK, &found, None))
}

/// Delete Blob.
pub(super) async fn delete(
    app: &App,
    target: &Target,
    headers: &HeaderMap,
) -> Result<Response, BlobError> {
    app.blobs
        .delete(&target.blob_name()?, &Conditions::of(headers))
        .await?;
    let mut response = StatusCode::ACCEPTED.into_response();
    response.headers_mut().insert(
        "x-ms-delete-type-permanent",
        HeaderValue::from_static("true"),
    );
    Ok(response)
}

/// The answer to a write.
pub(super) fn written(status: StatusCode, found: &Found, md5: Option<&str>) -> Response {
    let mut response = status.into_response();
    let headers = response.headers_mut();
    insert(headers, "etag", &found.etag);
    insert(headers, "last-modified", &found.modified_http());
    headers.insert(
        "x-ms-request-server-encrypted",
        HeaderValue::from_static("true"),
    );
    if let Some(md5) = md5 {
        insert(headers, "content-md5", md5);
    }
    response
}

/// What the headers of a write say about the blob.
pub(super) fn attributes(headers: &HeaderMap) -> Attributes {
    let text = |name: &str| header(headers, name).map(str::to_owned);
    Attributes {
        content_type: text("x-ms-blob-content-type"),
        content_encoding: text("x-ms-blob-content-encoding"),
        content_language: text("x-ms-blob-content-language"),
        content_disposition: text("x-ms-blob-content-disposition"),
        cache_control: text("x-ms-blob-cache-control"),
        content_md5: text("x-ms-blob-content-md5"),
        metadata: metadata_of(headers),
    }
}

fn metadata_of(headers: &HeaderMap) -> BTreeMap<String, String> {
    headers
        .iter()
        .filter_map(|(name, value)| {
            let key = name.as_str().strip_prefix("x-ms-meta-")?;
            Some((key.to_owned(), value.to_str().ok()?.to_owned()))
        })
        .collect()
}
