//! While no run of ours is seen: whether one may be there all the same, and what keeps the next from being submitted.

use azureml_spark_api::condition::whole_second;
use jiff::{SignedDuration, Timestamp};

use super::{LOOK_AGAIN, after, at, deadlines, finished, owner, submit};
use crate::machine::{Move, Sight, Wake};
use crate::spark_job::memo::{Ended, Memo, Submission};
use crate::spark_job::{End, RunState, Seen, SparkJob, Want};

/// Between two looks at a name that somebody else has.
const TAKEN_LOOK: SignedDuration = SignedDuration::from_mins(1);

/// Why there is no further attempt when its name is not ours.
const TAKEN: &str = "a run of somebody else has the name that the next one must have: create another SparkJob with another spec.azureName";

/// Why there is no further attempt when nobody asks for it any more.
const UNASKED: &str = "spec.retry asks for no other any more";

/// What stands before a submission, in this order: a cancel ends it all, a suspension holds it, a deadline ends it, and
/// the next attempt is still asked for and has its time.
pub(super) fn begin(want: &Want, seen: &Seen, memo: &Memo, now: Timestamp) -> Move<SparkJob> {
    let steering = &want.steering;
    if let Sight::Present(run) = &seen.run
        && (steering.cancel || steering.suspend)
        && owner::may_be_ours(want, run, memo)
    {
        // Neither over nor held: it goes on until it can be told whose it is.
        return Move::rest(in_doubt(want, memo, now), after(now, TAKEN_LOOK));
    }
    if steering.cancel {
        if want.looks_before_the_end(memo) && seen.run == Sight::Unknown && !want.held {
            // It may run already, under the name that was chosen.
            return Move::rest(memo.clone(), unless_alone(want, now));
        }
        return settled(want, seen, memo, now, |memo| {
            over(want, memo, End::Canceled, now)
        });
    }
    if steering.suspend {
        return settled(want, seen, memo, now, |memo| {
            let held = Memo {
                next_attempt: None,
                started: None,
                ..memo
            };
            Move::rest(held, Wake::OnChange)
        });
    }
    if deadlines::is_over(want, memo, now) {
        return settled(want, seen, memo, now, |memo| {
            over(want, memo, End::DeadlineExceeded, now)
        });
    }
    if !is_asked_for(want, memo) {
        return given_up(want, memo, UNASKED, now);
    }
    if let Some(next) = memo.next_attempt.filter(|next| *next > now) {
        let soonest = deadlines::active(want, memo).map_or(next, |end| end.min(next));
        return Move::rest(memo.clone(), at(now, soonest));
    }
    // Its time has come: whatever still keeps it from being submitted, what it needs is not held for its sake.
    let memo = &Memo {
        next_attempt: None,
        ..memo.clone()
    };
    match &seen.run {
        Sight::Present(_) if !memo.past.is_empty() => given_up(want, memo, TAKEN, now),
        // Somebody else has the name, so that no request of ours can have made a run.
        Sight::Present(_) => Move::rest(memo.clone().withdrawn(), after(now, TAKEN_LOOK)),
        Sight::Unknown if want.may_have_run(memo) => {
            Move::rest(in_doubt(want, memo, now), after(now, LOOK_AGAIN))
        }
        // The name is ours alone and was never asked for: a submission meets a run that we forgot, and no look is needed.
        Sight::Unknown | Sight::Absent => submit::submit(want, seen, memo, now),
    }
}

/// Whether the spec still wants the attempt that comes next, if one ended before it: `spec.retry` may have been changed
/// since. One that was held goes on in any case.
fn is_asked_for(want: &Want, memo: &Memo) -> bool {
    let before = memo.past.last().filter(|_| memo.submission.is_none());
    let Some(last) = before.filter(|last| last.reason != End::Suspended) else {
        return true;
    };
    let pause = |cause| want.steering.again(cause, memo.counted());
    last.reason.cause().and_then(pause).is_some()
}

/// When to look again; where nothing can be asked, the workspace wakes us.
fn unless_alone(want: &Want, now: Timestamp) -> Wake {
    match want.workspace {
        Some(_) => after(now, LOOK_AGAIN),
        None => Wake::OnChange,
    }
}

/// Ends it all with the end of the last attempt that has one, for there is none after it.
pub(super) fn given_up(want: &Want, memo: &Memo, why: &str, now: Timestamp) -> Move<SparkJob> {
    let memo = memo
        .clone()
        .given_up(why.to_owned(), Some(End::Conflict), now);
    match &memo.ended {
        Some(ended) => finished(want, &memo, ended.at, now),
        None => Move::rest(memo, after(now, TAKEN_LOOK)),
    }
}

/// Goes on only once it is beyond doubt that no run of ours is there, nor one on its way.
fn settled(
    want: &Want,
    seen: &Seen,
    memo: &Memo,
    now: Timestamp,
    go_on: impl FnOnce(Memo) -> Move<SparkJob>,
) -> Move<SparkJob> {
    let memo = in_doubt(want, memo, now);
    let Some(submission) = &memo.submission else {
        return go_on(memo);
    };
    let wake = match &seen.run {
        Sight::Present(_) => None,
        Sight::Unknown => Some(after(now, LOOK_AGAIN)),
        Sight::Absent => submission.doubtful_until(now).map(|time| at(now, time)),
    };
    match wake {
        Some(wake) => Move::rest(memo, wake),
        None => go_on(memo.withdrawn()),
    }
}

/// Ends it all although no run is there.
fn over(want: &Want, memo: Memo, reason: End, now: Timestamp) -> Move<SparkJob> {
    let state = match memo.past.last() {
        Some(past) => past.state.clone(),
        None => RunState::Canceled,
    };
    let at = whole_second(now);
    let memo = Memo {
        ended: Some(Ended {
            state,
            at,
            reason,
            note: None,
            failure: None,
        }),
        next_attempt: None,
        ..memo
    };
    finished(want, &memo, at, now)
}

/// Our finalizer without anything on record: the status was lost, or the process ended between the two. A run may be
/// there, and while nobody can tell the object must not be let go.
pub(super) fn in_doubt(want: &Want, memo: &Memo, now: Timestamp) -> Memo {
    let mut memo = memo.clone();
    if want.held && memo.is_blank() {
        memo.submission = Some(Submission::forgotten(1, now));
    }
    memo
}
