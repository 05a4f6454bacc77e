//! Answers that say no, in the two shapes that Azure has for them (contract §0.2).

use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::clock::azure_time;
use crate::state::App;

/// What a handler returns.
pub(crate) type Answer = Result<Response, Refusal>;

/// A request that was not carried out.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    body: Value,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// What the front end of Azure ML says about a request: its code is nearly always `UserError`, and the
/// code that a program can use stands in a chain below.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UserError<'a> {
    /// From the outside in, such as `["NotFound", "JobNotFound"]`.
    pub(crate) chain: &'a [&'a str],
    /// The sentence for people.
    pub(crate) message: &'a str,
    /// The sentence with `{parameters}` in it.
    pub(crate) format: &'a str,
    /// Those parameters.
    pub(crate) parameters: &'a [(&'a str, &'a str)],
}

impl Refusal {
    /// The plain shape of the resource manager, Synapse's too: a code and a message.
    pub(crate) fn plain(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        let message: String = message.into();
        Self::with_body(status, json!({"error": {"code": code, "message": message}}))
    }

    /// Any body.
    pub(crate) fn with_body(status: StatusCode, body: Value) -> Self {
        Self {
            status,
            body,
            headers: Vec::new(),
        }
    }

    /// The shape of Azure ML's front end.
    pub(crate) fn user(app: &App, status: StatusCode, error: UserError<'_>) -> Self {
        let inner = error.chain.iter().rev().fold(
            Value::Null,
            |inner, code| json!({"code": code, "innerError": inner}),
        );
        let parameters: serde_json::Map<String, Value> = error
            .parameters
            .iter()
            .map(|(k, v)| ((*k).to_owned(), Value::from(*v)))
            .collect();
        let location = &app.world.location;
        let correlation = json!({
            "operation": Uuid::new_v4().simple().to_string(),
            "request": Uuid::new_v4().simple().to_string().get(..16),
        });
        let info = |kind: &str, value: Value| json!({"type": kind, "info": {"value": value}});
        Self::with_body(
            status,
            json!({"error": {
                "code": "UserError",
                "message": error.message,
                "details": [],
                "additionalInfo": [
                    info("ComponentName", "managementfrontend".into()),
                    info("Correlation", correlation),
                    info("Environment", location.as_str().into()),
                    info("Location", location.as_str().into()),
                    info("Time", azure_time(app.clock.now()).into()),
                    info("InnerError", inner),
                    info("MessageFormat", error.format.into()),
                    info("MessageParameters", Value::Object(parameters)),
                ],
            }}),
        )
    }

    /// With one more header.
    pub(crate) fn header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
        self
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.body)).into_response();
        response.headers_mut().extend(self.headers);
        response
    }
}

/// 400 with the resource manager's plain shape.
pub(crate) fn bad_request(code: &str, message: impl Into<String>) -> Refusal {
    Refusal::plain(StatusCode::BAD_REQUEST, code, message)
}

/// 404 for a path that stands for nothing.
pub(crate) fn no_such_route() -> Refusal {
    Refusal::plain(
        StatusCode::NOT_FOUND,
        "InvalidResourceType",
        "The resource type could not be found in the namespace for this api version.",
    )
}
