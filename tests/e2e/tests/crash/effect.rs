//! What a write to Azure does, told by its method and path.

use azureml_spark_testkit::emulator::{Entry, Requests};

use crate::life::Life;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    Link,
    Attach,
    Grant,
    BeginUpload,
    Upload,
    MarkUploaded,
    Register,
    Submit,
    Cancel,
    Revoke,
    Unlink,
    Detach,
}

impl Effect {
    /// The life of a link, of an attachment with a role in Synapse and one on a storage account, of a job on it that
    /// ends well, and of a serverless one with the same code that is deleted while it runs.
    pub(crate) const ALL: [Self; 17] = [
        Self::Link,
        Self::Grant,
        Self::Attach,
        Self::Grant,
        Self::Grant,
        Self::BeginUpload,
        Self::Upload,
        Self::MarkUploaded,
        Self::Register,
        Self::Submit,
        Self::Submit,
        Self::Cancel,
        Self::Revoke,
        Self::Revoke,
        Self::Revoke,
        Self::Unlink,
        Self::Detach,
    ];

    fn of(entry: &Entry) -> Option<Self> {
        let has = |part: &str| entry.path.contains(part);
        let effect = match entry.method.as_str() {
            "GET" | "HEAD" => return None,
            "POST" if has("/oauth2/") => return None,
            // Asks what somebody may do.
            "POST" if has("/checkAccessSynapseRbac") => return None,
            "PUT" if has("/linkedServices/") => Self::Link,
            "PUT" if has("/computes/") => Self::Attach,
            "PUT" if has("/roleAssignments/") => Self::Grant,
            "POST" if has("/startPendingUpload") => Self::BeginUpload,
            "PUT" if has("comp=metadata") => Self::MarkUploaded,
            "PUT" if has("/codes/") => Self::Register,
            "PUT" if has("/jobs/") => Self::Submit,
            "PUT" if has("/src/") => Self::Upload,
            "POST" if has("/cancel") => Self::Cancel,
            "DELETE" if has("/roleAssignments/") => Self::Revoke,
            "DELETE" if has("/linkedServices/") => Self::Unlink,
            "DELETE" if has("/computes/") => Self::Detach,
            _ => panic!("a write that is not known: {} {}", entry.method, entry.path),
        };
        Some(effect)
    }

    /// Its method.
    pub(crate) fn method(self) -> &'static str {
        match self {
            Self::Link
            | Self::Attach
            | Self::Grant
            | Self::Upload
            | Self::MarkUploaded
            | Self::Register
            | Self::Submit => "PUT",
            Self::BeginUpload | Self::Cancel => "POST",
            Self::Revoke | Self::Unlink | Self::Detach => "DELETE",
        }
    }

    /// What tells its path from those of the writes that are not counted with it: logins, and what other lives,
    /// which are at their end, still do.
    pub(crate) fn path(self, life: &Life<'_>) -> String {
        match self {
            Self::BeginUpload | Self::Cancel => "/subscriptions/".to_owned(),
            Self::Revoke => "/roleAssignments/".to_owned(),
            // A regular expression, so that pool-1 does not stand for pool-10.
            Self::Unlink => unlinked(life).replace('?', r"\?"),
            Self::Detach => detached(life).replace('?', r"\?"),
            _ => "/".to_owned(),
        }
    }

    /// Whether it comes when all else is over: when nothing can appear any more.
    pub(crate) fn is_late(self) -> bool {
        matches!(self, Self::Unlink | Self::Detach)
    }

    /// Whether the same rule of the emulator counts both.
    pub(crate) fn counts_with(self, other: Self) -> bool {
        self.method() == other.method() && (self == other || self.method() != "DELETE")
    }
}

fn detached(life: &Life<'_>) -> String {
    format!("/computes/{}?", life.pool())
}

fn unlinked(life: &Life<'_>) -> String {
    format!("/linkedServices/{}?", life.link())
}

/// The writes among the requests, in order, without the late ones of other lives.
pub(crate) fn of(requests: &Requests, life: &Life<'_>) -> Vec<(Effect, Entry)> {
    let known = |entry: &Entry| Some((Effect::of(entry)?, entry.clone()));
    let ours = |(effect, entry): &(Effect, Entry)| match effect {
        Effect::Detach => entry.path.contains(&detached(life)),
        Effect::Unlink => entry.path.contains(&unlinked(life)),
        _ => true,
    };
    requests.0.iter().filter_map(known).filter(ours).collect()
}
