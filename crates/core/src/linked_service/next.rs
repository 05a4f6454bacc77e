//! The next step of a link. Reads from the earliest unmet need to the last.

use azureml_spark_api::linked_service::LinkDeletionPolicy;
use azureml_spark_api::policy::{AdoptionPolicy, DriftPolicy};
use jiff::{SignedDuration, Timestamp};

use super::{Link, LinkedService, Memo, Seen, Step, Want};
use crate::grants::{self, Next, Record};
use crate::machine::{Act, Move, Sight, Wake};

/// Between two looks where the last one could not tell.
const LOOK: SignedDuration = SignedDuration::from_secs(5);

/// Between two looks at what only a person can mend.
const STUCK_LOOK: SignedDuration = SignedDuration::from_mins(1);

/// Between two looks where Azure does not serve links: nobody expects it to begin again.
const FROZEN_LOOK: SignedDuration = SignedDuration::from_mins(30);

fn after(now: Timestamp, wait: SignedDuration) -> Wake {
    Wake::At(now.checked_add(wait).unwrap_or(now))
}

fn rest(record: Record, wake: Wake) -> Move<LinkedService> {
    Move::rest(Memo { record }, wake)
}

fn step(record: Record, step: Step) -> Move<LinkedService> {
    Move::step(Memo { record }, step)
}

/// Only looks. What is on record stays there: it may be managed again.
pub(super) fn watch(want: &Want, seen: &Seen, memo: &Memo, now: Timestamp) -> Move<LinkedService> {
    let wake = if want.blocked.is_some() {
        Wake::OnChange
    } else if seen.not_served.is_some() {
        after(now, FROZEN_LOOK)
    } else if seen.link == Sight::Unknown {
        after(now, LOOK)
    } else {
        after(now, want.sync_period)
    };
    Move::rest(memo.clone(), wake)
}

pub(super) fn link(want: &Want, seen: &Seen, memo: &Memo, now: Timestamp) -> Move<LinkedService> {
    let record = memo.record.clone();
    let resting = |wait| rest(in_doubt(want, memo, now), after(now, wait));
    if want.blocked.is_some() {
        // The workspace wakes us when it becomes ready.
        return rest(in_doubt(want, memo, now), Wake::OnChange);
    }
    if seen.not_served.is_some() {
        return resting(FROZEN_LOOK);
    }
    let link = match &seen.link {
        Sight::Unknown => return resting(LOOK),
        Sight::Absent if is_left_unlinked(want, &record) => return resting(want.sync_period),
        Sight::Absent => return step(record.asked(now), Step::Link),
        Sight::Present(link) => link,
    };
    if conflict(want, link, &record).is_some() {
        return rest(in_doubt_of(link, want, memo, now), after(now, STUCK_LOOK));
    }
    // From here on it is ours, also where it was found as it should be.
    let record = record.taken_over(now);
    let Some(principal) = &link.principal_id else {
        return rest(record, after(now, LOOK));
    };
    let wanted = want.wanted(Some(principal));
    match grants::settle(&wanted, &seen.grants, record, &want.terms(now)) {
        (record, Next::Grant(grant)) => step(record, Step::Grant(grant)),
        (record, Next::Revoke(grant)) => step(record, Step::Revoke(grant)),
        (record, Next::Wait(time)) => rest(record, Wake::At(time)),
        (record, Next::Settled) => rest(record, after(now, want.sync_period)),
    }
}

/// Takes back every role on record, then the link, and ends when both are gone beyond doubt.
pub(super) fn leave(want: &Want, seen: &Seen, memo: &Memo, now: Timestamp) -> Move<LinkedService> {
    if !want.users.is_empty() {
        // The attachments wake us when they go.
        return Move::rest(memo.clone(), Wake::OnChange);
    }
    if is_left_behind(want) {
        return release(memo.record.clone());
    }
    if want.workspace.is_none() {
        // The workspace wakes us when it changes.
        return Move::rest(memo.clone(), Wake::OnChange);
    }
    let (link, mut record) = match &seen.link {
        // What is not served is not there.
        _ if seen.not_served.is_some() => (None, in_doubt(want, memo, now)),
        Sight::Unknown => return rest(in_doubt(want, memo, now), after(now, LOOK)),
        Sight::Absent => (None, in_doubt(want, memo, now)),
        Sight::Present(link) if owned(want, link, &memo.record) => {
            (Some(link), in_doubt(want, memo, now))
        }
        Sight::Present(link) => (None, in_doubt_of(link, want, memo, now)),
    };
    // A lost status had held these, and once the link is gone its identity cannot be found again.
    for grant in link.map_or_else(Vec::new, |link| want.wanted(link.principal_id.as_deref())) {
        record = record.with(&grant);
    }
    match grants::give_back(&seen.grants, &record, &want.terms(now)) {
        Next::Revoke(grant) => return step(record, Step::Revoke(grant)),
        Next::Wait(time) => return rest(record, Wake::At(time)),
        Next::Grant(_) | Next::Settled => {}
    }
    match (link, record.doubted(now)) {
        (Some(_), _) => step(record, Step::Unlink),
        // Also where another one's is seen: it may be the one that was there before ours.
        (None, Some(time)) => rest(record, Wake::At(time)),
        (None, None) => release(record),
    }
}

fn release(record: Record) -> Move<LinkedService> {
    Move {
        memo: Memo { record },
        act: Act::Release,
    }
}

/// Whether the object goes and its link stays as it is.
pub(super) fn is_left_behind(want: &Want) -> bool {
    want.observes() || want.policies.deletion == LinkDeletionPolicy::Retain
}

/// Whether somebody removed the link outside, and it is to be left so.
pub(super) fn is_left_unlinked(want: &Want, record: &Record) -> bool {
    want.policies.drift == DriftPolicy::Report && record.was_settled()
}

/// With a request on record, if our finalizer is there without one.
fn in_doubt(want: &Want, memo: &Memo, now: Timestamp) -> Record {
    let record = memo.record.clone();
    if want.held {
        record.in_doubt(now)
    } else {
        record
    }
}

/// The same where a link is seen that cannot be taken. One that leads where ours would must not pass for ours from then
/// on.
fn in_doubt_of(link: &Link, want: &Want, memo: &Memo, now: Timestamp) -> Record {
    if want.leads_there(link) {
        memo.record.clone()
    } else {
        in_doubt(want, memo, now)
    }
}

/// Whether the link is this object's: it asked for it, or the record of that was lost and it would take it over anyway.
fn owned(want: &Want, link: &Link, record: &Record) -> bool {
    let lost = want.held && want.policies.adoption != AdoptionPolicy::Never;
    want.leads_there(link) && (record.requested.is_some() || lost)
}

/// Why a link of that name cannot be taken, and what mends it.
pub(super) fn conflict(want: &Want, link: &Link, record: &Record) -> Option<String> {
    let name = &want.link.name;
    if !want.leads_there(link) {
        return Some(format!(
            "link '{name}' exists and leads to {}, not to {}: choose another spec.azureName, or remove it",
            link.synapse_workspace_id, want.link.synapse
        ));
    }
    let never = want.policies.adoption == AdoptionPolicy::Never && !want.observes();
    (never && record.requested.is_none()).then(|| {
        format!(
            "link '{name}' exists, this object did not make it, and spec.adoptionPolicy is Never: choose another spec.azureName, or set spec.adoptionPolicy to IfIdentical"
        )
    })
}
