//! Role assignments of Synapse (contract §7): the data plane of a Synapse workspace.

use std::sync::Arc;

use axum::Router;

use crate::state::App;

/// Routes of `{workspace}.dev.azuresynapse.localhost`.
pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
}

/// Assignments that exist from the start.
pub(crate) fn seed(_app: &App) {}

/// Whether the principal may run Spark on the pool, given by its ARM id.
pub(crate) fn has_role(_app: &App, _principal: &str, _pool: &str) -> bool {
    false
}
