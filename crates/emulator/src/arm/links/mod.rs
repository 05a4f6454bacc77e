//! Linked services: links between the workspace and Synapse workspaces (contract §6).
//!
//! `POST /_emulator/seed-links` puts links there without asking whether they may be made, one
//! (`{"name": "old-link", "linkedServiceResourceId": "/subscriptions/…"}`, the Synapse workspace of the
//! examples when the id is left out) or a list of them; `links` of a world does so at the start.

mod frozen;
mod put;
mod read;
mod resource;
mod seed;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::aml::WORKSPACE;
use crate::state::App;

pub(crate) use seed::seed;

/// Kind of the links in the store.
const LINKS: &str = "links";

/// Names of a link's path: subscription, resource group, workspace, link.
type Names = (String, String, String, String);

pub(crate) fn routes() -> Router<Arc<App>> {
    let list = format!("{WORKSPACE}/linkedServices");
    Router::new()
        .route(&list, get(read::list))
        .route(
            &format!("{list}/{{link}}"),
            get(read::show).put(put::put).delete(read::delete),
        )
        .route("/_emulator/seed-links", post(seed::control))
}
