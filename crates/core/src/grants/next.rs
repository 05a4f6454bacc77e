//! What to do next about the roles of one object.

use azureml_spark_api::condition::whole_second;
use azureml_spark_api::role::RoleAssignment;
use jiff::{SignedDuration, Timestamp};

use super::offer::{Verdict, verdict};
use super::{Record, Seen, Terms, is_left, missing, powerless};
use crate::machine::Sight;
use crate::role;

/// Between two looks where the last one could not tell.
const LOOK: SignedDuration = SignedDuration::from_secs(5);

/// Between two looks at a grant that has no effect yet: it takes 2 to 5 minutes (contract §7).
const SPREAD_LOOK: SignedDuration = SignedDuration::from_secs(15);

/// Between two looks at what only a person can mend.
const STUCK_LOOK: SignedDuration = SignedDuration::from_mins(1);

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Make this assignment.
    Grant(RoleAssignment),
    /// Take this one back.
    Revoke(RoleAssignment),
    /// Look again at that time.
    Wait(Timestamp),
    /// Nothing: all is as it should be, or is to be left as it is.
    Settled,
}

/// Grants what is missing, then takes back what is ours and not wanted any more. What to have on record before that
/// comes with it.
pub fn settle(
    wanted: &[RoleAssignment],
    seen: &Seen,
    mut record: Record,
    terms: &Terms<'_>,
) -> (Record, Next) {
    let now = terms.now;
    let Sight::Present(found) = &seen.found else {
        return (record, wait(now, LOOK));
    };
    // A lost status had held these, or another object made them, which must not take them back while we are here.
    for grant in wanted {
        if is_there(grant, found) {
            record = record.with(grant);
        }
    }
    let mut later: Option<SignedDuration> = None;
    for grant in missing(wanted, found) {
        if is_left(grant, &record, terms.drift) {
            continue;
        }
        match verdict(grant, &seen.offers) {
            Verdict::Possible => {
                return (record.asked(now).with(grant), Next::Grant(grant.clone()));
            }
            Verdict::Unknown => later = Some(LOOK),
            Verdict::Refused(_) => later = Some(later.unwrap_or(STUCK_LOOK)),
        }
    }
    let unwanted = |grant: &RoleAssignment| !wanted.iter().any(|w| role::same_grant(w, grant));
    let ours = |grant: &RoleAssignment| !terms.shared.contains(&grant.id);
    if let Some(left) = record
        .grants
        .iter()
        .find(|grant| unwanted(grant) && ours(grant) && is_there(grant, found))
        .cloned()
    {
        return (record, Next::Revoke(left));
    }
    // Whoever shares it takes it back in the end.
    record.grants.retain(|g| !unwanted(g) || ours(g));
    // What is unwanted and not to be seen may only be too young to be seen.
    if let Some(time) = record
        .doubted(now)
        .filter(|_| record.grants.iter().any(unwanted))
    {
        return (record, Next::Wait(time));
    }
    record.grants.retain(|grant| !unwanted(grant));
    if let Some(later) = later {
        return (record, wait(now, later));
    }
    // What was taken away, and is left so, has no effect either.
    if missing(wanted, found).is_empty() && !powerless(wanted, seen).is_empty() {
        let since = *record.since.get_or_insert(whole_second(now));
        let young = now.duration_since(since) < super::report::SPREADING;
        let later = if young { SPREAD_LOOK } else { STUCK_LOOK };
        return (record, wait(now, later));
    }
    record.since = None;
    (record, Next::Settled)
}

/// Takes back every role on record that no other object needs, and waits until none can appear any more. By id: a grant
/// of the same role that somebody else made has another, and stays.
pub fn give_back(seen: &Seen, record: &Record, terms: &Terms<'_>) -> Next {
    let mut ours = record
        .grants
        .iter()
        .filter(|grant| !terms.shared.contains(&grant.id))
        .peekable();
    if ours.peek().is_none() {
        return Next::Settled;
    }
    let Sight::Present(found) = &seen.found else {
        return wait(terms.now, LOOK);
    };
    match ours.find(|grant| is_there(grant, found)) {
        Some(grant) => Next::Revoke(grant.clone()),
        // One may only be too young to be seen.
        None => record.doubted(terms.now).map_or(Next::Settled, Next::Wait),
    }
}

fn is_there(grant: &RoleAssignment, found: &[RoleAssignment]) -> bool {
    found.iter().any(|f| f.id == grant.id)
}

fn wait(now: Timestamp, wait: SignedDuration) -> Next {
    Next::Wait(now.checked_add(wait).unwrap_or(now))
}
