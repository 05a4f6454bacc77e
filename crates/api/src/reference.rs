//! How one object names another: by name, in its own namespace, and no other way.

use kube::KubeSchema;
use serde::{Deserialize, Serialize};

/// What an object can be called: labels of DNS, with dots between (RFC 1123). It is one part of a path, whoever writes it.
pub(crate) const OBJECT_NAME: &str =
    r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";

/// An object of a fixed kind in the same namespace. References never leave their namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct LocalRef {
    /// Name of the object, in this namespace.
    #[schemars(length(min = 1, max = 253), regex(pattern = OBJECT_NAME))]
    pub name: String,
}
