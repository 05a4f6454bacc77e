//! How Entra says no.

use axum::http::StatusCode;
use serde_json::json;
use uuid::Uuid;

use crate::error::Refusal;
use crate::state::App;

/// One of Entra's errors: OAuth's word, the AADSTS number, and the sentence.
pub(super) fn refuse(
    app: &App,
    status: StatusCode,
    error: &str,
    number: u32,
    sentence: &str,
) -> Refusal {
    let trace = Uuid::new_v4();
    let correlation = Uuid::new_v4();
    let time = app.clock.now().strftime("%Y-%m-%d %H:%M:%SZ").to_string();
    Refusal::with_body(
        status,
        json!({
            "error": error,
            "error_description": format!(
                "AADSTS{number}: {sentence} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {time}"
            ),
            "error_codes": [number],
            "timestamp": time,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": format!("{}/error?code={number}", app.addresses.base),
        }),
    )
}

/// A tenant that does not exist.
pub(super) fn unknown_tenant(app: &App, tenant: &str) -> Refusal {
    refuse(
        app,
        StatusCode::BAD_REQUEST,
        "invalid_tenant",
        90002,
        &format!(
            "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are \
             signing into the correct cloud."
        ),
    )
}
