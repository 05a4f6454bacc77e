//! Get Blob and Get Blob Properties.

use std::io::SeekFrom;

use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};
use tokio_util::io::ReaderStream;

use super::insert;
use crate::blob::condition::{Answer, Conditions};
use crate::blob::error::BlobError;
use crate::blob::range::Range;
use crate::blob::store::Found;
use crate::blob::target::{Target, header};
use crate::state::App;

/// Headers only, with the length that the whole blob has.
pub(super) fn head(app: &App, target: &Target, headers: &HeaderMap) -> Result<Response, BlobError> {
    let found = app.blobs.find(&target.blob_name()?)?;
    if Conditions::of(headers).check_read(&found)? == Answer::NotModified {
        return Ok(StatusCode::NOT_MODIFIED.into_response());
    }
    let mut response = StatusCode::OK.into_response();
    describe(response.headers_mut(), &found);
    insert(
        response.headers_mut(),
        "content-length",
        &found.length.to_string(),
    );
    Ok(response)
}

/// The content, whole or a range of it.
pub(super) async fn get(
    app: &App,
    target: &Target,
    headers: &HeaderMap,
) -> Result<Response, BlobError> {
    let found = app.blobs.find(&target.blob_name()?)?;
    if Conditions::of(headers).check_read(&found)? == Answer::NotModified {
        return Ok(StatusCode::NOT_MODIFIED.into_response());
    }
    // `x-ms-range` wins where both are given (Get Blob, request headers).
    let asked = header(headers, "x-ms-range").or_else(|| header(headers, "range"));
    let range = asked
        .and_then(Range::parse)
        .map(|range| range.within(found.length))
        .transpose()?;
    let (first, length) = range.unwrap_or((0, found.length));
    let mut file = tokio::fs::File::open(&found.file).await?;
    file.seek(SeekFrom::Start(first)).await?;
    // A log grows while it is read: no more than the stated length is sent.
    let mut response = Response::new(Body::from_stream(ReaderStream::new(file.take(length))));
    let headers = response.headers_mut();
    describe(headers, &found);
    insert(headers, "content-length", &length.to_string());
    if range.is_some() {
        let last = (first + length).saturating_sub(1);
        insert(
            headers,
            "content-range",
            &format!("bytes {first}-{last}/{}", found.length),
        );
        if let Some(md5) = headers.remove("content-md5") {
            headers.insert("x-ms-blob-content-md5", md5);
        }
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    Ok(response)
}

fn describe(headers: &mut HeaderMap, found: &Found) {
    let attributes = &found.attributes;
    let optional = [
        ("content-encoding", &attributes.content_encoding),
        ("content-language", &attributes.content_language),
        ("content-disposition", &attributes.content_disposition),
        ("cache-control", &attributes.cache_control),
        ("content-md5", &attributes.content_md5),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            insert(headers, name, value);
        }
    }
    insert(headers, "content-type", &attributes.content_type());
    insert(headers, "etag", &found.etag);
    insert(headers, "last-modified", &found.modified_http());
    insert(headers, "x-ms-creation-time", &found.modified_http());
    for (name, value) in [
        ("accept-ranges", "bytes"),
        ("x-ms-blob-type", "BlockBlob"),
        ("x-ms-lease-status", "unlocked"),
        ("x-ms-lease-state", "available"),
        ("x-ms-server-encrypted", "true"),
        ("x-ms-access-tier", "Hot"),
        ("x-ms-access-tier-inferred", "true"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    for (key, value) in &attributes.metadata {
        if let (Ok(name), Ok(value)) = (
            HeaderName::try_from(format!("x-ms-meta-{key}")),
            HeaderValue::from_str(value),
        ) {
            headers.insert(name, value);
        }
    }
}
