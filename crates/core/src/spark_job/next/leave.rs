//! The way out of an object that is being deleted.

use azureml_spark_api::spark_job::CancelCause;
use jiff::Timestamp;

use super::wait::in_doubt;
use super::{LOOK_AGAIN, after, at, attempt, cancel, follow, ours};
use crate::machine::{Act, Move, Sight, Wake};
use crate::spark_job::memo::Memo;
use crate::spark_job::{Run, RunState, Seen, SparkJob, Want};

pub(in crate::spark_job) fn leave(
    want: &Want,
    seen: &Seen,
    memo: &Memo,
    now: Timestamp,
) -> Move<SparkJob> {
    // Between two attempts nothing is going on, unless the status is older than the next one.
    let idle = memo.submission.is_none() && !memo.is_blank();
    let stays = want.steering.leaves && !want.steering.cancel;
    let blind = want.workspace.is_none();
    if memo.ended.is_some() || stays || (idle && blind) {
        return release(memo);
    }
    if blind {
        // Nothing can be asked; the workspace wakes us when it is ready again.
        return Move::rest(memo.clone(), Wake::OnChange);
    }
    match &seen.run {
        Sight::Unknown => Move::rest(in_doubt(want, memo, now), after(now, LOOK_AGAIN)),
        Sight::Absent => absent(want, &in_doubt(want, memo, now), now),
        Sight::Present(run) if !ours(want, run, memo) => release(memo),
        Sight::Present(run) => present(want, run, seen, memo, now),
    }
}

fn release(memo: &Memo) -> Move<SparkJob> {
    Move {
        memo: memo.clone(),
        act: Act::Release,
    }
}

fn absent(want: &Want, memo: &Memo, now: Timestamp) -> Move<SparkJob> {
    let Some(submission) = &memo.submission else {
        return release(memo);
    };
    if let Some(time) = attempt::doubtful_until(memo, submission, now) {
        return Move::rest(memo.clone(), at(now, time));
    }
    if submission.seen_by_azure
        && let Some(moved) = attempt::further(want, memo, &RunState::Lost, now)
    {
        return moved;
    }
    attempt::skipped_for_good(memo, now).unwrap_or_else(|| release(memo))
}

fn present(want: &Want, run: &Run, seen: &Seen, memo: &Memo, now: Timestamp) -> Move<SparkJob> {
    let noticed = follow::noticed(want, run, seen, memo, now);
    if !run.state.is_end() {
        let why = match &noticed.cancel {
            _ if want.steering.cancel => CancelCause::Asked,
            Some(cancel) => cancel.why,
            None => CancelCause::Deleted,
        };
        return cancel::cancel(want, run, noticed, why, now);
    }
    attempt::further(want, &noticed, &run.state, now).unwrap_or_else(|| release(memo))
}
