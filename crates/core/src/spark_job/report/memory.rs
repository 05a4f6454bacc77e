//! What is remembered, to and from the status.

use azureml_spark_api::SparkJobStatus;
use azureml_spark_api::condition::Time;
use azureml_spark_api::spark_job::{
    AttemptStatus, CancelStatus, LabelsState, Resolved, ResolvedInput,
    Submission as SubmissionStatus,
};

use crate::spark_job::memo::{
    Cancel, Ended, LabelState, Labelled, Memo, Past, Pinned, Sighted, Submission,
};
use crate::spark_job::{End, RunState};

pub(in crate::spark_job) fn recall(status: &SparkJobStatus) -> Memo {
    Memo {
        submission: status.submission.as_ref().map(submission),
        pinned: status.resolved.as_ref().and_then(pinned),
        first: status.resolved.as_ref().and_then(first),
        past: status.attempts.iter().map(past).collect(),
        sighted: sighted(status),
        cancel: status.cancel.as_ref().map(|cancel| Cancel {
            why: cancel.why,
            since: cancel.since_time.0,
            asked: cancel.requested_time.0,
            tries: cancel.tries,
            refused: cancel.refused.clone(),
            refused_at: cancel.refused_time.as_ref().map(|time| time.0),
        }),
        started: status.start_time.as_ref().map(|time| time.0),
        ended: ended(status),
        labels: status.labels_hash.as_ref().map(|hash| Labelled {
            hash: hash.clone(),
            state: match status.labels_state {
                None => LabelState::Sent,
                Some(LabelsState::Sending) => LabelState::Sending,
                Some(LabelsState::Refused) => LabelState::Refused,
            },
            again: status.labels_retry_time.as_ref().map(|time| time.0),
            since: status.labels_refused_time.as_ref().map(|time| time.0),
        }),
        next_attempt: status.next_attempt_time.as_ref().map(|time| time.0),
    }
}

fn submission(status: &SubmissionStatus) -> Submission {
    Submission {
        attempt: status.attempt,
        requested: status.requested_time.0,
        definition_hash: status.definition_hash.clone(),
        seen_by_azure: status.seen,
        found: status.found,
        foreign: status.foreign,
        mark: status.mark,
        started: status.start_time.as_ref().map(|time| time.0),
    }
}

/// Complete or not at all.
fn pinned(resolved: &Resolved) -> Option<Pinned> {
    let inputs = resolved
        .inputs
        .iter()
        .map(|(name, input)| (name.clone(), (input.type_, input.path.clone())));
    Some(Pinned {
        definition_hash: resolved.definition_hash.clone()?,
        code_id: resolved.code_id.clone()?,
        environment_id: resolved.environment_id.clone(),
        inputs: inputs.collect(),
        compute_id: resolved.compute_id.clone(),
        identity_id: resolved.identity_id.clone(),
    })
}

/// What is left where it is not complete.
fn first(resolved: &Resolved) -> Option<String> {
    let alone = pinned(resolved).is_none();
    resolved.definition_hash.clone().filter(|_| alone)
}

fn past(attempt: &AttemptStatus) -> Past {
    Past {
        attempt: attempt.attempt,
        azure_name: attempt.azure_name.clone(),
        state: RunState::parse(&attempt.state),
        started: attempt.start_time.as_ref().map(|time| time.0),
        ended: attempt.end_time.0,
        // A word that came by somebody's hand is none of ours.
        reason: End::parse(&attempt.reason).unwrap_or(End::PlatformFailed),
    }
}

fn sighted(status: &SparkJobStatus) -> Option<Sighted> {
    let (state, since) = (status.state.as_ref()?, status.state_time.as_ref()?);
    Some(Sighted {
        state: RunState::parse(state),
        since: since.0,
    })
}

fn ended(status: &SparkJobStatus) -> Option<Ended> {
    let at = status.completion_time.as_ref()?.0;
    let state = RunState::parse(status.state.as_deref()?);
    let said = status.end_reason.as_deref().and_then(End::parse);
    let reason = said.or_else(|| End::of(&state, None, status.failure.as_ref()));
    Some(Ended {
        reason: reason.unwrap_or(End::PlatformFailed),
        state,
        at,
        note: status.end_note.clone(),
        failure: status.failure.clone(),
    })
}

pub(super) fn remember(status: &mut SparkJobStatus, memo: &Memo) {
    status.submission = memo.submission.as_ref().map(|submission| SubmissionStatus {
        attempt: submission.attempt,
        requested_time: Time(submission.requested),
        definition_hash: submission.definition_hash.clone(),
        seen: submission.seen_by_azure,
        found: submission.found,
        foreign: submission.foreign,
        mark: submission.mark,
        start_time: submission.started.map(Time),
    });
    status.resolved = match (&memo.pinned, &memo.first) {
        (Some(pinned), _) => Some(resolved(pinned)),
        (None, Some(first)) => Some(Resolved {
            definition_hash: Some(first.clone()),
            ..Resolved::default()
        }),
        (None, None) => None,
    };
    status.attempts = memo.past.iter().map(attempt).collect();
    status.cancel = memo.cancel.as_ref().map(|cancel| CancelStatus {
        since_time: Time(cancel.since),
        requested_time: Time(cancel.asked),
        why: cancel.why,
        tries: cancel.tries,
        refused: cancel.refused.clone(),
        refused_time: cancel.refused_at.map(Time),
    });
    status.start_time = memo.started.map(Time);
    status.next_attempt_time = memo.next_attempt.map(Time);
    status.labels_hash = memo.labels.as_ref().map(|labels| labels.hash.clone());
    status.labels_state = memo.labels.as_ref().and_then(|labels| match labels.state {
        LabelState::Sending => Some(LabelsState::Sending),
        LabelState::Sent => None,
        LabelState::Refused => Some(LabelsState::Refused),
    });
    let again = memo.labels.as_ref().and_then(|labels| labels.again);
    status.labels_retry_time = again.map(Time);
    let since = memo.labels.as_ref().and_then(|labels| labels.since);
    status.labels_refused_time = since.map(Time);
    let sighted = memo.sighted.as_ref().filter(|_| memo.ended.is_none());
    let state = match &memo.ended {
        Some(ended) => Some(&ended.state),
        None => sighted.map(|sighted| &sighted.state),
    };
    status.state = state.map(|state| state.as_str().to_owned());
    status.state_time = sighted.map(|sighted| Time(sighted.since));
    let ended = memo.ended.as_ref();
    status.completion_time = ended.map(|ended| Time(ended.at));
    status.end_reason = ended.map(|ended| ended.reason.as_str().to_owned());
    status.end_note = ended.and_then(|ended| ended.note.clone());
    status.failure = ended.and_then(|ended| ended.failure.clone());
}

fn resolved(pinned: &Pinned) -> Resolved {
    let inputs = pinned.inputs.iter().map(|(name, (type_, path))| {
        let input = ResolvedInput {
            type_: *type_,
            path: path.clone(),
        };
        (name.clone(), input)
    });
    Resolved {
        definition_hash: Some(pinned.definition_hash.clone()),
        code_id: Some(pinned.code_id.clone()),
        environment_id: pinned.environment_id.clone(),
        inputs: inputs.collect(),
        compute_id: pinned.compute_id.clone(),
        identity_id: pinned.identity_id.clone(),
    }
}

fn attempt(past: &Past) -> AttemptStatus {
    AttemptStatus {
        attempt: past.attempt,
        azure_name: past.azure_name.clone(),
        state: past.state.as_str().to_owned(),
        start_time: past.started.map(Time),
        end_time: Time(past.ended),
        reason: past.reason.as_str().to_owned(),
    }
}
