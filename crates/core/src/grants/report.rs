//! What is said of the roles of one object.

use azureml_spark_api::Reason;
use azureml_spark_api::condition::{ConditionType, Fact};
use azureml_spark_api::policy::{Difference, ManagementPolicy};
use azureml_spark_api::role::RoleAssignment;
use jiff::{SignedDuration, Timestamp};

use super::offer::{Verdict, verdict};
use super::{Record, Seen, Terms, holders, is_left, is_synapse, missing, powerless};
use crate::machine::{Sight, Trouble};
use crate::summary::Standing;

/// How long roles and identities may take to reach every server of Azure before a person has to look: documented are
/// 2 to 5 minutes (contract §7).
pub(super) const SPREADING: SignedDuration = SignedDuration::from_mins(10);

/// What making a role assignment in Synapse is called in a fault.
pub const GRANT_IN_SYNAPSE: &str = "grant a role in Synapse";

/// What making one on a storage account is called.
pub const GRANT_ON_STORAGE: &str = "grant a role on the storage account";

const KIND: ConditionType = ConditionType::AccessGranted;

/// Whether the roles are granted. `wanted` is absent while a principal is unknown.
pub fn fact(
    wanted: Option<&[RoleAssignment]>,
    seen: &Seen,
    record: &Record,
    terms: &Terms<'_>,
) -> Fact {
    let Some(wanted) = wanted else {
        return Fact::unknown(KIND, Reason::Pending, "waits for the identity in Azure");
    };
    if wanted.is_empty() {
        return Fact::yes(KIND, Reason::NothingToGrant, "no role was asked for");
    }
    let Sight::Present(found) = &seen.found else {
        return Fact::unknown(KIND, Reason::Pending, "the roles were not looked at yet");
    };
    let missing = missing(wanted, found);
    let observes = terms.management == ManagementPolicy::ObserveOnly;
    if missing.is_empty() {
        return effect(wanted, seen, observes);
    }
    if observes {
        let message = format!("not granted, and not to be: {}", list(&missing));
        return Fact::no(KIND, Reason::Observed, message);
    }
    let (left, missing): (Vec<_>, Vec<_>) = missing
        .into_iter()
        .partition(|grant| is_left(grant, record, terms.drift));
    let refused = missing
        .iter()
        .find_map(|grant| match verdict(grant, &seen.offers) {
            Verdict::Refused(why) => Some(why),
            Verdict::Unknown | Verdict::Possible => None,
        });
    if let Some(why) = refused {
        return Fact::no(KIND, why.reason, why.message);
    }
    if missing.is_empty() {
        let message = format!(
            "taken away outside: {}: grant it again, or set spec.driftPolicy to Correct",
            list(&left)
        );
        return Fact::no(KIND, Reason::Drifted, message);
    }
    let message = format!("being granted: {}", list(&missing));
    Fact::no(KIND, Reason::Granting, message)
}

/// Whether roles that are all granted have an effect.
fn effect(wanted: &[RoleAssignment], seen: &Seen, observes: bool) -> Fact {
    let waiting = powerless(wanted, seen);
    if !waiting.is_empty() {
        let reason = if observes {
            Reason::Observed
        } else {
            Reason::Spreading
        };
        let message = format!(
            "every role is granted, and Synapse does not let in yet: {}",
            waiting.join(", ")
        );
        return Fact::no(KIND, reason, message);
    }
    let dark = seen.powerless == Sight::Unknown && !holders(wanted).is_empty();
    let message = if dark {
        "granted; Synapse does not let us check the effect"
    } else {
        "every role is granted"
    };
    Fact::yes(KIND, Reason::Granted, message)
}

/// The roles that are missing, for `status.drift`.
pub fn differences(wanted: Option<&[RoleAssignment]>, seen: &Seen) -> Vec<Difference> {
    let (Some(wanted), Sight::Present(found)) = (wanted, &seen.found) else {
        return Vec::new();
    };
    missing(wanted, found)
        .into_iter()
        .map(|grant| Difference {
            field: if is_synapse(grant) {
                "grants.synapseRoles"
            } else {
                "grants.storage"
            }
            .to_owned(),
            desired: Some(sentence(grant)),
            observed: None,
        })
        .collect()
}

/// What a fact of [`fact`] that does not hold means for the object.
pub fn unmet(fact: &Fact, record: &Record, now: Timestamp) -> Standing {
    let message = fact.message.clone();
    match fact.reason {
        Reason::Spreading if is_overdue(record, now) => Standing::Stalled(
            Reason::Forbidden,
            format!("{message}: look whether somebody denies it there"),
        ),
        Reason::RoleNotFound | Reason::RoleNotAssignable | Reason::Drifted => {
            Standing::Stalled(fact.reason, message)
        }
        _ => Standing::Reconciling(fact.reason, message),
    }
}

/// What a fault means for the object: what should have spread long ago needs a person. Who may not grant may have been
/// let only just now, which takes as long to count as any role.
pub fn faulted(trouble: &Trouble, record: &Record, now: Timestamp) -> Standing {
    let is_grant = [GRANT_IN_SYNAPSE, GRANT_ON_STORAGE].contains(&trouble.fault.op);
    match Standing::of(trouble) {
        Standing::Reconciling(Reason::Spreading, message) if is_overdue(record, now) => {
            Standing::Stalled(Reason::Forbidden, message)
        }
        Standing::Stalled(Reason::Forbidden, message)
            if is_grant && record.since.is_some() && !is_overdue(record, now) =>
        {
            Standing::Reconciling(
                Reason::Spreading,
                format!("{message}; a right that was just given takes minutes to count"),
            )
        }
        standing => standing,
    }
}

fn is_overdue(record: &Record, now: Timestamp) -> bool {
    record
        .since
        .is_some_and(|since| now.duration_since(since) >= SPREADING)
}

fn list(grants: &[&RoleAssignment]) -> String {
    let all: Vec<String> = grants.iter().map(|grant| sentence(grant)).collect();
    all.join("; ")
}

fn sentence(grant: &RoleAssignment) -> String {
    format!(
        "{} at {} for {}",
        grant.role.as_str(),
        grant.scope,
        grant.principal_id
    )
}
