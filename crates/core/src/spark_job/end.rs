//! Why an attempt ended: one word for each way, the same as the reason in the conditions.

use azureml_spark_api::Reason;
use azureml_spark_api::spark_job::{CancelCause, Failure, RetryCause};

use super::RunState;

mod classify;

/// Why an attempt, or all of them, ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The run ended well.
    Completed,
    /// The script failed.
    ScriptFailed,
    /// Azure failed it, for no reason that has a word of its own.
    PlatformFailed,
    /// A quota is used up.
    QuotaExceeded,
    /// There were no machines.
    NoCapacity,
    /// Its image or packages could not be made.
    ImageFailed,
    /// Its identity could not be used.
    IdentityFailed,
    /// `spec.cancel`.
    Canceled,
    /// Cancelled by somebody else.
    CanceledOutside,
    /// Cancelled by us, for its time was up.
    DeadlineExceeded,
    /// Cancelled by us, for it had not started in time.
    StartDeadlineExceeded,
    /// Cancelled by us, for nobody had heard of it.
    NotResponding,
    /// Not in the workspace any more.
    Lost,
    /// It cannot be made: its name is taken, or it would be another run than before.
    Conflict,
    /// Cancelled by us, for `spec.suspend`.
    Suspended,
}

impl End {
    /// Every word.
    pub const ALL: [Self; 15] = [
        Self::Completed,
        Self::ScriptFailed,
        Self::PlatformFailed,
        Self::QuotaExceeded,
        Self::NoCapacity,
        Self::ImageFailed,
        Self::IdentityFailed,
        Self::Canceled,
        Self::CanceledOutside,
        Self::DeadlineExceeded,
        Self::StartDeadlineExceeded,
        Self::NotResponding,
        Self::Lost,
        Self::Conflict,
        Self::Suspended,
    ];

    /// The word in a condition.
    pub fn reason(self) -> Reason {
        match self {
            Self::Completed => Reason::Completed,
            Self::ScriptFailed => Reason::ScriptFailed,
            Self::PlatformFailed => Reason::PlatformFailed,
            Self::QuotaExceeded => Reason::QuotaExceeded,
            Self::NoCapacity => Reason::NoCapacity,
            Self::ImageFailed => Reason::ImageFailed,
            Self::IdentityFailed => Reason::IdentityFailed,
            Self::Canceled => Reason::Canceled,
            Self::CanceledOutside => Reason::CanceledOutside,
            Self::DeadlineExceeded => Reason::DeadlineExceeded,
            Self::StartDeadlineExceeded => Reason::StartDeadlineExceeded,
            Self::NotResponding => Reason::NotResponding,
            Self::Lost => Reason::Lost,
            Self::Conflict => Reason::Conflict,
            Self::Suspended => Reason::Suspended,
        }
    }

    /// The word in the status.
    pub fn as_str(self) -> &'static str {
        self.reason().as_str()
    }

    /// From the word in a status.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|end| end.as_str() == word)
    }

    /// Why a run in this state ended, which we had cancelled for this cause, if we had. `None`: it has not ended.
    pub fn of(
        state: &RunState,
        canceled: Option<CancelCause>,
        failure: Option<&Failure>,
    ) -> Option<Self> {
        match state {
            RunState::Completed => Some(Self::Completed),
            RunState::Failed => Some(failure.map_or(Self::PlatformFailed, classify::classify)),
            RunState::Canceled => Some(canceled.map_or(Self::CanceledOutside, Self::of_cancel)),
            RunState::Lost => Some(Self::Lost),
            RunState::NotStarted
            | RunState::Starting
            | RunState::Provisioning
            | RunState::Preparing
            | RunState::Queued
            | RunState::Running
            | RunState::Finalizing
            | RunState::CancelRequested
            | RunState::NotResponding
            | RunState::Paused
            | RunState::Other(_) => None,
        }
    }

    fn of_cancel(why: CancelCause) -> Self {
        match why {
            CancelCause::Asked | CancelCause::Deleted => Self::Canceled,
            CancelCause::Suspend => Self::Suspended,
            CancelCause::Deadline => Self::DeadlineExceeded,
            CancelCause::StartDeadline => Self::StartDeadlineExceeded,
            CancelCause::NotResponding => Self::NotResponding,
        }
    }

    /// What we had cancelled the run for, if we had.
    pub(super) fn canceled(self) -> Option<CancelCause> {
        match self {
            Self::Canceled => Some(CancelCause::Asked),
            Self::Suspended => Some(CancelCause::Suspend),
            Self::DeadlineExceeded => Some(CancelCause::Deadline),
            Self::StartDeadlineExceeded => Some(CancelCause::StartDeadline),
            Self::NotResponding => Some(CancelCause::NotResponding),
            Self::Completed
            | Self::ScriptFailed
            | Self::PlatformFailed
            | Self::QuotaExceeded
            | Self::NoCapacity
            | Self::ImageFailed
            | Self::IdentityFailed
            | Self::CanceledOutside
            | Self::Lost
            | Self::Conflict => None,
        }
    }

    /// What a further attempt would be for. A quota, a lack of machines and trouble without a name pass, and the making
    /// of an image may; a right that an identity lacks is not there the next time either.
    pub fn cause(self) -> Option<RetryCause> {
        match self {
            Self::ScriptFailed => Some(RetryCause::Script),
            Self::PlatformFailed
            | Self::QuotaExceeded
            | Self::NoCapacity
            | Self::ImageFailed
            | Self::NotResponding => Some(RetryCause::Platform),
            Self::StartDeadlineExceeded => Some(RetryCause::StartDeadline),
            Self::Completed
            | Self::IdentityFailed
            | Self::Canceled
            | Self::CanceledOutside
            | Self::DeadlineExceeded
            | Self::Lost
            | Self::Conflict
            | Self::Suspended => None,
        }
    }
}
