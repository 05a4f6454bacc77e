//! What must survive a restart. It lives in the status.

use std::collections::BTreeMap;

use azureml_spark_api::condition::whole_second;
use azureml_spark_api::spark_job::{CancelCause, DataType, Failure, SubmissionMark};
use jiff::{SignedDuration, Timestamp};

use super::{CANCEL, EXISTS, End, RELABEL, RunState, SUBMIT};
use crate::doubt;
use crate::fault::{Class, Fault};

/// Most attempts that are kept on record.
pub(super) const MOST_PAST: usize = 20;

/// Most characters of Azure's words that are kept.
const MOST_WORDS: usize = 300;

/// What must survive a restart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memo {
    /// The current attempt: the intent to submit, on record before the submission.
    pub submission: Option<Submission>,
    /// What the spec meant when it was first submitted: every attempt runs with it.
    pub pinned: Option<Pinned>,
    /// SHA-256 of the first run's definition, where it is all that is known of what the spec meant then: the run was
    /// found, and not submitted. Further attempts must have the same.
    pub first: Option<String>,
    /// The attempts before the current one, the oldest first.
    pub past: Vec<Past>,
    /// The state in which the current attempt was last seen, and since when.
    pub sighted: Option<Sighted>,
    /// The cancel that Azure was asked for.
    pub cancel: Option<Cancel>,
    /// When a run was first seen running, since the beginning or since the last suspension.
    pub started: Option<Timestamp>,
    /// How it all ended. After this nothing is asked of Azure any more.
    pub ended: Option<Ended>,
    /// The labels that the current run has.
    pub labels: Option<Labelled>,
    /// When the next attempt is due, while one is waited for.
    pub next_attempt: Option<Timestamp>,
}

/// One attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submission {
    /// Which attempt, from 1.
    pub attempt: i32,
    /// Since when; anew with every try.
    pub requested: Timestamp,
    /// SHA-256 of the definition.
    pub definition_hash: String,
    /// Whether the run has been seen in Azure since.
    pub seen_by_azure: bool,
    /// Whether nothing was on record when it was found: a later attempt may be there too.
    pub found: bool,
    /// Whether it was taken over although its definition is another (`adoptionPolicy: Always`).
    pub foreign: bool,
    /// What else is known of it.
    pub mark: Option<SubmissionMark>,
    /// When this attempt was first seen running.
    pub started: Option<Timestamp>,
}

/// What was looked up for the first submission.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pinned {
    /// SHA-256 of the definition.
    pub definition_hash: String,
    /// Resource id of the code.
    pub code_id: String,
    /// Resource id of the environment, if it has one.
    pub environment_id: Option<String>,
    /// Type and address of each input that is no literal, by its name.
    pub inputs: BTreeMap<String, (DataType, String)>,
    /// Resource id of the compute, unless it is serverless.
    pub compute_id: Option<String>,
    /// Resource id of the identity that stands for `Managed` on that compute, unless it is the compute's own.
    pub identity_id: Option<String>,
}

/// An attempt that ended and was followed by another, or may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Past {
    /// Which attempt, from 1.
    pub attempt: i32,
    /// Name of its run.
    pub azure_name: String,
    /// Azure's word for how it ended, or ours.
    pub state: RunState,
    /// When it started, if it did.
    pub started: Option<Timestamp>,
    /// When it ended.
    pub ended: Timestamp,
    /// Why it ended.
    pub reason: End,
}

/// A state, and since when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighted {
    /// The state.
    pub state: RunState,
    /// Since when it has been seen in it without a break.
    pub since: Timestamp,
}

/// A cancel that Azure was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cancel {
    /// Why.
    pub why: CancelCause,
    /// When first.
    pub since: Timestamp,
    /// When last; on record before the request.
    pub asked: Timestamp,
    /// How often.
    pub tries: i32,
    /// Azure's words, if it refused one and has shown no sign of another answer since.
    pub refused: Option<String>,
    /// When it said so.
    pub refused_at: Option<Timestamp>,
}

/// How it all ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Azure's word, or ours for a run that is not there any more, or never was.
    pub state: RunState,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: End,
    /// Why no further attempt was made, if one was due and could not be.
    pub note: Option<String>,
    /// What Azure says about it, if it failed.
    pub failure: Option<Failure>,
}

/// Labels of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labelled {
    /// SHA-256 of them.
    pub hash: String,
    /// Whether Azure has them.
    pub state: LabelState,
    /// When they are sent once more although they were refused: for want of a right, which somebody may grant.
    pub again: Option<Timestamp>,
    /// Since when they are refused for want of a right.
    pub since: Option<Timestamp>,
}

/// Whether Azure has the labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LabelState {
    /// It was, or is about to be, asked to take them.
    Sending,
    /// It has them.
    Sent,
    /// It refuses them: they are not sent again until they change, or until [`Labelled::again`].
    Refused,
}

impl Cancel {
    /// Whether Azure refused the last one. What it said of an earlier one is told on, and says nothing of this.
    pub(super) fn is_refused(&self) -> bool {
        self.refused.is_some() && self.refused_at.is_none_or(|time| time >= self.asked)
    }
}

impl Submission {
    /// Stands for what may have been on record and is not any more.
    pub(super) fn forgotten(attempt: i32, now: Timestamp) -> Self {
        Self {
            attempt,
            requested: whole_second(now),
            definition_hash: String::new(),
            seen_by_azure: false,
            found: true,
            foreign: false,
            mark: None,
            started: None,
        }
    }

    /// The time from which it is believed that no run came of it, while that is in the future. What Azure has said of it
    /// since was heard after the request had arrived.
    pub(super) fn doubtful_until(&self, now: Timestamp) -> Option<Timestamp> {
        if self.seen_by_azure || self.mark == Some(SubmissionMark::Exists) {
            doubt::until(self.requested, now)
        } else {
            doubt::until_unheard(self.requested, now)
        }
    }

    /// Whether it is on record what was submitted.
    pub(super) fn is_known(&self) -> bool {
        !self.definition_hash.is_empty()
    }
}

impl Memo {
    /// Whether nothing is on record: nothing was begun, or the status was lost.
    pub(super) fn is_blank(&self) -> bool {
        self.submission.is_none() && self.past.is_empty() && self.ended.is_none()
    }

    /// Whether a run was submitted or found: the spec was found sound then, by rules that may since have become stricter.
    pub fn has_begun(&self) -> bool {
        self.is_submitted() || !self.past.is_empty() || self.ended.is_some()
    }

    /// Whether a run may be there all the same, but none is on record.
    pub(super) fn knows_of_no_run(&self) -> bool {
        !self.is_submitted() && self.past.is_empty() && self.ended.is_none()
    }

    /// Whether what the spec refers to is needed: to submit what is not on record, or to compare it with what is found.
    pub fn refers(&self) -> bool {
        let followed = self
            .submission
            .as_ref()
            .is_some_and(|s| s.seen_by_azure && s.is_known());
        self.ended.is_none() && self.pinned.is_none() && !followed
    }

    /// Which attempt is the current one, or comes next, from 1.
    pub fn attempt(&self) -> i32 {
        match (&self.submission, self.past.last()) {
            (Some(submission), _) => submission.attempt,
            (None, Some(past)) => past.attempt.saturating_add(1),
            (None, None) => 1,
        }
    }

    /// Whether a run was asked for, or is there: from then on, what the spec refers to does not count.
    pub(super) fn is_submitted(&self) -> bool {
        self.submission
            .as_ref()
            .is_some_and(|s| s.is_known() || s.seen_by_azure)
    }

    /// Attempts that count against the most that there may be.
    pub(super) fn counted(&self) -> usize {
        self.past
            .iter()
            .filter(|past| past.reason != End::Suspended)
            .count()
    }

    /// Without the current attempt, of which no run came.
    pub(super) fn withdrawn(mut self) -> Self {
        self.submission = None;
        self.sighted = None;
        self.labels = None;
        if self.past.is_empty() {
            // Nothing has run with it: the spec can be mended.
            self.pinned = None;
            self.first = None;
        }
        self
    }

    /// The end of the last attempt is the end of all: the next one cannot be made. One that was suspended had no end of
    /// its own: where there is no other, the end is this one, or else the next one is only taken back.
    pub(super) fn given_up(self, note: String, otherwise: Option<End>, now: Timestamp) -> Self {
        let memo = self.withdrawn();
        let last = memo.past.last();
        let mut all = memo.past.iter().rev();
        let counts = all.find(|past| past.reason != End::Suspended);
        let Some(reason) = counts.map(|past| past.reason).or(otherwise) else {
            return memo;
        };
        let ended = Ended {
            state: counts
                .or(last)
                .map_or(RunState::Canceled, |past| past.state.clone()),
            at: whole_second(now),
            reason,
            note: Some(note),
            failure: None,
        };
        Self {
            ended: Some(ended),
            cancel: None,
            next_attempt: None,
            ..memo
        }
    }

    /// With one more attempt that is over, and without a current one. Of too many, those go first that do not count.
    pub(super) fn after(mut self, past: Past) -> Self {
        self.past.push(past);
        while self.past.len() > MOST_PAST {
            let at = self.past.iter().position(|p| p.reason == End::Suspended);
            self.past.remove(at.unwrap_or(0));
        }
        self.submission = None;
        self.sighted = None;
        self.cancel = None;
        self.labels = None;
        self
    }
}

/// Whether the same request would be refused once more.
pub(super) fn is_refused_for_good(fault: &Fault) -> bool {
    match fault.class {
        Class::Terminal | Class::Forbidden => true,
        Class::Spreading
        | Class::Retryable
        | Class::Throttled { .. }
        | Class::Unsure
        | Class::Absent
        | Class::Credential => false,
    }
}

/// The consequence of a fault.
pub(super) fn faulted(mut memo: Memo, fault: &Fault, now: Timestamp) -> Memo {
    let for_good = is_refused_for_good(fault);
    match fault.op {
        SUBMIT if for_good => not_submitted(memo, fault, now),
        EXISTS => {
            // The request took its time, and its answer is newer than it: doubts about an absence count from here. After
            // this nothing is asked for again, so that they end.
            if let Some(submission) = &mut memo.submission {
                submission.requested = whole_second(now);
                submission.mark = Some(SubmissionMark::Exists);
            }
            memo
        }
        SUBMIT if fault.class == Class::Unsure => {
            // It may arrive until now: doubts about an absence count from here.
            if let Some(submission) = &mut memo.submission {
                submission.requested = whole_second(now);
            }
            memo
        }
        CANCEL if for_good => {
            if let Some(cancel) = &mut memo.cancel {
                cancel.refused = Some(words(fault));
                cancel.refused_at = Some(whole_second(now));
            }
            memo
        }
        RELABEL if for_good => {
            if let Some(labels) = &mut memo.labels {
                let forbidden = fault.class == Class::Forbidden;
                let since = labels.since.unwrap_or_else(|| whole_second(now));
                labels.state = LabelState::Refused;
                labels.since = forbidden.then_some(since);
                labels.again = forbidden.then(|| labels_again(since, now));
            }
            memo
        }
        _ => memo,
    }
}

/// A submission that Azure refused for good made no run: the intent is taken back, so that the spec can be mended in
/// place and nothing in Azure is waited for. Not so if it was the repetition of one that may have come through: that one
/// is looked for first. What is refused as a further attempt cannot be mended, unless that was to go on with one that was
/// held: Azure may take it later.
fn not_submitted(mut memo: Memo, fault: &Fault, now: Timestamp) -> Memo {
    if let Some(submission) = &mut memo.submission {
        if submission.seen_by_azure {
            return memo;
        }
        if submission.mark.is_some() {
            submission.mark = Some(SubmissionMark::Refused);
            return memo;
        }
    }
    if fault.class == Class::Terminal {
        let note = format!("Azure refuses the next one: {}", words(fault));
        memo.given_up(note, None, now)
    } else {
        memo.withdrawn()
    }
}

/// After one minute, two, four and eight, and then every fifteen: within what people wait for who have granted a right, and
/// seldom where nobody ever will.
pub(super) fn labels_again(since: Timestamp, now: Timestamp) -> Timestamp {
    let shortest = SignedDuration::from_mins(1);
    let wait = now.duration_since(since).saturating_add(shortest);
    let wait = wait.clamp(shortest, SignedDuration::from_mins(15));
    whole_second(now.checked_add(wait).unwrap_or(Timestamp::MAX))
}

fn words(fault: &Fault) -> String {
    fault.text.chars().take(MOST_WORDS).collect()
}
