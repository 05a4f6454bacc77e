//! Held before, and while it runs; taken up again.

use azureml_spark_api::spark_job::CancelCause;

use super::{Change, Told, any, blocked, cancelled, check, chosen, decide, held, suspended};
use crate::machine::{Machine, Sight};
use crate::spark_job::tests::object::{
    ago, asked, between, canceled, foreign, past, run, seen, started, want_with,
};
use crate::spark_job::{End, Memo, RunState, SparkJob};

use Sight::{Absent, Present, Unknown};

#[test]
#[rustfmt::skip]
fn nothing_is_submitted_while_it_is_held() {
    let named: Change = |g| { suspended(g); chosen(g); };
    let lost: Change = |g| { suspended(g); held(g); };
    let unknown: Change = |g| { suspended(g); chosen(g); blocked(g); };
    assert!(want_with(unknown).may_have_run(&Memo::default()), "it is asked for");
    check(&[
        (suspended, Unknown, Memo::default(), Told::OnChange, "held from the beginning"),
        (suspended, Absent, asked(5), Told::In(130), "a request is on its way: what comes of it is awaited"),
        (suspended, Absent, asked(135), Told::OnChange, "nothing came of it"),
        (suspended, Unknown, asked(135), Told::In(10), "silence never becomes absence"),
        (lost, Unknown, Memo::default(), Told::In(10), "the status was lost: a run may be there"),
        (lost, Absent, Memo::default(), Told::In(1), "perhaps the second is there"),
        (suspended, Unknown, between(vec![past(1, End::Suspended)]), Told::OnChange, "between two attempts"),
        (named, Present(foreign()), Memo::default(), Told::OnChange, "the name counts once it is needed"),
        (unknown, Present(foreign()), Memo::default(), Told::In(60), "nobody can tell whether it is this one, which goes on"),
        (named, Present(run(RunState::Running)), Memo::default(), Told::In(1), "one that is adopted is put on record first"),
        (named, Present(run(RunState::Running)), asked(5), Told::Cancel, "and then cancelled"),
        (any, Absent, between(vec![past(1, End::Suspended)]), Told::Submit, "taken up again, under another name"),
    ]);
    let (_, memo) = decide(suspended, &seen(Absent), &asked(135));
    assert_eq!(memo, Memo::default());
    let (_, memo) = decide(any, &seen(Absent), &between(vec![past(1, End::Suspended)]));
    assert_eq!(memo.submission.unwrap().attempt, 2);
}

#[test]
fn a_live_run_is_cancelled_and_held() {
    let (told, memo) = decide(
        suspended,
        &seen(Present(run(RunState::Running))),
        &started(60),
    );
    assert_eq!(told, Told::Cancel);
    assert_eq!(memo.cancel.as_ref().unwrap().why, CancelCause::Suspend);
    assert!(SparkJob::holds(&memo));
    let over = || seen(Present(run(RunState::Canceled)));
    let stopping = || Memo {
        started: Some(ago(500)),
        ..canceled(60, CancelCause::Suspend)
    };
    for (change, why) in [
        (suspended as Change, "still held"),
        (any as Change, "taken back meanwhile"),
    ] {
        let (told, memo) = decide(change, &over(), &stopping());
        assert_eq!(told, Told::In(1), "{why}");
        assert_eq!(
            (&memo.submission, &memo.cancel, memo.started),
            (&None, &None, None),
            "{why}"
        );
        assert_eq!(memo.past.len(), 1, "{why}");
        assert_eq!(memo.past[0].reason, End::Suspended, "{why}");
        assert!(!SparkJob::holds(&memo), "{why}: the object may go");
    }
}

#[test]
fn what_ends_by_itself_meanwhile_has_ended() {
    let (_, memo) = decide(
        suspended,
        &seen(Present(run(RunState::Completed))),
        &canceled(60, CancelCause::Suspend),
    );
    assert_eq!(memo.ended.unwrap().reason, End::Completed);
}

#[test]
fn a_suspension_that_is_taken_back_too_late_is_carried_out() {
    let stopping = canceled(20, CancelCause::Suspend);
    let (told, memo) = decide(
        any,
        &seen(Present(run(RunState::CancelRequested))),
        &stopping,
    );
    assert_eq!(told, Told::In(280), "Azure cannot be asked to go on");
    assert_eq!(memo.cancel.unwrap().why, CancelCause::Suspend);
    let (_, memo) = decide(
        cancelled,
        &seen(Present(run(RunState::CancelRequested))),
        &stopping,
    );
    assert_eq!(
        memo.cancel.unwrap().why,
        CancelCause::Asked,
        "for ever is stronger than for now"
    );
}
