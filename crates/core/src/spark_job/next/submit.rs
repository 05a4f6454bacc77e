//! A submission, and what it needs before it.

use azureml_spark_api::Reason;
use azureml_spark_api::condition::whole_second;
use azureml_spark_api::spark_job::SubmissionMark;
use jiff::{SignedDuration, Timestamp};

use super::{LOOK_AGAIN, after, at, deadlines, plus, wait};
use crate::machine::{Move, Sight, Wake};
use crate::spark_job::memo::{LabelState, Labelled, Memo, Submission};
use crate::spark_job::pinned::{Unresolved, resolve};
use crate::spark_job::{Definition, Seen, SparkJob, Step, Want};

/// Between two looks at a ConfigMap that is not as needed. ConfigMaps are not watched, so that the operator needs no
/// right to list them.
const BLOCKED_LOOK: SignedDuration = SignedDuration::from_secs(10);

/// Between two looks at what is missing in Azure, or comes from somebody else's controller.
const SLOW_LOOK: SignedDuration = SignedDuration::from_mins(1);

/// Why nothing is submitted any more if [`is_another`].
const CHANGED: &str = "what the spec refers to is not, or may not be, what the first attempt ran with, and the next one would be another run: create another SparkJob";

/// The same if Azure says that the name is taken, and shows no run of that name.
const USED: &str = "Azure says that the name in Azure was used before, and shows no run of that name: create another SparkJob, with another spec.azureName if it has one";

/// What is to be thought of a submission that is looked for, and not asked for any more.
fn mark(memo: &Memo) -> Option<SubmissionMark> {
    memo.submission.as_ref().and_then(|s| s.mark)
}

/// It is there, says Azure, and is not to be seen: an answer may be old, but not for long.
fn reserved(want: &Want, memo: &Memo, now: Timestamp) -> Move<SparkJob> {
    let submission = memo.submission.as_ref();
    match submission.and_then(|submission| submission.doubtful_until(now)) {
        Some(time) => Move::rest(memo.clone(), at(now, time.min(plus(now, LOOK_AGAIN)))),
        None => wait::given_up(want, memo, USED, now),
    }
}

/// Whether this would be another run than the first one, or may be: of one that was found nobody knows which version was
/// the latest.
fn is_another(definition: &Definition, memo: &Memo) -> bool {
    let first = memo.first.as_ref().filter(|_| !memo.past.is_empty());
    first.is_some_and(|first| *first != definition.hash() || definition.moves())
}

pub(super) fn submit(want: &Want, seen: &Seen, memo: &Memo, now: Timestamp) -> Move<SparkJob> {
    match mark(memo) {
        Some(SubmissionMark::Refused) => {
            return unsubmitted(want, seen, memo, now, Some(BLOCKED_LOOK));
        }
        Some(SubmissionMark::Exists) => return reserved(want, memo, now),
        Some(SubmissionMark::Repeated | SubmissionMark::Last) | None => {}
    }
    let pinned = match (&memo.pinned, &want.definition) {
        (_, Err(why)) => return unsubmitted(want, seen, memo, now, look(why.reason, memo)),
        (Some(pinned), Ok(_)) => pinned.clone(),
        (None, Ok(definition)) if is_another(definition, memo) => {
            return wait::given_up(want, memo, CHANGED, now);
        }
        (None, Ok(definition)) => match resolve(definition, seen) {
            Ok(pinned) => pinned,
            Err(Unresolved::Needs(step)) => return Move::step(memo.clone(), step),
            Err(Unresolved::Unknown) => {
                return unsubmitted(want, seen, memo, now, Some(LOOK_AGAIN));
            }
            Err(Unresolved::Blocked(_)) => {
                return unsubmitted(want, seen, memo, now, Some(SLOW_LOOK));
            }
        },
    };
    let mut memo = memo.clone();
    if memo.submission.is_none() {
        // Of a repeated request nobody knows which of the two Azure took.
        memo.labels = Some(Labelled {
            hash: want.labels.hash(),
            state: LabelState::Sent,
            again: None,
            since: None,
        });
    }
    memo.submission = Some(Submission {
        attempt: memo.attempt(),
        // Anew with every try: the grace for late sightings counts from the last.
        requested: whole_second(now),
        definition_hash: pinned.definition_hash.clone(),
        seen_by_azure: false,
        found: false,
        foreign: false,
        // Even of one that was only looked for nobody knows whether it was asked for.
        mark: memo.submission.as_ref().map(|_| SubmissionMark::Repeated),
        started: None,
    });
    (memo.pinned, memo.first) = (Some(pinned), None);
    memo.next_attempt = None;
    Move::step(memo, Step::Submit)
}

/// What rests before a submission rests like this. An intent whose run is absent beyond doubt never came to be: it is
/// taken back, and with it our finalizer.
fn unsubmitted(
    want: &Want,
    seen: &Seen,
    memo: &Memo,
    now: Timestamp,
    look: Option<SignedDuration>,
) -> Move<SparkJob> {
    let memo = wait::in_doubt(want, memo, now);
    let gone = memo
        .submission
        .as_ref()
        .is_some_and(|s| seen.run == Sight::Absent && s.doubtful_until(now).is_none());
    let memo = if gone { memo.withdrawn() } else { memo };
    let wake = match look {
        Some(look) => after(now, look),
        None if memo.submission.is_some() => after(now, BLOCKED_LOOK),
        None => Wake::OnChange,
    };
    let wake = deadlines::by(want, &memo, wake, now);
    Move::rest(memo, wake)
}

/// When to look again at what a definition waits for; `None`: it wakes us when it changes.
fn look(reason: Reason, memo: &Memo) -> Option<SignedDuration> {
    match reason {
        _ if memo.submission.is_some() => Some(BLOCKED_LOOK),
        Reason::WorkspaceNotFound
        | Reason::WorkspaceNotReady
        | Reason::AttachmentNotFound
        | Reason::AttachmentNotReady
        | Reason::IdentityNotAllowed
        // It is said of a job only when nothing else is in the way.
        | Reason::JobNotFound
        | Reason::JobNotReady
        | Reason::JobFailed
        | Reason::OutputNotFound => None,
        Reason::SourceNotFound
        | Reason::SourceNotReady
        | Reason::SourceUnusable
        | Reason::IdentityNotAttached => Some(SLOW_LOOK),
        _ => Some(BLOCKED_LOOK),
    }
}
