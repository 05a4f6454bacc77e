//! User-assigned identities.

use serde_json::{Value, json};

use crate::state::App;

pub(super) fn made(app: &App, id: &str, name: &str) -> Value {
    json!({
        "id": id,
        "name": name,
        "type": "Microsoft.ManagedIdentity/userAssignedIdentities",
        "location": app.world.location,
        "tags": {},
        "properties": {
            "tenantId": app.world.tenant,
            "principalId": app.world.identity_principal_id(name),
            "clientId": app.world.identity_client_id(name),
        },
    })
}
