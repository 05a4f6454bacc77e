//! Computes of a workspace (contract §2): attached Spark pools, and clusters.

mod aml_compute;
mod change;
mod effect;
mod plan;
mod pool;
mod read;
mod remove;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

use crate::state::App;

pub(crate) use effect::ended;

/// Kind of the computes in the store.
const COMPUTES: &str = "computes";

const LIST: &str = "/subscriptions/{sub}/resourceGroups/{rg}/providers/Microsoft.MachineLearningServices/workspaces/{ws}/computes";

/// Names of a compute's path: subscription, resource group, workspace, compute.
type Names = (String, String, String, String);

pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new().route(LIST, get(read::list)).route(
        &format!("{LIST}/{{compute}}"),
        get(read::show)
            .put(change::put)
            .patch(change::patch)
            .delete(remove::delete),
    )
}
