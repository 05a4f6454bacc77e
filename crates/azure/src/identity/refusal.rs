//! Why there is no token, in words for the person who can mend it.

use std::error::Error as _;

use azure_core::error::ErrorKind;

use crate::error::{Class, Details, Error};
use crate::redact;

/// The operation's name in errors.
pub(crate) const OP: &str = "token";

/// The code where Entra was in trouble, rather than the credential.
pub(crate) const UNAVAILABLE: &str = "LoginUnavailable";

/// `azure_identity`'s error as ours: Entra's code (`AADSTS7000215`) and first sentence, without its
/// trace ids, its advice and the chain of wrappers.
pub(crate) fn refusal(error: &azure_core::Error) -> Error {
    let innermost = innermost(error);
    let text = redact::text(&innermost.to_string());
    let status = innermost.http_status().map(u16::from);
    let entra = entra_code(&text);
    let (class, code) = match (status, innermost.kind()) {
        (Some(429 | 500..=599), _) | (None, ErrorKind::Io | ErrorKind::Connection) => {
            (Class::Retryable, UNAVAILABLE.to_owned())
        }
        // What answered was no login: a proxy's page.
        (None, ErrorKind::DataConversion) => (Class::Retryable, UNAVAILABLE.to_owned()),
        _ => (
            Class::Credential,
            entra.unwrap_or("TokenRefused").to_owned(),
        ),
    };
    Error::from(Details {
        class,
        op: OP,
        code,
        inner_codes: Vec::new(),
        message: first_sentence(&text).to_owned(),
        status,
        request_id: None,
        retry_after: None,
        parameters: std::collections::BTreeMap::new(),
    })
}

/// The deepest error of `azure_core`, which is the one that met Entra.
fn innermost(error: &azure_core::Error) -> &azure_core::Error {
    let mut found = error;
    let mut at = error.source();
    while let Some(cause) = at {
        if let Some(core) = cause.downcast_ref::<azure_core::Error>() {
            found = core;
        }
        at = cause.source();
    }
    found
}

fn entra_code(text: &str) -> Option<&str> {
    let start = text.find("AADSTS")?;
    let rest = text.get(start..)?;
    let digits = rest.bytes().skip(6).take_while(u8::is_ascii_digit).count();
    rest.get(..6 + digits)
}

fn first_sentence(text: &str) -> &str {
    let end = [". ", " Trace ID:", " To troubleshoot"]
        .iter()
        .filter_map(|mark| text.find(mark))
        .min()
        .unwrap_or(text.len());
    text.get(..end).unwrap_or(text).trim_end_matches('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entras_code_and_first_sentence() {
        let text = "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in \
                    the request is the client secret value. Trace ID: 1 Correlation ID: 2";
        assert_eq!(entra_code(text), Some("AADSTS7000215"));
        assert_eq!(
            first_sentence(text),
            "AADSTS7000215: Invalid client secret provided"
        );
        assert_eq!(entra_code("no code"), None);
        assert_eq!(first_sentence("no code."), "no code");
        assert_eq!(
            first_sentence("AADSTS900382: Confidential client Trace ID: 1"),
            "AADSTS900382: Confidential client"
        );
    }

    #[test]
    fn the_wrapped_error_is_the_one_told() {
        let inner = azure_core::Error::with_message(ErrorKind::Io, "connection refused");
        let outer = azure_core::Error::with_error(ErrorKind::Credential, inner, "wrapped");
        let refused = refusal(&outer);
        assert_eq!(
            (refused.class, refused.code.as_str()),
            (Class::Retryable, UNAVAILABLE)
        );
        assert_eq!(refused.message, "connection refused");
        let local = azure_core::Error::with_message(ErrorKind::Credential, "invalid tenant ID x");
        assert_eq!(refusal(&local).class, Class::Credential);
        assert_eq!(refusal(&local).code, "TokenRefused");
    }
}
