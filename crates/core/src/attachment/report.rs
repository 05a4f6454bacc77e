//! The status of an attachment.

use azureml_spark_api::attachment::{AttachmentIdentityType, PendingAction};
use azureml_spark_api::condition::{ConditionType, Fact, Time, merge};
use azureml_spark_api::policy::Difference;
use azureml_spark_api::{Reason, SynapseSparkAttachmentStatus};
use jiff::Timestamp;

use super::drift::{are_labels, differences, fields};
use super::owner::conflict;
use super::standing::standing;
use super::warnings::warnings;
use super::{Attachment, Compute, Memo, Pending, Provisioning, Seen, Want};
use crate::grants;
use crate::machine::{Pass, Sight};
use crate::summary::{self, paused, restated, warning};

pub(super) fn report(
    pass: &Pass<'_, Attachment>,
    old: &SynapseSparkAttachmentStatus,
    now: Timestamp,
) -> SynapseSparkAttachmentStatus {
    let mut status = old.clone();
    status.observed_generation = Some(pass.generation);
    remember(&mut status, pass.memo);
    let facts = match pass.want {
        Err(invalid) => summary::refused(invalid),
        Ok(want) => {
            let want = &*want.on_record(pass.memo);
            status.azure_name = Some(want.compute.name.clone());
            // Where nobody was asked about the compute, what was known of it stays.
            let looked = |seen: &&Seen| seen.compute != Sight::Unknown;
            let pass = &Pass {
                seen: pass.seen.filter(looked),
                ..*pass
            };
            if let Some(seen) = pass.seen {
                status.drift = drift(want, seen, pass.memo);
                if let Sight::Present(compute) = &seen.compute {
                    publish(&mut status, want, compute);
                }
            }
            facts(pass, want, old, now)
        }
    };
    let facts: Vec<Fact> = facts.into_iter().chain(paused(pass.paused)).collect();
    status.conditions = merge(&old.conditions, &facts, pass.generation, now);
    status
}

fn remember(status: &mut SynapseSparkAttachmentStatus, memo: &Memo) {
    status.pool_id.clone_from(&memo.pool);
    status.requested_hash.clone_from(&memo.wish);
    status.owned = memo.owned;
    status.managed_tags.clone_from(&memo.managed_tags);
    status.pending_request = memo.pending.map(Pending::publish);
    status.requested_time = memo.record.requested.map(Time);
    status.requested_since = memo.record.since.map(Time);
    status.role_assignments.clone_from(&memo.record.grants);
}

/// Where Azure is not as the spec says: the compute, then its roles.
fn drift(want: &Want, seen: &Seen, memo: &Memo) -> Vec<Difference> {
    let Sight::Present(compute) = &seen.compute else {
        return Vec::new();
    };
    let mut all = differences(want, compute, memo);
    let wanted = want.wanted(compute, memo);
    all.extend(grants::differences(wanted.as_deref(), &seen.grants));
    all
}

fn facts(
    pass: &Pass<'_, Attachment>,
    want: &Want,
    old: &SynapseSparkAttachmentStatus,
    now: Timestamp,
) -> Vec<Fact> {
    let mut facts = vec![
        summary::accepted(),
        summary::references(
            want.blocked.as_ref(),
            if want.unlinked.is_none() {
                "what the spec names is ready"
            } else {
                "the workspace is ready, and the pool is known without its link"
            },
        ),
    ];
    let warns;
    if let Some(seen) = pass.seen {
        facts.push(attached(want, seen, pass.memo, now));
        facts.push(granted(want, seen, pass.memo, now));
        warns = warning(&warnings(want, seen)).filter(|_| !want.deleting);
    } else {
        // A look that failed, or that nobody took, says nothing new about Azure: what was known stays.
        facts.extend(kept(old));
        warns = restated(&old.conditions, ConditionType::Warning);
    }
    let standing = standing(pass, want, &facts, old, now);
    facts.extend(standing.held_up(pass.paused).facts());
    facts.extend(warns);
    facts
}

fn kept(old: &SynapseSparkAttachmentStatus) -> Vec<Fact> {
    [ConditionType::Attached, ConditionType::AccessGranted]
        .into_iter()
        .map(|kind| {
            restated(&old.conditions, kind)
                .unwrap_or_else(|| Fact::unknown(kind, Reason::Pending, "not looked at yet"))
        })
        .collect()
}

const ATTACHED: &str = "the pool is attached as described";

fn attached(want: &Want, seen: &Seen, memo: &Memo, now: Timestamp) -> Fact {
    let kind = ConditionType::Attached;
    let compute = match &seen.compute {
        Sight::Unknown => return Fact::unknown(kind, Reason::Pending, "not looked at yet"),
        Sight::Absent => return absent(want, seen, memo, now),
        Sight::Present(compute) => compute,
    };
    match (conflict(want, compute, memo), &compute.state) {
        (Some(why), _) => Fact::no(kind, Reason::Conflict, why),
        (None, Provisioning::Working) => {
            Fact::no(kind, Reason::Attaching, "Azure is attaching the pool")
        }
        (None, Provisioning::Deleting) => {
            Fact::no(kind, Reason::Detaching, "Azure is detaching the pool")
        }
        (None, _) if seen.pool == Sight::Absent => Fact::no(
            kind,
            Reason::PoolNotFound,
            format!(
                "the pool is attached, and there is no such Spark pool in Azure any more: {}: create it again, or delete this object",
                compute.pool_id
            ),
        ),
        (None, Provisioning::Failed(errors)) => Fact::no(
            kind,
            Reason::AttachFailed,
            format!(
                "Azure could not attach the pool: {errors}: correct the spec, or delete the object and create it again"
            ),
        ),
        (None, Provisioning::Succeeded) => compared(want, compute, memo, now),
    }
}

fn absent(want: &Want, seen: &Seen, memo: &Memo, now: Timestamp) -> Fact {
    let kind = ConditionType::Attached;
    let name = &want.compute.name;
    if want.deleting {
        return Fact::no(kind, Reason::Deleting, "the pool is detached");
    }
    if let (Sight::Absent, Some(pool)) = (&seen.pool, &want.compute.pool) {
        return Fact::no(
            kind,
            Reason::PoolNotFound,
            format!(
                "spec.pool: no such Spark pool in Azure: {pool}: create it, or name another in another object"
            ),
        );
    }
    if want.observes() {
        return Fact::no(
            kind,
            Reason::NotFound,
            format!(
                "there is no compute '{name}' in the workspace, and spec.managementPolicy is ObserveOnly: attach it, or set Full"
            ),
        );
    }
    if want.leaves_drift(memo) {
        return Fact::no(
            kind,
            Reason::Detached,
            format!(
                "the compute '{name}' was detached outside: attach it again, or set spec.driftPolicy to Correct"
            ),
        );
    }
    if memo.is_overdue(PendingAction::Attach, now) {
        return Fact::no(
            kind,
            Reason::AttachFailed,
            format!(
                "Azure takes on the request to attach the pool, and there is no compute '{name}' for more than ten minutes: look for its failed operation in the activity log of the workspace"
            ),
        );
    }
    Fact::no(kind, Reason::Attaching, "the pool is not attached yet")
}

/// A compute at rest, against the wish.
fn compared(want: &Want, compute: &Compute, memo: &Memo, now: Timestamp) -> Fact {
    let kind = ConditionType::Attached;
    let differences = differences(want, compute, memo);
    let names = fields(&differences);
    if want.observes() {
        let message = if differences.is_empty() {
            "the pool is attached as described, which is only looked at".to_owned()
        } else {
            format!("the pool is attached, and differs in {names}, which is only looked at")
        };
        return Fact::yes(kind, Reason::Observed, message);
    }
    if differences.is_empty() {
        return Fact::yes(kind, Reason::Attached, ATTACHED);
    }
    if want.leaves_drift(memo) {
        return Fact::yes(
            kind,
            Reason::Drifted,
            format!(
                "the pool is attached, and was changed outside in {names}: change it back, or set spec.driftPolicy to Correct"
            ),
        );
    }
    if memo.is_overdue(PendingAction::Attach, now) {
        let message = format!(
            "asked for again and again, the compute differs in {names} after more than ten minutes: look who changes it back, an Azure Policy perhaps; describe it as it is, or set spec.driftPolicy to Report"
        );
        return if are_labels(&differences) {
            Fact::yes(kind, Reason::Drifted, message)
        } else {
            Fact::no(kind, Reason::AttachFailed, message)
        };
    }
    Fact::no(
        kind,
        Reason::Attaching,
        format!("the compute is being brought to the spec, it differs in {names}"),
    )
}

fn granted(want: &Want, seen: &Seen, memo: &Memo, now: Timestamp) -> Fact {
    let compute = seen.compute.present();
    let mut wanted = compute.and_then(|compute| want.wanted(compute, memo));
    if want.roles.is_empty() && want.storage.is_empty() {
        wanted = Some(Vec::new());
    }
    let identity_changed = wanted.is_none()
        && want.leaves_drift(memo)
        && compute.is_some_and(|compute| compute.state == Provisioning::Succeeded);
    if identity_changed {
        return Fact::no(
            ConditionType::AccessGranted,
            Reason::Drifted,
            "the identities of the compute were changed outside: change them back, or set spec.driftPolicy to Correct",
        );
    }
    let mut fact = grants::fact(
        wanted.as_deref(),
        &seen.grants,
        &memo.record,
        &want.terms(now),
    );
    let spared = want.spared(wanted.as_deref().unwrap_or_default(), memo);
    if wanted.is_some() && !spared.is_empty() {
        fact.message = format!(
            "{}; what is not wanted any more is taken back once these jobs have ended: {}",
            fact.message,
            want.users.join(", ")
        );
    }
    fact
}

fn publish(status: &mut SynapseSparkAttachmentStatus, want: &Want, compute: &Compute) {
    status.azure_id = Some(compute.azure_id.clone());
    status.provisioning_state = Some(compute.provisioning_state.clone());
    status.location.clone_from(&compute.location);
    status.created_on.clone_from(&compute.created_on);
    status.spark_version.clone_from(&compute.spark_version);
    status.node_count = compute.node_count;
    status.node_size.clone_from(&compute.node_size);
    status
        .node_size_family
        .clone_from(&compute.node_size_family);
    status.auto_scale.clone_from(&compute.auto_scale);
    status.auto_pause.clone_from(&compute.auto_pause);
    status.identity = Some(compute.identity.clone());
    status.default_identity = Some(match want.compute.identity {
        AttachmentIdentityType::SystemAssigned => "SystemAssigned".to_owned(),
        AttachmentIdentityType::UserAssigned => want
            .compute
            .user_assigned
            .first()
            .cloned()
            .unwrap_or_default(),
    });
}
