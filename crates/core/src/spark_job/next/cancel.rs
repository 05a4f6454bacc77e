//! Cancelling a live run: why, and how often it is asked for.

use azureml_spark_api::condition::whole_second;
use azureml_spark_api::spark_job::CancelCause;
use jiff::{SignedDuration, Timestamp};

use super::{LOOK_AGAIN, after, at, deadlines, plus};
use crate::machine::Move;
use crate::spark_job::memo::{Cancel, Memo, Sighted};
use crate::spark_job::{Run, RunState, SparkJob, Step, Want};

/// How long a cancel may go without effect before it is asked for again: runs stay in `CancelRequested` for hours at
/// times (contract §13), and a cancel is a write that spares the budget. The same after a refusal.
const AGAIN: SignedDuration = SignedDuration::from_mins(5);

/// The same while Azure shows no sign of having heard: the process may have ended between the record and the request.
const UNHEARD: SignedDuration = SignedDuration::from_secs(30);

/// So often it may have been the request that was lost.
const FEW: i32 = 3;

/// Why the run is to be cancelled, if it is. What is on record stays: the run is as good as cancelled, and its end has
/// that reason. Only `spec.cancel`, which cannot be taken back, is stronger. One that Azure refused has cancelled nothing.
pub(super) fn due(want: &Want, run: &Run, memo: &Memo, now: Timestamp) -> Option<CancelCause> {
    let steering = &want.steering;
    if steering.cancel {
        return Some(CancelCause::Asked);
    }
    let stands = |cancel: &&Cancel| !is_void(run, cancel, now);
    if let Some(cancel) = memo.cancel.as_ref().filter(stands) {
        return Some(cancel.why);
    }
    if steering.suspend {
        return Some(CancelCause::Suspend);
    }
    if deadlines::is_over(want, memo, now) {
        return Some(CancelCause::Deadline);
    }
    let is_over = |deadline: Option<Timestamp>| deadline.is_some_and(|time| time <= now);
    if is_over(deadlines::start(want, run, memo)) {
        return Some(CancelCause::StartDeadline);
    }
    is_over(deadlines::silent(want, memo)).then_some(CancelCause::NotResponding)
}

/// Whether Azure has refused the last request, and shows no sign of having taken it after all.
fn is_void(run: &Run, cancel: &Cancel, now: Timestamp) -> bool {
    let heard = run.state == RunState::CancelRequested;
    cancel.is_refused() && !heard && plus(cancel.asked, UNHEARD) <= now
}

pub(super) fn cancel(
    want: &Want,
    run: &Run,
    mut memo: Memo,
    why: CancelCause,
    now: Timestamp,
) -> Move<SparkJob> {
    if let Some(cancel) = &mut memo.cancel {
        cancel.why = why;
    }
    if run.state == RunState::Finalizing && !lingers(want, &memo, now) {
        // A cancel is refused here (contract §13), and the end is near.
        return Move::rest(memo, after(now, LOOK_AGAIN));
    }
    let before = memo.cancel.as_ref();
    let again = before.map(|cancel| (next_try(want, run, cancel), heard_by(cancel, now)));
    match again {
        // The run's state wakes us; should it not change, we ask once more.
        Some((time, look)) if time > now => Move::rest(memo, at(now, time.min(look))),
        Some(_) | None => Move::step(asked(memo, why, now), Step::Cancel),
    }
}

/// Whether the end is not as near as it seems: then it is asked for all the same.
fn lingers(want: &Want, memo: &Memo, now: Timestamp) -> bool {
    let ending = |sighted: &&Sighted| sighted.state == RunState::Finalizing;
    let sighted = memo.sighted.as_ref().filter(ending);
    sighted.is_some_and(|sighted| plus(sighted.since, want.patience.cancel) <= now)
}

/// When it counts that Azure has refused it.
fn heard_by(cancel: &Cancel, now: Timestamp) -> Timestamp {
    let time = plus(cancel.asked, UNHEARD);
    if cancel.is_refused() && time > now {
        time
    } else {
        Timestamp::MAX
    }
}

/// When our patience is over it is asked for at once: that it has no effect is told of one that was asked for so late.
fn next_try(want: &Want, run: &Run, cancel: &Cancel) -> Timestamp {
    let usual = plus(cancel.asked, pause(run, cancel));
    let late = plus(cancel.since, want.patience.cancel);
    if cancel.refused.is_none() && cancel.asked < late {
        usual.min(late)
    } else {
        usual
    }
}

fn pause(run: &Run, cancel: &Cancel) -> SignedDuration {
    let heard = matches!(run.state, RunState::CancelRequested | RunState::Finalizing);
    if heard || cancel.refused.is_some() || cancel.tries >= FEW {
        AGAIN
    } else {
        UNHEARD
    }
}

/// On record before the request. A refusal is told until there is a sign of another answer.
fn asked(mut memo: Memo, why: CancelCause, now: Timestamp) -> Memo {
    let now = whole_second(now);
    let before = memo.cancel.take();
    memo.cancel = Some(Cancel {
        why,
        since: before.as_ref().map_or(now, |cancel| cancel.since),
        asked: now,
        tries: before
            .as_ref()
            .map_or(0, |cancel| cancel.tries)
            .saturating_add(1),
        refused_at: before.as_ref().and_then(|cancel| cancel.refused_at),
        refused: before.and_then(|cancel| cancel.refused),
    });
    memo
}
