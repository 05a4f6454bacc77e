//! What may be shown of addresses and texts that hold secrets.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};
use url::Url;

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

/// What a signature begins with, with and without an address in front of it, and the values that follow a key of a
/// connection string or a form.
const SIGNATURES: [&str; 3] = ["?sv=", "sv=", "sig="];
const SECRET_KEYS: [&str; 5] = [
    "accountkey=",
    "sharedaccesssignature=",
    "client_secret=",
    "clientsecret=",
    "password=",
];

/// A word of a text, cut where a signature, a token or the value of a secret key begins.
fn word_without_secrets(word: &str) -> String {
    let lower = word.to_ascii_lowercase();
    let cut = |at: usize, mark: &str| format!("{}{mark}", word.get(..at).unwrap_or_default());
    if lower.contains("sig=") {
        let first = SIGNATURES
            .iter()
            .filter_map(|mark| lower.find(mark))
            .min()
            .unwrap_or(0);
        return cut(first, "?[signature]");
    }
    if let Some(end) = SECRET_KEYS
        .iter()
        .filter_map(|key| lower.find(key).map(|at| at + key.len()))
        .min()
    {
        return cut(end, "[secret]");
    }
    // A JWT: base64url of `{"` is `eyJ`.
    match word.find("eyJ").filter(|_| word.len() > 60) {
        Some(start) => cut(start, "[token]"),
        None => word.to_owned(),
    }
}

/// A line of a log without signatures and tokens, and with its spaces: a table stays one.
pub(crate) fn line(raw: &str) -> String {
    let mut shown = String::with_capacity(raw.len());
    let mut rest = raw;
    while !rest.is_empty() {
        let word = rest
            .find(|c: char| !c.is_whitespace())
            .unwrap_or(rest.len());
        let (space, after) = rest.split_at(word);
        let end = after.find(char::is_whitespace).unwrap_or(after.len());
        let (word, left) = after.split_at(end);
        shown.push_str(space);
        shown.push_str(&word_without_secrets(word));
        rest = left;
    }
    shown
}

/// An error's text from outside, without signatures and tokens, on one line, of bounded length.
pub fn text(raw: &str) -> String {
    let mut shown = String::new();
    for word in raw.split_whitespace() {
        if !shown.is_empty() {
            shown.push(' ');
        }
        shown.push_str(&word_without_secrets(word));
        if shown.len() > LONGEST_TEXT {
            let end = (0..=LONGEST_TEXT)
                .rev()
                .find(|at| shown.is_char_boundary(*at))
                .unwrap_or(0);
            shown.truncate(end);
            shown.push('…');
            break;
        }
    }
    shown
}
