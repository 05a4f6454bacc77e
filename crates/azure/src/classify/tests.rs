//! Tests of the parent module.

use super::*;

const READ: Effect = Effect::Read;
const WRITE: Effect = Effect::Write;
const DELETE: Effect = Effect::Delete;

fn now() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

fn class(effect: Effect, status: u16, codes: &[&str], retry_after: Option<u64>) -> Class {
    class_of_text("", effect, status, codes, retry_after)
}

fn class_of_text(
    message: &str,
    effect: Effect,
    status: u16,
    codes: &[&str],
    retry_after: Option<u64>,
) -> Class {
    let (code, inner) = codes.split_first().unwrap_or((&"", &[]));
    let inner: Vec<String> = inner.iter().map(|code| (*code).to_owned()).collect();
    classify(&Answer {
        effect,
        status,
        code,
        inner_codes: &inner,
        message,
        retry_after: retry_after.map(Duration::from_secs),
        now: now(),
    })
}

type Row = (Effect, u16, &'static [&'static str], Option<u64>, Class);

#[test]
fn the_table() {
    for (effect, status, codes, retry_after, expected) in rows() {
        let found = class(effect, status, codes, retry_after);
        assert_eq!(found, expected, "{effect:?} {status} {codes:?}");
    }
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn rows() -> Vec<Row> {
    let throttled = |seconds| Class::Throttled {
        until: now() + Duration::from_secs(seconds),
    };
    vec![
        (
            READ,
            404,
            &["UserError", "NotFound", "JobNotFound"],
            None,
            Class::Absent,
        ),
        (READ, 404, &["ResourceGroupNotFound"], None, Class::Absent),
        (DELETE, 404, &["ResourceNotFound"], None, Class::Absent),
        (
            WRITE,
            404,
            &["UserError", "NotFound", "UserAssignedIdentityNotFound"],
            None,
            Class::Terminal,
        ),
        (
            WRITE,
            404,
            &["ResourceGroupNotFound"],
            None,
            Class::Terminal,
        ),
        (READ, 404, &["SubscriptionNotFound"], None, Class::Forbidden),
        (READ, 404, &["InvalidResourceType"], None, Class::Terminal),
        (
            DELETE,
            400,
            &["NoRegisteredProviderFound"],
            None,
            Class::Terminal,
        ),
        (
            WRITE,
            404,
            &["NoRegisteredProviderFoundForResourceType"],
            None,
            Class::Terminal,
        ),
        (
            WRITE,
            409,
            &["MissingSubscriptionRegistration"],
            None,
            Class::Terminal,
        ),
        (WRITE, 405, &[], None, Class::Terminal),
        (READ, 410, &[], None, Class::Terminal),
        (
            WRITE,
            400,
            &["UserError", "Immutable", "JobPropertyImmutable"],
            None,
            Class::Terminal,
        ),
        (
            WRITE,
            409,
            &["UserError", "Immutable", "JobPropertyImmutable"],
            None,
            Class::Terminal,
        ),
        (WRITE, 400, &["PrincipalNotFound"], None, Class::Spreading),
        (WRITE, 409, &["RoleAssignmentExists"], None, Class::Terminal),
        (
            WRITE,
            409,
            &["RoleAssignmentAlreadyExists"],
            None,
            Class::Terminal,
        ),
        (
            WRITE,
            403,
            &["RequestDisallowedByPolicy"],
            None,
            Class::Terminal,
        ),
        (WRITE, 403, &["AuthorizationFailed"], None, Class::Forbidden),
        (READ, 403, &["AuthenticationFailed"], None, Class::Retryable),
        (
            READ,
            401,
            &["InvalidAuthenticationToken"],
            None,
            Class::Credential,
        ),
        (WRITE, 409, &["Conflict"], None, Class::Retryable),
        (WRITE, 409, &["ScopeLocked"], None, Class::Terminal),
        (
            READ,
            404,
            &["UserError", "NotFound", "AssetNotFound"],
            None,
            Class::Absent,
        ),
        (
            WRITE,
            404,
            &["UserError", "NotFound", "EnvironmentNotFound"],
            None,
            Class::Terminal,
        ),
        (
            WRITE,
            409,
            &["AnotherOperationInProgress"],
            None,
            Class::Retryable,
        ),
        (
            WRITE,
            429,
            &["AnotherOperationInProgress"],
            Some(5),
            throttled(5),
        ),
        (READ, 429, &["TooManyRequests"], Some(17), throttled(17)),
        (READ, 429, &[], None, throttled(10)),
        (WRITE, 503, &["ServerBusy"], Some(3), throttled(3)),
        (WRITE, 503, &["ServiceUnavailable"], None, Class::Retryable),
        (
            WRITE,
            500,
            &["InternalServerError", "DatabaseOverCapacity"],
            None,
            Class::Retryable,
        ),
        (WRITE, 503, &["DatabaseOverCapacity"], Some(3), throttled(3)),
        (WRITE, 502, &[], None, Class::Unsure),
        (DELETE, 504, &["GatewayTimeout"], None, Class::Unsure),
        (READ, 502, &[], None, Class::Retryable),
        (READ, 504, &[], None, Class::Retryable),
        (WRITE, 408, &[], None, Class::Retryable),
        (WRITE, 400, &["UserError"], None, Class::Terminal),
        (WRITE, 422, &["Whatever"], None, Class::Terminal),
        (READ, 302, &[], None, Class::Retryable),
        (READ, 500, &[], None, Class::Retryable),
    ]
}

#[test]
fn a_write_is_never_answered_with_absence_and_a_read_never_with_doubt() {
    for status in 100..600 {
        for retry_after in [None, Some(1)] {
            assert_ne!(
                class(WRITE, status, &["X"], retry_after),
                Class::Absent,
                "{status}"
            );
            assert_ne!(
                class(READ, status, &["X"], retry_after),
                Class::Unsure,
                "{status}"
            );
        }
    }
}

#[test]
fn a_missing_right_is_known_by_its_text_whatever_the_status() {
    let text = "Cannot execute Cancel because user does not have sufficient permission.";
    for status in [400, 401, 403, 404, 409, 500] {
        assert_eq!(
            class_of_text(text, WRITE, status, &["UserError"], None),
            Class::Forbidden,
            "{status}"
        );
    }
    // A code says more than a text.
    assert_eq!(
        class_of_text(text, WRITE, 409, &["ScopeLocked"], None),
        Class::Terminal
    );
}
