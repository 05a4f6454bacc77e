//! The variables that tell a shell, a test or a script where the emulator is and what it holds.

use std::path::Path;

use crate::World;

/// Names and values, in a fixed order. The client secret is among them: keep them private.
pub fn variables(url: &str, world: &World, data_dir: &Path) -> Vec<(&'static str, String)> {
    vec![
        ("EMULATOR_URL", url.to_owned()),
        ("EMULATOR_TENANT", world.tenant.clone()),
        ("EMULATOR_CLIENT_ID", world.client_id.clone()),
        ("EMULATOR_CLIENT_SECRET", world.client_secret.clone()),
        ("EMULATOR_SUBSCRIPTION", world.subscription.clone()),
        ("EMULATOR_RESOURCE_GROUP", world.resource_group.clone()),
        ("EMULATOR_WORKSPACE", world.workspace.clone()),
        (
            "EMULATOR_SYNAPSE_WORKSPACE",
            world.synapse_workspace.clone(),
        ),
        ("EMULATOR_POOL", world.pool.clone()),
        (
            "EMULATOR_USER_ASSIGNED_IDENTITY",
            world.user_assigned_identity.clone(),
        ),
        ("EMULATOR_STORAGE_ACCOUNT", world.storage_account.clone()),
        ("EMULATOR_CONTAINER", world.container.clone()),
        ("EMULATOR_DATA_DIR", data_dir.display().to_string()),
    ]
}

/// The same, as lines that a shell can source.
pub(crate) fn lines(url: &str, world: &World, data_dir: &Path) -> String {
    let mut lines = String::new();
    for (name, value) in variables(url, world, data_dir) {
        lines.push_str(name);
        lines.push_str("='");
        lines.push_str(&value.replace('\'', r"'\''"));
        lines.push_str("'\n");
    }
    lines
}
