//! What a write to Azure does, told by its method and path.

use azureml_spark_testkit::emulator::{Entry, Requests};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    Attach,
    Grant,
    BeginUpload,
    Upload,
    MarkUploaded,
    Register,
    Submit,
    Cancel,
    Revoke,
    Detach,
}

impl Effect {
    /// The life of an attachment, of a job on it that ends well, and of a serverless one with the same code that is
    /// deleted while it runs.
    pub(crate) const ALL: [Self; 11] = [
        Self::Attach,
        Self::Grant,
        Self::BeginUpload,
        Self::Upload,
        Self::MarkUploaded,
        Self::Register,
        Self::Submit,
        Self::Submit,
        Self::Cancel,
        Self::Revoke,
        Self::Detach,
    ];

    fn of(entry: &Entry) -> Option<Self> {
        let has = |part: &str| entry.path.contains(part);
        let effect = match entry.method.as_str() {
            "GET" | "HEAD" => return None,
            "POST" if has("/oauth2/") => return None,
            // Asks what somebody may do.
            "POST" if has("/checkAccessSynapseRbac") => return None,
            "PUT" if has("/computes/") => Self::Attach,
            "PUT" if has("/roleAssignments/") => Self::Grant,
            "POST" if has("/startPendingUpload") => Self::BeginUpload,
            "PUT" if has("comp=metadata") => Self::MarkUploaded,
            "PUT" if has("/codes/") => Self::Register,
            "PUT" if has("/jobs/") => Self::Submit,
            "PUT" if has("/src/") => Self::Upload,
            "POST" if has("/cancel") => Self::Cancel,
            "DELETE" if has("/roleAssignments/") => Self::Revoke,
            "DELETE" if has("/computes/") => Self::Detach,
            _ => panic!("a write that is not known: {} {}", entry.method, entry.path),
        };
        Some(effect)
    }

    /// Its method.
    pub(crate) fn method(self) -> &'static str {
        match self {
            Self::Attach
            | Self::Grant
            | Self::Upload
            | Self::MarkUploaded
            | Self::Register
            | Self::Submit => "PUT",
            Self::BeginUpload | Self::Cancel => "POST",
            Self::Revoke | Self::Detach => "DELETE",
        }
    }

    /// What tells its path from those of the writes that are not counted with it: logins, and what other lives,
    /// which are at their end, still do.
    pub(crate) fn path(self, pool: &str) -> String {
        match self {
            Self::BeginUpload | Self::Cancel => "/subscriptions/".to_owned(),
            Self::Revoke => "/roleAssignments/".to_owned(),
            // A regular expression, so that pool-1 does not stand for pool-10.
            Self::Detach => detached(pool).replace('?', r"\?"),
            _ => "/".to_owned(),
        }
    }

    /// Whether the same rule of the emulator counts both.
    pub(crate) fn counts_with(self, other: Self) -> bool {
        self.method() == other.method() && (self == other || self.method() != "DELETE")
    }
}

fn detached(pool: &str) -> String {
    format!("/computes/{pool}?")
}

/// The writes among the requests, in order, without those that detach other pools: theirs come late.
pub(crate) fn of(requests: &Requests, pool: &str) -> Vec<(Effect, Entry)> {
    let known = |entry: &Entry| Some((Effect::of(entry)?, entry.clone()));
    let ours = |(effect, entry): &(Effect, Entry)| {
        *effect != Effect::Detach || entry.path.contains(&detached(pool))
    };
    requests.0.iter().filter_map(known).filter(ours).collect()
}
