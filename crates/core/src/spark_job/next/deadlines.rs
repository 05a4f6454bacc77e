//! What a live run has time for.

use jiff::Timestamp;

use super::{at, labels, ours, plus};
use crate::machine::Wake;
use crate::spark_job::memo::Memo;
use crate::spark_job::{Run, RunState, Seen, Want};

/// The end of `activeDeadlineSeconds`: from the first start of all attempts. As on a `batch/v1` Job the clock is set
/// back by a suspension.
pub(super) fn active(want: &Want, memo: &Memo) -> Option<Timestamp> {
    Some(plus(memo.started?, want.steering.active_deadline?))
}

/// Not later than the end of `activeDeadlineSeconds`.
pub(super) fn by(want: &Want, memo: &Memo, wake: Wake, now: Timestamp) -> Wake {
    let Some(end) = active(want, memo) else {
        return wake;
    };
    match wake {
        Wake::At(time) => at(now, time.min(end)),
        Wake::OnChange => at(now, end),
    }
}

/// Whether `activeDeadlineSeconds` are over.
pub(super) fn is_over(want: &Want, memo: &Memo, now: Timestamp) -> bool {
    active(want, memo).is_some_and(|time| time <= now)
}

/// The end of `startDeadlineSeconds`, while the attempt has not started.
pub(super) fn start(want: &Want, run: &Run, memo: &Memo) -> Option<Timestamp> {
    let waits = match &run.state {
        RunState::NotStarted
        | RunState::Starting
        | RunState::Provisioning
        | RunState::Preparing
        | RunState::Queued
        | RunState::Paused => true,
        RunState::Running
        | RunState::Finalizing
        | RunState::CancelRequested
        | RunState::Completed
        | RunState::Failed
        | RunState::Canceled
        | RunState::NotResponding
        | RunState::Lost
        | RunState::Other(_) => false,
    };
    let submission = memo
        .submission
        .as_ref()
        .filter(|s| waits && s.started.is_none())?;
    Some(plus(submission.requested, want.steering.start_deadline?))
}

/// The end of our patience with a run of which nothing is heard.
pub(super) fn silent(want: &Want, memo: &Memo) -> Option<Timestamp> {
    let sighted = memo
        .sighted
        .as_ref()
        .filter(|sighted| sighted.state == RunState::NotResponding)?;
    Some(plus(sighted.since, want.patience.silence))
}

/// The first of them that is still to come, whatever step is to be done before.
pub(in crate::spark_job) fn due(
    want: &Want,
    seen: &Seen,
    memo: &Memo,
    now: Timestamp,
) -> Option<Timestamp> {
    if want.deleting || memo.ended.is_some() {
        return None;
    }
    let run = seen.run.present().filter(|run| ours(want, run, memo));
    let all = [
        active(want, memo),
        run.and_then(|run| start(want, run, memo)),
        silent(want, memo),
    ];
    all.into_iter().flatten().filter(|time| *time > now).min()
}

/// The first of them that is still to come, or of what else has its time.
pub(super) fn wake(want: &Want, run: &Run, memo: &Memo, now: Timestamp) -> Wake {
    let all = [
        active(want, memo),
        start(want, run, memo),
        silent(want, memo),
        labels::again(memo),
    ];
    let soonest = all.into_iter().flatten().filter(|time| *time > now).min();
    soonest.map_or(Wake::OnChange, |time| at(now, time))
}
