//! Runs of our name that are not ours, and those that become ours.

use serde_json::json;

use super::{Change, Told, any, blocked, check, chosen, decide, going};
use crate::machine::Sight::Present;
use crate::spark_job::tests::object::{asked, followed, foreign, meant, run, seen, set};
use crate::spark_job::{Given, Memo, Run, RunState};

fn always(given: &mut Given) {
    chosen(given);
    set(given, "adoptionPolicy", json!("Always"));
}

fn restored(given: &mut Given) {
    chosen(given);
    given.uid = "restored".into();
}

fn unsigned(run: Run) -> Run {
    Run {
        owner: None,
        definition_hash: None,
        attempt: None,
        ..run
    }
}

/// What is taken over is put on record first.
const TAKEN_OVER: Told = Told::In(1);

#[test]
#[rustfmt::skip]
fn two_jobs_that_are_there_share_no_run() {
    let held = |run: Run| Present(Run { held_by: Some("SparkJob 'a'".into()), ..run });
    let same = || held(run(RunState::Running));
    let leaving: Change = |g| { restored(g); going(g); };
    check(&[
        (restored, same(), Memo::default(), Told::In(60), "the same by its hash, and another's who is there"),
        (restored, same(), asked(5), Told::In(60), "both asked for it, and theirs came first"),
        (always, held(foreign()), Memo::default(), Told::In(60), "whatever the policy"),
        (leaving, same(), Memo::default(), Told::Release, "the other's to cancel"),
        (leaving, same(), followed(60), Told::Release, "the other's to cancel"),
        (restored, held(run(RunState::Completed)), Memo::default(), Told::In(60), "nor does an end count for two"),
    ]);
}

#[test]
#[rustfmt::skip]
fn somebody_elses_run_is_left_alone() {
    let never: Change = |g| { restored(g); set(g, "adoptionPolicy", json!("Never")); };
    check(&[
        (chosen, Present(foreign()), Memo::default(), Told::In(60), "a conflict; a person may mend it in Azure"),
        (chosen, Present(unsigned(run(RunState::Running))), Memo::default(), Told::In(60), "without our properties it is not ours"),
        (|g| { chosen(g); going(g); }, Present(foreign()), asked(5), Told::Release, "not ours to cancel"),
        (going, Present(unsigned(run(RunState::Running))), Memo::default(), Told::Release, "not ours to cancel"),
        (restored, Present(run(RunState::Running)), Memo::default(), TAKEN_OVER, "the same run by its hash: an object that was restored"),
        (never, Present(run(RunState::Running)), Memo::default(), Told::In(60), "not even the same"),
        (never, Present(run(RunState::Running)), asked(5), Told::In(60), "not even when ours was sent, and theirs came first"),
        (restored, Present(Run { attempt: Some(2), ..run(RunState::Running) }), Memo::default(), Told::In(60), "the second attempt of another"),
        (restored, Present(Run { attempt: None, ..run(RunState::Running) }), Memo::default(), Told::In(60), "no attempt at all"),
        (|g| g.uid = "restored".into(), Present(run(RunState::Running)), Memo::default(), Told::In(60), "only under a chosen name"),
        (always, Present(foreign()), Memo::default(), TAKEN_OVER, "whatever it is"),
        (always, Present(unsigned(run(RunState::Running))), Memo::default(), TAKEN_OVER, "whatever it is"),
    ]);
    let (_, memo) = decide(chosen, &seen(Present(foreign())), &asked(5));
    assert_eq!(
        memo,
        Memo::default(),
        "no request of ours can have made a run: the finalizer goes, the spec can be mended"
    );
}

#[test]
fn an_adopted_run_stays_adopted() {
    let rest: Change = |g| {
        restored(g);
        blocked(g);
    };
    let (told, _) = decide(rest, &seen(Present(run(RunState::Running))), &followed(60));
    assert_eq!(
        told,
        Told::OnChange,
        "the ConfigMaps are not read any more: the hash on record tells"
    );
    let leave: Change = |g| {
        restored(g);
        going(g);
    };
    let (told, _) = decide(leave, &seen(Present(run(RunState::Running))), &followed(60));
    assert_eq!(told, Told::Cancel);
}

#[test]
fn another_definition_is_remembered_as_another() {
    let take = |change: Change, run: Run| {
        let (_, memo) = decide(change, &seen(Present(run)), &Memo::default());
        memo.submission.unwrap().foreign
    };
    assert!(take(always, foreign()));
    assert!(take(always, unsigned(run(RunState::Running))));
    assert!(!take(restored, run(RunState::Running)));
    assert!(!take(any, run(RunState::Running)));
}

#[test]
fn a_submission_may_have_come_second() {
    let first = |change: Change, run: Run| {
        let (told, memo) = decide(change, &seen(Present(run)), &asked(5));
        let submission = memo.submission.unwrap();
        let resolved = memo.pinned.is_some();
        (
            told,
            submission.foreign,
            submission.definition_hash,
            resolved,
        )
    };
    let meant = meant().definition_hash;
    let mine = run(RunState::Running);
    assert_eq!(
        first(chosen, mine.clone()),
        (Told::OnChange, false, meant.clone(), true)
    );
    assert_eq!(
        first(restored, mine),
        (Told::Relabel, false, meant, true),
        "the same run, with the labels of another object"
    );
    assert_eq!(
        first(always, foreign()),
        (Told::Relabel, true, "another".to_owned(), false),
        "taken over as what it is"
    );
}

#[test]
fn the_end_of_somebody_elses_run_is_the_end() {
    let retried: Change = |g| {
        always(g);
        set(g, "retry", json!({"maxAttempts": 3}));
    };
    let mut memo = followed(90);
    let submission = memo.submission.as_mut().unwrap();
    submission.definition_hash = "another".to_owned();
    submission.foreign = true;
    let failed = Run {
        state: RunState::Failed,
        ..foreign()
    };
    let seen = crate::spark_job::Seen {
        failure: crate::machine::Sight::Absent,
        ..seen(Present(failed))
    };
    let (_, memo) = decide(retried, &seen, &memo);
    assert!(memo.ended.is_some(), "it is not ours to repeat");
}

#[test]
fn the_name_of_a_further_attempt_may_be_one_that_somebody_else_has_chosen() {
    use crate::spark_job::End;
    use crate::spark_job::tests::object::{between, past, want_with};
    let second = between(vec![past(1, End::NoCapacity)]);
    let named = |attempt| Run {
        attempt,
        ..run(RunState::Running)
    };
    for (change, attempt, owns) in [
        (always as Change, None, false),
        (always, Some(1), false),
        (always, Some(2), true),
        (restored, Some(1), false),
        (restored, Some(2), true),
    ] {
        let want = want_with(|g| {
            change(g);
            g.uid = "restored".into();
        });
        assert_eq!(want.owns(&named(attempt), &second), owns, "{attempt:?}");
        let theirs = foreign();
        let theirs = Run { attempt, ..theirs };
        assert!(!want.owns(&theirs, &second), "another definition");
    }
}

#[test]
fn what_is_found_is_compared_with_what_follows() {
    let take = |change: Change, run: Run| decide(change, &seen(Present(run)), &Memo::default()).1;
    let mine = take(any, run(RunState::Running));
    assert_eq!(mine.first, Some(meant().definition_hash));
    assert!(!mine.refers() && mine.has_begun());
    assert_eq!(
        take(always, foreign()).first,
        None,
        "it is not ours to repeat"
    );
}

#[test]
fn an_adopted_run_that_was_cancelled_outside_ends() {
    use crate::spark_job::End;
    use crate::spark_job::tests::object::ago;
    let gone: Change = |g| {
        restored(g);
        blocked(g);
        g.held = true;
    };
    let edited: Change = |g| {
        restored(g);
        set(g, "args", json!("another"));
        g.held = true;
    };
    let canceled = seen(Present(run(RunState::Canceled)));
    let absent = seen(crate::machine::Sight::Absent);
    for change in [gone, edited, restored] {
        let (_, memo) = decide(
            restored,
            &seen(Present(run(RunState::Running))),
            &Memo::default(),
        );
        let (_, mut memo) = decide(change, &canceled, &memo);
        assert_eq!(memo.attempt(), 2, "is there another?");
        memo.submission.as_mut().unwrap().requested = ago(135);
        let (_, memo) = decide(change, &absent, &memo);
        assert_eq!(memo.attempt(), 1, "there is none");
        let (told, memo) = decide(change, &canceled, &memo);
        let ended = memo.ended.map(|ended| ended.reason);
        assert_eq!((told, ended), (Told::OnChange, Some(End::CanceledOutside)));
    }
}
