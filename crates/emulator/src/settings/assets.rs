//! Words of the settings about versioned assets.

use serde::{Deserialize, Serialize};

/// Which version of an asset its container calls the latest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum LatestVersion {
    /// The one that was made last.
    Newest,
    /// The one with the highest number.
    Highest,
}

/// What a version that is put once more, the same, is answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RepeatedAsset {
    /// 200, with its tags and description taken.
    Accept,
    /// 409.
    Conflict,
}

/// Which forms a `codeUri` may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CodeUriForm {
    /// Every form that the emulator can resolve, `azureml://datastores/…` among them.
    Any,
    /// `https://` only.
    Https,
}

/// What becomes of a run whose output is to be registered as a version that exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TakenVersion {
    /// The run fails at its end.
    JobFails,
    /// The run completes, and the version stays as it was.
    Stays,
}
