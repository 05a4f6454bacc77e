//! How a run is tried again, and left.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// When a run that failed is tried again, under a new name in Azure. Code, environment and data are those of the first
/// attempt. Example: `{maxAttempts: 3, backoffSeconds: 60}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Retry {
    /// How many attempts there are at most, the first among them, 1 to 10. One that was suspended does not count.
    #[schemars(range(min = 1, max = 10))]
    pub max_attempts: i32,
    /// Seconds until the second attempt, 1 to 3,600, doubled for each further one up to an hour. Omitted: 30.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 3600))]
    pub backoff_seconds: Option<i32>,
    /// Which ends are tried again. Omitted: `[Platform, StartDeadline]`. A run that was cancelled, is past
    /// `activeDeadlineSeconds` or was lost is never tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 3), extend("x-kubernetes-list-type" = "set"))]
    pub causes: Option<Vec<RetryCause>>,
}

/// An end that may be tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum RetryCause {
    /// Azure failed it: quota, capacity, image, or anything but the script.
    Platform,
    /// The script failed.
    Script,
    /// It did not start within `startDeadlineSeconds`.
    StartDeadline,
}

/// What becomes of a run that is still going when the object is deleted. The history of an ended run always stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum RunDeletionPolicy {
    /// It is cancelled; the object goes when it has ended.
    #[default]
    Cancel,
    /// It goes on, followed by nobody.
    Leave,
}
