//! Words of the settings about linked services.

use serde::{Deserialize, Serialize};

/// Whether the resource manager still knows linked services at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum LinkedServicesServed {
    /// It does.
    Served,
    /// Every request is answered with 400 `NoRegisteredProviderFound`.
    NoRegisteredProvider,
    /// Every request is answered with 404 `InvalidResourceType`.
    InvalidResourceType,
    /// Every request is answered with 400 `InvalidApiVersionParameter`.
    InvalidApiVersion,
    /// Every request is answered with a bare 404.
    NotFound,
}

/// What making a link does; links that exist are served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum LinkCreation {
    /// The link is made.
    Accept,
    /// 400 `NoRegisteredProviderFound`.
    NoRegisteredProvider,
    /// 404 `InvalidResourceType`.
    InvalidResourceType,
    /// 400 `OperationNotSupported`.
    BadRequest,
    /// 403 `Forbidden`.
    Forbidden,
    /// 405 `MethodNotAllowed`.
    NotAllowed,
    /// 409 `Conflict`.
    Conflict,
    /// 410 `Gone`.
    Gone,
    /// A bare 404.
    NotFound,
}

/// The status of an answer to a PUT.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum LinkPut {
    /// 200.
    Ok,
    /// 201 for a link that is new, 200 otherwise.
    Created,
}

/// The status of the answer to the deletion of a link that was there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum LinkDeleted {
    /// 200.
    Ok,
    /// 204.
    NoContent,
}
