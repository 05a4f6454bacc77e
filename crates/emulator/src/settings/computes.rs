//! Words of the settings about computes.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// When an identity's object id shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum IdentityAppears {
    /// In the answer to the request that makes it.
    Immediately,
    /// Once the operation has succeeded.
    AfterOperation,
}

/// What happens to an attachment of a pool that does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum UnknownPool {
    /// The request is refused with 400.
    Refuse,
    /// The operation ends as failed, and so does the compute.
    OperationFails,
}

/// What an update of a compute or a link without `identity` does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum OmittedIdentity {
    /// The identity stays as it was.
    Keeps,
    /// The identity is gone.
    Clears,
}

/// What happens to an attachment of a pool in another region than the workspace's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum OtherRegionPool {
    /// It is attached like any other.
    Accept,
    /// The request is refused with 400.
    Refuse,
    /// The operation ends as failed, and so does the compute.
    OperationFails,
}

/// An error of Azure, as it stands in `provisioningErrors`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AttachError {
    /// What programs look at.
    pub code: String,
    /// The sentence for people.
    pub message: String,
    /// Further errors below it, each with `code` and `message`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<Value>,
}
