//! The one table that turns an answer into a class: code first, then status.

use std::time::Duration;

use jiff::Timestamp;

use crate::error::Class;
use crate::request::Effect;

#[cfg(test)]
mod tests;

/// How long a scope rests after a 429 that names no time. ARM refills 10 writes a second
/// (contract §0.4), so this is 100 requests' worth.
const DEFAULT_THROTTLE: Duration = Duration::from_secs(10);

/// What the table looks at.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// What the request does.
    pub effect: Effect,
    /// The HTTP status.
    pub status: u16,
    /// The error's code.
    pub code: &'a str,
    /// The chain of inner codes, outermost first.
    pub inner_codes: &'a [String],
    /// The error's text.
    pub message: &'a str,
    /// What Azure asked to wait.
    pub retry_after: Option<Duration>,
    /// When the answer came.
    pub now: Timestamp,
}

/// The class of an answer that is not a success. Pure and total; the innermost known code decides,
/// then a text that is known to have none, then the status, because the Azure ML front end says `UserError` for nearly everything and 404
/// for more than absence (contract §0.2).
pub fn classify(answer: &Answer<'_>) -> Class {
    let innermost_first = answer.inner_codes.iter().rev().map(String::as_str);
    innermost_first
        .chain([answer.code])
        .find_map(|code| by_code(code, answer))
        .or_else(|| by_message(answer.message))
        .unwrap_or_else(|| by_status(answer))
}

#[expect(clippy::match_same_arms, reason = "one row for each source")]
fn by_code(code: &str, answer: &Answer<'_>) -> Option<Class> {
    Some(match code {
        // The job of this name exists; the caller asks whose it is. Contract §13.
        "JobPropertyImmutable" => Class::Terminal,
        // A new managed identity is not known everywhere yet. Contract §8.1.
        "PrincipalNotFound" => Class::Spreading,
        // Policy speaks through 403, yet no grant helps. docs/architecture.md, Faults.
        "RequestDisallowedByPolicy" | "SkuNotAvailable" => Class::Terminal,
        // The id is taken by another principal: a new id is needed. Contract §8.1.
        "RoleAssignmentUpdateNotPermitted" => Class::Terminal,
        // The assignment is there; the caller reads it as success. Contract §8.1; Synapse's own word is the
        // second (Azure/azure-cli#25872).
        "RoleAssignmentExists" | "RoleAssignmentAlreadyExists" => Class::Terminal,
        // 404s that say nothing about the resource: Azure does not serve this API here, so
        // "absent" would be a guess. Contract §6.
        code if is_not_served(code) => Class::Terminal,
        // 409, and yet nothing is under way: a person has to register the subscription for the
        // provider. Microsoft's list of common deployment errors.
        "MissingSubscriptionRegistration" => Class::Terminal,
        // 404, but what is missing is the principal's sight of the subscription: ARM answers so for
        // a token of another tenant, and a job must not be believed gone for that.
        "SubscriptionNotFound" => Class::Forbidden,
        // Resource providers use 429 and 409 for "busy with this resource". Contract §0.4; docs/architecture.md, Faults.
        "AnotherOperationInProgress" if answer.status != 429 => Class::Retryable,
        // A lock that a person has put on the workspace or above it, and only a person takes away. 409, and yet
        // nothing is under way. Microsoft's page on locks of resources.
        "ScopeLocked" => Class::Terminal,
        // A signature that ran out: the whole upload starts over with a new one. Contract §4.1.
        "AuthenticationFailed" if answer.status == 403 => Class::Retryable,
        // ARM wraps the database's refusal into a 500. Contract §13.
        "DatabaseOverCapacity" => match answer.retry_after {
            Some(wait) => throttled(answer, wait),
            None => Class::Retryable,
        },
        _ => return None,
    })
}

/// Texts that say more than their codes.
fn by_message(message: &str) -> Option<Class> {
    // "Cannot execute Cancel because user does not have sufficient permission.": the front end asks run history, whose
    // refusal is not ARM's AuthorizationFailed. With which status is unverified. Contract §13.
    let right_is_missing = message.contains("does not have sufficient permission");
    right_is_missing.then_some(Class::Forbidden)
}

/// Codes by which Resource Manager says that it does not know the type, or not in this version or
/// this region. Contract §6; Microsoft's list of common deployment errors.
pub(crate) fn is_not_served(code: &str) -> bool {
    const CODES: [&str; 3] = [
        "InvalidResourceType",
        "InvalidApiVersionParameter",
        "LocationNotAvailableForResourceType",
    ];
    code.starts_with("NoRegisteredProviderFound") || CODES.contains(&code)
}

#[expect(clippy::match_same_arms, reason = "one row for each source")]
fn by_status(answer: &Answer<'_>) -> Class {
    let writes = answer.effect != Effect::Read;
    match answer.status {
        // Contract §0.4.
        429 => throttled(answer, DEFAULT_THROTTLE),
        // 503 with a time is throttling by another name; without, an outage. docs/architecture.md, Faults.
        503 => match answer.retry_after {
            Some(wait) => throttled(answer, wait),
            None => Class::Retryable,
        },
        // InvalidAuthenticationToken, ExpiredAuthenticationToken. Contract §0.2.
        401 => Class::Credential,
        // AuthorizationFailed and kin; whether a grant is on its way, the caller knows. docs/architecture.md, Faults.
        403 => Class::Forbidden,
        // A 404 on a PUT or POST is a user error, such as UserAssignedIdentityNotFound. Contract
        // §0.2.
        404 if answer.effect == Effect::Write => Class::Terminal,
        404 => Class::Absent,
        // Conflict with something under way. docs/architecture.md, Faults.
        409 => Class::Retryable,
        // The server waited for the request's end; it has done nothing. RFC 9110 §15.5.9.
        408 => Class::Retryable,
        // The front end gave up on the provider, which may have done it. Contract §0.1 (60 s → 504).
        502 | 504 if writes => Class::Unsure,
        400..=499 => Class::Terminal,
        _ => Class::Retryable,
    }
}

fn throttled(answer: &Answer<'_>, default: Duration) -> Class {
    let wait = answer.retry_after.unwrap_or(default);
    // Only a time at the end of the calendar cannot be added to; then now is as good.
    let until = answer.now.checked_add(wait).unwrap_or(answer.now);
    Class::Throttled { until }
}
