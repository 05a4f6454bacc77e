//! The next step of an attachment. Reads from the earliest unmet need to the last.

use azureml_spark_api::attachment::AttachmentIdentityType;
use azureml_spark_api::azure_id;
use azureml_spark_api::condition::whole_second;
use azureml_spark_api::role::RoleAssignment;
use jiff::{SignedDuration, Timestamp};

use super::{
    Attachment, Compute, ComputeWish, Memo, Provisioning, Seen, Step, Want, principals,
    principals_wanted,
};
use crate::doubt;
use crate::machine::{Act, Move, Sight, Wake};
use crate::role;

/// Between two looks at something that Azure is at work on. Compute operations take seconds to minutes and carry no
/// Retry-After (contract §0.3).
const WORK_LOOK: SignedDuration = SignedDuration::from_secs(5);

/// Between two requests for the same compute: what Azure does not keep (a tag that a policy rewrites) must not be asked
/// for again and again, each time through a whole operation.
const SAME_WISH: SignedDuration = SignedDuration::from_mins(1);

/// Between two looks at what only a person can mend.
const STUCK_LOOK: SignedDuration = SignedDuration::from_mins(1);

fn after(now: Timestamp, wait: SignedDuration) -> Wake {
    Wake::At(now.checked_add(wait).unwrap_or(now))
}

pub(super) fn attach(want: &Want, seen: &Seen, memo: &Memo, now: Timestamp) -> Move<Attachment> {
    let rest = |wait| Move::rest(in_doubt(want, memo, now), after(now, wait));
    if want.blocked.is_some() {
        // The workspace wakes us when it becomes ready.
        return Move::rest(in_doubt(want, memo, now), Wake::OnChange);
    }
    let compute = match &seen.compute {
        Sight::Unknown => return rest(WORK_LOOK),
        Sight::Absent => {
            return match seen.pool {
                Sight::Unknown => rest(WORK_LOOK),
                Sight::Absent => rest(STUCK_LOOK),
                Sight::Present(_) => {
                    let tags = want.compute.tags.clone();
                    Move::step(asked_for(want, memo, now), put(want, tags))
                }
            };
        }
        Sight::Present(compute) => compute,
    };
    if conflict(&want.compute, compute, memo).is_some() {
        let memo = in_doubt_of(compute, want, memo, now);
        return Move::rest(memo, after(now, STUCK_LOOK));
    }
    match compute.state {
        Provisioning::Working | Provisioning::Deleting => return rest(WORK_LOOK),
        // Asked for once more only when something else is wished.
        Provisioning::Failed(_) if memo.wish == Some(want.compute.hash()) => {
            return rest(STUCK_LOOK);
        }
        Provisioning::Failed(_) | Provisioning::Succeeded => {}
    }
    let failed = compute.state != Provisioning::Succeeded;
    if failed || !differences(&want.compute, compute).is_empty() {
        let again = memo
            .requested
            .and_then(|asked| asked.checked_add(SAME_WISH).ok());
        let same = memo.wish == Some(want.compute.hash());
        if let Some(time) = again.filter(|time| same && *time > now) {
            return Move::rest(memo.clone(), Wake::At(time));
        }
        let mut tags = compute.tags.clone();
        tags.extend(want.compute.tags.clone());
        return Move::step(asked_for(want, memo, now), put(want, tags));
    }
    // From here on it is ours, also where it was found as it should be.
    let mut memo = memo.clone();
    memo.requested.get_or_insert(whole_second(now));
    let holders = principals(&want.compute, compute);
    if holders.len() < principals_wanted(&want.compute) {
        // `identity.principalId` may appear only after the operation has ended (contract §2.2).
        return Move::rest(memo, after(now, WORK_LOOK));
    }
    let Sight::Present(found) = &seen.grants.found else {
        return Move::rest(memo, after(now, WORK_LOOK));
    };
    let wanted = want.assignments(&memo, &holders);
    settle_grants(&wanted, found, memo, want, now)
}

/// Grants what is missing, then takes back what is ours and not wanted any more, then rests.
fn settle_grants(
    wanted: &[RoleAssignment],
    found: &[RoleAssignment],
    mut memo: Memo,
    want: &Want,
    now: Timestamp,
) -> Move<Attachment> {
    if let Some(missing) = wanted
        .iter()
        .find(|grant| !found.iter().any(|f| role::same_grant(f, grant)))
    {
        let mut memo = asked(&memo, now);
        record(&mut memo, missing);
        return Move::step(memo, Step::Grant(missing.clone()));
    }
    // A lost status had held these: nobody else makes such ids.
    for grant in wanted {
        if found.iter().any(|f| f.id == grant.id) {
            record(&mut memo, grant);
        }
    }
    let unwanted = |grant: &RoleAssignment| !wanted.iter().any(|w| role::same_grant(w, grant));
    if let Some(left) = memo
        .grants
        .iter()
        .find(|g| unwanted(g) && found.iter().any(|f| f.id == g.id))
    {
        let left = left.clone();
        return Move::step(memo, Step::Revoke(left));
    }
    // What is unwanted and not to be seen may only be too young to be seen.
    if let Some(time) = doubted(&memo, now).filter(|_| memo.grants.iter().any(unwanted)) {
        return Move::rest(memo, Wake::At(time));
    }
    memo.grants.retain(|grant| !unwanted(grant));
    Move::rest(memo, after(now, want.sync_period))
}

fn record(memo: &mut Memo, grant: &RoleAssignment) {
    if !memo.grants.contains(grant) {
        memo.grants.push(grant.clone());
    }
}

pub(super) fn leave(want: &Want, seen: &Seen, memo: &Memo, now: Timestamp) -> Move<Attachment> {
    if !want.users.is_empty() || want.workspace.is_none() {
        // Jobs and the workspace wake us when they change.
        return Move::rest(memo.clone(), Wake::OnChange);
    }
    let compute = match &seen.compute {
        Sight::Unknown => return Move::rest(in_doubt(want, memo, now), after(now, WORK_LOOK)),
        Sight::Absent => None,
        Sight::Present(compute) => {
            if !owned(&want.compute, compute, memo) {
                let memo = in_doubt_of(compute, want, memo, now);
                return give_back(None, seen, memo, now);
            }
            Some(compute)
        }
    };
    let mut memo = in_doubt(want, memo, now);
    // A lost status had held these, and once the compute is gone its identity cannot be found again.
    let holders = compute.map_or_else(Vec::new, |compute| principals(&want.compute, compute));
    for grant in want.assignments(&memo, &holders) {
        record(&mut memo, &grant);
    }
    give_back(compute, seen, memo, now)
}

/// Takes back every role on record, then the compute, and ends when both are gone beyond doubt.
fn give_back(
    compute: Option<&Compute>,
    seen: &Seen,
    memo: Memo,
    now: Timestamp,
) -> Move<Attachment> {
    if !memo.grants.is_empty() {
        let Sight::Present(found) = &seen.grants.found else {
            return Move::rest(memo, after(now, WORK_LOOK));
        };
        // By id: a grant of the same role that somebody else made has another, and stays.
        let there = |grant: &&RoleAssignment| found.iter().any(|f| f.id == grant.id);
        if let Some(grant) = memo.grants.iter().find(there).cloned() {
            return Move::step(memo, Step::Revoke(grant));
        }
    }
    match (compute, doubted(&memo, now)) {
        (Some(compute), _) if compute.state == Provisioning::Deleting => {
            Move::rest(memo, after(now, WORK_LOOK))
        }
        // A role may only be too young to be seen. Should the record be lost, it is found by the compute's identity.
        (Some(_), Some(time)) if !memo.grants.is_empty() => Move::rest(memo, Wake::At(time)),
        (Some(_), _) => Move::step(memo, Step::Detach),
        // Also where another one's is seen: it may be the one that was there before ours.
        (None, Some(time)) => Move::rest(memo, Wake::At(time)),
        (None, None) => Move {
            memo,
            act: Act::Release,
        },
    }
}

/// The time from which an absence is believed, while that is in the future.
fn doubted(memo: &Memo, now: Timestamp) -> Option<Timestamp> {
    doubt::until(memo.requested?, now)
}

/// Our finalizer without a request on record: the status was lost, or the process ended between the two. Something may
/// be there, and while nobody can tell the object must not be let go.
fn in_doubt(want: &Want, memo: &Memo, now: Timestamp) -> Memo {
    if want.held && memo.requested.is_none() {
        asked(memo, now)
    } else {
        memo.clone()
    }
}

/// The same where another one's compute is seen. One that says of nobody whose it is would pass for ours from then on.
fn in_doubt_of(compute: &Compute, want: &Want, memo: &Memo, now: Timestamp) -> Memo {
    if compute.tags.contains_key(super::OWNER_TAG) {
        in_doubt(want, memo, now)
    } else {
        memo.clone()
    }
}

fn leads_to(wish: &ComputeWish, compute: &Compute) -> bool {
    wish.pool
        .as_ref()
        .is_some_and(|pool| azure_id::same(&compute.pool_id, &pool.to_string()))
}

fn put(want: &Want, tags: std::collections::BTreeMap<String, String>) -> Step {
    let wish = &want.compute;
    Step::Attach(super::Body {
        pool: wish
            .pool
            .clone()
            .unwrap_or(azureml_spark_api::azure_id::SparkPoolId {
                subscription: String::new(),
                resource_group: String::new(),
                workspace: String::new(),
                pool: String::new(),
            }),
        description: wish.description.clone(),
        tags,
        identity: wish.identity,
        user_assigned: wish.user_assigned.clone(),
    })
}

fn asked_for(want: &Want, memo: &Memo, now: Timestamp) -> Memo {
    Memo {
        pool: want.compute.pool.as_ref().map(ToString::to_string),
        wish: Some(want.compute.hash()),
        ..asked(memo, now)
    }
}

fn asked(memo: &Memo, now: Timestamp) -> Memo {
    Memo {
        requested: Some(whole_second(now)),
        ..memo.clone()
    }
}

/// Whether the compute is this object's: by its tag, or because this object asked for it.
fn owned(wish: &ComputeWish, compute: &Compute, memo: &Memo) -> bool {
    match compute.tags.get(super::OWNER_TAG) {
        Some(owner) => owner.split(' ').next() == Some(&wish.owner),
        None => memo.requested.is_some() && leads_to(wish, compute),
    }
}

/// Why a compute of that name cannot be taken: it is another's, or leads to another pool, or differs and was not made
/// here (adoption only where nothing would change).
pub(super) fn conflict(wish: &ComputeWish, compute: &Compute, memo: &Memo) -> Option<String> {
    let name = &wish.name;
    if !leads_to(wish, compute) {
        return Some(format!(
            "compute '{name}' exists and leads to {}",
            compute.pool_id
        ));
    }
    match compute.tags.get(super::OWNER_TAG) {
        Some(owner) if owner.split(' ').next() != Some(&wish.owner) => Some(format!(
            "compute '{name}' belongs to the object with uid {owner}"
        )),
        Some(_) => None,
        None if memo.requested.is_some() => None,
        None => {
            let others: Vec<_> = differences(wish, compute)
                .into_iter()
                .filter(|field| field != &owner_field())
                .collect();
            (!others.is_empty()).then(|| {
                format!(
                    "compute '{name}' exists and differs in {}",
                    others.join(", ")
                )
            })
        }
    }
}

fn owner_field() -> String {
    format!("tags.{}", super::OWNER_TAG)
}

/// The fields in which the compute is not as wished. Tags that only Azure holds do not count (Azure Policy adds some),
/// ids compare ignoring case.
pub(super) fn differences(wish: &ComputeWish, compute: &Compute) -> Vec<String> {
    let mut fields = Vec::new();
    if wish.description.is_some() && wish.description != compute.description {
        fields.push("description".to_owned());
    }
    for (key, value) in &wish.tags {
        if compute.tags.get(key) != Some(value) {
            fields.push(format!("tags.{key}"));
        }
    }
    let found = &compute.identity;
    let type_ = found.type_.to_ascii_lowercase();
    match wish.identity {
        AttachmentIdentityType::SystemAssigned => {
            if type_ != "systemassigned" {
                fields.push("identity.type".to_owned());
            }
        }
        AttachmentIdentityType::UserAssigned => {
            if type_ != "userassigned" {
                fields.push("identity.type".to_owned());
            }
            let has = |wanted: &String| {
                found
                    .user_assigned
                    .iter()
                    .any(|f| azure_id::same(&f.resource_id, wanted))
            };
            if found.user_assigned.len() != wish.user_assigned.len()
                || !wish.user_assigned.iter().all(has)
            {
                fields.push("identity.userAssignedIdentities".to_owned());
            }
        }
    }
    fields
}
