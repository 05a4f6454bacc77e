//! States that a run passes through by itself. Each of them would be a write of the status, for every job, and none of
//! them asks anything of anybody: they ride along with the next write, and are told on their own only when they last.

use azureml_spark_api::condition::whole_second;
use jiff::Timestamp;

use super::{at, plus};
use crate::machine::Wake;
use crate::spark_job::memo::{Memo, Sighted};
use crate::spark_job::{Run, RunState, Seen, Want};

/// The state that is on record from now on: the one that is seen, or the one before while the run is only passing. `alone`:
/// there is nothing else to write.
pub(super) fn sighted(
    want: &Want,
    run: &Run,
    seen: &Seen,
    memo: &Memo,
    alone: bool,
    now: Timestamp,
) -> Option<Sighted> {
    let known = memo.sighted.as_ref();
    let passes = alone && told(want, run, seen, memo) > now;
    if passes || known.is_some_and(|sighted| sighted.state == run.state) {
        return known.cloned();
    }
    let since = seen.state_since.map_or(now, |since| since.min(now));
    Some(Sighted {
        state: run.state.clone(),
        since: whole_second(since),
    })
}

/// Not later than the time at which the state is told.
pub(super) fn by(
    want: &Want,
    run: &Run,
    seen: &Seen,
    memo: &Memo,
    wake: Wake,
    now: Timestamp,
) -> Wake {
    let told = told(want, run, seen, memo);
    match wake {
        _ if told <= now => wake,
        Wake::At(time) => at(now, time.min(told)),
        Wake::OnChange => at(now, told),
    }
}

/// When the state that is seen is told.
fn told(want: &Want, run: &Run, seen: &Seen, memo: &Memo) -> Timestamp {
    let at_once = Timestamp::MIN;
    let (Some(known), Some(since)) = (&memo.sighted, seen.state_since) else {
        return at_once;
    };
    // What is done about a run that somebody wants ended goes by the state that it is in.
    let steering = &want.steering;
    let watched = want.deleting || steering.cancel || steering.suspend || memo.cancel.is_some();
    if watched || !passes(&known.state, &run.state) {
        return at_once;
    }
    plus(since, want.patience.passing)
}

/// Whether from the one to the other is on the way to the start, or to the end of which more is to be told.
fn passes(before: &RunState, after: &RunState) -> bool {
    (is_before_the_start(before) && is_before_the_start(after))
        || (*before == RunState::Running && *after == RunState::Finalizing)
}

fn is_before_the_start(state: &RunState) -> bool {
    match state {
        RunState::NotStarted
        | RunState::Starting
        | RunState::Provisioning
        | RunState::Preparing
        | RunState::Queued => true,
        RunState::Running
        | RunState::Finalizing
        | RunState::CancelRequested
        | RunState::Completed
        | RunState::Failed
        | RunState::Canceled
        | RunState::NotResponding
        | RunState::Paused
        | RunState::Lost
        | RunState::Other(_) => false,
    }
}
