//! Managed private endpoints of a Synapse workspace, in the fields of Microsoft's published example.

use serde_json::{Value, json};

/// An endpoint that nobody has approved yet.
pub(super) fn made(id: &str, name: &str) -> Value {
    json!({
        "id": id,
        "name": name,
        "type": "Microsoft.Synapse/workspaces/managedVirtualNetworks/managedPrivateEndpoints",
        "properties": {
            "privateLinkResourceId": "",
            "groupId": "dfs",
            "provisioningState": "Succeeded",
            "connectionState": {"status": "Pending", "description": "", "actionsRequired": ""},
            "fqdns": [],
        },
    })
}
