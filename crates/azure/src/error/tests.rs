//! Tests of the parent module.

use super::*;

fn error(op: &'static str, status: u16, codes: &[&str]) -> Error {
    let (code, inner) = codes.split_first().unwrap();
    Error::from(Details {
        class: Class::Terminal,
        op,
        code: (*code).to_owned(),
        inner_codes: inner.iter().map(|code| (*code).to_owned()).collect(),
        message: String::new(),
        status: Some(status),
        request_id: None,
        retry_after: None,
        parameters: BTreeMap::new(),
    })
}

#[test]
fn a_type_that_is_not_served() {
    for code in [
        "NoRegisteredProviderFound",
        "NoRegisteredProviderFoundForResourceType",
        "InvalidResourceType",
        "InvalidApiVersionParameter",
        "LocationNotAvailableForResourceType",
    ] {
        assert!(error("any.get", 404, &[code]).is_not_served(), "{code}");
        assert!(
            error("any.get", 400, &["BadRequest", code]).is_not_served(),
            "{code}"
        );
    }
    for code in [
        "MissingSubscriptionRegistration",
        "ResourceNotFound",
        "NotFound",
        "Http404",
    ] {
        assert!(!error("any.get", 404, &[code]).is_not_served(), "{code}");
    }
}

#[test]
fn a_frozen_link() {
    let put = linked_service::PUT;
    let rows: [(&str, u16, &[&str], bool); 18] = [
        (put, 400, &["NoRegisteredProviderFound"], true),
        ("linkedService.get", 404, &["InvalidResourceType"], true),
        (put, 405, &["Http405"], true),
        ("linkedService.get", 410, &["Gone"], true),
        (put, 404, &["Http404"], true),
        (put, 404, &["NotFound"], true),
        (put, 404, &["UserError", "NotFound"], true),
        (put, 400, &["OperationNotSupported"], true),
        // Something is missing, and the answer says what.
        (put, 404, &["ResourceNotFound"], false),
        (put, 404, &["ResourceGroupNotFound"], false),
        (put, 404, &["ParentResourceNotFound"], false),
        (put, 404, &["SubscriptionNotFound"], false),
        (
            put,
            404,
            &["UserError", "NotFound", "SynapseWorkspaceNotFound"],
            false,
        ),
        // Not there, which is no refusal.
        ("linkedService.get", 404, &["NotFound"], false),
        (put, 403, &["AuthorizationFailed"], false),
        (put, 429, &["TooManyRequests"], false),
        (put, 409, &["MissingSubscriptionRegistration"], false),
        (put, 400, &["UserError"], false),
    ];
    for (op, status, codes, frozen) in rows {
        let error = error(op, status, codes);
        assert_eq!(error.is_link_frozen(), frozen, "{op} {status} {codes:?}");
    }
}

/// Status, codes, class, and whether the cancel is forbidden and whether it is too late.
type Refused = (u16, &'static [&'static str], Class, (bool, bool));

#[test]
fn a_cancel_that_is_refused() {
    let row = |op: &'static str, status, codes: &[&str], class| {
        let mut details = (*error(op, status, codes)).clone();
        details.class = class;
        let error = Error::from(details);
        (error.is_cancel_forbidden(), error.is_cancel_too_late())
    };
    let (forbidden, late, neither) = ((true, false), (false, true), (false, false));
    let rows: [Refused; 11] = [
        (403, &["AuthorizationFailed"], Class::Forbidden, forbidden),
        (400, &["UserError"], Class::Forbidden, forbidden),
        (
            403,
            &["RequestDisallowedByPolicy"],
            Class::Terminal,
            forbidden,
        ),
        (400, &["UserError"], Class::Terminal, late),
        (409, &["Conflict"], Class::Retryable, late),
        (412, &["PreconditionFailed"], Class::Terminal, late),
        // Nothing that the run's state would change.
        (409, &["ScopeLocked"], Class::Terminal, neither),
        (
            400,
            &["NoRegisteredProviderFound"],
            Class::Terminal,
            neither,
        ),
        (
            404,
            &["UserError", "NotFound", "JobNotFound"],
            Class::Terminal,
            neither,
        ),
        (
            401,
            &["InvalidAuthenticationToken"],
            Class::Credential,
            neither,
        ),
        (500, &["InternalServerError"], Class::Retryable, neither),
    ];
    for (status, codes, class, expected) in rows {
        assert_eq!(
            row(job::CANCEL, status, codes, class),
            expected,
            "{status} {codes:?}"
        );
        assert_eq!(
            row("job.put", status, codes, class),
            neither,
            "{status} {codes:?}"
        );
    }
}

#[test]
fn what_a_request_names_and_azure_does_not_find() {
    let rows: [(&[&str], Option<&str>); 6] = [
        (
            &["UserError", "NotFound", "AssetNotFound"],
            Some("AssetNotFound"),
        ),
        (
            &["UserError", "NotFound", "UserAssignedIdentityNotFound"],
            Some("UserAssignedIdentityNotFound"),
        ),
        (&["ResourceGroupNotFound"], Some("ResourceGroupNotFound")),
        (&["ComputeNotFound", "UserError"], Some("ComputeNotFound")),
        (&["UserError", "NotFound"], None),
        (&["UserError", "Immutable", "JobPropertyImmutable"], None),
    ];
    for (codes, missing) in rows {
        assert_eq!(error("job.put", 404, codes).missing(), missing, "{codes:?}");
    }
    let mut absent = (*error("data.get", 404, &["NotFound", "AssetNotFound"])).clone();
    absent.class = Class::Absent;
    assert_eq!(Error::from(absent).missing(), None);
}
