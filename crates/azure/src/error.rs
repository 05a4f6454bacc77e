//! What went wrong, as data: a class that decides what to do, and the words to show.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Deref;

use jiff::Timestamp;

use crate::aml::job;
use crate::arm::linked_service;
use crate::classify::is_not_served;

#[cfg(test)]
mod tests;

/// The code of a request that was not sent, because its turn has not come.
pub const WAITING: &str = "WaitingForBudget";

/// How codes end that say what is missing.
const NOT_FOUND: &str = "NotFound";

/// What a failure means for whoever asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// The same request will be refused again until a person changes something.
    Terminal,
    /// A principal that Entra has not spread to this service yet; a matter of minutes.
    Spreading,
    /// May pass by itself: back off and ask again.
    Retryable,
    /// Azure asked to be left alone; nothing of this scope is sent before then.
    Throttled {
        /// When the scope opens again.
        until: Timestamp,
    },
    /// A write was sent and its answer lost: look before doing anything else.
    Unsure,
    /// The thing asked for does not exist. Never an answer to a write.
    Absent,
    /// The token was refused or could not be had.
    Credential,
    /// The token is good and the principal lacks a right. Soon after a grant it may only be slow.
    Forbidden,
}

/// A failed call. Its fields are those of [`Details`]; the text never holds secrets.
#[derive(Clone)]
pub struct Error(Box<Details>);

/// The parts of an [`Error`].
#[derive(Clone, Debug)]
pub struct Details {
    /// What it means.
    pub class: Class,
    /// Which operation, for example `job.put`.
    pub op: &'static str,
    /// Azure's code, for example `UserError`, or ours where no answer was had, for example
    /// `AnswerLost`.
    pub code: String,
    /// The chain of inner codes, outermost first: `["NotFound", "JobNotFound"]` (contract §0.2).
    pub inner_codes: Vec<String>,
    /// For a person: one line, bounded, without signatures and tokens.
    pub message: String,
    /// The HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// Azure's id of the request, or else ours; support asks for it.
    pub request_id: Option<String>,
    /// What Azure asked to wait.
    pub retry_after: Option<std::time::Duration>,
    /// `MessageParameters` of the Azure ML front end: `jobId`, `property`, …
    pub parameters: BTreeMap<String, String>,
}

impl Error {
    /// A failure found on this side, without an answer.
    pub fn local(
        class: Class,
        op: &'static str,
        code: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self::from(Details {
            class,
            op,
            code: code.into(),
            inner_codes: Vec::new(),
            message: message.into(),
            status: None,
            request_id: None,
            retry_after: None,
            parameters: BTreeMap::new(),
        })
    }

    /// Not sent: its turn in the budget comes then.
    pub(crate) fn waiting(op: &'static str, until: Timestamp) -> Self {
        let message = "not sent: Azure takes so many requests in a time and no more";
        Self::local(Class::Throttled { until }, op, WAITING, message)
    }

    /// Whether it was not sent, because its turn has not come.
    pub fn is_waiting(&self) -> bool {
        self.code == WAITING && self.status.is_none()
    }

    /// The word in metrics: a closed set.
    pub fn outcome(&self) -> &'static str {
        match self.class {
            Class::Throttled { .. } if self.is_waiting() => "waiting",
            Class::Terminal => "terminal",
            Class::Spreading => "spreading",
            Class::Retryable => "retryable",
            Class::Throttled { .. } => "throttled",
            Class::Unsure => "unsure",
            Class::Absent => "absent",
            Class::Credential => "credential",
            Class::Forbidden => "forbidden",
        }
    }

    /// The innermost code, which is the one that decides in the Azure ML front end.
    pub fn innermost_code(&self) -> &str {
        self.inner_codes.last().unwrap_or(&self.code)
    }

    /// Whether the code or one of the inner codes is this one.
    pub fn has_code(&self, code: &str) -> bool {
        self.codes().any(|known| known == code)
    }

    /// A PUT of a job whose name is taken: the job exists, and one GET tells whose it is
    /// (contract §13).
    pub fn is_job_exists(&self) -> bool {
        self.has_code("JobPropertyImmutable")
    }

    /// What a write names and Azure does not find: the code of it, for example
    /// `UserAssignedIdentityNotFound` or `AssetNotFound`. A read of what is not there is
    /// [`Class::Absent`] instead. A bare `NotFound` names nothing (contract §0.2).
    pub fn missing(&self) -> Option<&str> {
        let innermost_first = self.inner_codes.iter().rev().chain([&self.code]);
        innermost_first
            .map(String::as_str)
            .find(|code| names_something(code))
            .filter(|_| self.class == Class::Terminal)
    }

    /// A cancel that the principal has no right to: nothing but a person's grant helps (contract §13).
    pub fn is_cancel_forbidden(&self) -> bool {
        self.op == job::CANCEL && (self.class == Class::Forbidden || self.status == Some(403))
    }

    /// A cancel that the run's state does not allow: it is `Finalizing`, or has ended; one GET tells.
    /// Status and code are unverified, so it is every refusal that says nothing else (contract §3.5,
    /// §13).
    pub fn is_cancel_too_late(&self) -> bool {
        let by_state = matches!(self.status, Some(400 | 409 | 412 | 422));
        self.op == job::CANCEL
            && by_state
            && self.class != Class::Forbidden
            && !self.has_code("ScopeLocked")
            && !self.is_not_served()
    }

    /// A PUT of a code version that exists with another address (contract §0.2).
    pub fn is_code_version_exists(&self) -> bool {
        self.message.contains("Asset paths cannot be updated")
    }

    /// A PUT of an Azure role assignment whose (scope, principal, role) exists (contract §8.1).
    pub fn is_role_assignment_exists(&self) -> bool {
        self.has_code("RoleAssignmentExists") || self.has_code("RoleAssignmentAlreadyExists")
    }

    /// Resource Manager does not serve this type, or not in this version or region: the answer says
    /// nothing about the resource (contract §6). A subscription that is not registered for the
    /// provider (`MissingSubscriptionRegistration`) is not meant: a person can mend that.
    pub fn is_not_served(&self) -> bool {
        self.codes().any(is_not_served)
    }

    /// Azure ML no longer takes links: [`Error::is_not_served`], 405, 410, or a PUT of a link that is
    /// answered with `OperationNotSupported` or with a 404 that names nothing that is missing.
    ///
    /// Contract §6 has the not-served codes and 404. Whether Azure still serves links is unverified,
    /// so what a withdrawn type would answer is, too: the others are what HTTP and Resource Manager
    /// have for it. A code such as `ResourceNotFound`, `ResourceGroupNotFound` or
    /// `ParentResourceNotFound` speaks of the workspace or of the link's target, which can be
    /// mended, and so is no sign of the end; a bare `NotFound` or no code at all is. Missing rights
    /// and throttling stay what they are.
    pub fn is_link_frozen(&self) -> bool {
        let creates = self.op == linked_service::PUT;
        match self.status {
            _ if self.is_not_served() => true,
            Some(405 | 410) => true,
            _ if creates && self.has_code("OperationNotSupported") => true,
            Some(404) => creates && !self.codes().any(names_something),
            _ => false,
        }
    }

    fn codes(&self) -> impl Iterator<Item = &str> {
        [&self.code]
            .into_iter()
            .chain(&self.inner_codes)
            .map(String::as_str)
    }

    /// Which properties of an existing job differ, as Azure lists them (contract §13).
    pub fn immutable_property(&self) -> Option<&str> {
        self.parameters.get("property").map(String::as_str)
    }
}

/// `AssetNotFound`, and not `NotFound`.
fn names_something(code: &str) -> bool {
    code.len() > NOT_FOUND.len() && code.ends_with(NOT_FOUND)
}

impl From<Details> for Error {
    fn from(details: Details) -> Self {
        Self(Box::new(details))
    }
}

impl Deref for Error {
    type Target = Details;

    fn deref(&self) -> &Details {
        &self.0
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {}: {}",
            self.op,
            self.innermost_code(),
            self.message
        )
    }
}

impl std::error::Error for Error {}
