//! Conditions in request headers: `If-Match` and `If-None-Match`.

use http::HeaderMap;

use super::error::BlobError;
use super::store::Found;

/// What must hold for a request to act.
#[derive(Debug, Clone, Default)]
pub(crate) struct Conditions {
    matches: Option<String>,
    none_match: Option<String>,
}

/// What a read answers under its conditions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The blob.
    Content,
    /// 304: the client has it already.
    NotModified,
}

impl Conditions {
    /// Reads them from the headers.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let text = |name: &str| headers.get(name)?.to_str().ok().map(str::to_owned);
        Self {
            matches: text("if-match"),
            none_match: text("if-none-match"),
        }
    }

    /// Refuses a write whose conditions do not hold. `If-None-Match: *` on a blob that exists is
    /// 409 `BlobAlreadyExists`, every other failure 412.
    pub(crate) fn check_write(&self, found: Option<&Found>) -> Result<(), BlobError> {
        if let Some(wanted) = &self.matches
            && !found.is_some_and(|found| wanted == "*" || same(wanted, &found.etag))
        {
            return Err(BlobError::condition());
        }
        match (self.none_match.as_deref(), found) {
            (Some("*"), Some(_)) => Err(BlobError::blob_exists()),
            (Some(unwanted), Some(found)) if same(unwanted, &found.etag) => {
                Err(BlobError::condition())
            }
            _ => Ok(()),
        }
    }

    /// What a read answers.
    pub(crate) fn check_read(&self, found: &Found) -> Result<Answer, BlobError> {
        if self
            .matches
            .as_ref()
            .is_some_and(|wanted| wanted != "*" && !same(wanted, &found.etag))
        {
            return Err(BlobError::condition());
        }
        match self.none_match.as_deref() {
            Some(unwanted) if unwanted == "*" || same(unwanted, &found.etag) => {
                Ok(Answer::NotModified)
            }
            _ => Ok(Answer::Content),
        }
    }
}

/// Clients send the tag with its quotes or without them.
fn same(one: &str, other: &str) -> bool {
    one.trim_matches('"') == other.trim_matches('"')
}
