//! Requests that Azure takes on and of which nothing is to be seen: repeated after growing pauses, and told in the end.

use azureml_spark_api::attachment::{PendingAction, PendingRequest};
use azureml_spark_api::condition::{Time, whole_second};
use jiff::{SignedDuration, Timestamp};

use super::Memo;
use super::next::{STUCK_LOOK, WORK_LOOK};

/// The longest pause before a request is repeated.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_mins(5);

/// How long nothing may come of a request before a person has to look: operations on computes take seconds to minutes
/// (contract §0.3).
const PATIENCE: SignedDuration = SignedDuration::from_mins(10);

/// A request that was taken on, until its effect is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pending {
    /// What was asked for.
    pub action: PendingAction,
    /// When it was asked for first.
    pub since: Timestamp,
    /// When it was asked for last; absent where that was refused, so that its fault says when to try again.
    pub last: Option<Timestamp>,
}

impl Pending {
    /// With one more request at this time.
    pub(super) fn asked(before: Option<Self>, action: PendingAction, now: Timestamp) -> Self {
        let now = whole_second(now);
        Self {
            action,
            since: before
                .filter(|before| before.action == action)
                .map_or(now, |before| before.since),
            last: Some(now),
        }
    }

    /// After a fault of the request: that it was sent says nothing.
    pub(super) fn refused(self) -> Self {
        Self { last: None, ..self }
    }

    /// When to look again, while it is too soon to repeat the request: each pause is as long as all before it.
    pub(super) fn pause(&self, now: Timestamp) -> Option<Timestamp> {
        let last = self.last?;
        let pause = last
            .duration_since(self.since)
            .clamp(WORK_LOOK, LONGEST_PAUSE);
        let again = last.checked_add(pause).ok().filter(|again| *again > now)?;
        Some(again.min(now.checked_add(STUCK_LOOK).unwrap_or(now)))
    }

    /// Whether nothing has come of this for so long that a person has to look.
    fn is_overdue(&self, action: PendingAction, now: Timestamp) -> bool {
        self.action == action && now.duration_since(self.since) >= PATIENCE
    }

    pub(super) fn recall(status: &PendingRequest) -> Self {
        Self {
            action: status.action,
            since: status.since.0,
            last: status.last_time.as_ref().map(|time| time.0),
        }
    }

    pub(super) fn publish(self) -> PendingRequest {
        PendingRequest {
            action: self.action,
            since: Time(self.since),
            last_time: self.last.map(Time),
        }
    }
}

impl Memo {
    /// Whether nothing has come of such a request for so long that a person has to look.
    pub(super) fn is_overdue(&self, action: PendingAction, now: Timestamp) -> bool {
        self.pending
            .is_some_and(|asked| asked.is_overdue(action, now))
    }
}
