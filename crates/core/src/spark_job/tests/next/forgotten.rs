//! After the loss of the status: what was there is found again, attempt by attempt.

use super::{Change, Told, blocked, decide, going, held};
use crate::machine::{Machine, Sight};
use crate::place::Reference;
use crate::spark_job::tests::object::{ago, asked, followed, meant, now, past, run, seen};
use crate::spark_job::{End, LabelState, Memo, Run, RunState, SparkJob, Submission};

use Sight::{Absent, Present, Unknown};

fn lost() -> Memo {
    Memo {
        submission: Some(Submission::forgotten(1, now())),
        ..Memo::default()
    }
}

/// The same, but so many seconds ago.
fn older(mut memo: Memo, seconds: i64) -> Memo {
    memo.submission.as_mut().unwrap().requested = ago(seconds);
    memo
}

#[test]
#[rustfmt::skip]
fn a_lost_status_is_found_again() {
    let none = Memo::default();
    let (told, memo) = decide(held, &seen(Present(run(RunState::Running))), &none);
    let submission = memo.submission.unwrap();
    assert_eq!(told, Told::In(1), "on record before anything is done");
    assert!(
        submission.seen_by_azure && submission.is_known() && submission.found,
        "brought back from the run's own properties"
    );
    let (_, memo) = decide(held, &seen(Present(run(RunState::Completed))), &none);
    assert_eq!(memo.ended.unwrap().state, RunState::Completed, "nothing comes after that");
    let rows: [(Change, Sight<Run>, &str); 2] = [
        (held, Unknown, "a run may be there: the finalizer stays"),
        (|g| { held(g); g.workspace = Reference::NotReady("x".into()); }, Unknown, "nothing can be asked: the finalizer stays"),
    ];
    for (change, sight, why) in rows {
        let (told, memo) = decide(change, &seen(sight), &none);
        assert_eq!((told, &memo), (Told::In(10), &lost()), "{why}");
        assert!(SparkJob::holds(&memo), "{why}");
    }
}

#[test]
fn the_first_may_be_gone_and_the_second_be_there() {
    let (told, second) = decide(held, &seen(Absent), &Memo::default());
    assert_eq!((told, second.attempt()), (Told::In(1), 2));
    assert!(SparkJob::holds(&second));
    let (_, memo) = decide(held, &seen(Present(run(RunState::Running))), &second);
    assert_eq!((memo.attempt(), memo.past.len()), (2, 0), "there it is");
    assert!(memo.submission.unwrap().seen_by_azure);
    let (_, same) = decide(held, &seen(Unknown), &second);
    assert_eq!(same, second, "silence never becomes absence");
    let (told, back) = decide(held, &seen(Absent), &second);
    assert_eq!((told, back.attempt()), (Told::In(1), 1), "there is none");
    let (told, _) = decide(held, &seen(Absent), &back);
    assert_eq!(told, Told::Submit, "so the first is made");
    let stuck: Change = |g| {
        held(g);
        blocked(g);
    };
    let (told, same) = decide(stuck, &seen(Absent), &back);
    assert_eq!(
        (told, &same),
        (Told::In(10), &back),
        "the answer may be old"
    );

    // The same for an object that goes, but for what may have been asked for a moment ago.
    let (told, first) = decide(going, &seen(Absent), &Memo::default());
    assert_eq!((told, first.attempt()), (Told::In(135), 1));
    let (told, second) = decide(going, &seen(Absent), &older(first, 135));
    assert_eq!((told, second.attempt()), (Told::In(1), 2));
    let (told, _) = decide(going, &seen(Present(run(RunState::Running))), &second);
    assert_eq!(told, Told::Cancel, "there is another");
    let (told, _) = decide(going, &seen(Absent), &second);
    assert_eq!(told, Told::Release);
}

#[test]
fn a_submission_that_met_an_older_run_is_not_what_runs() {
    let met = |hash: &str| Run {
        definition_hash: Some(hash.to_owned()),
        ..run(RunState::Running)
    };
    let (_, memo) = decide(held, &seen(Present(met("older"))), &asked(5));
    assert_eq!(memo.submission.unwrap().definition_hash, "older");
    let labels = memo.labels.unwrap().state;
    assert_eq!((memo.pinned, labels), (None, LabelState::Sending));
    assert_eq!(memo.first.as_deref(), Some("older"), "all attempts are it");
    let meant = meant();
    let (_, memo) = decide(held, &seen(Present(met(&meant.definition_hash))), &asked(5));
    assert_eq!(memo.pinned, Some(meant), "it is ours");
}

#[test]
fn the_first_attempt_that_says_what_it_runs_with_is_what_later_ones_are_compared_with() {
    let second = |first: Option<&str>| Memo {
        first: first.map(str::to_owned),
        past: vec![past(1, End::Suspended)],
        submission: Some(Submission::forgotten(2, now())),
        ..Memo::default()
    };
    let running = seen(Present(run(RunState::Running)));
    let (_, memo) = decide(held, &running, &second(None));
    assert_eq!(
        memo.first,
        Some(meant().definition_hash),
        "the one before does not say"
    );
    let (_, memo) = decide(held, &running, &second(Some("of the first")));
    assert_eq!(memo.first.as_deref(), Some("of the first"));
}

#[test]
fn an_older_status_knows_nothing_of_the_cancel_and_of_what_came_after() {
    let over = seen(Present(run(RunState::Canceled)));
    let (_, memo) = decide(held, &over, &followed(900));
    let (told, next) = decide(held, &seen(Present(run(RunState::Running))), &memo);
    assert_ne!(told, Told::Submit);
    assert_eq!((next.attempt(), next.past.len()), (2, 1), "there it is");
    let (_, back) = decide(held, &seen(Absent), &older(memo, 135));
    let (told, memo) = decide(held, &over, &back);
    assert_eq!(told, Told::OnChange);
    assert_eq!(memo.ended.unwrap().reason, End::CanceledOutside);
}

#[test]
fn what_it_was_cancelled_for_outlives_the_search() {
    use azureml_spark_api::spark_job::CancelCause;
    for (why, end) in [
        (CancelCause::Asked, End::Canceled),
        (CancelCause::Deadline, End::DeadlineExceeded),
        (CancelCause::StartDeadline, End::StartDeadlineExceeded),
        (CancelCause::NotResponding, End::NotResponding),
    ] {
        let mut memo = crate::spark_job::tests::object::canceled(5, why);
        memo.submission.as_mut().unwrap().found = true;
        let over = seen(Present(run(RunState::Canceled)));
        let (_, memo) = decide(held, &over, &memo);
        assert_eq!(memo.attempt(), 2, "{why:?}");
        let (_, back) = decide(held, &seen(Absent), &older(memo, 135));
        let (_, memo) = decide(held, &over, &back);
        assert_eq!(memo.ended.unwrap().reason, end, "{why:?}");
    }
}

#[test]
fn an_end_that_is_found_may_not_have_been_the_last() {
    let canceled = || seen(Present(run(RunState::Canceled)));
    let (told, memo) = decide(held, &canceled(), &Memo::default());
    assert_eq!(told, Told::In(1));
    let submission = memo.submission.as_ref().unwrap();
    assert_eq!(
        (
            submission.attempt,
            submission.seen_by_azure,
            memo.ended.is_none()
        ),
        (2, false, true),
        "the next name tells"
    );
    let (told, next) = decide(held, &seen(Present(run(RunState::Running))), &memo);
    assert_eq!((told, next.past.len()), (Told::Relabel, 1), "there it is");
    let (told, same) = decide(held, &seen(Absent), &memo);
    assert_eq!(
        (told, &same),
        (Told::In(135), &memo),
        "the answer may be old"
    );
    let (_, same) = decide(held, &seen(Unknown), &memo);
    assert_eq!(same, memo, "silence never becomes absence");
    let (told, back) = decide(held, &seen(Absent), &older(memo, 135));
    let submission = back.submission.as_ref().unwrap();
    assert_eq!(told, Told::In(1));
    assert_eq!(
        (submission.attempt, submission.found, back.past.len()),
        (1, false, 0),
        "the first was the last: its end is read again"
    );
    let (_, memo) = decide(held, &canceled(), &back);
    assert_eq!(memo.ended.unwrap().reason, End::CanceledOutside);
}

#[test]
fn a_run_that_lives_on_beyond_doubt_was_the_last() {
    let live = seen(Present(run(RunState::Running)));
    for (seconds, found) in [(134, true), (135, false)] {
        let (_, memo) = decide(held, &live, &older(lost(), seconds));
        assert_eq!(memo.submission.unwrap().found, found, "{seconds}");
    }
}

#[test]
fn an_object_without_a_status_goes_only_after_its_last_attempt() {
    let failed = seen(Present(run(RunState::Failed)));
    let (told, memo) = decide(going, &failed, &Memo::default());
    assert_eq!(told, Told::In(1));
    assert_eq!(memo.submission.as_ref().unwrap().attempt, 2);
    let (told, memo) = decide(going, &seen(Absent), &older(memo, 134));
    assert_eq!(told, Told::In(1));
    let (told, _) = decide(going, &seen(Absent), &older(memo.clone(), 135));
    assert_eq!(told, Told::Release);
    let (told, _) = decide(going, &seen(Present(run(RunState::Running))), &memo);
    assert_eq!(told, Told::Cancel, "there is another");
}

#[test]
fn a_cancel_is_of_one_attempt_only() {
    use azureml_spark_api::spark_job::CancelCause;
    let memo = Memo {
        cancel: crate::spark_job::tests::object::canceled(5, CancelCause::Deadline).cancel,
        ..lost()
    };
    let (_, memo) = decide(
        held,
        &seen(Present(run(RunState::Canceled))),
        &older(memo, 5),
    );
    let (told, _) = decide(held, &seen(Present(run(RunState::Running))), &memo);
    assert_ne!(told, Told::Cancel, "what was asked was asked of the first");
}
