//! The Azure ML workspace (contract §1).

use serde_json::{Map, Value, json};

use crate::state::App;

pub(super) fn made(app: &App) -> Value {
    let world = &app.world;
    let group = world.resource_group_id();
    let base = &app.addresses.base;
    let host = base.trim_start_matches("https://");
    json!({
        "id": world.workspace_arm_id(),
        "name": world.workspace,
        "type": "Microsoft.MachineLearningServices/workspaces",
        "location": world.location,
        "tags": {},
        "etag": null,
        "kind": "Default",
        "sku": {"name": "Basic", "tier": "Basic"},
        "identity": identity(app),
        "properties": {
            "friendlyName": world.workspace,
            "description": null,
            "storageAccount": world.storage_arm_id(),
            "keyVault": format!("{group}/providers/Microsoft.Keyvault/vaults/{}-kv", world.workspace),
            "applicationInsights":
                format!("{group}/providers/Microsoft.insights/components/{}-ai", world.workspace),
            "containerRegistry": null,
            "provisioningState": "Succeeded",
            "v1LegacyMode": false,
            "workspaceId": world.workspace_id,
            "tenantId": world.tenant,
            "hbiWorkspace": false,
            "publicNetworkAccess": "Enabled",
            "storageHnsEnabled": false,
            "systemDatastoresAuthMode": "AccessKey",
            "discoveryUrl": format!("{base}/discovery"),
            "mlFlowTrackingUri": format!("azureml://{host}/mlflow/v1.0{}", world.workspace_arm_id()),
        },
        "systemData": {
            "createdAt": "2024-01-01T00:00:00.0000000Z",
            "createdBy": "emulator",
            "createdByType": "Application",
            "lastModifiedAt": "2024-01-01T00:00:00.0000000Z",
            "lastModifiedBy": "emulator",
            "lastModifiedByType": "Application",
        },
    })
}

/// Keys of the map come back with `resourcegroups` in small letters (contract §0.1).
fn identity(app: &App) -> Value {
    let world = &app.world;
    let assigned: Map<String, Value> = world
        .identities
        .iter()
        .filter(|identity| identity.workspace)
        .map(|identity| {
            let id = world.identity_arm_id(&identity.name);
            (
                id.replacen("/resourceGroups/", "/resourcegroups/", 1),
                json!({
                    "principalId": world.identity_principal_id(&identity.name),
                    "clientId": world.identity_client_id(&identity.name),
                }),
            )
        })
        .collect();
    let mut identity = json!({
        "type": if assigned.is_empty() { "SystemAssigned" } else { "SystemAssigned,UserAssigned" },
        "principalId": world.workspace_principal_id(),
        "tenantId": world.tenant,
    });
    if !assigned.is_empty()
        && let Some(fields) = identity.as_object_mut()
    {
        fields.insert("userAssignedIdentities".to_owned(), Value::Object(assigned));
    }
    identity
}
