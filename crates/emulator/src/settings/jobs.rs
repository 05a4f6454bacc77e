//! Words of the settings about jobs, code and datastores.

use serde::{Deserialize, Serialize};

/// What a PUT on the name of a job that exists is answered with, when it changes more than it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RepeatedPut {
    /// 400 `JobPropertyImmutable`, for the very same body too: the service keeps more than it was sent.
    Refuse400,
    /// The same with 409.
    Refuse409,
    /// The very same body is answered with 200; another one is refused with 400.
    Accept,
}

/// Whether a filter of a list works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Filter {
    /// Only what it names is listed.
    Honoured,
    /// Everything is listed.
    Ignored,
}

/// When the filters of a list are applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FilterPlace {
    /// Before the list is cut into pages: every page but the last is full.
    BeforePaging,
    /// After it: pages may be empty and have a next one.
    AfterPaging,
}

/// The order of the list of jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ListOrder {
    /// By creation, latest first.
    NewestFirst,
    /// By creation, earliest first.
    OldestFirst,
    /// Neither; the same for all pages.
    Shuffled,
}

/// What an accepted cancellation is answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CancelAnswer {
    /// 200.
    Ok,
    /// 202.
    Accepted,
}

/// What becomes of a job that names something that does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Reference {
    /// The PUT is refused.
    Refuse,
    /// The PUT is accepted and the job fails.
    JobFails,
}

/// What `listSecrets` of a datastore with an account key gives away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum DatastoreSecrets {
    /// The account key.
    AccountKey,
    /// A signature for the container that ends.
    Sas,
}

/// Whether something is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Presence {
    /// It is.
    Present,
    /// It is not.
    Absent,
}
