//! On the way out.

use azureml_spark_api::spark_job::CancelCause;
use serde_json::json;

use super::{Change, Told, check, decide, going, stranded};
use crate::machine::Sight::{Absent, Present, Unknown};
use crate::spark_job::tests::object::{
    asked, between, canceled, ended, followed, past, run, seen, set, since,
};
use crate::spark_job::{End, Memo, RunState};

#[test]
#[rustfmt::skip]
fn on_the_way_out() {
    let by_us = |seconds| canceled(seconds, CancelCause::Deleted);
    let running = || Present(run(RunState::Running));
    let heard = || Present(run(RunState::CancelRequested));
    check(&[
        (going, running(), followed(60), Told::Cancel, "a live run is cancelled first"),
        (going, running(), Memo::default(), Told::Cancel, "also one that was forgotten"),
        (going, Present(run(RunState::Paused)), followed(60), Told::Cancel, "paused is no end"),
        (going, Present(run(RunState::NotResponding)), followed(60), Told::Cancel, "nor is silence"),
        (going, Present(run(RunState::Completed)), followed(60), Told::Release, "ended by itself"),
        (going, Present(run(RunState::Canceled)), by_us(10), Told::Release, "ended by us"),
        (going, heard(), by_us(299), Told::In(1), "a cancel takes its time, and is a write"),
        (going, heard(), by_us(300), Told::Cancel, "no effect for five minutes: once more"),
        (going, Present(run(RunState::Finalizing)), followed(60), Told::In(10), "the end is near"),
    ]);
    check(&[
        (going, Unknown, followed(5_000), Told::In(10), "silence never becomes absence"),
        (going, Absent, asked(134), Told::In(1), "the request may have been a minute on its way, and the answer be older than the run"),
        (going, Absent, asked(135), Told::Release, "nothing came of the request"),
        (going, Absent, followed(900), Told::Release, "gone"),
        (going, Absent, Memo::default(), Told::In(135), "held, and nothing on record: the status was lost, doubts begin now"),
        (stranded, Unknown, followed(60), Told::OnChange, "nothing can be asked without the workspace"),
        (stranded, Unknown, ended(RunState::Completed), Told::Release, "and nothing needs to be"),
    ]);
    let (_, memo) = decide(going, &seen(running()), &followed(60));
    assert_eq!(memo.cancel.unwrap().why, CancelCause::Deleted, "on record before the request");
}

#[test]
#[rustfmt::skip]
fn a_run_that_was_seen_a_moment_ago_is_not_gone_whenever_it_was_asked_for() {
    let sighted = |seconds| Memo {
        sighted: since(seconds, RunState::Preparing).sighted,
        ..followed(500)
    };
    check(&[
        (going, Absent, sighted(74), Told::In(1), "the request was long on its way, and the look may be older than the run"),
        (going, Absent, sighted(75), Told::Release, "gone"),
    ]);
}

#[test]
#[rustfmt::skip]
fn between_two_attempts_the_next_is_looked_for() {
    let running = || Present(run(RunState::Running));
    check(&[
        (going, Absent, between(vec![past(1, End::Suspended)]), Told::Release, "held: nothing is going on"),
        (going, Unknown, between(vec![past(1, End::Suspended)]), Told::In(10), "the next may be there, if the status is an older one"),
        (going, running(), between(vec![past(1, End::NoCapacity)]), Told::Cancel, "there it is"),
        (going, Present(run(RunState::Completed)), between(vec![past(1, End::NoCapacity)]), Told::Release, "and is over"),
        (stranded, Unknown, between(vec![past(1, End::NoCapacity)]), Told::Release, "nor between two attempts"),
    ]);
}

#[test]
#[rustfmt::skip]
fn a_live_run_is_left_where_that_is_asked_for() {
    let leave: Change = |g| { going(g); set(g, "deletionPolicy", json!("Leave")); };
    let cancel: Change = |g| { leave_and_cancel(g); };
    let lonely: Change = |g| { stranded(g); set(g, "deletionPolicy", json!("Leave")); };
    check(&[
        (leave, Present(run(RunState::Running)), followed(60), Told::Release, "it goes on, followed by nobody"),
        (leave, Unknown, asked(5), Told::Release, "whatever comes of the request"),
        (lonely, Unknown, followed(60), Told::Release, "without the workspace too"),
        (cancel, Present(run(RunState::Running)), followed(60), Told::Cancel, "it is not to go on"),
    ]);
}

fn leave_and_cancel(given: &mut crate::spark_job::Given) {
    going(given);
    set(given, "deletionPolicy", json!("Leave"));
    set(given, "cancel", json!(true));
}
