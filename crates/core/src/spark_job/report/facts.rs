//! What is true of a run, one condition after the other.

use azureml_spark_api::condition::{Condition, ConditionType, Fact, Truth};
use azureml_spark_api::spark_job::MissingRole;
use azureml_spark_api::{Reason, SparkJobStatus};

use super::{ends, standing, warnings};
use crate::machine::{Pass, Sight};
use crate::spark_job::memo::Memo;
use crate::spark_job::next::{is_further, may_be_ours, ours};
use crate::spark_job::pinned::{Unresolved, resolve};
use crate::spark_job::{End, Run, Seen, SparkJob, Step, Want};
use crate::summary::{self, restated};

pub(super) fn facts(
    pass: &Pass<'_, SparkJob>,
    want: &Want,
    old: &SparkJobStatus,
    missing_roles: &[MissingRole],
) -> Vec<Fact> {
    let memo = pass.memo;
    let milestones = [
        summary::accepted(),
        references(pass.seen, want, memo, old),
        uploaded(pass.seen, want, memo, old),
        submitted(pass, want),
    ];
    let ended = memo.ended.as_ref().map(|ended| ends::fact(ended, memo));
    let suspended = suspended(pass.seen, want, memo, old);
    let warning = summary::warning(&warnings::warnings(want, memo, missing_roles));
    let stands = standing::standing(pass, want, &milestones);
    milestones
        .into_iter()
        .chain(suspended)
        .chain(ended)
        .chain(warning)
        .chain(stands.held_up(pass.paused).facts())
        .collect()
}

fn references(seen: Option<&Seen>, want: &Want, memo: &Memo, old: &SparkJobStatus) -> Fact {
    let kind = ConditionType::ReferencesResolved;
    let ready = || {
        Fact::yes(
            kind,
            Reason::Resolved,
            "everything that the spec names is ready",
        )
    };
    // What a run refers to does not count any more once it is submitted.
    if memo.is_submitted() || memo.ended.is_some() || is_further(memo) {
        return ready();
    }
    match (&want.definition, seen) {
        (Err(why), _) => Fact::no(kind, why.reason, why.message.clone()),
        (Ok(definition), Some(seen)) => match resolve(definition, seen) {
            Err(Unresolved::Blocked(why)) => Fact::no(kind, why.reason, why.message),
            Err(Unresolved::Unknown | Unresolved::Needs(_)) | Ok(_) => ready(),
        },
        // A look that failed says nothing new of what is in Azure.
        (Ok(_), None) => restated(&old.conditions, kind)
            .filter(|fact| is_azures(fact.reason))
            .unwrap_or_else(ready),
    }
}

/// Whether only Azure can tell it.
fn is_azures(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::AssetNotFound | Reason::ComputeNotFound | Reason::IdentityNotAttached
    )
}

fn uploaded(seen: Option<&Seen>, want: &Want, memo: &Memo, old: &SparkJobStatus) -> Fact {
    let kind = ConditionType::CodeUploaded;
    let done = || {
        Fact::yes(
            kind,
            Reason::Uploaded,
            "the code is registered in the workspace",
        )
    };
    let over = memo.is_submitted() || memo.pinned.is_some() || is_further(memo);
    let code = match seen {
        _ if over => true,
        Some(seen) => seen.code.present().is_some(),
        // A look that failed says nothing new.
        None => holds(&old.conditions, kind),
    };
    let needs = match (&want.definition, seen) {
        (Ok(definition), Some(seen)) if !over => resolve(definition, seen).err(),
        (Ok(_) | Err(_), _) => None,
    };
    match needs {
        Some(Unresolved::Needs(Step::RegisterEnvironment)) => Fact::no(
            kind,
            Reason::EnvironmentRegistering,
            "the environment is not registered yet",
        ),
        _ if code => done(),
        _ => Fact::no(kind, Reason::Uploading, "the code is not registered yet"),
    }
}

fn holds(conditions: &[Condition], kind: ConditionType) -> bool {
    restated(conditions, kind).is_some_and(|fact| fact.truth == Truth::True)
}

fn submitted(pass: &Pass<'_, SparkJob>, want: &Want) -> Fact {
    let memo = pass.memo;
    let kind = ConditionType::Submitted;
    if let Some(last) = memo.past.last().filter(|_| is_further(memo)) {
        let name = &last.azure_name;
        return Fact::yes(kind, Reason::Submitted, format!("submitted as '{name}'"));
    }
    let name = want.run_name(memo.attempt());
    let run = pass.seen.and_then(|seen| seen.run.present());
    let is_ours = |run: &Run| ours(want, run, memo);
    let seen = memo.submission.as_ref().is_some_and(|s| s.seen_by_azure);
    if seen || run.is_some_and(is_ours) {
        return Fact::yes(kind, Reason::Submitted, format!("submitted as '{name}'"));
    }
    if memo.ended.is_some() {
        return Fact::no(kind, Reason::Canceled, "no run is going to be submitted");
    }
    if let (Some(run), Err(why)) = (run, &want.definition)
        && may_be_ours(want, run, memo)
    {
        return Fact::no(
            kind,
            Reason::Conflict,
            format!(
                "a run '{name}' is going on in the workspace, and whether it is this one cannot be told yet: {}",
                why.message
            ),
        );
    }
    if want.steering.suspend && memo.submission.is_none() {
        return Fact::no(kind, Reason::Suspended, "held by spec.suspend");
    }
    if let Some(run) = run {
        let whose = match &run.held_by {
            Some(other) => format!("belongs to {other}"),
            None => "is not this one".to_owned(),
        };
        let message = if memo.past.is_empty() {
            format!(
                "a run '{name}' exists in the workspace and {whose}: choose another spec.azureName"
            )
        } else {
            format!(
                "a run '{name}' exists in the workspace and {whose}, and the next attempt must have that name: create another SparkJob with another spec.azureName"
            )
        };
        return Fact::no(kind, Reason::Conflict, message);
    }
    if memo.next_attempt.is_some() {
        return Fact::no(kind, Reason::BackingOff, "the next attempt is waited for");
    }
    Fact::no(kind, Reason::Submitting, "not submitted yet")
}

/// As on a `batch/v1` Job: once a run was held, it stays said whether it is.
fn suspended(seen: Option<&Seen>, want: &Want, memo: &Memo, old: &SparkJobStatus) -> Option<Fact> {
    let kind = ConditionType::Suspended;
    let found = seen.and_then(|seen| seen.run.present());
    let live = memo.submission.is_some() || found.is_some_and(|run| may_be_ours(want, run, memo));
    let was = restated(&old.conditions, kind).is_some()
        || memo.past.iter().any(|past| past.reason == End::Suspended);
    match (want.steering.suspend && memo.ended.is_none(), live) {
        (true, false) => Some(Fact::yes(
            kind,
            Reason::Suspended,
            "spec.suspend is true, and nothing runs",
        )),
        (true, true) => Some(Fact::no(
            kind,
            Reason::Suspending,
            "spec.suspend is true, and the run has not ended yet",
        )),
        (false, _) => was.then(|| {
            Fact::no(
                kind,
                Reason::Resumed,
                "spec.suspend was taken back, or the run ended",
            )
        }),
    }
}

/// Whether anybody could tell whether a run is there.
pub(super) fn in_the_dark(seen: Option<&Seen>) -> bool {
    seen.is_none_or(|seen| seen.run == Sight::Unknown)
}
