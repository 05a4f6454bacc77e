//! After a return to an older status: what came after it is found again.

use super::{Change, Told, decide, going, held};
use crate::machine::{Machine, Sight};
use crate::spark_job::tests::object::{ago, between, followed, past, run, seen, want_with};
use crate::spark_job::{End, Memo, RunState, SparkJob};

use Sight::{Absent, Present};

/// The same, but so many seconds ago.
fn older(mut memo: Memo, seconds: i64) -> Memo {
    memo.submission.as_mut().unwrap().requested = ago(seconds);
    memo
}

#[test]
fn the_next_attempt_is_looked_for_whatever_the_spec_says_by_now() {
    let over = seen(Present(run(RunState::Canceled)));
    let live = seen(Present(run(RunState::Running)));
    let held_back: Change = |g| {
        held(g);
        super::suspended(g);
    };
    let cancelled: Change = |g| {
        held(g);
        super::cancelled(g);
    };
    for (change, end) in [
        (held_back, None),
        (cancelled, Some(End::Canceled)),
        (going as Change, None),
    ] {
        let (_, memo) = decide(change, &over, &followed(900));
        assert_eq!(memo.attempt(), 2, "another may be there");
        let (told, _) = decide(change, &live, &memo);
        assert_eq!(told, Told::Cancel, "there it is");
        let (_, back) = decide(change, &seen(Absent), &older(memo, 135));
        let (_, memo) = decide(change, &over, &back);
        assert_eq!(memo.ended.map(|ended| ended.reason), end, "there was none");
    }
    let between = between(vec![past(1, End::Suspended)]);
    for change in [held_back, cancelled] {
        assert!(want_with(change).may_have_run(&between), "it is looked for");
        let (_, memo) = decide(change, &live, &between);
        assert_eq!(memo.attempt(), 2, "and put on record");
        assert!(SparkJob::holds(&memo));
    }
    assert!(
        !want_with(super::suspended).may_have_run(&between),
        "nothing holds it"
    );
}
