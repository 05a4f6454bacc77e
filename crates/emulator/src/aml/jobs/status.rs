//! The states of a job (contract §3.4).

use serde::{Deserialize, Serialize};

/// A state as the wire spells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// It is known, and nothing has been done for it.
    NotStarted,
    /// It is on its way to the compute.
    Starting,
    /// Its compute is made.
    Provisioning,
    /// Its environment is made.
    Preparing,
    /// It waits for its turn.
    Queued,
    /// Its program runs.
    Running,
    /// Its program has ended, its outputs are taken.
    Finalizing,
    /// Somebody has asked it to end.
    CancelRequested,
    /// It ended well.
    Completed,
    /// It ended badly.
    Failed,
    /// It was ended.
    Canceled,
    /// It has not been heard of for a while.
    NotResponding,
    /// It waits to be continued.
    Paused,
    /// Nobody knows.
    Unknown,
}

impl Status {
    /// The state's name.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::NotStarted => "NotStarted",
            Self::Starting => "Starting",
            Self::Provisioning => "Provisioning",
            Self::Preparing => "Preparing",
            Self::Queued => "Queued",
            Self::Running => "Running",
            Self::Finalizing => "Finalizing",
            Self::CancelRequested => "CancelRequested",
            Self::Completed => "Completed",
            Self::Failed => "Failed",
            Self::Canceled => "Canceled",
            Self::NotResponding => "NotResponding",
            Self::Paused => "Paused",
            Self::Unknown => "Unknown",
        }
    }

    /// Whether nothing happens any more.
    pub(crate) fn is_end(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Canceled)
    }
}
