//! Blob storage over plain files: `DATA_DIR/<account>/<container>/<blob>`, so that a person can put
//! inputs and look at outputs.
//!
//! Signatures, shared keys and tokens are checked; conditions, ranges, blocks, listings and errors
//! answer as Azure Storage's REST reference says, as far as storage clients of Azure ML need them.

mod access;
mod attributes;
mod block;
mod condition;
mod error;
mod incoming;
mod listing;
mod name;
mod range;
mod sas;
mod serve;
mod shared_key;
mod store;
mod target;
mod xml;

use std::sync::Arc;

use axum::Router;
use axum::routing::any;

use crate::state::App;

pub(crate) use error::BlobError;
pub(crate) use listing::Wanted;
pub(crate) use name::Container;
pub(crate) use sas::{Grant, for_blob, for_container};
pub(crate) use store::Blobs;

/// Everything that is served under `{account}.blob.core.…`.
pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/", any(serve::serve))
        .route("/{*path}", any(serve::serve))
}
