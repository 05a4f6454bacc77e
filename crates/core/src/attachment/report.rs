//! The status of an attachment.

use azureml_spark_api::attachment::AttachmentIdentityType;
use azureml_spark_api::condition::{Condition, ConditionType, Fact, Time, Truth, merge};
use azureml_spark_api::{Reason, SynapseSparkAttachmentStatus};
use jiff::Timestamp;

use super::next::{conflict, differences};
use super::{Attachment, Compute, Memo, Provisioning, Seen, Want, principals, principals_wanted};
use crate::machine::{Pass, Sight};
use crate::role;
use crate::summary::{self, Standing, first_unmet, still_ready};

pub(super) fn report(
    pass: &Pass<'_, Attachment>,
    old: &SynapseSparkAttachmentStatus,
    now: Timestamp,
) -> SynapseSparkAttachmentStatus {
    let mut status = old.clone();
    status.observed_generation = Some(pass.generation);
    status.requested_time = pass.memo.requested.map(Time);
    status.requested_hash.clone_from(&pass.memo.wish);
    status.pool_id.clone_from(&pass.memo.pool);
    status.owned = pass.memo.owned;
    status.applied_hash.clone_from(&pass.memo.applied);
    status.refused_since = pass.memo.refused.map(Time);
    status.managed_tags.clone_from(&pass.memo.managed_tags);
    status.role_assignments.clone_from(&pass.memo.grants);
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
            status.azure_name = Some(want.compute.name.clone());
            if let Some(compute) = pass.seen.and_then(|seen| seen.compute.present()) {
                publish(&mut status, want, compute);
            }
            facts(pass, want, old)
        }
    };
    facts.extend(summary::paused(pass.paused));
    status.conditions = merge(&old.conditions, &facts, pass.generation, now);
    status
}

fn facts(
    pass: &Pass<'_, Attachment>,
    want: &Want,
    old: &SynapseSparkAttachmentStatus,
) -> Vec<Fact> {
    let mut facts = vec![
        Fact::yes(
            ConditionType::SpecAccepted,
            Reason::Accepted,
            "the spec makes sense",
        ),
        match &want.blocked {
            Some(why) => Fact::no(
                ConditionType::ReferencesResolved,
                why.reason,
                why.message.clone(),
            ),
            None => Fact::yes(
                ConditionType::ReferencesResolved,
                Reason::Resolved,
                "the workspace is ready",
            ),
        },
    ];
    match pass.seen {
        Some(seen) => {
            facts.push(attached(want, seen, pass.memo));
            facts.push(granted(want, seen, pass.memo));
        }
        // A look that failed says nothing new about Azure: what was known stays.
        None => facts.extend(kept(old)),
    }
    facts.extend(standing(pass, want, &facts, old).facts());
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

/// The condition as it stands, as a fact. What is restated decides nothing.
fn restated(conditions: &[Condition], kind: ConditionType) -> Option<Fact> {
    let found = conditions.iter().find(|c| c.type_ == kind.as_str())?;
    let truth = [Truth::True, Truth::False, Truth::Unknown]
        .into_iter()
        .find(|truth| truth.as_str() == found.status)?;
    let (reason, _) = Reason::ALL
        .iter()
        .find(|(reason, _)| reason.as_str() == found.reason)?;
    Some(Fact {
        kind,
        truth,
        reason: *reason,
        message: found.message.clone(),
    })
}

const ATTACHED: &str = "the pool is attached as described";
const GRANTED: &str = "every role is granted";

fn attached(want: &Want, seen: &Seen, memo: &Memo) -> Fact {
    let kind = ConditionType::Attached;
    match &seen.compute {
        Sight::Unknown => Fact::unknown(kind, Reason::Pending, "not looked at yet"),
        Sight::Absent if want.deleting => Fact::no(kind, Reason::Deleting, "the pool is detached"),
        Sight::Absent if seen.pool == Sight::Absent => Fact::no(
            kind,
            Reason::PoolNotFound,
            format!(
                "spec.pool: no such Spark pool in Azure: {}: create it or correct the id",
                want.compute
                    .pool
                    .as_ref()
                    .map(ToString::to_string)
                    .unwrap_or_default()
            ),
        ),
        Sight::Absent => Fact::no(kind, Reason::Attaching, "the pool is not attached yet"),
        Sight::Present(compute) => match (conflict(&want.compute, compute, memo), &compute.state) {
            (Some(why), _) => Fact::no(
                kind,
                Reason::Conflict,
                format!("{why}: choose another spec.azureName, or detach it"),
            ),
            (None, Provisioning::Working) => {
                Fact::no(kind, Reason::Attaching, "Azure is attaching the pool")
            }
            (None, Provisioning::Deleting) => {
                Fact::no(kind, Reason::Detaching, "Azure is detaching the pool")
            }
            (None, Provisioning::Failed(errors)) => Fact::no(
                kind,
                Reason::AttachFailed,
                format!(
                    "Azure could not attach the pool: {errors}: correct the spec, or delete the object and create it again"
                ),
            ),
            (None, Provisioning::Succeeded) => match differences(&want.compute, compute) {
                fields if fields.is_empty() => Fact::yes(kind, Reason::Attached, ATTACHED),
                fields => Fact::no(
                    kind,
                    Reason::Attaching,
                    format!(
                        "the compute is being brought to the spec, it differs in {}",
                        fields.join(", ")
                    ),
                ),
            },
        },
    }
}

fn granted(want: &Want, seen: &Seen, memo: &Memo) -> Fact {
    let kind = ConditionType::AccessGranted;
    if want.roles.is_empty() {
        return Fact::yes(kind, Reason::NothingToGrant, "no role was asked for");
    }
    let (Some(compute), Some(found)) = (seen.compute.present(), seen.grants.found.present()) else {
        return Fact::unknown(
            kind,
            Reason::Pending,
            "waits for the identity of the attached pool",
        );
    };
    let holders = principals(&want.compute, compute);
    let wanted = want.assignments(memo, &holders);
    let all = holders.len() == principals_wanted(&want.compute)
        && wanted
            .iter()
            .all(|grant| found.iter().any(|f| role::same_grant(f, grant)));
    if all {
        Fact::yes(kind, Reason::Granted, GRANTED)
    } else {
        Fact::no(
            kind,
            Reason::Granting,
            "roles at the Spark pool are being granted",
        )
    }
}

fn standing(
    pass: &Pass<'_, Attachment>,
    want: &Want,
    facts: &[Fact],
    old: &SynapseSparkAttachmentStatus,
) -> Standing {
    if want.deleting && !want.users.is_empty() {
        return Standing::Reconciling(
            Reason::InUse,
            format!(
                "detaches once these jobs have ended: {}",
                want.users.join(", ")
            ),
        );
    }
    if let (true, Some(why)) = (want.deleting, &want.blocked) {
        return Standing::Stalled(
            why.reason,
            format!(
                "{}; without it the pool cannot be detached: mend it, or annotate the object with spark.azureml.dev/force-release=true",
                why.message
            ),
        );
    }
    if let Some(trouble) = pass.trouble {
        // A look that failed; a step that failed had begun because something is not as it should be.
        let looked_at = pass.seen.is_none() && old.observed_generation == Some(pass.generation);
        let kept = still_ready(&old.conditions, trouble).filter(|_| looked_at && !want.deleting);
        return kept.unwrap_or_else(|| Standing::of(trouble));
    }
    if want.deleting {
        return Standing::Reconciling(Reason::Detaching, "the pool is being detached".to_owned());
    }
    match first_unmet(facts) {
        None => Standing::Ready(
            Reason::Ready,
            "the pool is attached and its identity has its roles".to_owned(),
        ),
        Some(fact) => match fact.reason {
            Reason::PoolNotFound
            | Reason::Conflict
            | Reason::AttachFailed
            | Reason::WorkspaceNotFound => Standing::Stalled(fact.reason, fact.message.clone()),
            _ => Standing::Reconciling(fact.reason, fact.message.clone()),
        },
    }
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
