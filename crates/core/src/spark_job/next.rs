//! The next step of a run. Reads from the earliest unmet need to the last.

mod attempt;
mod cancel;
mod deadlines;
mod follow;
mod labels;
mod leave;
mod owner;
mod passing;
mod submit;
mod wait;

use jiff::{SignedDuration, Timestamp};

pub(super) use attempt::is_further;
pub(super) use deadlines::due;
pub(super) use leave::leave;
pub(super) use owner::{may_be_ours, ours};

use super::{Memo, Seen, SparkJob, Step, Want};
use crate::machine::{Move, Sight, Wake};

/// Between two looks at something that could not be told.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_secs(10);

/// Between a change of ours and the look that follows from it.
const SOON: SignedDuration = SignedDuration::from_secs(1);

/// Nobody sleeps for longer, whatever he waits for.
const LONGEST_SLEEP: SignedDuration = SignedDuration::from_hours(1);

fn after(now: Timestamp, wait: SignedDuration) -> Wake {
    at(now, plus(now, wait))
}

/// At that time, or a little later than now, or before too long.
fn at(now: Timestamp, time: Timestamp) -> Wake {
    Wake::At(time.clamp(plus(now, SOON), plus(now, LONGEST_SLEEP)))
}

fn plus(time: Timestamp, wait: SignedDuration) -> Timestamp {
    time.checked_add(wait).unwrap_or(Timestamp::MAX)
}

pub(super) fn run(want: &Want, seen: &Seen, memo: &Memo, now: Timestamp) -> Move<SparkJob> {
    if let Some(ended) = &memo.ended {
        return finished(want, memo, ended.at, now);
    }
    if let Sight::Present(run) = &seen.run
        && ours(want, run, memo)
    {
        return follow::follow(want, run, seen, memo, now);
    }
    match (&seen.run, &memo.submission) {
        (Sight::Absent, Some(submission)) if submission.seen_by_azure => {
            attempt::lost(want, memo, submission, now)
        }
        (Sight::Absent | Sight::Present(_), Some(submission)) if attempt::is_further(memo) => {
            attempt::no_further(memo, submission, now)
        }
        (Sight::Absent, _) => {
            attempt::skipped(want, memo, now).unwrap_or_else(|| wait::begin(want, seen, memo, now))
        }
        _ => wait::begin(want, seen, memo, now),
    }
}

/// All is over; the object may have a time to live.
fn finished(want: &Want, memo: &Memo, ended: Timestamp, now: Timestamp) -> Move<SparkJob> {
    let Some(ttl) = want.steering.ttl else {
        return Move::rest(memo.clone(), Wake::OnChange);
    };
    let over = plus(ended, ttl);
    if over > now {
        return Move::rest(memo.clone(), at(now, over));
    }
    if want.held {
        // The finalizer goes first: it is taken off at rest.
        return Move::rest(memo.clone(), after(now, LOOK_AGAIN));
    }
    Move::step(memo.clone(), Step::Expire)
}
