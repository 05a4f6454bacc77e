//! The status of a run, and the memory that lives in it.

use azureml_spark_api::condition::{ConditionType, Fact, Time, merge};
use azureml_spark_api::spark_job::{
    CancelCause, CancelStatus, OutputStatus, Submission as SubmissionStatus,
};
use azureml_spark_api::{Reason, SparkJobStatus};
use jiff::{SignedDuration, Timestamp};

use super::next::ours;
use super::{Definition, Ended, Memo, RunState, Seen, SparkJob, Submission, Want};
use crate::machine::{Pass, Sight};
use crate::summary::{self, Standing, first_unmet};

/// Azure's code for what the user's own script did wrong (contract §0.2).
const USER_ERROR: &str = "UserError";

pub(super) fn recall(status: &SparkJobStatus) -> Memo {
    let state = status.state.as_deref().map(RunState::parse);
    Memo {
        submission: status.submission.as_ref().map(|submission| Submission {
            attempt: submission.attempt,
            requested: submission.requested_time.0,
            definition_hash: submission.definition_hash.clone(),
            code_id: status.code_id.clone().unwrap_or_default(),
            seen_by_azure: status.azure_id.is_some(),
        }),
        cancel: status.cancel.as_ref().map(|cancel| cancel.requested_time.0),
        started: status.start_time.as_ref().map(|time| time.0),
        ended: match (&status.completion_time, state) {
            (Some(at), Some(state)) => Some(Ended {
                state,
                at: at.0,
                failure: status.failure.clone(),
            }),
            _ => None,
        },
    }
}

pub(super) fn report(
    pass: &Pass<'_, SparkJob>,
    old: &SparkJobStatus,
    now: Timestamp,
) -> SparkJobStatus {
    let mut status = old.clone();
    status.observed_generation = Some(pass.generation);
    remember(&mut status, pass.memo);
    let mut facts = match pass.want {
        Err(invalid) => {
            let fact = Fact::no(
                ConditionType::SpecAccepted,
                invalid.reason,
                invalid.to_string(),
            );
            let standing = Standing::Stalled(invalid.reason, invalid.to_string());
            std::iter::once(fact).chain(standing.facts()).collect()
        }
        Ok(want) => {
            publish(&mut status, pass, want);
            facts(pass, want, old)
        }
    };
    facts.extend(summary::paused(pass.paused));
    status.conditions = merge(&old.conditions, &facts, pass.generation, now);
    status
}

fn remember(status: &mut SparkJobStatus, memo: &Memo) {
    status.submission = memo.submission.as_ref().map(|submission| SubmissionStatus {
        attempt: submission.attempt,
        requested_time: Time(submission.requested),
        definition_hash: submission.definition_hash.clone(),
    });
    status.code_id = memo
        .submission
        .as_ref()
        .map(|s| s.code_id.clone())
        .filter(|id| !id.is_empty());
    status.cancel = memo.cancel.map(|asked| CancelStatus {
        requested_time: Time(asked),
        why: CancelCause::Deleted,
        tries: 1,
    });
    status.start_time = memo.started.map(Time);
    if let Some(ended) = &memo.ended {
        status.state = Some(ended.state.as_str().to_owned());
        status.completion_time = Some(Time(ended.at));
        status.failure.clone_from(&ended.failure);
        status.duration = memo.started.map(|started| {
            let whole =
                SignedDuration::from_secs(ended.at.duration_since(started).as_secs().max(0));
            format!("{whole:#}").replace(' ', "")
        });
    }
}

fn publish(status: &mut SparkJobStatus, pass: &Pass<'_, SparkJob>, want: &Want) {
    status.azure_name = Some(want.azure_name.clone());
    status.cluster = Some(want.cluster.clone());
    if let Some(identity) = &want.identity {
        status.effective_identity = Some(identity.clone());
    }
    if let Ok(definition) = &want.definition {
        status.outputs = outputs(definition);
    }
    if pass.memo.submission.is_none() {
        status.azure_id = None;
        status.state = None;
    }
    if let Some(run) = pass
        .seen
        .and_then(|seen| seen.run.present())
        .filter(|run| ours(want, run, pass.memo))
    {
        // The memory of having seen it lives in this field.
        if memo_saw(pass.memo) {
            status.azure_id = Some(run.azure_id.clone());
        }
        if pass.memo.ended.is_none() {
            status.state = Some(run.state.as_str().to_owned());
        }
        if run.studio_url.is_some() {
            status.studio_url.clone_from(&run.studio_url);
        }
    }
}

fn memo_saw(memo: &Memo) -> bool {
    memo.submission.as_ref().is_some_and(|s| s.seen_by_azure)
}

fn outputs(definition: &Definition) -> Vec<OutputStatus> {
    definition
        .outputs
        .iter()
        .map(|(name, (_, path))| OutputStatus {
            name: name.clone(),
            path: path.clone(),
            asset: None,
        })
        .collect()
}

fn facts(pass: &Pass<'_, SparkJob>, want: &Want, old: &SparkJobStatus) -> Vec<Fact> {
    let memo = pass.memo;
    let run = pass.seen.and_then(|seen| seen.run.present());
    let mut facts = vec![Fact::yes(
        ConditionType::SpecAccepted,
        Reason::Accepted,
        "the spec makes sense",
    )];
    facts.push(match &want.definition {
        // What a run refers to does not count any more once it is submitted.
        Err(why) if !memo.is_submitted() => Fact::no(
            ConditionType::ReferencesResolved,
            why.reason,
            why.message.clone(),
        ),
        Ok(_) | Err(_) => Fact::yes(
            ConditionType::ReferencesResolved,
            Reason::Resolved,
            "everything that the spec names is ready",
        ),
    });
    let uploaded = match pass.seen {
        _ if memo.is_submitted() => true,
        Some(seen) => seen.code.present().is_some(),
        // A look that failed says nothing new.
        None => holds(old, ConditionType::CodeUploaded),
    };
    facts.push(if uploaded {
        Fact::yes(
            ConditionType::CodeUploaded,
            Reason::Uploaded,
            "the code is registered in the workspace",
        )
    } else {
        Fact::no(
            ConditionType::CodeUploaded,
            Reason::Uploading,
            "the code is not registered yet",
        )
    });
    let known =
        memo.ended.is_some() || memo_saw(memo) || run.is_some_and(|run| ours(want, run, memo));
    facts.push(match run {
        Some(run) if !ours(want, run, memo) && memo.ended.is_none() => Fact::no(
            ConditionType::Submitted,
            Reason::Conflict,
            format!(
                "a run '{}' exists in the workspace and is not this one: choose another spec.azureName",
                want.azure_name
            ),
        ),
        _ if known => Fact::yes(ConditionType::Submitted, Reason::Submitted, format!("submitted as '{}'", want.azure_name)),
        _ => Fact::no(ConditionType::Submitted, Reason::Submitting, "not submitted yet"),
    });
    facts.extend(memo.ended.as_ref().and_then(end));
    facts.extend(
        standing(pass, want, &facts, old)
            .held_up(pass.paused)
            .facts(),
    );
    facts
}

fn holds(old: &SparkJobStatus, kind: ConditionType) -> bool {
    old.conditions
        .iter()
        .any(|c| c.type_ == kind.as_str() && c.status == "True")
}

/// How the run ended, as on a `batch/v1` Job.
fn end(ended: &Ended) -> Option<Fact> {
    let failed = |reason, message: String| Some(Fact::yes(ConditionType::Failed, reason, message));
    let why = ended.failure.as_ref();
    let text = why.map_or_else(
        || "Azure says no more than that it failed".to_owned(),
        |failure| format!("{}: {}", failure.code, failure.message),
    );
    match &ended.state {
        RunState::Completed => Some(Fact::yes(
            ConditionType::Complete,
            Reason::Completed,
            "the run ended well",
        )),
        RunState::Failed if why.is_some_and(|failure| failure.code == USER_ERROR) => {
            failed(Reason::ScriptFailed, text)
        }
        RunState::Failed => failed(Reason::PlatformFailed, text),
        RunState::Canceled => failed(Reason::Canceled, "the run was cancelled".to_owned()),
        RunState::Lost => failed(
            Reason::Lost,
            "the run is not in the workspace any more".to_owned(),
        ),
        RunState::NotStarted
        | RunState::Starting
        | RunState::Provisioning
        | RunState::Preparing
        | RunState::Queued
        | RunState::Running
        | RunState::Finalizing
        | RunState::CancelRequested
        | RunState::NotResponding
        | RunState::Paused
        | RunState::Other(_) => None,
    }
}

fn standing(
    pass: &Pass<'_, SparkJob>,
    want: &Want,
    facts: &[Fact],
    old: &SparkJobStatus,
) -> Standing {
    if let Some(ended) = pass.memo.ended.as_ref().and_then(end) {
        return match ended.kind {
            ConditionType::Complete => Standing::Ready(ended.reason, ended.message),
            _ => Standing::Stalled(ended.reason, ended.message),
        };
    }
    if want.deleting {
        return leaving(pass, want, old);
    }
    if let Some(trouble) = pass.trouble {
        return Standing::of(trouble);
    }
    // Nothing goes on while somebody else has the name.
    let taken = facts.iter().find(|fact| fact.reason == Reason::Conflict);
    match taken.or_else(|| first_unmet(facts)) {
        Some(fact) => unmet(fact),
        None => under_way(pass.seen, old),
    }
}

fn unmet(fact: &Fact) -> Standing {
    match fact.reason {
        Reason::WorkspaceNotReady
        | Reason::AttachmentNotReady
        | Reason::Uploading
        | Reason::Submitting => Standing::Reconciling(fact.reason, fact.message.clone()),
        _ => Standing::Stalled(fact.reason, fact.message.clone()),
    }
}

fn leaving(pass: &Pass<'_, SparkJob>, want: &Want, old: &SparkJobStatus) -> Standing {
    if let (None, Err(why)) = (&want.workspace, &want.definition) {
        return Standing::Stalled(
            why.reason,
            format!(
                "{}; without it the run cannot be cancelled: mend it, or annotate the object with spark.azureml.dev/force-release=true",
                why.message
            ),
        );
    }
    // Asked for once more, now or before.
    let again = old
        .cancel
        .as_ref()
        .is_some_and(|before| pass.memo.cancel.is_some_and(|asked| asked > before.requested_time.0))
        || old
            .conditions
            .iter()
            .any(|c| c.reason == Reason::CancelStuck.as_str());
    if again {
        return Standing::Reconciling(
            Reason::CancelStuck,
            "the cancel has had no effect yet; it is asked for again".to_owned(),
        );
    }
    match pass.trouble {
        Some(trouble) => Standing::of(trouble),
        None => Standing::Reconciling(Reason::Canceling, "the run is being cancelled".to_owned()),
    }
}

fn under_way(seen: Option<&Seen>, old: &SparkJobStatus) -> Standing {
    // A look that said nothing leaves what was known.
    let known = match seen.map(|seen| &seen.run) {
        Some(Sight::Present(run)) => Some(run.state.clone()),
        Some(Sight::Unknown | Sight::Absent) | None => old.state.as_deref().map(RunState::parse),
    };
    let Some(state) = known else {
        return Standing::Reconciling(Reason::Submitted, "the run is submitted".to_owned());
    };
    let (reason, message) = match state {
        RunState::NotStarted | RunState::Starting => {
            (Reason::Submitted, "Azure has accepted the run")
        }
        RunState::Provisioning | RunState::Preparing => {
            (Reason::Preparing, "Azure is preparing the run")
        }
        RunState::Queued => (Reason::Queued, "the run waits for machines"),
        RunState::Running => (Reason::Running, "the run is running"),
        RunState::Finalizing => (
            Reason::Finalizing,
            "the script has ended; Azure writes the traces",
        ),
        RunState::CancelRequested => (Reason::Canceling, "the run is being cancelled"),
        RunState::NotResponding | RunState::Paused | RunState::Other(_) => {
            (Reason::Running, "the run is in a state that may pass")
        }
        RunState::Completed | RunState::Failed | RunState::Canceled | RunState::Lost => (
            Reason::Finalizing,
            "the run has ended; its traces are being read",
        ),
    };
    Standing::Reconciling(reason, message.to_owned())
}
