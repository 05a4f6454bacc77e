//! Why a run failed, as run history tells it.

use crate::spark::Failure;

/// An error with the parts that run history shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RunError {
    pub(crate) code: String,
    pub(crate) message: String,
    /// The message with `{parameters}` in it.
    pub(crate) format: String,
    pub(crate) parameters: Vec<(String, String)>,
    /// Codes below the outer one, from the outside in.
    pub(crate) inner: Vec<String>,
}

impl RunError {
    /// An error of this code, with nothing below it.
    pub(crate) fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
            format: "{Message}".to_owned(),
            parameters: Vec::new(),
            inner: Vec::new(),
        }
    }

    /// What nearly every error is.
    pub(crate) fn user(message: impl Into<String>) -> Self {
        Self::new("UserError", message)
    }
}

impl From<Failure> for RunError {
    fn from(failure: Failure) -> Self {
        Self::user(failure.to_string())
    }
}
