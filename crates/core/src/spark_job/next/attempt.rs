//! The end of one attempt, and what comes after it.
//!
//! An attempt follows another only once the end of that one is known: so there is never more than one live run. After
//! the loss of a status, attempts are found again by their names, in order, and the last is the one after which there
//! is none.

use azureml_spark_api::condition::whole_second;
use azureml_spark_api::spark_job::{CancelCause, Failure, RetryCause, SubmissionMark};
use jiff::{SignedDuration, Timestamp};

use super::{at, finished, follow, plus, wait};
use crate::doubt;
use crate::machine::{Move, Wake};
use crate::spark_job::memo::{Cancel, Ended, Labelled, Memo, Past, Submission};
use crate::spark_job::{End, NO_REASON, RunState, SparkJob, Want};

/// The first attempt of which nobody would know without a status, if the run of the very first is deleted in Azure.
const SECOND: i32 = 2;

/// An attempt has ended in `state`.
pub(super) fn over(
    want: &Want,
    memo: Memo,
    state: RunState,
    ended: Timestamp,
    failure: Option<Failure>,
    now: Timestamp,
) -> Move<SparkJob> {
    let Some((past, unsure)) = past(want, &memo, state, ended, failure.as_ref()) else {
        return Move::rest(memo, Wake::OnChange);
    };
    if unsure {
        return look_further(memo, past, now);
    }
    if past.reason == End::Suspended {
        let memo = Memo {
            started: None,
            cancel: None,
            ..memo.after(past)
        };
        return follow::soon(memo, now);
    }
    if let Some(wait) = again(want, &memo, &past, failure.as_ref()) {
        let memo = Memo {
            next_attempt: Some(whole_second(plus(now, wait))),
            cancel: None,
            ..memo.after(past)
        };
        return follow::soon(memo, now);
    }
    let ended = past.ended;
    let memo = Memo {
        ended: Some(Ended {
            state: past.state,
            at: ended,
            reason: past.reason,
            note: None,
            failure,
        }),
        sighted: None,
        next_attempt: None,
        // A run that has ended keeps the labels that it has.
        labels: memo.labels.map(|labels| Labelled {
            again: None,
            since: None,
            ..labels
        }),
        ..memo
    };
    finished(want, &memo, ended, now)
}

/// The current attempt as one that is over, and whether another may have followed it: it was found and not remembered,
/// or a cancel ended it of which nobody remembers anything, as after a return to an older status, whatever the spec says by
/// now.
fn past(
    want: &Want,
    memo: &Memo,
    state: RunState,
    ended: Timestamp,
    failure: Option<&Failure>,
) -> Option<(Past, bool)> {
    let submission = memo.submission.as_ref()?;
    let reason = End::of(&state, why(want, memo), failure)?;
    let past = Past {
        attempt: submission.attempt,
        azure_name: want.run_name(submission.attempt),
        state,
        started: submission.started,
        ended: whole_second(ended),
        reason,
    };
    let unexplained = past.state == RunState::Canceled
        && memo.cancel.is_none()
        && submission.mark != Some(SubmissionMark::Last);
    let unsure = reason != End::Completed && (submission.found || unexplained);
    Some((past, unsure))
}

/// Why the run was cancelled: as it is on record, and without a record as the spec has it.
fn why(want: &Want, memo: &Memo) -> Option<CancelCause> {
    let steering = &want.steering;
    match &memo.cancel {
        Some(cancel) => Some(cancel.why),
        None if steering.cancel => Some(CancelCause::Asked),
        None if steering.suspend => Some(CancelCause::Suspend),
        None => None,
    }
}

/// How long to wait for another attempt, if there is to be one. A failure without a reason may be the script's.
fn again(
    want: &Want,
    memo: &Memo,
    past: &Past,
    failure: Option<&Failure>,
) -> Option<SignedDuration> {
    let foreign = memo.submission.as_ref().is_some_and(|s| s.foreign);
    if want.steering.cancel || foreign {
        return None;
    }
    let made = memo.counted().saturating_add(1);
    let pause = want.steering.again(past.reason.cause()?, made)?;
    let told = failure.is_some_and(|failure| failure.code != NO_REASON);
    if past.state == RunState::Failed && !told {
        return want.steering.again(RetryCause::Script, made);
    }
    Some(pause)
}

/// What was found has ended, and nobody remembers whether it was the last: the next name tells.
fn look_further(memo: Memo, past: Past, now: Timestamp) -> Move<SparkJob> {
    let next = past.attempt.saturating_add(1);
    let mut memo = memo.after(past);
    memo.submission = Some(Submission::forgotten(next, now));
    follow::soon(memo, now)
}

/// The same for an object that goes: whether another attempt has to be looked for before it may.
pub(super) fn further(
    want: &Want,
    memo: &Memo,
    state: &RunState,
    now: Timestamp,
) -> Option<Move<SparkJob>> {
    let (past, unsure) = past(want, memo, state.clone(), now, None)?;
    unsure.then(|| look_further(memo.clone(), past, now))
}

/// Whether the current attempt is only looked for, after one that was found.
pub(in crate::spark_job) fn is_further(memo: &Memo) -> bool {
    !memo.past.is_empty()
        && memo
            .submission
            .as_ref()
            .is_some_and(|s| s.found && !s.seen_by_azure)
}

/// There is none after the one that was found: that was the last, and its end is read again.
pub(super) fn no_further(memo: &Memo, submission: &Submission, now: Timestamp) -> Move<SparkJob> {
    if let Some(time) = submission.doubtful_until(now) {
        return Move::rest(memo.clone(), at(now, time));
    }
    let mut memo = memo.clone();
    // Of one that was taken over only this tells that it is ours, whatever the spec means by now.
    let first = memo.pinned.as_ref().map(|pinned| &pinned.definition_hash);
    let definition_hash = first.or(memo.first.as_ref()).cloned().unwrap_or_default();
    if let Some(last) = memo.past.pop() {
        memo.submission = Some(Submission {
            definition_hash,
            found: false,
            seen_by_azure: true,
            mark: Some(SubmissionMark::Last),
            started: last.started,
            ..Submission::forgotten(last.attempt, now)
        });
        // What it was cancelled for is on record no more but in its end.
        memo.cancel = last.reason.canceled().map(|why| Cancel {
            why,
            since: last.ended,
            asked: last.ended,
            tries: 1,
            refused: None,
            refused_at: None,
        });
        memo.sighted = None;
    }
    follow::soon(memo, now)
}

/// Nothing is on record but our finalizer, and there is no first attempt: somebody may have deleted its run in Azure
/// while the second one is live. So that one is asked for, too, before a first one is made.
pub(super) fn skipped(want: &Want, memo: &Memo, now: Timestamp) -> Option<Move<SparkJob>> {
    let memo = wait::in_doubt(want, memo, now);
    let sought = sought(&memo)?;
    let (attempt, mark) = match (sought.attempt, sought.mark) {
        (1, None) => (SECOND, None),
        (SECOND, _) => (1, Some(SubmissionMark::Last)),
        _ => return None,
    };
    let again = at_attempt(&memo, sought, attempt, mark);
    Some(follow::soon(again, now))
}

/// The same for an object that goes, once the absence of the current one is beyond doubt: both must be.
pub(super) fn skipped_for_good(memo: &Memo, now: Timestamp) -> Option<Move<SparkJob>> {
    let sought = sought(memo)?;
    let (attempt, mark) = match (sought.attempt, sought.mark) {
        (1, _) => (SECOND, Some(SubmissionMark::Last)),
        (SECOND, None) => (1, None),
        _ => return None,
    };
    let again = at_attempt(memo, sought, attempt, mark);
    Some(follow::soon(again, now))
}

/// The attempt that is looked for, while nothing was ever found.
fn sought(memo: &Memo) -> Option<&Submission> {
    let sought = memo.submission.as_ref().filter(|_| memo.past.is_empty())?;
    (sought.found && !sought.seen_by_azure).then_some(sought)
}

fn at_attempt(
    memo: &Memo,
    sought: &Submission,
    attempt: i32,
    mark: Option<SubmissionMark>,
) -> Memo {
    Memo {
        submission: Some(Submission {
            attempt,
            mark,
            ..sought.clone()
        }),
        ..memo.clone()
    }
}

/// A run that was there and is not: submitting again would be a second run.
pub(super) fn lost(
    want: &Want,
    memo: &Memo,
    submission: &Submission,
    now: Timestamp,
) -> Move<SparkJob> {
    match doubtful_until(memo, submission, now) {
        Some(time) => Move::rest(memo.clone(), at(now, time)),
        None => over(want, memo.clone(), RunState::Lost, now, None, now),
    }
}

/// The time from which it is believed that a run is not there, while that is in the future. Its request may have been long
/// on its way: a look may be older than the run as long as the first sight of it is young.
pub(super) fn doubtful_until(
    memo: &Memo,
    submission: &Submission,
    now: Timestamp,
) -> Option<Timestamp> {
    let sighted = memo.sighted.as_ref();
    let since_sight = sighted.and_then(|sighted| doubt::until(sighted.since, now));
    submission.doubtful_until(now).max(since_sight)
}
