//! Words of the settings about how runs end, and how they are kept from it.

use serde::{Deserialize, Serialize};

/// Why a run of the instant runner fails. `docs/fidelity.md` says where the words of each were published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Ending {
    /// The Synapse workspace has too few vCores left of its quota.
    Quota,
    /// The Synapse workspace has no quota at all.
    NoQuota,
    /// The pool's vCores are taken by others.
    PoolFull,
    /// Azure did not bring up the pool's machines.
    Capacity,
    /// The environment's image was not built.
    Image,
    /// The packages of the pool were not installed in time.
    Packages,
    /// The identity may not use the pool.
    Identity,
    /// The identity may not read the storage account, which the script learns as an exception.
    Storage,
    /// The script raised an exception.
    Script,
    /// A stage of the Spark job failed, which the driver learns as an exception of Java.
    Scala,
    /// The driver died, and nobody knows why.
    Dead,
    /// Azure ML itself failed.
    Service,
}

/// What a cancellation that is not refused for other reasons does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CancelEffect {
    /// The run ends as `Canceled`.
    Ends,
    /// The run stays `CancelRequested` for ever.
    Stays,
    /// It is accepted, and the run goes on as if it had never been asked.
    Nothing,
    /// 400: the caller may not do it.
    Refused,
    /// 403 with the same words.
    Forbidden,
}

/// Under which code run history tells of a session that Synapse did not start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RunErrorCode {
    /// `UserError`; Synapse's own code stands in the message.
    UserError,
    /// Synapse's own code.
    Own,
}

/// What a serverless job with a runtime that was disabled does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RetiredRuntime {
    /// It runs like any other.
    Accept,
    /// The PUT is refused.
    Refuse,
    /// The PUT is accepted and the job fails.
    JobFails,
}
