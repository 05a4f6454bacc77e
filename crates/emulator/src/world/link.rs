//! Links between the Azure ML workspace and Synapse workspaces, as a world describes them.

use serde::{Deserialize, Serialize};

/// A linked service that exists already.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Link {
    /// Name, unique in the Azure ML workspace.
    pub name: String,
    /// ARM id of the Synapse workspace; the one that examples use when it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub linked_service_resource_id: Option<String>,
}
