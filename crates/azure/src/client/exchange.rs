//! One request and its whole answer, or what is known when there is none.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::header::{CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue};
use url::Url;

use crate::error::{Class, Details, Error};
use crate::redact;
use crate::request::{Effect, Request};
use crate::response::Response;

/// ARM cuts a response at 8 MB (contract §0.1); twice that is a body of something else.
const LARGEST_BODY: usize = 16 * 1024 * 1024;

/// Sends once and reads the answer to its end, within the deadline.
pub(super) async fn exchange(
    https: &reqwest::Client,
    request: &Request,
    url: &Url,
    mut headers: HeaderMap,
    request_id: &str,
    deadline: Duration,
) -> Result<Response, Lost> {
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert(HeaderName::from_static("x-ms-client-request-id"), id);
    }
    if request.body.is_none() && request.effect == Effect::Write {
        // Front ends answer 411 to a POST or PUT without a length.
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    let mut builder = https
        .request(request.method.clone(), url.clone())
        .headers(headers)
        .timeout(deadline);
    if let Some(body) = &request.body {
        builder = builder.body(body.clone());
    }
    let mut answer = builder.send().await.map_err(|error| Lost::from(&error))?;
    let status = answer.status().as_u16();
    let headers = std::mem::take(answer.headers_mut());
    let body = match whole_body(&mut answer).await {
        Ok(body) => body,
        // The status of a refusal says enough; only a success needs its body.
        Err(_) if status >= 400 => Bytes::new(),
        Err(lost) => return Err(lost),
    };
    Ok(Response {
        status,
        headers,
        body,
    })
}

/// No answer was had.
pub(super) enum Lost {
    /// Nothing was sent.
    NeverConnected(String),
    /// Something may have been sent, and what became of it is not known.
    OnTheWay(String),
}

impl Lost {
    pub(super) fn into_error(self, request: &Request, request_id: String) -> Error {
        let (class, code, message) = match self {
            Self::NeverConnected(why) => (Class::Retryable, "ConnectFailed", why),
            Self::OnTheWay(why) if request.effect == Effect::Read => {
                (Class::Retryable, "AnswerLost", why)
            }
            Self::OnTheWay(why) => (Class::Unsure, "AnswerLost", why),
        };
        Error::from(Details {
            class,
            op: request.op,
            code: code.to_owned(),
            inner_codes: Vec::new(),
            message,
            status: None,
            request_id: Some(request_id),
            retry_after: None,
            parameters: std::collections::BTreeMap::new(),
        })
    }
}

impl From<&reqwest::Error> for Lost {
    fn from(error: &reqwest::Error) -> Self {
        let why = if error.is_timeout() && !error.is_connect() {
            "no answer before the deadline".to_owned()
        } else {
            redact::text(&root_cause(error))
        };
        // A builder's error is found before anything is sent, too.
        if error.is_connect() || error.is_builder() {
            Self::NeverConnected(why)
        } else {
            Self::OnTheWay(why)
        }
    }
}

/// The innermost cause: "Connection refused" says more than "error sending request for url", and
/// holds no address with a signature.
fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

async fn whole_body(answer: &mut reqwest::Response) -> Result<Bytes, Lost> {
    let mut body = BytesMut::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| Lost::from(&error))? {
        if body.len() + chunk.len() > LARGEST_BODY {
            return Err(Lost::OnTheWay(format!(
                "the answer is larger than {LARGEST_BODY} bytes"
            )));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}
