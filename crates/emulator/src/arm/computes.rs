//! Computes of a workspace (contract §2).

use std::sync::Arc;

use axum::Router;
use serde_json::Value;

use crate::state::App;

pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
}

/// The effect of an operation that is over; an error if it has failed.
pub(crate) fn ended(_app: &App, _record: &Value) -> Option<Value> {
    None
}
