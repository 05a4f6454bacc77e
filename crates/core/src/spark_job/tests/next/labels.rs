//! Display name, description and tags after the submission.

use jiff::SignedDuration;
use serde_json::json;

use super::{Change, Told, any, decide};
use crate::Class;
use crate::machine::Sight::{Present, Unknown};
use crate::machine::{Act, Machine};
use crate::spark_job::tests::object::{
    ago, canceled, followed, now, run, seen, set, trouble, want_with,
};
use crate::spark_job::{LabelState, Labelled, Memo, RELABEL, RunState, Seen, SparkJob, Step};

fn edited(given: &mut crate::spark_job::Given) {
    set(given, "tags", json!({"team": "b"}));
}

fn with(labels: Option<(&str, LabelState)>) -> Memo {
    let labels = labels.map(|(hash, state)| Labelled {
        hash: hash.to_owned(),
        state,
        again: None,
        since: None,
    });
    Memo {
        labels,
        ..followed(60)
    }
}

/// What is wished, what the run has, what is done, what is remembered, and why.
type Row<'a> = (
    Change,
    Option<(&'a str, LabelState)>,
    Told,
    LabelState,
    &'static str,
);

#[test]
fn they_are_sent_where_they_are_not() {
    let new = want_with(edited).labels.hash();
    let old = want_with(any).labels.hash();
    assert_ne!(new, old);
    let rows: [Row<'_>; 6] = [
        (
            any,
            Some((&old, LabelState::Sent)),
            Told::OnChange,
            LabelState::Sent,
            "no write when equal",
        ),
        (
            edited,
            Some((&old, LabelState::Sent)),
            Told::Relabel,
            LabelState::Sending,
            "they have changed",
        ),
        (
            edited,
            Some((&new, LabelState::Sending)),
            Told::Relabel,
            LabelState::Sending,
            "nobody knows what became of it",
        ),
        (
            edited,
            Some((&new, LabelState::Refused)),
            Told::OnChange,
            LabelState::Refused,
            "Azure does not want these",
        ),
        (
            edited,
            Some((&old, LabelState::Refused)),
            Told::Relabel,
            LabelState::Sending,
            "but perhaps others",
        ),
        (
            any,
            None,
            Told::Relabel,
            LabelState::Sending,
            "a run that was found or taken over",
        ),
    ];
    let live = seen(Present(run(RunState::Running)));
    for (change, labels, expected, state, why) in rows {
        let (told, memo) = decide(change, &live, &with(labels));
        let left = memo.labels.unwrap();
        assert_eq!((told, left.state), (expected, state), "{why}");
        assert_eq!(left.hash, want_with(change).labels.hash(), "{why}");
    }
}

#[test]
fn they_are_there_once_this_process_has_sent_them() {
    let new = want_with(edited).labels.hash();
    let sent = |hash: &str| Seen {
        labels: Present(hash.to_owned()),
        ..seen(Present(run(RunState::Running)))
    };
    let (told, memo) = decide(
        edited,
        &sent(&new),
        &with(Some((&new, LabelState::Sending))),
    );
    assert_eq!(
        (told, memo.labels.unwrap().state),
        (Told::OnChange, LabelState::Sent)
    );
    let (told, _) = decide(
        edited,
        &sent("others"),
        &with(Some((&new, LabelState::Sending))),
    );
    assert_eq!(told, Told::Relabel);
}

#[test]
fn what_was_refused_for_want_of_a_right_is_sent_again_in_time() {
    let new = want_with(edited).labels.hash();
    let refused = |again| {
        let mut memo = with(Some((&new, LabelState::Refused)));
        memo.labels.as_mut().unwrap().again = Some(again);
        memo
    };
    let live = seen(Present(run(RunState::Running)));
    let left = |told: Told, memo: &Memo| {
        let labels = memo.labels.as_ref().unwrap();
        (told, labels.state, labels.again)
    };
    let (told, memo) = decide(edited, &live, &refused(ago(-20)));
    assert_eq!(
        left(told, &memo),
        (Told::In(20), LabelState::Refused, Some(ago(-20)))
    );
    let (told, memo) = decide(edited, &live, &refused(ago(0)));
    assert_eq!(
        left(told, &memo),
        (Told::Relabel, LabelState::Refused, Some(ago(-60))),
        "told until there is another answer"
    );
    let there = Seen {
        labels: Present(new.clone()),
        ..live.clone()
    };
    let (told, memo) = decide(edited, &there, &memo);
    assert_eq!(left(told, &memo), (Told::OnChange, LabelState::Sent, None));
    let (told, memo) = decide(any, &live, &refused(ago(-20)));
    assert_eq!(told, Told::Relabel, "others may be taken");
    assert_eq!(memo.labels.unwrap().again, None);
    let late = |g: &mut crate::spark_job::Given| {
        edited(g);
        set(g, "activeDeadlineSeconds", json!(70));
    };
    let mut memo = refused(ago(-20));
    memo.started = Some(ago(60));
    let (told, memo) = decide(late, &live, &memo);
    assert_eq!(told, Told::In(10), "a deadline does not wait for it");
    let over = Memo {
        started: Some(ago(70)),
        ..memo
    };
    assert_eq!(decide(late, &live, &over).0, Told::Cancel);
}

#[test]
fn they_are_sent_ever_more_seldom_where_nobody_grants_the_right() {
    let fault = trouble(Class::Forbidden, RELABEL).fault;
    let live = seen(Present(run(RunState::Running)));
    let new = want_with(edited).labels.hash();
    let mut memo = with(Some((&new, LabelState::Sending)));
    let mut time = now();
    for minutes in [1, 2, 4, 8, 15, 15] {
        memo = SparkJob::faulted(&memo, &fault, time);
        let labels = memo.labels.as_ref().unwrap();
        let again = labels.again.unwrap();
        assert_eq!(
            again.duration_since(time),
            SignedDuration::from_mins(minutes)
        );
        assert_eq!(labels.since, Some(now()));
        time = again;
        let moved = SparkJob::next(&want_with(edited), &live, &memo, time);
        assert_eq!(moved.act, Act::Do(Step::Relabel));
        memo = moved.memo;
    }
    let others = decide(any, &live, &memo).1.labels.unwrap();
    assert_eq!((others.again, others.since), (None, None), "these are new");
    let over = seen(Present(run(RunState::Completed)));
    let (_, memo) = decide(edited, &over, &memo);
    assert!(memo.ended.is_some());
    let labels = memo.labels.unwrap();
    assert_eq!(
        (labels.again, labels.since),
        (None, None),
        "nothing is sent any more"
    );
}

#[test]
fn a_run_that_ends_has_other_worries() {
    let rows = [
        (
            RunState::Running,
            canceled(5, azureml_spark_api::spark_job::CancelCause::Deadline),
        ),
        (RunState::Completed, followed(60)),
    ];
    for (state, memo) in rows {
        let (told, _) = decide(edited, &seen(Present(run(state.clone()))), &memo);
        assert_ne!(told, Told::Relabel, "{state:?}");
    }
    let (told, _) = decide(edited, &seen(Unknown), &followed(60));
    assert_ne!(told, Told::Relabel, "not in the dark");
}
