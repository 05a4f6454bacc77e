//! States that pass by themselves.

use jiff::SignedDuration;
use serde_json::json;

use super::{Told, any, decide, going};
use crate::machine::Sight::Present;
use crate::spark_job::tests::object::{ago, now, run, seen, set, since};
use crate::spark_job::{Given, Memo, RunState, Seen};

fn lasting(seconds: i64, state: RunState) -> Seen {
    Seen {
        state_since: Some(ago(seconds)),
        ..seen(Present(run(state)))
    }
}

fn state(memo: &Memo) -> (RunState, i64) {
    let sighted = memo.sighted.as_ref().unwrap();
    (
        sighted.state.clone(),
        now().duration_since(sighted.since).as_secs(),
    )
}

#[test]
fn a_state_on_the_way_is_told_once_it_lasts() {
    use RunState as S;
    let rows = [
        (S::NotStarted, S::Queued, true),
        (S::Queued, S::Starting, true),
        (S::Preparing, S::Provisioning, true),
        (S::Running, S::Finalizing, true),
        (S::Queued, S::Running, false),
        (S::Queued, S::Finalizing, false),
        (S::Running, S::Queued, false),
        (S::Queued, S::NotResponding, false),
        (S::Running, S::CancelRequested, false),
        (S::Starting, S::Paused, false),
        (S::Running, S::Other("Reticulating".into()), false),
    ];
    for (before, after, passes) in rows {
        let record = since(500, before.clone());
        let (told, memo) = decide(any, &lasting(10, after.clone()), &record);
        if passes {
            assert_eq!(
                told,
                Told::In(290),
                "{before:?} {after:?}: looked at when it has lasted"
            );
            assert_eq!(memo, record, "nothing to write");
        } else {
            assert_eq!(state(&memo), (after.clone(), 10), "{before:?} {after:?}");
        }
        let (told, memo) = decide(any, &lasting(300, after.clone()), &record);
        assert_eq!(state(&memo), (after, 300), "{before:?}");
        assert!(!passes || told == Told::OnChange, "{before:?}: {told:?}");
    }
}

#[test]
fn who_did_not_follow_it_tells_it_at_once() {
    let found = seen(Present(run(RunState::Queued)));
    let (_, memo) = decide(any, &found, &since(500, RunState::Starting));
    assert_eq!(state(&memo), (RunState::Queued, 0));
}

#[test]
fn it_rides_along_with_what_else_is_to_be_written() {
    let mut record = since(500, RunState::Starting);
    record.submission.as_mut().unwrap().found = true;
    let (_, memo) = decide(any, &lasting(10, RunState::Queued), &record);
    assert!(!memo.submission.as_ref().unwrap().found, "this is written");
    assert_eq!(state(&memo), (RunState::Queued, 10));
}

#[test]
fn of_what_somebody_wants_ended_every_state_counts() {
    let changes: [fn(&mut Given); 3] = [
        |g| set(g, "cancel", json!(true)),
        |g| set(g, "suspend", json!(true)),
        going,
    ];
    for change in changes {
        let (_, memo) = decide(
            change,
            &lasting(10, RunState::Finalizing),
            &since(500, RunState::Running),
        );
        assert_eq!(state(&memo), (RunState::Finalizing, 10));
    }
}

#[test]
fn an_installation_may_want_every_state_told() {
    let every = |g: &mut Given| g.patience.passing = SignedDuration::ZERO;
    let (_, memo) = decide(
        every,
        &lasting(0, RunState::Queued),
        &since(500, RunState::Starting),
    );
    assert_eq!(state(&memo), (RunState::Queued, 0));
}
