//! Tests of the parent module.

use bytes::Bytes;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use super::*;

fn response(status: u16, headers: &[(&'static str, &'static str)], body: &'static str) -> Response {
    let headers: HeaderMap = headers
        .iter()
        .map(|(name, value)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        })
        .collect();
    Response {
        status,
        headers,
        body: Bytes::from_static(body.as_bytes()),
    }
}

#[test]
fn every_shape_of_a_poll() {
    let wait = [("retry-after", "7")];
    let seven = Some(Duration::from_secs(7));
    let failed = |code: &str, message: &str| {
        Progress::Failed(ErrorBody {
            code: code.to_owned(),
            message: message.to_owned(),
            ..ErrorBody::default()
        })
    };
    let rows = [
        (
            response(
                200,
                &[],
                r#"{"status":"Succeeded","percentComplete":100.0}"#,
            ),
            Progress::Succeeded,
        ),
        (
            response(200, &wait, r#"{"status":"InProgress"}"#),
            Progress::Running(seven),
        ),
        (
            response(200, &[], r#"{"name":"s:x","status":"Creating"}"#),
            Progress::Running(None),
        ),
        (
            response(200, &[], r#"{"status":"CANCELED"}"#),
            Progress::Canceled,
        ),
        (
            response(
                200,
                &[],
                r#"{"status":"Failed","error":{"code":"X","message":"m"}}"#,
            ),
            failed("X", "m"),
        ),
        (
            response(200, &[], r#"{"status":"Failed"}"#),
            failed("", "the operation failed and Azure gave no reason"),
        ),
        (response(202, &wait, ""), Progress::Running(seven)),
        (response(204, &[], ""), Progress::Succeeded),
        (
            response(200, &[], r#"{"id":"x","properties":{}}"#),
            Progress::Succeeded,
        ),
        (
            response(
                200,
                &[],
                r#"{"properties":{"provisioningState":"Creating"}}"#,
            ),
            Progress::Running(None),
        ),
    ];
    for (answer, expected) in rows {
        assert_eq!(progress(&answer).unwrap(), expected, "{answer:?}");
    }
}

#[test]
fn a_location_is_an_operation_only_with_202() {
    let own = "https://management.azure.com/me";
    assert_eq!(
        Operation::of(&response(201, &[("location", own)], "")),
        None
    );
    let found = Operation::of(&response(
        202,
        &[("location", own), ("retry-after", "3")],
        "",
    ))
    .unwrap();
    assert_eq!(
        (found.url.as_str(), found.poll_after),
        (own, Some(Duration::from_secs(3)))
    );
    let both = response(
        202,
        &[
            ("location", own),
            ("azure-asyncoperation", "https://management.azure.com/op"),
        ],
        "",
    );
    assert_eq!(Operation::of(&both).unwrap().url.path(), "/op");
}

#[test]
fn deletions_end_in_absence_and_in_nothing_else() {
    assert_eq!(deletion(&response(204, &[], "")), Ok(Deletion::Done));
    assert_eq!(deletion(&response(200, &[], "")), Ok(Deletion::Done));
    assert_eq!(deletion(&response(404, &[], "")), Ok(Deletion::Done));
    assert_eq!(
        deletion(&response(202, &[], "")),
        Ok(Deletion::Started(None))
    );
    let unserved = r#"{"error":{"code":"NoRegisteredProviderFound","message":"m"}}"#;
    assert_eq!(
        deletion(&response(404, &[], unserved)),
        Err(Refusal::Unsuccessful)
    );
}
