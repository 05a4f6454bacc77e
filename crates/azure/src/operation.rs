//! Long-running operations: an address to poll, one poll a call, no loop.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use url::Url;

use crate::classify::{Answer, classify};
use crate::error::Class;
use crate::error_body::ErrorBody;
use crate::request::{Call, Effect, Request};
use crate::response::{Refusal, Response};
use crate::retry_after::retry_after;

#[cfg(test)]
mod tests;

/// An operation under way. Its address may be kept over a restart, though a GET of the resource is
/// always the better question then: operation addresses expire (contract §0.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// What to poll, host-checked when it is sent.
    pub url: Url,
    /// What Azure asked to wait before the first poll.
    pub poll_after: Option<Duration>,
}

impl Operation {
    /// From the headers of an answer: `Azure-AsyncOperation` before `Location` (contract §0.3).
    pub(crate) fn of(response: &Response) -> Option<Self> {
        let url = response.url_header("azure-asyncoperation").or_else(|| {
            response
                .url_header("location")
                .filter(|_| response.status == 202)
        })?;
        Some(Self {
            url,
            poll_after: retry_after(response, Timestamp::now()),
        })
    }
}

/// A resource as answered to the request that started an operation on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Started<T> {
    /// The resource as it is at the start.
    pub resource: T,
    /// What to poll; `None` if it is done.
    pub operation: Option<Operation>,
}

/// The answer to a DELETE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deletion {
    /// Gone, or it was not there.
    Done,
    /// Under way.
    Started(Option<Operation>),
}

/// How far an operation is. Anything that is not an end is in progress (contract §0.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Ask again, not before this time if one is named.
    Running(Option<Duration>),
    /// Ended well: GET the resource.
    Succeeded,
    /// Ended badly.
    Failed(ErrorBody),
    /// Somebody stopped it.
    Canceled,
}

/// `GET` of an operation's address. An error says that the status could not be read, not that the
/// operation failed; 404 means the address has expired, so GET the resource (contract §0.3).
pub fn poll(url: Url) -> Call<Progress> {
    Request::follow("operation.poll", url).parsed_by(progress)
}

fn progress(response: &Response) -> Result<Progress, Refusal> {
    let wait = retry_after(response, Timestamp::now());
    let body = if response.body.is_empty() {
        Value::Null
    } else {
        response.json()?
    };
    let status = body.get("status").and_then(Value::as_str);
    // A `Location` poll ends with the resource, whose own state then counts.
    let status = status.or_else(|| body.pointer("/properties/provisioningState")?.as_str());
    Ok(match status.map(str::to_ascii_lowercase).as_deref() {
        None if response.status == 202 => Progress::Running(wait),
        None | Some("succeeded") => Progress::Succeeded,
        Some("failed") => Progress::Failed(failure(&body)),
        Some("canceled" | "cancelled") => Progress::Canceled,
        Some(_) => Progress::Running(wait),
    })
}

fn failure(body: &Value) -> ErrorBody {
    let mut error = body
        .get("error")
        .map(ErrorBody::from_value)
        .unwrap_or_default();
    if error.message.is_empty() {
        "the operation failed and Azure gave no reason".clone_into(&mut error.message);
    }
    error
}

pub(crate) fn deletion(response: &Response) -> Result<Deletion, Refusal> {
    match response.status {
        202 => Ok(Deletion::Started(Operation::of(response))),
        404 if is_absence(response) => Ok(Deletion::Done),
        404 => Err(Refusal::Unsuccessful),
        // A 200 with an operation's address is still under way.
        _ => Ok(Operation::of(response).map_or(Deletion::Done, |operation| {
            Deletion::Started(Some(operation))
        })),
    }
}

/// Whether a 404 says that the thing is gone, rather than that Azure could not look.
fn is_absence(response: &Response) -> bool {
    let body = ErrorBody::read(response);
    let class = classify(&Answer {
        effect: Effect::Delete,
        status: response.status,
        code: &body.code,
        inner_codes: &body.inner_codes,
        message: &body.message,
        retry_after: None,
        now: Timestamp::now(),
    });
    class == Class::Absent
}
