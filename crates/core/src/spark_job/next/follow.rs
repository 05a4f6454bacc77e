//! Along with a run of ours.

use azureml_spark_api::condition::whole_second;
use jiff::{SignedDuration, Timestamp};

use super::{after, at, attempt, cancel, deadlines, labels, owner, passing, plus};
use crate::doubt;
use crate::machine::{Move, Sight};
use crate::spark_job::memo::{Memo, Submission};
use crate::spark_job::{Run, RunState, Seen, SparkJob, Want};

/// How long an end is held back because the reason of a failure, or what was written, cannot be read yet.
const PATIENCE: SignedDuration = SignedDuration::from_mins(10);

/// Between two looks meanwhile: each of them may last as long as a server lets us wait.
const UNTOLD_LOOK: SignedDuration = SignedDuration::from_secs(30);

pub(super) fn follow(
    want: &Want,
    run: &Run,
    seen: &Seen,
    memo: &Memo,
    now: Timestamp,
) -> Move<SparkJob> {
    let fresh = memo.submission.is_none();
    let memo = noticed(want, run, seen, memo, now);
    if run.state.is_end() {
        return ending(want, run, seen, memo, now);
    }
    if fresh {
        // It is put on record before anything is done to it: from then on what it needs stays for its sake.
        return soon(memo, now);
    }
    if let Some(why) = cancel::due(want, run, &memo, now) {
        return cancel::cancel(want, run, memo, why, now);
    }
    // What Azure refused had a cause that is none any more.
    let memo = Memo {
        cancel: None,
        ..memo
    };
    let (memo, step) = labels::send(want, seen, memo, now);
    if let Some(step) = step {
        return Move::step(memo, step);
    }
    let wake = deadlines::wake(want, run, &memo, now);
    let wake = passing::by(want, run, seen, &memo, wake, now);
    Move::rest(memo, wake)
}

/// The end of a run; with what Azure says of a failure, or of what was written. What is left of one that was cancelled
/// is told if it could be read with the end, and never waited for: why it ended is known without it.
fn ending(want: &Want, run: &Run, seen: &Seen, memo: Memo, now: Timestamp) -> Move<SparkJob> {
    let failed = run.state == RunState::Failed;
    let writes = run.state == RunState::Completed && want.registers();
    let untold = failed && (seen.failure == Sight::Unknown || seen.log_pending);
    if untold || (writes && seen.outputs == Sight::Unknown) {
        let since = memo.sighted.as_ref().map_or(now, |sighted| sighted.since);
        let until = plus(since, PATIENCE);
        if until > now {
            return Move::rest(memo, at(now, until.min(plus(now, UNTOLD_LOOK))));
        }
    }
    let tells = failed || run.state == RunState::Canceled;
    let failure = seen.failure.present().filter(|_| tells).cloned();
    let ended = run.ended.map_or(now, whole_second);
    attempt::over(want, memo, run.state.clone(), ended, failure, now)
}

/// What a sighting adds to what is remembered; also brings back what a lost status had held.
pub(super) fn noticed(want: &Want, run: &Run, seen: &Seen, known: &Memo, now: Timestamp) -> Memo {
    let foreign = owner::is_foreign(want, run, known);
    let theirs = run.owner.as_deref() != Some(want.owner.as_str());
    let mut memo = known.clone();
    let attempt = memo.attempt();
    let first = memo
        .submission
        .as_ref()
        .is_none_or(|submission| !submission.seen_by_azure);
    if first && theirs {
        // Of what we sent, if we did, Azure took nothing: theirs was there before.
        memo.labels = None;
        if foreign && memo.past.is_empty() {
            memo.pinned = None;
        }
    }
    let older = first && memo.past.is_empty() && !theirs && is_older(run, &memo);
    if older {
        // Ours came to a run that it had before its status was lost: that is what it runs with.
        (memo.pinned, memo.labels) = (None, None);
    }
    let submission = memo
        .submission
        .get_or_insert_with(|| Submission::forgotten(attempt, now));
    if !submission.is_known() && first {
        // What was asked for was asked of an earlier attempt.
        memo.cancel = None;
    }
    if !submission.is_known() || older || (first && foreign) {
        submission.foreign |= foreign;
        submission.definition_hash = run
            .definition_hash
            .clone()
            .or_else(|| Some(want.definition.as_ref().ok()?.hash()))
            .unwrap_or_default();
    }
    let is_first = memo.past.is_empty() || memo.first.is_none();
    if memo.pinned.is_none() && is_first && !submission.foreign {
        // Nobody has looked up what it runs with: further attempts can at least be compared with it, or with the first of
        // them that says what it is.
        memo.first.clone_from(&run.definition_hash);
    }
    if run.state == RunState::Canceled && !submission.seen_by_azure {
        // It was over before we knew of it: the submission may have met the first of several attempts.
        submission.found = true;
    }
    if !run.state.is_end() && doubt::until_unheard(submission.requested, now).is_none() {
        // No read is so old, and no request so long on its way: nothing came after it.
        submission.found = false;
    }
    if first {
        submission.mark = None;
    }
    submission.seen_by_azure = true;
    let before = submission.started;
    let running = (run.state == RunState::Running).then(|| whole_second(now));
    submission.started = run.started.map(whole_second).or(before).or(running);
    if memo.started == before {
        // The first start of all is this attempt's; Azure may tell it more exactly later.
        memo.started = submission.started;
    }
    let alone = memo == *known;
    memo.sighted = passing::sighted(want, run, seen, &memo, alone, now);
    if run.state == RunState::CancelRequested
        && let Some(cancel) = &mut memo.cancel
    {
        (cancel.refused, cancel.refused_at) = (None, None);
    }
    memo
}

/// Whether it was not made by what is on record, but by a submission before that.
fn is_older(run: &Run, memo: &Memo) -> bool {
    let sent = memo.pinned.as_ref().map(|pinned| &pinned.definition_hash);
    let hash = run.definition_hash.as_ref().filter(|h| !h.is_empty());
    sent.zip(hash).is_some_and(|(sent, hash)| sent != hash)
}

/// After a change of ours that the next look must see.
pub(super) fn soon(memo: Memo, now: Timestamp) -> Move<SparkJob> {
    Move::rest(memo, after(now, super::SOON))
}
