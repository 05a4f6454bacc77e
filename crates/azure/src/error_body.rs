//! The bodies of errors: ARM's, the Azure ML front end's chain, Synapse's and blob storage's.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::redact;
use crate::response::Response;

#[cfg(test)]
mod tests;

/// How deep a chain of inner errors is followed; three is the deepest on record.
const DEEPEST_CHAIN: usize = 8;

/// What an error's body says (contract §0.2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ErrorBody {
    /// `error.code`; for the Azure ML front end nearly always `UserError`.
    pub code: String,
    /// `error.message`, without signatures and tokens.
    pub message: String,
    /// The codes of the inner errors, outermost first.
    pub inner_codes: Vec<String>,
    /// `MessageParameters`.
    pub parameters: BTreeMap<String, String>,
}

impl ErrorBody {
    /// From an answer's body and headers; whatever it is, something readable comes out.
    pub(crate) fn read(response: &Response) -> Self {
        let mut body = match serde_json::from_slice::<Value>(&response.body) {
            Ok(value) => Self::from_value(&value),
            Err(_) => Self::from_text(&response.body),
        };
        if body.code.is_empty() {
            // Blob storage answers HEAD without a body and always names the code in this header.
            response
                .header("x-ms-error-code")
                .unwrap_or_default()
                .clone_into(&mut body.code);
        }
        if body.code.is_empty() {
            body.code = format!("Http{}", response.status);
        }
        if body.message.is_empty() {
            body.message = format!("Azure answered with status {} and no text", response.status);
        }
        body
    }

    /// From `{"error": {…}}` or the inside of it.
    pub fn from_value(value: &Value) -> Self {
        let error = value
            .get("error")
            .filter(|inner| inner.is_object())
            .unwrap_or(value);
        let text = |name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default();
        let mut body = Self {
            code: text("code").to_owned(),
            message: redact::text(text("message")),
            ..Self::default()
        };
        for info in error
            .get("additionalInfo")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            let inside = info.pointer("/info/value").unwrap_or(&Value::Null);
            match info.get("type").and_then(Value::as_str) {
                Some("InnerError") => body.inner_codes.extend(chain(inside)),
                Some("MessageParameters") => body.parameters.extend(texts(inside)),
                _ => {}
            }
        }
        // Run history puts the chain beside the code instead.
        for name in ["innerError", "innererror"] {
            body.inner_codes
                .extend(error.get(name).map(chain).unwrap_or_default());
        }
        // ARM wraps a resource provider's own error in `details`.
        for detail in error
            .get("details")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            let code = detail
                .get("code")
                .and_then(Value::as_str)
                .unwrap_or_default();
            if !code.is_empty() && !body.inner_codes.iter().any(|known| known == code) {
                body.inner_codes.push(code.to_owned());
            }
        }
        body
    }

    /// Blob storage's XML, or a page of a proxy, of which only the start is kept.
    fn from_text(raw: &[u8]) -> Self {
        let raw = String::from_utf8_lossy(raw);
        let between = |open: &str, close: &str| {
            let rest = raw.split_once(open)?.1;
            Some(rest.split_once(close)?.0.to_owned())
        };
        if let Some(code) = between("<Code>", "</Code>") {
            let message = between("<Message>", "</Message>").unwrap_or_default();
            return Self {
                code,
                message: redact::text(&message),
                ..Self::default()
            };
        }
        let start: String = raw.chars().take(200).collect();
        Self {
            message: redact::text(&start),
            ..Self::default()
        }
    }
}

impl<'de> Deserialize<'de> for ErrorBody {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(|value| Self::from_value(&value))
    }
}

fn chain(outermost: &Value) -> Vec<String> {
    let mut codes = Vec::new();
    let mut at = Some(outermost);
    while let Some(error) = at.filter(|_| codes.len() < DEEPEST_CHAIN) {
        let Some(code) = error.get("code").and_then(Value::as_str) else {
            break;
        };
        codes.push(code.to_owned());
        at = error.get("innerError").or_else(|| error.get("innererror"));
    }
    codes
}

fn texts(map: &Value) -> BTreeMap<String, String> {
    map.as_object()
        .into_iter()
        .flatten()
        .map(|(key, value)| {
            let text = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            (key.clone(), redact::text(&text))
        })
        .collect()
}
