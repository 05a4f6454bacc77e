//! The next step of an attachment that is on its way out.

use azureml_spark_api::attachment::{DeletionPolicy, PendingAction};
use azureml_spark_api::azure_id::SparkPoolId;
use jiff::Timestamp;

use super::next::{WORK_LOOK, after, in_doubt};
use super::owner::{conflict, is_marked, is_ours, mark};
use super::{
    Attachment, Compute, Memo, Pending, Provisioning, Seen, Step, Want, body, present_principals,
};
use crate::grants::{self, Next};
use crate::machine::{Act, Move, Sight, Wake};

/// Stands in the memo for the hash of the compute, once Azure was asked for the compute without our mark.
pub(super) const DISOWNED: &str = "disowned";

pub(super) fn leave(want: &Want, seen: &Seen, memo: &Memo, now: Timestamp) -> Move<Attachment> {
    if want.observes() {
        return release(memo.clone());
    }
    if !want.users.is_empty() || want.workspace.is_none() {
        // Jobs and the workspace wake us when they change.
        return Move::rest(memo.clone(), Wake::OnChange);
    }
    match want.policies.deletion {
        DeletionPolicy::Detach => detach(want, seen, memo, now),
        DeletionPolicy::Retain => retain(want, seen, memo, now),
    }
}

/// Takes back every role, then the compute, and ends when both are gone beyond doubt.
fn detach(want: &Want, seen: &Seen, memo: &Memo, now: Timestamp) -> Move<Attachment> {
    let mut memo = in_doubt(want, memo, now);
    let found = match &seen.compute {
        Sight::Unknown => return Move::rest(memo, after(now, WORK_LOOK)),
        Sight::Absent => None,
        Sight::Present(compute) => Some(compute),
    };
    let compute = found.filter(|found| is_ours(want, found, &memo));
    if let Some(compute) = compute
        && want.pool(&memo).is_none()
    {
        memo.pool = Some(compute.pool_id.clone());
    }
    // A lost status had held these, and once the compute is gone its identity cannot be found again. So too of one that
    // was about to be taken over: that had its roles, perhaps, and never our mark.
    let holds = compute.or(found.filter(|found| may_have_been_taken(want, found, &memo)));
    let holders = holds.map_or_else(Vec::new, |compute| {
        present_principals(&want.compute, compute)
    });
    for grant in want.assignments(&memo, &holders) {
        memo.record = memo.record.with(&grant);
    }
    match grants::give_back(&seen.grants, &memo.record, &want.terms(now)) {
        Next::Revoke(grant) => return Move::step(memo, Step::Revoke(grant)),
        Next::Wait(time) => return Move::rest(memo, Wake::At(time)),
        Next::Grant(_) | Next::Settled => {}
    }
    match (compute, memo.record.doubted(now)) {
        (Some(compute), _) if compute.state == Provisioning::Deleting => {
            Move::rest(memo, after(now, WORK_LOOK))
        }
        (Some(_), _) => {
            let asked = memo
                .pending
                .filter(|asked| asked.action == PendingAction::Detach);
            if let Some(time) = asked.and_then(|asked| asked.pause(now)) {
                return Move::rest(memo, Wake::At(time));
            }
            memo.pending = Some(Pending::asked(asked, PendingAction::Detach, now));
            Move::step(memo, Step::Detach)
        }
        // Also where another one's is seen: it may be the one that was there before ours.
        (None, Some(time)) => Move::rest(memo, Wake::At(time)),
        (None, None) => release(memo),
    }
}

/// Whether a compute that nobody has marked is one that this object would take over, where our finalizer is all that tells
/// of what it had begun: the status was lost. What is taken back then is what has our ids.
fn may_have_been_taken(want: &Want, compute: &Compute, memo: &Memo) -> bool {
    let forgotten = memo.wish.is_none() && memo.pool.is_none() && !memo.owned;
    forgotten && mark(compute).is_none() && conflict(want, compute, memo).is_none()
}

/// Takes our mark off, so that another object may take the compute over, and leaves all else as it is.
fn retain(want: &Want, seen: &Seen, memo: &Memo, now: Timestamp) -> Move<Attachment> {
    let memo = in_doubt(want, memo, now);
    // While a request is young, what is seen may be older than it.
    let doubted = memo.record.doubted(now);
    match (&seen.compute, doubted) {
        (Sight::Unknown, _) => Move::rest(memo, after(now, WORK_LOOK)),
        (Sight::Present(compute), _) if compute.state == Provisioning::Deleting => {
            Move::rest(memo, after(now, WORK_LOOK))
        }
        (Sight::Present(compute), doubted)
            if is_marked(&want.compute, compute) && is_ours(want, compute, &memo) =>
        {
            match (doubted, pool_of(want, compute, &memo)) {
                (Some(time), _) => Move::rest(memo, Wake::At(time)),
                _ if compute.state == Provisioning::Working => {
                    Move::rest(memo, after(now, WORK_LOOK))
                }
                (None, Some(pool)) => {
                    let body = body::disowned(&want.compute, &pool, compute);
                    let memo = Memo {
                        wish: Some(DISOWNED.to_owned()),
                        record: memo.record.asked(now),
                        ..memo
                    };
                    Move::step(memo, Step::Disown(body))
                }
                // It leads to nothing that could be asked for.
                (None, None) => release(memo),
            }
        }
        // It had our mark when it was asked for without, and that was not too young to be seen: it has none any more.
        (Sight::Present(_), _) if memo.wish.as_deref() == Some(DISOWNED) => release(memo),
        (Sight::Present(_) | Sight::Absent, Some(time)) => Move::rest(memo, Wake::At(time)),
        (Sight::Present(_) | Sight::Absent, None) => release(memo),
    }
}

/// Where the compute leads: where it leads is not changed.
fn pool_of(want: &Want, compute: &Compute, memo: &Memo) -> Option<SparkPoolId> {
    SparkPoolId::parse(&compute.pool_id).or_else(|| want.pool(memo))
}

fn release(memo: Memo) -> Move<Attachment> {
    Move {
        memo,
        act: Act::Release,
    }
}
