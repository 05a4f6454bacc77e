//! Words of the settings about Studio's index.

use serde::{Deserialize, Serialize};

/// What questions to the index are answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum IndexAnswer {
    /// Runs.
    Served,
    /// 503 and a page of HTML.
    Unavailable,
    /// 429.
    Throttled,
    /// 404.
    NotFound,
    /// 200 and a page of HTML.
    Html,
}

/// Which field of an entry carries the run's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum IndexName {
    /// `entityObjectId`, behind `dcid.`.
    EntityObjectId,
    /// The end of `entityId`, behind `dcid.`.
    EntityId,
    /// `name`.
    Name,
    /// `properties.runId`.
    RunId,
    /// `properties.name`.
    PropertiesName,
    /// None.
    Nowhere,
}
