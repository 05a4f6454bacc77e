//! The next step of an attachment that stays. Reads from the earliest unmet need to the last.

use azureml_spark_api::attachment::PendingAction;
use jiff::{SignedDuration, Timestamp};

use super::drift::{are_labels, differences};
use super::owner::{conflict, is_marked};
use super::{Attachment, Compute, Memo, Pending, Provisioning, Seen, Step, Want, body};
use crate::grants::{self, Next};
use crate::machine::{Act, Move, Sight, Wake};

/// Between two looks at something that Azure is at work on. Compute operations take seconds to minutes and carry no
/// Retry-After (contract §0.3).
pub(super) const WORK_LOOK: SignedDuration = SignedDuration::from_secs(5);

/// Between two requests for the same compute: what Azure does not keep (a tag that a policy rewrites) must not be asked
/// for again and again, each time through a whole operation.
const SAME_WISH: SignedDuration = SignedDuration::from_mins(1);

/// Between two looks at what only a person can mend.
pub(super) const STUCK_LOOK: SignedDuration = SignedDuration::from_mins(1);

pub(super) fn after(now: Timestamp, wait: SignedDuration) -> Wake {
    Wake::At(now.checked_add(wait).unwrap_or(now))
}

pub(super) fn attach(want: &Want, seen: &Seen, memo: &Memo, now: Timestamp) -> Move<Attachment> {
    if want.observes() {
        return observe(want, seen, memo, now);
    }
    let rest = |wait| Move::rest(in_doubt(want, memo, now), after(now, wait));
    let pool = match &want.compute.pool {
        Some(pool) if want.blocked.is_none() => pool,
        // The workspace or the link wakes us when it becomes ready.
        Some(_) | None => return Move::rest(in_doubt(want, memo, now), Wake::OnChange),
    };
    let compute = match (&seen.compute, &seen.pool) {
        (Sight::Present(compute), _) => compute,
        (Sight::Unknown, _) | (Sight::Absent, Sight::Unknown) => return rest(WORK_LOOK),
        (Sight::Absent, Sight::Absent) => return rest(STUCK_LOOK),
        // Somebody has detached it, and a person has said that this is to be told and no more.
        (Sight::Absent, Sight::Present(_)) if want.leaves_drift(memo) => return rest(STUCK_LOOK),
        (Sight::Absent, Sight::Present(_)) => {
            if let Some(time) = unseen(want, memo).and_then(|asked| asked.pause(now)) {
                return Move::rest(in_doubt(want, memo, now), Wake::At(time));
            }
            let body = body::wished(&want.compute, pool, None, memo);
            return Move::step(asked_for(want, memo, now), Step::Attach(body));
        }
    };
    if conflict(want, compute, memo).is_some() {
        let memo = in_doubt(want, memo, now);
        return Move::rest(memo, after(now, STUCK_LOOK));
    }
    let mut memo = in_doubt(want, memo, now);
    memo.owned |= is_marked(&want.compute, compute);
    let stuck = |memo| Move::rest(memo, after(now, STUCK_LOOK));
    match compute.state {
        Provisioning::Working | Provisioning::Deleting => {
            return Move::rest(memo, after(now, WORK_LOOK));
        }
        // Whoever has deleted the pool may make it again: the compute is left as it is.
        _ if seen.pool == Sight::Absent => return stuck(memo),
        // Asked for once more only when something else is wished.
        Provisioning::Failed(_) if memo.wish == Some(want.compute.hash()) => return stuck(memo),
        Provisioning::Failed(_) | Provisioning::Succeeded => {}
    }
    let failed = compute.state != Provisioning::Succeeded;
    let differences = differences(want, compute, &memo);
    let differs = failed || !differences.is_empty();
    // What was changed outside and is left so keeps no role from being granted.
    if differs && !want.leaves_drift(&memo) {
        let Some(time) = repeats_at(want, &memo, now) else {
            let body = body::wished(&want.compute, pool, Some(compute), &memo);
            return Move::step(asked_for(want, &memo, now), Step::Attach(body));
        };
        if failed || !are_labels(&differences) {
            return Move::rest(memo, Wake::At(time));
        }
        // Nor does a tag that a policy rewrites each time.
        return no_later_than(time, settle(want, seen, compute, memo, now));
    }
    if !differs {
        memo.pending = None;
    }
    settle(want, seen, compute, memo, now)
}

/// The compute is as wished, or differs and is left so: on to its roles.
fn settle(
    want: &Want,
    seen: &Seen,
    compute: &Compute,
    mut memo: Memo,
    now: Timestamp,
) -> Move<Attachment> {
    // It is ours from here on, also where it was found as it should be.
    memo.record = memo.record.taken_over(now);
    let drifted = !differences(want, compute, &memo).is_empty();
    let Some(wanted) = want.wanted(compute, &memo) else {
        // `identity.principalId` may appear only after the operation has ended (contract §2.2). That of an identity which
        // was taken off outside does not.
        let again = if drifted {
            at_rest(want, &memo, now)
        } else {
            after(now, WORK_LOOK)
        };
        return Move::rest(memo, again);
    };
    let spared = want.spared(&wanted, &memo);
    memo.record.grants.retain(|grant| !spared.contains(grant));
    let (record, next) = grants::settle(&wanted, &seen.grants, memo.record, &want.terms(now));
    memo.record = spared.iter().fold(record, crate::grants::Record::with);
    match next {
        Next::Grant(grant) => Move::step(memo, Step::Grant(grant)),
        Next::Revoke(grant) => Move::step(memo, Step::Revoke(grant)),
        Next::Wait(time) => Move::rest(memo, Wake::At(time)),
        Next::Settled => {
            memo.wish = Some(want.compute.hash());
            memo.pool = want.compute.pool.as_ref().map(ToString::to_string);
            let named = body::named_tags(&want.compute);
            if drifted {
                let again = at_rest(want, &memo, now);
                return Move::rest(memo, again);
            }
            if memo.managed_tags != named
                && let Some(time) = memo.record.doubted(now)
            {
                // A tag that is not to be seen may only be too young to be seen.
                return Move::rest(memo, Wake::At(time));
            }
            memo.managed_tags = named;
            Move::rest(memo, after(now, want.sync_period))
        }
    }
}

/// When to look again at what differs and is left so: while a request is young, what is seen may be older than it.
fn at_rest(want: &Want, memo: &Memo, now: Timestamp) -> Wake {
    let doubted = memo.record.doubted(now).map(Wake::At);
    doubted.unwrap_or_else(|| after(now, want.sync_period))
}

/// Nothing is held, and whatever was is forgotten: should the operator be told to manage it again, it is found again by
/// its mark.
fn observe(want: &Want, seen: &Seen, memo: &Memo, now: Timestamp) -> Move<Attachment> {
    let pool = want.compute.pool.as_ref().map(ToString::to_string);
    let memo = Memo {
        pool: pool.or_else(|| memo.pool.clone()),
        ..Memo::default()
    };
    let wake = match &seen.compute {
        _ if want.blocked.is_some() => Wake::OnChange,
        Sight::Unknown => after(now, WORK_LOOK),
        Sight::Absent => after(now, want.sync_period),
        Sight::Present(compute) => match compute.state {
            Provisioning::Working | Provisioning::Deleting => after(now, WORK_LOOK),
            Provisioning::Failed(_) | Provisioning::Succeeded => after(now, want.sync_period),
        },
    };
    Move::rest(memo, wake)
}

/// The request for this very compute of which nothing was seen yet.
fn unseen(want: &Want, memo: &Memo) -> Option<Pending> {
    let same = memo.wish == Some(want.compute.hash());
    memo.pending
        .filter(|asked| same && asked.action == PendingAction::Attach)
}

/// When to look again while it is too soon to ask for the same once more.
fn repeats_at(want: &Want, memo: &Memo, now: Timestamp) -> Option<Timestamp> {
    let asked = memo.record.requested;
    let soon = asked
        .and_then(|asked| asked.checked_add(SAME_WISH).ok())
        .filter(|again| *again > now && memo.wish == Some(want.compute.hash()));
    soon.max(unseen(want, memo).and_then(|asked| asked.pause(now)))
}

fn no_later_than(time: Timestamp, moved: Move<Attachment>) -> Move<Attachment> {
    let act = match moved.act {
        Act::Rest(Wake::At(other)) => Act::Rest(Wake::At(other.min(time))),
        Act::Rest(Wake::OnChange) => Act::Rest(Wake::At(time)),
        act @ (Act::Do(_) | Act::Release) => act,
    };
    Move { act, ..moved }
}

/// Our finalizer without a request on record: the status was lost, or the process ended between the two. Something may
/// be there, and while nobody can tell the object must not be let go. So too where somebody else's compute is seen: it
/// may be the one that was there before ours, or ours before it was taken over.
pub(super) fn in_doubt(want: &Want, memo: &Memo, now: Timestamp) -> Memo {
    let mut memo = memo.clone();
    if want.held {
        memo.record = memo.record.in_doubt(now);
    }
    memo
}

fn asked_for(want: &Want, memo: &Memo, now: Timestamp) -> Memo {
    Memo {
        pool: want.compute.pool.as_ref().map(ToString::to_string),
        wish: Some(want.compute.hash()),
        managed_tags: body::managed_tags(&want.compute, memo),
        pending: Some(Pending::asked(
            unseen(want, memo),
            PendingAction::Attach,
            now,
        )),
        record: memo.record.clone().asked(now),
        owned: memo.owned,
    }
}
