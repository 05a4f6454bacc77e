//! Storage accounts, in as many fields as somebody needs who asks where an account is.

use serde_json::{Value, json};

use crate::state::App;

pub(super) fn made(app: &App, id: &str, name: &str) -> Value {
    let port = app.addresses.port;
    json!({
        "id": id,
        "name": name,
        "type": "Microsoft.Storage/storageAccounts",
        "location": app.world.location,
        "kind": "StorageV2",
        "sku": {"name": "Standard_LRS", "tier": "Standard"},
        "tags": {},
        "properties": {
            "provisioningState": "Succeeded",
            "isHnsEnabled": true,
            "publicNetworkAccess": "Enabled",
            "primaryLocation": app.world.location,
            "primaryEndpoints": {
                "blob": format!("{}/", app.addresses.blob(name)),
                "dfs": format!("https://{name}.dfs.core.localhost:{port}/"),
            },
        },
    })
}
