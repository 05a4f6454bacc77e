//! What may be shown of addresses and texts that hold secrets.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};
use url::Url;

mod secrets;

#[cfg(test)]
mod tests;

/// An address whose query is a shared access signature. Shown without it; never serialised.
#[derive(Clone)]
pub struct SasUrl(SecretString);

impl SasUrl {
    /// Wraps an address; it is parsed when it is used.
    pub fn new(url: impl Into<String>) -> Self {
        Self(SecretString::from(url.into()))
    }

    pub(crate) fn expose(&self) -> Result<Url, url::ParseError> {
        Url::parse(self.0.expose_secret())
    }
}

impl fmt::Debug for SasUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.expose() {
            Ok(url) => write!(f, "SasUrl({})", without_query(&url)),
            Err(_) => f.write_str("SasUrl(not an address)"),
        }
    }
}

impl<'de> Deserialize<'de> for SasUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

/// Scheme, host and path; what a log line may hold of any address.
pub(crate) fn without_query(url: &Url) -> String {
    let port = url
        .port()
        .map(|port| format!(":{port}"))
        .unwrap_or_default();
    format!(
        "{}://{}{port}{}",
        url.scheme(),
        url.host_str().unwrap_or_default(),
        url.path()
    )
}

/// The longest text of an error that is kept. Azure cuts its own at 3,000 (contract §3.2).
const LONGEST_TEXT: usize = 2_000;

/// A line of a log without secrets, and with its spaces: a table stays one.
pub(crate) fn line(raw: &str) -> String {
    secrets::hide(raw)
}

/// An error's text from outside, without secrets, on one line, of bounded length.
pub fn text(raw: &str) -> String {
    let mut line = String::new();
    for word in raw.split_whitespace() {
        // Room for what is cut out.
        if line.len() > 4 * LONGEST_TEXT {
            break;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    let mut shown = secrets::hide(&line);
    if shown.len() > LONGEST_TEXT {
        let end = (0..=LONGEST_TEXT)
            .rev()
            .find(|at| shown.is_char_boundary(*at))
            .unwrap_or(0);
        shown.truncate(end);
        shown.push('…');
    }
    shown
}
