//! Role assignments of Synapse (contract §7): the data plane of a Synapse workspace.

mod access;
mod assignments;
mod check;
mod refusal;
mod roles;
mod scope;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use serde_json::json;
use uuid::Uuid;

use crate::Access;
use crate::state::App;

pub(crate) use access::has_role;
pub(crate) use roles::exists as is_role;

/// Kind of the role assignments in the store.
const ASSIGNMENTS: &str = "synapseRoleAssignments";

/// Routes of `{workspace}.dev.azuresynapse.localhost`.
pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/roleDefinitions", get(roles::list))
        .route("/roleDefinitions/{id}", get(roles::show))
        .route("/rbacScopes", get(roles::scopes))
        .route("/roleAssignments", get(assignments::list))
        .route(
            "/roleAssignments/{id}",
            get(assignments::show)
                .put(assignments::create)
                .delete(assignments::delete),
        )
        .route("/checkAccessSynapseRbac", post(check::check))
}

/// Who may do everything in the subscription administers the Synapse workspace too, as its creator does.
pub(crate) fn seed(app: &App) {
    let world = &app.world;
    let extra = world
        .principals
        .iter()
        .filter(|principal| principal.access == Access::All);
    let clients = std::iter::once(&world.client_id).chain(extra.map(|p| &p.client_id));
    for client in clients {
        let principal = world.object_id(client);
        let id = Uuid::new_v5(
            &Uuid::NAMESPACE_URL,
            format!("administrator/{client}").as_bytes(),
        );
        let assignment = json!({
            "id": id.to_string(),
            "roleDefinitionId": roles::ADMINISTRATOR,
            "principalId": principal,
            "scope": format!("workspaces/{}", world.synapse_workspace),
            "principalType": "ServicePrincipal",
        });
        assignments::keep(app, &assignment, jiff::Timestamp::UNIX_EPOCH);
    }
}
