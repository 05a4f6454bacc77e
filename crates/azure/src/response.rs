//! An answer in memory, and how a parser refuses one.

use bytes::Bytes;
use reqwest::header::HeaderMap;
use serde::de::DeserializeOwned;
use url::Url;

/// What Azure answered: status, headers and the whole body (bounded by the sender).
#[derive(Clone, Debug)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

/// Why a parser did not return a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The answer is an error after all; it is classified as one.
    Unsuccessful,
    /// The answer says success and cannot be read; the text says where.
    Unreadable(String),
}

impl Response {
    /// The body as JSON.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        serde_json::from_slice(&self.body).map_err(|error| Refusal::Unreadable(error.to_string()))
    }

    /// A header's value, if it is there and is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// A header's value as an address.
    pub fn url_header(&self, name: &str) -> Option<Url> {
        Url::parse(self.header(name)?).ok()
    }

    /// Nothing in the body matters.
    #[expect(
        clippy::unnecessary_wraps,
        reason = "a parser, used where others can refuse"
    )]
    pub(crate) fn ignored(&self) -> Result<(), Refusal> {
        tracing::trace!(status = self.status, "answer without content");
        Ok(())
    }
}
