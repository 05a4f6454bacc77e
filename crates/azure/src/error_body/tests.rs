//! Tests of the parent module.

use bytes::Bytes;
use reqwest::header::{HeaderMap, HeaderValue};

use super::*;

fn read(status: u16, body: &str) -> ErrorBody {
    let body = Bytes::copy_from_slice(body.as_bytes());
    ErrorBody::read(&Response {
        status,
        headers: HeaderMap::new(),
        body,
    })
}

#[test]
fn blob_storage_answers_xml() {
    let body = read(
        404,
        "\u{feff}<?xml version=\"1.0\"?><Error><Code>BlobNotFound</Code><Message>The specified blob \
         does not exist.\nRequestId:1</Message></Error>",
    );
    assert_eq!(body.code, "BlobNotFound");
    assert_eq!(
        body.message,
        "The specified blob does not exist. RequestId:1"
    );
}

#[test]
fn a_head_has_only_the_header() {
    let mut headers = HeaderMap::new();
    headers.insert("x-ms-error-code", HeaderValue::from_static("BlobNotFound"));
    let body = ErrorBody::read(&Response {
        status: 404,
        headers,
        body: Bytes::new(),
    });
    assert_eq!(body.code, "BlobNotFound");
    assert_eq!(body.message, "Azure answered with status 404 and no text");
}

#[test]
fn a_proxys_page_is_told_by_its_start() {
    let body = read(
        502,
        &format!("<html>Bad gateway{}</html>", " x".repeat(500)),
    );
    assert_eq!(body.code, "Http502");
    assert!(body.message.starts_with("<html>Bad gateway x"));
    assert!(body.message.len() < 250);
}

#[test]
fn synapse_and_wrapped_errors() {
    let body = read(403, r#"{"error":{"code":"Unauthorized","message":"no"}}"#);
    assert_eq!(
        (body.code.as_str(), body.message.as_str()),
        ("Unauthorized", "no")
    );
    let bare = read(400, r#"{"code":"BadRequest","message":"why"}"#);
    assert_eq!(
        (bare.code.as_str(), bare.message.as_str()),
        ("BadRequest", "why")
    );
    let wrapped = read(
        500,
        r#"{"error":{"code":"InternalServerError","message":"m","details":[{"code":"DatabaseOverCapacity"},{"code":null}]}}"#,
    );
    assert_eq!(wrapped.inner_codes, ["DatabaseOverCapacity"]);
}

#[test]
fn chains_are_followed_to_a_depth() {
    let mut chain = serde_json::json!(null);
    for depth in 0..40 {
        chain = serde_json::json!({"code": format!("c{depth}"), "innerError": chain});
    }
    let body = ErrorBody::from_value(&serde_json::json!({"code": "x", "innerError": chain}));
    assert_eq!(body.inner_codes.len(), DEEPEST_CHAIN);
    assert_eq!(body.inner_codes[0], "c39");
}
