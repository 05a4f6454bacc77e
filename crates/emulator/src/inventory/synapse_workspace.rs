//! Synapse workspaces, in the fields of `azure-mgmt-synapse` 2.0.0.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::state::App;

/// An open workspace without a managed network.
pub(super) fn made(app: &App, id: &str, name: &str) -> Value {
    let world = &app.world;
    let location = world
        .other_synapse_workspaces
        .iter()
        .find(|known| known.name.eq_ignore_ascii_case(name))
        .map_or(&world.location, |known| &known.location);
    let uid = Uuid::new_v5(&Uuid::NAMESPACE_URL, id.to_ascii_lowercase().as_bytes());
    let port = app.addresses.port;
    let account = &world.storage_account;
    json!({
        "id": id,
        "name": name,
        "type": "Microsoft.Synapse/workspaces",
        "location": location,
        "tags": {},
        "identity": {
            "type": "SystemAssigned",
            "principalId": world.object_id(id),
            "tenantId": world.tenant,
        },
        "properties": {
            "defaultDataLakeStorage": {
                "accountUrl": format!("https://{account}.dfs.core.localhost:{port}"),
                "filesystem": "default",
            },
            "connectivityEndpoints": {
                "dev": format!("https://{name}.dev.azuresynapse.localhost:{port}"),
            },
            "managedVirtualNetwork": "",
            "privateEndpointConnections": [],
            "provisioningState": "Succeeded",
            "publicNetworkAccess": "Enabled",
            "sqlAdministratorLogin": "sqladminuser",
            "workspaceUID": uid.to_string(),
            "extraProperties": {"WorkspaceType": "Normal", "IsScopeEnabled": "false"},
        },
    })
}
