//! The user-assigned identities that a workspace is to have: attached where they are missing, never taken away.

use jiff::{SignedDuration, Timestamp};

use super::{Facts, Seen, Step, Want};
use crate::doubt;
use crate::machine::Sight;

/// The first look after a request; the others follow at ever longer intervals. A workspace is changed within seconds,
/// or by an operation that tells no time (contract §0.3).
const FIRST_LOOK: SignedDuration = SignedDuration::from_secs(5);

/// The ids of `wished` that the workspace does not have, each once. Azure answers in its own casing (contract §0.1).
pub(super) fn lacking<'w>(wished: &'w [String], facts: &Facts) -> Vec<&'w str> {
    let has = |id: &str| existing(facts).any(|there| same(there, id));
    let mut lacking = Vec::<&str>::new();
    for id in wished {
        if !has(id) && !lacking.iter().any(|known| same(known, id)) {
            lacking.push(id);
        }
    }
    lacking
}

/// The ids of `wished` that the workspace does not have, and that may exist.
pub(super) fn attachable<'w>(want: &'w Want, seen: &Seen) -> Vec<&'w str> {
    let Some(facts) = seen.workspace.present() else {
        return Vec::new();
    };
    let mut ids = lacking(&want.identities, facts);
    ids.retain(|id| seen.identities.get(*id) != Some(&Sight::Absent));
    ids
}

/// The ids that are wished and do not exist.
pub(super) fn nonexistent(seen: &Seen) -> impl Iterator<Item = &str> {
    let absent = seen.identities.iter();
    absent.filter_map(|(id, sight)| (*sight == Sight::Absent).then_some(id.as_str()))
}

/// The request that gives the workspace what it lacks beside all that it has, since it is not known what Azure does
/// with identities that a request leaves out.
pub(super) fn step(want: &Want, seen: &Seen) -> Option<Step> {
    let facts = seen.workspace.present()?;
    let missing = attachable(want, seen);
    if missing.is_empty() {
        return None;
    }
    let identity = facts.identity.as_ref();
    Some(Step::AttachIdentities {
        location: facts.location.clone(),
        system_assigned: identity.is_some_and(|identity| {
            let kind = identity.type_.to_ascii_lowercase();
            kind.contains("systemassigned") || identity.principal_id.is_some()
        }),
        ids: existing(facts).chain(missing).map(str::to_owned).collect(),
    })
}

/// When to look again at a request that is in hand; `None`: it has had its time, or there is none.
pub(super) fn in_hand(requested: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
    let asked = requested?;
    let end = doubt::until(asked, now)?;
    let wait = now.duration_since(asked).max(FIRST_LOOK);
    Some(now.checked_add(wait).map_or(end, |time| time.min(end)))
}

fn existing(facts: &Facts) -> impl Iterator<Item = &str> {
    let identity = facts.identity.iter();
    identity.flat_map(|identity| identity.user_assigned.iter().map(|one| &*one.resource_id))
}

fn same(one: &str, other: &str) -> bool {
    one.trim_end_matches('/')
        .eq_ignore_ascii_case(other.trim_end_matches('/'))
}

#[cfg(test)]
mod tests;
