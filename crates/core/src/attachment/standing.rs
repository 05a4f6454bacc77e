//! Where an attachment stands, by all that was found out.

use azureml_spark_api::attachment::PendingAction;
use azureml_spark_api::condition::{ConditionType, Fact};
use azureml_spark_api::meta::FORCE_RELEASE;
use azureml_spark_api::{Reason, SynapseSparkAttachmentStatus};
use jiff::Timestamp;

use super::owner::is_ours;
use super::{Attachment, Memo, Provisioning, Seen, Want};
use crate::grants;
use crate::machine::Pass;
use crate::summary::{Standing, first_unmet, still_ready};

pub(super) fn standing(
    pass: &Pass<'_, Attachment>,
    want: &Want,
    facts: &[Fact],
    old: &SynapseSparkAttachmentStatus,
    now: Timestamp,
) -> Standing {
    if want.deleting && !want.users.is_empty() {
        return Standing::Reconciling(
            Reason::InUse,
            format!("goes once these jobs have ended: {}", want.users.join(", ")),
        );
    }
    if let (true, Some(why)) = (want.deleting, &want.blocked) {
        return forcible(Standing::Stalled(
            why.reason,
            format!("{}: without it nothing can be taken back", why.message),
        ));
    }
    if let Some(trouble) = pass.trouble {
        if want.deleting {
            return forcible(grants::faulted(trouble, &pass.memo.record, now));
        }
        // A look that failed; a step that failed had begun because something is not as it should be.
        let looked_at = pass.seen.is_none() && old.observed_generation == Some(pass.generation);
        let kept = still_ready(&old.conditions, trouble).filter(|_| looked_at);
        return kept.unwrap_or_else(|| grants::faulted(trouble, &pass.memo.record, now));
    }
    if let (true, Some(stuck)) = (want.deleting, stays(want, pass.seen, pass.memo, now)) {
        return stuck;
    }
    if want.deleting {
        return Standing::Reconciling(Reason::Detaching, "the pool is being given up".to_owned());
    }
    settled(pass, want, facts, now)
}

/// Where an object stands that has met no trouble.
fn settled(pass: &Pass<'_, Attachment>, want: &Want, facts: &[Fact], now: Timestamp) -> Standing {
    let asked: Vec<Fact> = facts
        .iter()
        // What nobody is to grant keeps nothing from being ready.
        .filter(|fact| !(want.observes() && fact.kind == ConditionType::AccessGranted))
        .cloned()
        .collect();
    let Some(fact) = first_unmet(&asked) else {
        let attached = asked
            .iter()
            .find(|fact| fact.kind == ConditionType::Attached);
        return match attached {
            Some(fact) if fact.reason != Reason::Attached => {
                Standing::Ready(fact.reason, fact.message.clone())
            }
            Some(_) | None => Standing::Ready(
                Reason::Ready,
                "the pool is attached and its identity has its roles".to_owned(),
            ),
        };
    };
    if fact.kind == ConditionType::AccessGranted {
        return grants::unmet(fact, &pass.memo.record, now);
    }
    match fact.reason {
        Reason::PoolNotFound
        | Reason::Conflict
        | Reason::AttachFailed
        | Reason::Detached
        | Reason::NotFound
        | Reason::LinkNotFound
        | Reason::WorkspaceNotFound => Standing::Stalled(fact.reason, fact.message.clone()),
        _ => Standing::Reconciling(fact.reason, fact.message.clone()),
    }
}

/// Says how a deletion that a person must help is let go.
fn forcible(standing: Standing) -> Standing {
    match standing {
        Standing::Stalled(reason, message) => Standing::Stalled(
            reason,
            format!("{message}: mend it, or annotate the object with {FORCE_RELEASE}=true"),
        ),
        Standing::Ready(..) | Standing::Reconciling(..) => standing,
    }
}

/// Why the compute stays, though Azure has taken on the request to detach it, again and again.
fn stays(want: &Want, seen: Option<&Seen>, memo: &Memo, now: Timestamp) -> Option<Standing> {
    let compute = seen?.compute.present()?;
    if !memo.is_overdue(PendingAction::Detach, now) || !is_ours(want, compute, memo) {
        return None;
    }
    let state = match &compute.state {
        Provisioning::Failed(errors) => errors,
        _ => &compute.provisioning_state,
    };
    Some(forcible(Standing::Stalled(
        Reason::DetachFailed,
        format!(
            "Azure takes on the request to detach the pool, and the compute is still there after more than ten minutes: {state}"
        ),
    )))
}
