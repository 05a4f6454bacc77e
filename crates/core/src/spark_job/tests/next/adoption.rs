//! Runs of our name that are not ours, and those that become ours.

use serde_json::json;

use super::{Change, Told, any, blocked, check, chosen, decide, going};
use crate::machine::Sight::Present;
use crate::spark_job::tests::object::{asked, followed, foreign, run, seen, set};
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
