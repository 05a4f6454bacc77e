//! Tests of the parent module.

use reqwest::header::{HeaderMap, HeaderValue};

use super::*;

fn conflict(code: &'static str) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert("x-ms-error-code", HeaderValue::from_static(code));
    Response {
        status: 409,
        headers,
        body: Bytes::new(),
    }
}

#[test]
fn a_blob_that_is_there_already_is_written() {
    assert_eq!(written(&conflict("BlobAlreadyExists")), Ok(()));
    assert_eq!(
        written(&conflict("LeaseAlreadyPresent")),
        Err(Refusal::Unsuccessful)
    );
}

#[test]
fn an_upload_carries_its_digest_and_never_replaces() {
    let sas = SasUrl::new("https://acct.blob.core.windows.net/c?sig=1");
    let request = put(&sas, "src", "a.py", Bytes::from_static(b"hello")).request;
    for (name, value) in [
        ("content-md5", "XUFAKrxLKna5cZ2REBfFkg=="),
        ("if-none-match", "*"),
    ] {
        assert!(
            request.headers.contains(&(name, value.to_owned())),
            "{name}"
        );
    }
}

#[test]
fn a_range_counts_from_the_start() {
    let sas = SasUrl::new("https://acct.blob.core.windows.net/c/log?sig=1");
    assert!(
        read_from(&sas, 5)
            .request
            .headers
            .contains(&("x-ms-range", "bytes=5-".to_owned()))
    );
    // A range of an empty blob is refused, so none is asked for where everything is wanted.
    assert!(
        !read_from(&sas, 0)
            .request
            .headers
            .iter()
            .any(|(name, _)| *name == "x-ms-range")
    );
}
