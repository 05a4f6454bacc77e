//! The status of a link.

use azureml_spark_api::condition::{ConditionType, Fact, Time, merge};
use azureml_spark_api::linked_service::LinkIdentity;
use azureml_spark_api::meta::FORCE_RELEASE;
use azureml_spark_api::policy::Difference;
use azureml_spark_api::role::RoleAssignment;
use azureml_spark_api::{LinkedServiceStatus, Reason};
use jiff::Timestamp;

use super::next::{conflict, is_left_unlinked};
use super::{Link, LinkedService, Seen, Want, is_frozen};
use crate::grants;
use crate::machine::{Pass, Sight, Trouble};
use crate::summary::{self, Standing, first_unmet, restated, still_ready};

pub(super) fn report(
    pass: &Pass<'_, LinkedService>,
    old: &LinkedServiceStatus,
    now: Timestamp,
) -> LinkedServiceStatus {
    let mut status = old.clone();
    let record = &pass.memo.record;
    status.observed_generation = Some(pass.generation);
    status.requested_time = record.requested.map(Time);
    status.requested_since = record.since.map(Time);
    status.role_assignments.clone_from(&record.grants);
    status.owned = pass.memo.owned;
    let mut facts = match pass.want {
        Err(invalid) => summary::refused(invalid),
        Ok(want) => {
            status.azure_name = Some(want.link.name.clone());
            if let Some(seen) = looked(pass, want) {
                status.drift = differences(want, seen, pass);
                if let Some(link) = seen.link.present() {
                    publish(&mut status, link);
                }
            }
            facts(pass, want, old, now)
        }
    };
    facts.extend(summary::paused(pass.paused));
    status.conditions = merge(&old.conditions, &facts, pass.generation, now);
    status
}

fn facts(
    pass: &Pass<'_, LinkedService>,
    want: &Want,
    old: &LinkedServiceStatus,
    now: Timestamp,
) -> Vec<Fact> {
    let mut facts = vec![
        summary::accepted(),
        summary::references(want.blocked.as_ref(), "the workspace is ready"),
    ];
    match looked(pass, want) {
        Some(seen) => {
            facts.push(linked(pass, want, seen, old));
            let wanted = wanted(want, seen, pass);
            let record = &pass.memo.record;
            let terms = want.terms(now);
            facts.push(grants::fact(
                wanted.as_deref(),
                &seen.grants,
                record,
                &terms,
            ));
        }
        // No look, or one that failed, says nothing new about Azure: what was known stays.
        None => facts.extend(kept(old)),
    }
    let standing = standing(pass, want, &facts, old, now);
    facts.extend(standing.held_up(pass.paused).facts());
    facts.extend(summary::warning(&want.warnings));
    facts
}

/// What was seen, if Azure was asked at all.
fn looked<'p>(pass: &Pass<'p, LinkedService>, want: &Want) -> Option<&'p Seen> {
    pass.seen.filter(|_| want.workspace.is_some())
}

fn kept(old: &LinkedServiceStatus) -> Vec<Fact> {
    [ConditionType::Linked, ConditionType::AccessGranted]
        .into_iter()
        .map(|kind| {
            restated(&old.conditions, kind)
                .unwrap_or_else(|| Fact::unknown(kind, Reason::Pending, "not looked at yet"))
        })
        .collect()
}

/// The roles that the link's identity shall have, once it is known.
fn wanted(want: &Want, seen: &Seen, pass: &Pass<'_, LinkedService>) -> Option<Vec<RoleAssignment>> {
    if want.roles.is_empty() {
        return Some(Vec::new());
    }
    let link = seen.link.present()?;
    if conflict(want, link, pass.memo).is_some() {
        return None;
    }
    let principal = link.principal_id.as_deref()?;
    Some(want.wanted(Some(principal)))
}

fn linked(
    pass: &Pass<'_, LinkedService>,
    want: &Want,
    seen: &Seen,
    old: &LinkedServiceStatus,
) -> Fact {
    let kind = ConditionType::Linked;
    let name = &want.link.name;
    if let Some(words) = frozen(seen, pass.trouble).filter(|_| !want.deleting) {
        return Fact::no(kind, Reason::LinkFrozen, without_a_link(words));
    }
    match &seen.link {
        _ if want.deleting && seen.not_served.is_some() => {
            Fact::no(kind, Reason::Deleting, "there is no link")
        }
        Sight::Unknown => Fact::unknown(kind, Reason::Pending, "not looked at yet"),
        Sight::Absent if want.deleting => Fact::no(kind, Reason::Deleting, "there is no link"),
        Sight::Absent if want.observes() => Fact::no(
            kind,
            Reason::NotFound,
            format!("there is no link '{name}' in Azure, and spec.managementPolicy is ObserveOnly"),
        ),
        Sight::Absent if is_left_unlinked(want, &pass.memo.record) => Fact::no(
            kind,
            Reason::Unlinked,
            format!(
                "link '{name}' was removed outside: set spec.driftPolicy to Correct, or delete the object"
            ),
        ),
        // Asked for again now and then: that alone is no news.
        Sight::Absent => restated(&old.conditions, kind)
            .filter(|said| said.reason == Reason::LinkFrozen)
            .filter(|_| old.observed_generation == Some(pass.generation))
            .unwrap_or_else(|| Fact::no(kind, Reason::Linking, "the link is being made")),
        Sight::Present(link) => match conflict(want, link, pass.memo) {
            Some(why) => Fact::no(kind, Reason::Conflict, why),
            None if want.observes() => Fact::yes(
                kind,
                Reason::Observed,
                "the Synapse workspace is linked, as described",
            ),
            None => Fact::yes(kind, Reason::Linked, "the Synapse workspace is linked"),
        },
    }
}

/// Azure's words, where it serves no links or makes no new ones.
fn frozen<'a>(seen: &'a Seen, trouble: Option<&'a Trouble>) -> Option<&'a str> {
    let refused = trouble
        .filter(|trouble| is_frozen(&trouble.fault))
        .map(|trouble| trouble.fault.text.as_str());
    seen.not_served.as_deref().or(refused)
}

fn without_a_link(words: &str) -> String {
    format!(
        "Azure makes no new links here: name the pool in SynapseSparkAttachment spec.pool.resourceId, which needs none. Azure says: {words}"
    )
}

fn differences(want: &Want, seen: &Seen, pass: &Pass<'_, LinkedService>) -> Vec<Difference> {
    if want.deleting {
        return Vec::new();
    }
    let other = |observed: Option<String>| Difference {
        field: "synapseWorkspaceId".to_owned(),
        desired: Some(want.link.synapse.to_string()),
        observed,
    };
    match &seen.link {
        Sight::Absent if want.observes() || is_left_unlinked(want, &pass.memo.record) => {
            vec![other(None)]
        }
        Sight::Unknown | Sight::Absent => Vec::new(),
        Sight::Present(link) if !want.leads_there(link) => {
            vec![other(Some(link.synapse_workspace_id.clone()))]
        }
        Sight::Present(_) => grants::differences(wanted(want, seen, pass).as_deref(), &seen.grants),
    }
}

fn standing(
    pass: &Pass<'_, LinkedService>,
    want: &Want,
    facts: &[Fact],
    old: &LinkedServiceStatus,
    now: Timestamp,
) -> Standing {
    if want.deleting {
        return leaving(pass, want, now);
    }
    let record = &pass.memo.record;
    let unmet = first_unmet(facts);
    if let Some(trouble) = pass.trouble {
        if is_frozen(&trouble.fault) {
            let message = without_a_link(&trouble.fault.text);
            return Standing::Stalled(Reason::LinkFrozen, message);
        }
        // A look that failed; a step that failed had begun because something is not as it should be.
        let looked_at = pass.seen.is_none() && old.observed_generation == Some(pass.generation);
        return still_ready(&old.conditions, trouble)
            .filter(|_| looked_at)
            .unwrap_or_else(|| grants::faulted(trouble, record, now));
    }
    let Some(fact) = unmet else {
        return if want.observes() {
            Standing::Ready(
                Reason::Observed,
                "the Synapse workspace is linked, as described".to_owned(),
            )
        } else {
            Standing::Ready(
                Reason::Ready,
                "the Synapse workspace is linked and the link's identity has its roles".to_owned(),
            )
        };
    };
    match (fact.kind, fact.reason) {
        (_, Reason::Observed) => Standing::Ready(fact.reason, fact.message.clone()),
        (ConditionType::AccessGranted, _) => grants::unmet(fact, record, now),
        (
            _,
            Reason::Conflict
            | Reason::LinkFrozen
            | Reason::Unlinked
            | Reason::NotFound
            | Reason::WorkspaceNotFound,
        ) => Standing::Stalled(fact.reason, fact.message.clone()),
        _ => Standing::Reconciling(fact.reason, fact.message.clone()),
    }
}

fn leaving(pass: &Pass<'_, LinkedService>, want: &Want, now: Timestamp) -> Standing {
    if !want.users.is_empty() {
        return Standing::Reconciling(
            Reason::InUse,
            format!(
                "goes once these attachments are gone: {}",
                want.users.join(", ")
            ),
        );
    }
    if want.leaves_all() {
        return Standing::Reconciling(
            Reason::Deleting,
            "the object goes, and its link stays as it is".to_owned(),
        );
    }
    if !want.twins.is_empty() && pass.trouble.is_none() {
        return Standing::Reconciling(
            Reason::Deleting,
            format!(
                "the object goes, and its link stays for LinkedService {}",
                want.twins.join(", ")
            ),
        );
    }
    let by_force = |message: String| {
        format!(
            "{message}; without it the link cannot be removed: mend it, or annotate the object with {FORCE_RELEASE}=true"
        )
    };
    if let Some(why) = &want.blocked {
        return Standing::Stalled(why.reason, by_force(why.message.clone()));
    }
    match pass
        .trouble
        .map(|trouble| grants::faulted(trouble, &pass.memo.record, now))
    {
        Some(Standing::Stalled(reason, message)) => Standing::Stalled(reason, by_force(message)),
        Some(other) => other,
        None => Standing::Reconciling(
            Reason::Unlinking,
            "the link and its roles are being removed".to_owned(),
        ),
    }
}

fn publish(status: &mut LinkedServiceStatus, link: &Link) {
    status.azure_id = Some(link.azure_id.clone());
    status.identity = Some(LinkIdentity {
        principal_id: link.principal_id.clone(),
        tenant_id: link.tenant_id.clone(),
    });
    status.created_time.clone_from(&link.created_time);
    status.modified_time.clone_from(&link.modified_time);
}
