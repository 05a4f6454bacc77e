//! The data plane of a Synapse workspace: role assignments (contract §7) and managed private endpoints.

mod access;
mod assignments;
mod check;
mod endpoints;
mod refusal;
mod roles;
mod scope;
mod workspace;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::Access;
use crate::inventory::text;
use crate::state::App;

pub(crate) use access::has_role;
pub(crate) use roles::exists as is_role;
pub(crate) use workspace::Workspace;

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
        .route(endpoints::LIST, get(endpoints::list))
        .route(
            &format!("{}/{{name}}", endpoints::LIST),
            get(endpoints::show)
                .put(endpoints::put)
                .delete(endpoints::delete),
        )
}

/// Every Synapse workspace of the world gets its administrators.
pub(crate) fn seed(app: &App) {
    let world = &app.world;
    let others = world.other_synapse_workspaces.iter();
    for name in std::iter::once(&world.synapse_workspace).chain(others.map(|other| &other.name)) {
        if let Some(workspace) = crate::inventory::find(app, &world.synapse_arm_id(name)) {
            administer(app, &workspace);
        }
    }
}

/// Who may do everything in the subscription administers a Synapse workspace too, as its creator does.
/// Other resources have no administrators.
pub(crate) fn administer(app: &App, resource: &Value) {
    if text(resource, "/type") != "Microsoft.Synapse/workspaces" {
        return;
    }
    let workspace = text(resource, "/name");
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
            "scope": format!("workspaces/{workspace}"),
            "principalType": "ServicePrincipal",
        });
        assignments::keep(app, workspace, &assignment, jiff::Timestamp::UNIX_EPOCH);
    }
}
