//! A run as Azure shows it.

use jiff::Timestamp;

/// A run of our name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Resource id.
    pub azure_id: String,
    /// How far it is.
    pub state: RunState,
    /// Our property with the uid of its object, if it has one.
    pub owner: Option<String>,
    /// Our property with the hash of its definition, if it has one.
    pub definition_hash: Option<String>,
    /// Our property with the number of the attempt, if it has one.
    pub attempt: Option<i32>,
    /// Another `SparkJob` that is there and that it belongs to, in words.
    pub held_by: Option<String>,
    /// Resource id of its code, if Azure says it.
    pub code_id: Option<String>,
    /// Its page in Studio.
    pub studio_url: Option<String>,
    /// When it was started, if Azure says it.
    pub started: Option<Timestamp>,
    /// When it ended, if Azure says it.
    pub ended: Option<Timestamp>,
}

/// Azure's states of a run (contract §3.4). Only three are ends: `NotResponding` and `Paused`, which Microsoft's SDK
/// also stops at, may go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunState {
    /// Accepted.
    NotStarted,
    /// Accepted, about to be prepared.
    Starting,
    /// Machines are being made.
    Provisioning,
    /// The environment is being made.
    Preparing,
    /// Waits for machines.
    Queued,
    /// Runs.
    Running,
    /// The script has ended, its traces are being written.
    Finalizing,
    /// A cancel was accepted.
    CancelRequested,
    /// Ended well.
    Completed,
    /// Ended with an error.
    Failed,
    /// Ended by a cancel.
    Canceled,
    /// Lost its heartbeat; may come back.
    NotResponding,
    /// Held.
    Paused,
    /// Not in the workspace any more. Our word, not Azure's.
    Lost,
    /// A word that this operator does not know.
    Other(String),
}

impl RunState {
    /// From Azure's word.
    pub fn parse(word: &str) -> Self {
        match word {
            "NotStarted" => Self::NotStarted,
            "Starting" => Self::Starting,
            "Provisioning" => Self::Provisioning,
            "Preparing" => Self::Preparing,
            "Queued" => Self::Queued,
            "Running" => Self::Running,
            "Finalizing" => Self::Finalizing,
            "CancelRequested" => Self::CancelRequested,
            "Completed" => Self::Completed,
            "Failed" => Self::Failed,
            "Canceled" => Self::Canceled,
            "NotResponding" => Self::NotResponding,
            "Paused" => Self::Paused,
            "Lost" => Self::Lost,
            other => Self::Other(other.to_owned()),
        }
    }

    /// Azure's word.
    pub fn as_str(&self) -> &str {
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
            Self::Lost => "Lost",
            Self::Other(word) => word,
        }
    }

    /// Whether the run can never change again.
    pub fn is_end(&self) -> bool {
        matches!(
            self,
            Self::Completed | Self::Failed | Self::Canceled | Self::Lost
        )
    }
}
