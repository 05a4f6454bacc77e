//! The resource manager: what is not a job or an asset of one.

pub(crate) mod computes;
pub(crate) mod gate;
pub(crate) mod identity;
pub(crate) mod links;
pub(crate) mod path;
mod resources;
pub(crate) mod role_assignments;
pub(crate) mod workspace;

use std::sync::Arc;

use axum::Router;

use crate::state::App;

/// Routes below `/subscriptions`.
pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .merge(workspace::routes())
        .merge(computes::routes())
        .merge(links::routes())
        .merge(resources::routes())
        .merge(crate::operation::routes())
}
