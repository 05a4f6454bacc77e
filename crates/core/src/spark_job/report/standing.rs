//! Where a run stands: the one thing that is said first.

use azureml_spark_api::Reason;
use azureml_spark_api::condition::Fact;

use super::{ends, facts, under_way};
use crate::fault::Class;
use crate::machine::{Pass, Trouble};
use crate::spark_job::next::is_further;
use crate::spark_job::{CANCEL, EXISTS, RELABEL, SparkJob, Want};
use crate::summary::{Standing, first_unmet};

pub(super) fn standing(pass: &Pass<'_, SparkJob>, want: &Want, milestones: &[Fact]) -> Standing {
    let memo = pass.memo;
    if let Some(ended) = &memo.ended {
        return ends::standing(ended, memo);
    }
    let trouble = pass.trouble.filter(|trouble| !is_told_elsewhere(trouble));
    if want.deleting {
        return leaving(pass, want, trouble);
    }
    if let Some(trouble) = trouble {
        return Standing::of(trouble);
    }
    let seen = memo.submission.as_ref().is_some_and(|s| s.seen_by_azure);
    if seen {
        return under_way::standing(want, memo);
    }
    // Nothing goes on while somebody else has the name.
    let taken = milestones
        .iter()
        .find(|fact| fact.reason == Reason::Conflict);
    if let Some(fact) = taken {
        return unmet(fact);
    }
    if memo.submission.is_none() {
        if want.steering.suspend {
            return Standing::Reconciling(
                Reason::Suspended,
                "spec.suspend is true, and nothing runs: set it to false to go on".to_owned(),
            );
        }
        if memo.next_attempt.is_some() {
            return backing_off(pass);
        }
    }
    match first_unmet(milestones) {
        Some(fact) => unmet(fact),
        None => under_way::standing(want, memo),
    }
}

/// A cancel that is refused has a reason of its own, and labels that are refused keep nothing from going on.
fn is_told_elsewhere(trouble: &Trouble) -> bool {
    let fault = &trouble.fault;
    if fault.op == EXISTS {
        // As long as it is looked for nothing is wrong.
        return true;
    }
    match fault.class {
        Class::Terminal | Class::Forbidden | Class::Absent => {
            fault.op == CANCEL || fault.op == RELABEL
        }
        Class::Spreading
        | Class::Retryable
        | Class::Throttled { .. }
        | Class::Unsure
        | Class::Credential => false,
    }
}

fn backing_off(pass: &Pass<'_, SparkJob>) -> Standing {
    let message = match pass.memo.past.last() {
        Some(last) => format!(
            "attempt {} ended ({}); the next one begins at status.nextAttemptTime",
            last.attempt,
            last.reason.as_str()
        ),
        None => "the next attempt is waited for".to_owned(),
    };
    Standing::Reconciling(Reason::BackingOff, message)
}

fn unmet(fact: &Fact) -> Standing {
    match fact.reason {
        Reason::WorkspaceNotReady
        | Reason::AttachmentNotReady
        | Reason::SourceNotReady
        | Reason::JobNotReady
        | Reason::EnvironmentRegistering
        | Reason::Uploading
        | Reason::Submitting
        | Reason::Suspended
        | Reason::BackingOff => Standing::Reconciling(fact.reason, fact.message.clone()),
        _ => Standing::Stalled(fact.reason, fact.message.clone()),
    }
}

fn leaving(pass: &Pass<'_, SparkJob>, want: &Want, trouble: Option<&Trouble>) -> Standing {
    if let (None, Err(why)) = (&want.workspace, &want.definition) {
        return Standing::Stalled(
            why.reason,
            format!(
                "{}; without it the run cannot be cancelled: mend it, or annotate the object with spark.azureml.dev/force-release=true",
                why.message
            ),
        );
    }
    if let Some(standing) = under_way::resisted(want, pass.memo) {
        return standing;
    }
    match trouble {
        Some(trouble) => Standing::of(trouble),
        None if is_further(pass.memo) => {
            Standing::Reconciling(Reason::Deleting, under_way::FURTHER.to_owned())
        }
        None if facts::in_the_dark(pass.seen) && pass.memo.cancel.is_none() => {
            Standing::Reconciling(
                Reason::Deleting,
                "a run may be there, and is looked for before the object goes".to_owned(),
            )
        }
        None => Standing::Reconciling(Reason::Canceling, "the run is being cancelled".to_owned()),
    }
}
