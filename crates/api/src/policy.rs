//! What the operator may do to a resource in Azure, and when: the same words on every kind that owns one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whether the operator changes Azure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ManagementPolicy {
    /// The operator makes, changes and takes back what the spec describes.
    #[default]
    Full,
    /// The operator looks and reports, and changes nothing: not now, and not when the object is deleted.
    ObserveOnly,
}

/// What to do with a resource of that name that this object did not make.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum AdoptionPolicy {
    /// It is taken over only where nothing would change.
    #[default]
    IfIdentical,
    /// It is taken over and brought to the spec, also from an owner that is named on it.
    Always,
    /// It is never taken over.
    Never,
}

/// What to do when somebody changes in Azure what the spec describes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum DriftPolicy {
    /// It is brought back to the spec.
    #[default]
    Correct,
    /// It is told in `status.drift`, and left.
    Report,
}

/// A field in which Azure is not as the spec says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// The field, as in the manifest: `tags.team`.
    pub field: String,
    /// What the spec says; absent where it says that there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desired: Option<String>,
    /// What Azure says; absent where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed: Option<String>,
}
