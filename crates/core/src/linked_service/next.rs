//! The next step of a link. Reads from the earliest unmet need to the last.

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

fn rest(memo: Memo, wait: SignedDuration, now: Timestamp) -> Move<LinkedService> {
    Move::rest(memo, after(now, wait))
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
    let resting = |wait| rest(in_doubt(want, memo, now), wait, now);
    if want.blocked.is_some() {
        // The workspace wakes us when it becomes ready.
        return Move::rest(in_doubt(want, memo, now), Wake::OnChange);
    }
    if seen.not_served.is_some() {
        return resting(FROZEN_LOOK);
    }
    let link = match &seen.link {
        Sight::Unknown => return resting(LOOK),
        Sight::Absent if is_left_unlinked(want, &memo.record) => return resting(want.sync_period),
        Sight::Absent => {
            let asked = Memo {
                record: memo.record.clone().asked(now),
                owned: true,
            };
            return Move::step(asked, Step::Link);
        }
        Sight::Present(link) => link,
    };
    if conflict(want, link, memo).is_some() {
        return rest(in_doubt_of(link, want, memo, now), STUCK_LOOK, now);
    }
    // From here on it is ours, also where it was found as it should be.
    let ours = |record| Memo {
        record,
        owned: true,
    };
    let record = memo.record.clone().taken_over(now);
    let Some(principal) = &link.principal_id else {
        return rest(ours(record), LOOK, now);
    };
    let wanted = want.wanted(Some(principal));
    match grants::settle(&wanted, &seen.grants, record, &want.terms(now)) {
        (record, Next::Grant(grant)) => Move::step(ours(record), Step::Grant(grant)),
        (record, Next::Revoke(grant)) => Move::step(ours(record), Step::Revoke(grant)),
        (record, Next::Wait(time)) => Move::rest(ours(record), Wake::At(time)),
        (record, Next::Settled) => rest(ours(record), want.sync_period, now),
    }
}

/// Takes back every role on record, then the link, and ends when both are gone beyond doubt.
pub(super) fn leave(want: &Want, seen: &Seen, memo: &Memo, now: Timestamp) -> Move<LinkedService> {
    if !want.users.is_empty() {
        // The attachments wake us when they go.
        return Move::rest(memo.clone(), Wake::OnChange);
    }
    if want.leaves_all() {
        return release(memo.clone());
    }
    if want.workspace.is_none() {
        // The workspace wakes us when it changes.
        return Move::rest(memo.clone(), Wake::OnChange);
    }
    let (link, mut memo) = match &seen.link {
        // What is not served is not there.
        _ if seen.not_served.is_some() => (None, in_doubt(want, memo, now)),
        Sight::Unknown => return rest(in_doubt(want, memo, now), LOOK, now),
        Sight::Absent => (None, in_doubt(want, memo, now)),
        Sight::Present(link) if is_ours(want, link, memo) => {
            (Some(link), in_doubt(want, memo, now))
        }
        Sight::Present(link) => (None, in_doubt_of(link, want, memo, now)),
    };
    // A lost status had held these, and once the link is gone its identity cannot be found again.
    for grant in link.map_or_else(Vec::new, |link| want.wanted(link.principal_id.as_deref())) {
        memo.record = memo.record.with(&grant);
    }
    match grants::give_back(&seen.grants, &memo.record, &want.terms(now)) {
        Next::Revoke(grant) => return Move::step(memo, Step::Revoke(grant)),
        Next::Wait(time) => return Move::rest(memo, Wake::At(time)),
        Next::Grant(_) | Next::Settled => {}
    }
    match (link, memo.record.doubted(now)) {
        // They see to it from now on.
        _ if want.is_kept() => release(memo),
        (Some(_), _) => Move::step(memo, Step::Unlink),
        // Also where another one's is seen: it may be the one that was there before ours.
        (None, Some(time)) => Move::rest(memo, Wake::At(time)),
        (None, None) => release(memo),
    }
}

fn release(memo: Memo) -> Move<LinkedService> {
    Move {
        memo,
        act: Act::Release,
    }
}

/// Whether somebody removed the link outside, and it is to be left so.
pub(super) fn is_left_unlinked(want: &Want, record: &Record) -> bool {
    want.policies.drift == DriftPolicy::Report && record.was_settled()
}

/// With a request on record, if our finalizer is there without one.
fn in_doubt(want: &Want, memo: &Memo, now: Timestamp) -> Memo {
    let mut memo = memo.clone();
    if want.held {
        memo.record = memo.record.in_doubt(now);
    }
    memo
}

/// The same where a link is seen that cannot be taken. A request of ours would only have met one that leads where ours
/// would.
fn in_doubt_of(link: &Link, want: &Want, memo: &Memo, now: Timestamp) -> Memo {
    if want.leads_there(link) {
        memo.clone()
    } else {
        in_doubt(want, memo, now)
    }
}

/// Whether the link is this object's to take back: it asked for it, or the record of that may have been lost and it would
/// take it over anyway.
fn is_ours(want: &Want, link: &Link, memo: &Memo) -> bool {
    let lost = want.held && want.policies.adoption != AdoptionPolicy::Never;
    want.leads_there(link) && (memo.owned || lost)
}

/// Why a link of that name cannot be taken, and what mends it.
pub(super) fn conflict(want: &Want, link: &Link, memo: &Memo) -> Option<String> {
    let name = &want.link.name;
    if !want.leads_there(link) {
        return Some(format!(
            "link '{name}' exists and leads to {}, not to {}: choose another spec.azureName, or remove it",
            link.synapse_workspace_id, want.link.synapse
        ));
    }
    let never = want.policies.adoption == AdoptionPolicy::Never && !want.observes();
    (never && !memo.owned).then(|| {
        format!(
            "link '{name}' exists, this object did not make it, and spec.adoptionPolicy is Never: choose another spec.azureName, or set spec.adoptionPolicy to IfIdentical"
        )
    })
}
