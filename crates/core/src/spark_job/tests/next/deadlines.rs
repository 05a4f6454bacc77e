//! What a run has time for.

use azureml_spark_api::spark_job::CancelCause;
use jiff::SignedDuration;
use serde_json::json;

use super::{Change, Told, check, decide};
use crate::machine::Machine;
use crate::machine::Sight::{self, Present};
use crate::spark_job::tests::object::{
    ago, asked, ended, followed, foreign, now, run, seen, set, since, started, want_with,
};
use crate::spark_job::{Memo, RunState, SparkJob};

fn active(given: &mut crate::spark_job::Given) {
    set(given, "activeDeadlineSeconds", json!(600));
}

fn start(given: &mut crate::spark_job::Given) {
    set(given, "startDeadlineSeconds", json!(300));
}

fn impatient(given: &mut crate::spark_job::Given) {
    given.patience.silence = SignedDuration::from_secs(7);
}

#[test]
#[rustfmt::skip]
fn each_has_its_clock() {
    let running = || Present(run(RunState::Running));
    let queued = || Present(run(RunState::Queued));
    let silent = || Present(run(RunState::NotResponding));
    let second = |seconds| Memo { started: Some(ago(seconds)), ..followed(10) };
    let any: Change = super::any;
    check(&[
        (active, running(), started(599), Told::In(1), "the last second"),
        (active, running(), started(600), Told::Cancel, "over"),
        (active, queued(), second(600), Told::Cancel, "it counts from the first start of all attempts"),
        (active, queued(), followed(5_000), Told::OnChange, "it has not started"),
        (active, Present(run(RunState::Finalizing)), started(600), Told::In(10), "so near the end"),
        (start, queued(), followed(299), Told::In(1), "the last second"),
        (start, queued(), followed(300), Told::Cancel, "over"),
        (start, running(), started(5_000), Told::OnChange, "it has started"),
        (start, Present(run(RunState::Paused)), followed(300), Told::Cancel, "it was held before it did"),
        (start, Present(run(RunState::Paused)), started(5_000), Told::OnChange, "it has started"),
        (start, Present(run(RunState::NotResponding)), since(40, RunState::NotResponding), Told::In(1_760), "nobody knows whether it has"),
        (any, silent(), since(1_799, RunState::NotResponding), Told::In(1), "it may come back"),
        (any, silent(), since(1_800, RunState::NotResponding), Told::Cancel, "it does not"),
        (impatient, silent(), since(5, RunState::NotResponding), Told::In(2), "the installation says how long"),
        (impatient, silent(), since(7, RunState::NotResponding), Told::Cancel, "and no longer"),
        (any, silent(), since(9_000, RunState::Running), Told::In(1_800), "patience begins with the silence"),
        (|g| set(g, "activeDeadlineSeconds", json!(90_000)), running(), started(5), Told::In(3_600), "nobody sleeps longer"),
    ]);
}

#[test]
fn until_it_starts_every_state_is_on_the_clock() {
    for state in [
        RunState::NotStarted,
        RunState::Starting,
        RunState::Provisioning,
        RunState::Preparing,
        RunState::Queued,
        RunState::Paused,
    ] {
        for (memo, expected) in [
            (since(299, state.clone()), Told::In(1)),
            (since(300, state.clone()), Told::Cancel),
            (started(5_000), Told::OnChange),
        ] {
            let (told, memo) = decide(start, &seen(Present(run(state.clone()))), &memo);
            assert_eq!(told, expected, "{state:?}");
            let why = memo.cancel.map(|cancel| cancel.why);
            let over = expected == Told::Cancel;
            assert_eq!(why, over.then_some(CancelCause::StartDeadline), "{state:?}");
        }
    }
}

#[test]
#[rustfmt::skip]
fn they_are_due_whatever_else_cannot_be_done() {
    let queued = || Present(run(RunState::Queued));
    let both: Change = |g| { active(g); start(g); };
    let gone: Change = |g| { active(g); super::going(g); };
    let over = || Memo { started: Some(ago(10)), ..ended(RunState::Completed) };
    let rows: [(Change, Sight<_>, Memo, Option<i64>, &str); 9] = [
        (active, Present(run(RunState::Running)), started(590), Some(10), "the last seconds"),
        (active, Present(run(RunState::Running)), started(600), None, "over: that is the next step"),
        (active, Sight::Absent, Memo { started: Some(ago(590)), ..asked(5) }, Some(10), "while another attempt is refused"),
        (both, queued(), Memo { started: Some(ago(590)), ..followed(250) }, Some(10), "the first of them"),
        (both, queued(), Memo { started: Some(ago(500)), ..followed(250) }, Some(50), "the first of them"),
        (start, Present(foreign()), followed(250), None, "it is somebody else's"),
        (super::any, Present(run(RunState::NotResponding)), since(1_790, RunState::NotResponding), Some(10), "patience"),
        (gone, Present(run(RunState::Running)), started(590), None, "it is cancelled already"),
        (active, Present(run(RunState::Completed)), over(), None, "all is over"),
    ];
    for (change, sight, memo, expected, why) in rows {
        let due = SparkJob::due(&want_with(change), &seen(sight), &memo, now());
        assert_eq!(due.map(|time| time.duration_since(now()).as_secs()), expected, "{why}");
    }
}

#[test]
fn the_cancel_knows_which_it_was() {
    let rows: [(Change, RunState, Memo, CancelCause); 3] = [
        (
            active,
            RunState::Running,
            started(600),
            CancelCause::Deadline,
        ),
        (
            start,
            RunState::Queued,
            followed(300),
            CancelCause::StartDeadline,
        ),
        (
            super::any,
            RunState::NotResponding,
            since(1_800, RunState::NotResponding),
            CancelCause::NotResponding,
        ),
    ];
    for (change, state, memo, why) in rows {
        let sight: Sight<_> = Present(run(state));
        let (_, memo) = decide(change, &seen(sight), &memo);
        assert_eq!(memo.cancel.unwrap().why, why);
    }
    let both: Change = |g| {
        active(g);
        super::suspended(g);
    };
    let (_, memo) = decide(both, &seen(Present(run(RunState::Running))), &started(600));
    assert_eq!(
        memo.cancel.unwrap().why,
        CancelCause::Suspend,
        "as on a Job of batch/v1 the clock stands still while it is held"
    );
}
