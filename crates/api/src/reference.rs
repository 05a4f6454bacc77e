//! How one object names another: by name, in its own namespace, and no other way.

use kube::KubeSchema;
use serde::{Deserialize, Serialize};

/// An object of a fixed kind in the same namespace. References never leave their namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct LocalRef {
    /// Name of the object, in this namespace.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
}
