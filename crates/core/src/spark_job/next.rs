//! The next step of a run. Reads from the earliest unmet need to the last.

use azureml_spark_api::Reason;
use azureml_spark_api::condition::whole_second;
use jiff::{SignedDuration, Timestamp};

use super::{Ended, Memo, Run, RunState, Seen, SparkJob, Step, Submission, Want};
use crate::doubt;
use crate::machine::{Act, Move, Sight, Wake};

/// Between two looks at something that could not be told.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_secs(10);

/// Between two looks at a ConfigMap or name that is not as needed. ConfigMaps are not watched, so that the operator
/// needs no right to list them.
const BLOCKED_LOOK: SignedDuration = SignedDuration::from_secs(10);

/// How long a cancel may go without effect before it is asked for again: runs stay in `CancelRequested` for hours at
/// times (contract §13), and a cancel is a write that spares the budget.
const CANCEL_AGAIN: SignedDuration = SignedDuration::from_mins(5);

/// The same while Azure shows no sign of having heard: the process may have ended between the record and the request.
const CANCEL_UNHEARD: SignedDuration = SignedDuration::from_secs(30);

fn after(now: Timestamp, wait: SignedDuration) -> Wake {
    Wake::At(now.checked_add(wait).unwrap_or(now))
}

pub(super) fn run(want: &Want, seen: &Seen, memo: &Memo, now: Timestamp) -> Move<SparkJob> {
    if memo.ended.is_some() {
        return Move::rest(memo.clone(), Wake::OnChange);
    }
    match &seen.run {
        Sight::Present(run) if !ours(want, run, memo) => {
            // Somebody else has the name, so that no request of ours can have made a run.
            let free = Memo {
                submission: None,
                ..memo.clone()
            };
            Move::rest(free, after(now, BLOCKED_LOOK * 6))
        }
        Sight::Present(run) => follow(want, run, seen, memo, now),
        // The name is ours alone and was never asked for: a submission meets a run that we forgot, and no look is needed.
        Sight::Unknown if !want.may_have_run(memo) => submit(want, seen, memo, now),
        Sight::Unknown => Move::rest(in_doubt(want, memo, now), after(now, LOOK_AGAIN)),
        Sight::Absent => absent(want, seen, memo, now),
    }
}

/// A run that was there and is not: submitting again would be a second run.
fn absent(want: &Want, seen: &Seen, memo: &Memo, now: Timestamp) -> Move<SparkJob> {
    let Some(submission) = memo.submission.as_ref().filter(|s| s.seen_by_azure) else {
        return submit(want, seen, memo, now);
    };
    match doubt::until(submission.requested, now) {
        Some(time) => Move::rest(memo.clone(), Wake::At(time)),
        None => Move::rest(ended(memo, RunState::Lost, now, None), Wake::OnChange),
    }
}

/// Our finalizer without an intent on record: the status was lost, or the process ended between the two. A run may be
/// there, and while nobody can tell the object must not be let go.
fn in_doubt(want: &Want, memo: &Memo, now: Timestamp) -> Memo {
    let mut memo = memo.clone();
    if want.held && memo.ended.is_none() {
        memo.submission
            .get_or_insert_with(|| Submission::forgotten(now));
    }
    memo
}

/// What rests before a submission rests like this. An intent whose run is absent beyond doubt never came to be: it is
/// taken back, and with it our finalizer.
fn unsubmitted(want: &Want, seen: &Seen, memo: &Memo, now: Timestamp) -> Move<SparkJob> {
    let mut memo = in_doubt(want, memo, now);
    let stays =
        |s: &Submission| seen.run != Sight::Absent || doubt::until(s.requested, now).is_some();
    memo.submission = memo.submission.filter(stays);
    let wake = match &want.definition {
        // What is named and is not ready wakes us when it changes.
        Err(why) if memo.submission.is_none() && is_watched(why.reason) => Wake::OnChange,
        Ok(_) | Err(_) => after(now, BLOCKED_LOOK),
    };
    Move::rest(memo, wake)
}

fn is_watched(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::WorkspaceNotFound
            | Reason::WorkspaceNotReady
            | Reason::AttachmentNotFound
            | Reason::AttachmentNotReady
            | Reason::IdentityNotAllowed
    )
}

fn submit(want: &Want, seen: &Seen, memo: &Memo, now: Timestamp) -> Move<SparkJob> {
    let Ok(definition) = &want.definition else {
        return unsubmitted(want, seen, memo, now);
    };
    match &seen.code {
        Sight::Unknown => unsubmitted(want, seen, memo, now),
        Sight::Absent => Move::step(memo.clone(), Step::UploadCode),
        Sight::Present(code_id) => {
            let submission = Submission {
                attempt: 1,
                // Anew with every try: the grace for late sightings counts from the last.
                requested: whole_second(now),
                definition_hash: definition.hash(),
                code_id: code_id.clone(),
                seen_by_azure: false,
            };
            Move::step(
                Memo {
                    submission: Some(submission),
                    ..memo.clone()
                },
                Step::Submit,
            )
        }
    }
}

fn follow(want: &Want, run: &Run, seen: &Seen, memo: &Memo, now: Timestamp) -> Move<SparkJob> {
    let memo = noticed(want, run, memo, now);
    if !run.state.is_end() {
        return Move::rest(memo, Wake::OnChange);
    }
    if run.state == RunState::Failed && seen.failure == Sight::Unknown {
        return Move::rest(memo, after(now, LOOK_AGAIN));
    }
    let failure = seen.failure.present().cloned();
    Move::rest(
        ended(&memo, run.state.clone(), run.ended.unwrap_or(now), failure),
        Wake::OnChange,
    )
}

/// What a sighting adds to what is remembered; also brings back what a lost status had held.
fn noticed(want: &Want, run: &Run, memo: &Memo, now: Timestamp) -> Memo {
    let mut memo = memo.clone();
    let submission = memo.submission.get_or_insert_with(|| Submission {
        attempt: 1,
        requested: whole_second(now),
        definition_hash: run
            .definition_hash
            .clone()
            .or_else(|| {
                want.definition
                    .as_ref()
                    .ok()
                    .map(|definition| definition.hash())
            })
            .unwrap_or_default(),
        code_id: run.code_id.clone().unwrap_or_default(),
        seen_by_azure: true,
    });
    submission.seen_by_azure = true;
    if !submission.is_known() {
        submission.definition_hash = run.definition_hash.clone().unwrap_or_default();
        submission.code_id = run.code_id.clone().unwrap_or_default();
    }
    if run.started.is_some() {
        memo.started = run.started.map(whole_second);
    } else if run.state == RunState::Running {
        memo.started = memo.started.or(Some(whole_second(now)));
    }
    memo
}

fn ended(
    memo: &Memo,
    state: RunState,
    at: Timestamp,
    failure: Option<azureml_spark_api::spark_job::Failure>,
) -> Memo {
    Memo {
        ended: Some(Ended {
            state,
            at: whole_second(at),
            failure,
        }),
        ..memo.clone()
    }
}

pub(super) fn leave(want: &Want, seen: &Seen, memo: &Memo, now: Timestamp) -> Move<SparkJob> {
    let release = || Move {
        memo: memo.clone(),
        act: Act::Release,
    };
    if memo.ended.is_some() {
        return release();
    }
    if want.workspace.is_none() {
        // Nothing can be asked; the workspace wakes us when it is ready again.
        return Move::rest(memo.clone(), Wake::OnChange);
    }
    match &seen.run {
        Sight::Unknown => Move::rest(in_doubt(want, memo, now), after(now, LOOK_AGAIN)),
        Sight::Absent => {
            let memo = in_doubt(want, memo, now);
            match memo
                .submission
                .as_ref()
                .and_then(|s| doubt::until(s.requested, now))
            {
                Some(time) => Move::rest(memo, Wake::At(time)),
                None => release(),
            }
        }
        Sight::Present(run) if !ours(want, run, memo) || run.state.is_end() => release(),
        Sight::Present(run) => cancel(want, run, memo, now),
    }
}

fn cancel(want: &Want, run: &Run, memo: &Memo, now: Timestamp) -> Move<SparkJob> {
    let memo = noticed(want, run, memo, now);
    if run.state == RunState::Finalizing {
        // A cancel is refused here (contract §13), and the end is near.
        return Move::rest(memo, after(now, LOOK_AGAIN));
    }
    let pause = if run.state == RunState::CancelRequested {
        CANCEL_AGAIN
    } else {
        CANCEL_UNHEARD
    };
    let again = memo.cancel.and_then(|asked| asked.checked_add(pause).ok());
    match again {
        // The run's state wakes us; should it not change, we ask once more.
        Some(time) if time > now => Move::rest(memo, Wake::At(time)),
        _ => Move::step(
            Memo {
                cancel: Some(whole_second(now)),
                ..memo
            },
            Step::Cancel,
        ),
    }
}

/// Whether a run of our name is this object's: by our property with its uid. A run without it, under a name that a
/// person chose, is somebody else's, unless it is the same run by its hash: the one that is on record, since what the
/// spec names may be gone by now, or the one that we would submit.
pub(super) fn ours(want: &Want, run: &Run, memo: &Memo) -> bool {
    if run.owner.as_deref() == Some(want.owner.as_str()) {
        return true;
    }
    let Some(found) = run
        .definition_hash
        .as_deref()
        .filter(|hash| !hash.is_empty())
    else {
        return false;
    };
    let on_record = memo.submission.as_ref().map(|s| s.definition_hash.as_str());
    let same = match &want.definition {
        _ if on_record == Some(found) => true,
        Ok(wanted) => *found == wanted.hash(),
        Err(_) => false,
    };
    want.explicit_name && same
}
