//! What a handler can ask for of its request.

use std::convert::Infallible;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use serde_json::Value;

use crate::error::{Refusal, bad_request};

/// Path and query as they were sent, before the path's fixed words were put into one case.
#[derive(Clone, Debug)]
pub(crate) struct AsSent(pub(crate) String);

impl<S: Sync> FromRequestParts<S> for AsSent {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(parts
            .extensions
            .get::<Self>()
            .cloned()
            .unwrap_or_else(|| Self(parts.uri.to_string())))
    }
}

impl AsSent {
    /// A query parameter, decoded; names compare without case.
    pub(crate) fn query(&self, name: &str) -> Option<String> {
        let (_, query) = self.0.split_once('?')?;
        url::form_urlencoded::parse(query.as_bytes())
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.into_owned())
    }
}

/// A JSON body that must be there; refused as the resource manager does otherwise.
#[derive(Clone, Debug)]
pub(crate) struct Body(pub(crate) Value);

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let refuse = |detail: String| {
            bad_request(
                "InvalidRequestContent",
                format!(
                    "The request content was invalid and could not be deserialized: '{detail}'."
                ),
            )
        };
        let kind = request
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok());
        if !kind.is_some_and(|kind| kind.to_ascii_lowercase().starts_with("application/json")) {
            return Err(Refusal::plain(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "UnsupportedMediaType",
                "The content media type is not supported. Only 'application/json' is supported.",
            ));
        }
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(|error| refuse(error.body_text()))?;
        serde_json::from_slice(&bytes)
            .map(Self)
            .map_err(|error| refuse(error.to_string()))
    }
}
