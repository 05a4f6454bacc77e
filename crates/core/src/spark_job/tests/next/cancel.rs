//! `spec.cancel`, and what becomes of a cancel.

use azureml_spark_api::spark_job::{CancelCause, SubmissionMark};

use jiff::SignedDuration;
use serde_json::json;

use super::{Change, Told, any, cancelled, check, decide, held};
use crate::machine::Sight;
use crate::place::Reference;
use crate::spark_job::tests::object::{
    ago, asked, between, canceled, ended, followed, foreign, now, past, run, seen, set, since,
    want_with,
};
use crate::spark_job::{Cancel, End, Memo, Run, RunState};

use Sight::{Absent, Present, Unknown};

/// What is wished, seen and remembered, what is decided, what it is cancelled for then, and why.
type Row = (
    Change,
    Sight<Run>,
    Memo,
    Told,
    Option<CancelCause>,
    &'static str,
);

#[test]
fn a_run_that_is_to_end_is_looked_at_before_others() {
    let rows: [(Change, Memo, bool); 6] = [
        (any, followed(5), false),
        (cancelled, followed(5), true),
        (|given| given.deleting = true, followed(5), true),
        (any, canceled(5, CancelCause::Deadline), true),
        (super::suspended, followed(5), false),
        (cancelled, ended(RunState::Canceled), false),
    ];
    for (number, (change, memo, ends)) in rows.into_iter().enumerate() {
        assert_eq!(want_with(change).ends(&memo), ends, "{number}");
    }
}

#[test]
fn only_a_run_that_azure_has_and_that_is_to_go_on_is_awaited() {
    let mut requested = followed(5);
    requested.submission.as_mut().unwrap().seen_by_azure = false;
    let rows: [(Change, Memo, bool); 8] = [
        (any, followed(5), true),
        (any, ended(RunState::Completed), false),
        (any, requested, false),
        (any, Memo::default(), false),
        (cancelled, followed(5), false),
        (|given| given.deleting = true, followed(5), false),
        (any, canceled(5, CancelCause::Deadline), false),
        (super::suspended, followed(5), false),
    ];
    for (number, (change, memo, goes_on)) in rows.into_iter().enumerate() {
        assert_eq!(want_with(change).goes_on(&memo), goes_on, "{number}");
    }
}

#[test]
#[rustfmt::skip]
fn it_ends_what_has_not_begun() {
    let lost: Change = |g| { cancelled(g); held(g); };
    let named: Change = |g| { cancelled(g); super::chosen(g); super::blocked(g); };
    let alone_and_named: Change = |g| { cancelled(g); super::chosen(g); g.workspace = Reference::NotReady("x".into()); };
    let (_, memo) = decide(alone_and_named, &seen(Unknown), &Memo::default());
    assert_eq!(memo, Memo::default());
    assert!(want_with(named).may_have_run(&Memo::default()), "whatever else is in the way");
    let spoken: Change = |g| { cancelled(g); super::chosen(g); };
    let lost_and_named: Change = |g| { cancelled(g); super::chosen(g); super::blocked(g); held(g); };
    let never: Change = |g| { cancelled(g); super::chosen(g); super::blocked(g); set(g, "adoptionPolicy", json!("Never")); };
    let theirs = || Run { owner: Some("lost".into()), ..run(RunState::Running) };
    let alone: Change = |g| { cancelled(g); g.workspace = Reference::Missing; };
    check(&[
        (cancelled, Unknown, Memo::default(), Told::OnChange, "nothing was submitted"),
        (alone, Unknown, Memo::default(), Told::OnChange, "and nobody needs to be asked"),
        (cancelled, Absent, asked(5), Told::In(130), "a request may be on its way"),
        (cancelled, Unknown, asked(500), Told::In(10), "silence never becomes absence"),
        (lost, Unknown, Memo::default(), Told::In(10), "the status was lost: a run may be there"),
        (named, Unknown, Memo::default(), Told::In(10), "a run of the chosen name may be this one"),
        (alone_and_named, Unknown, Memo::default(), Told::OnChange, "nobody can be asked, and nothing is said"),
        (named, Absent, Memo::default(), Told::OnChange, "there is none"),
        (spoken, Present(foreign()), Memo::default(), Told::OnChange, "it is somebody else's"),
        (named, Present(theirs()), Memo::default(), Told::In(60), "nobody can tell whether it is this one: it may go on"),
        (lost_and_named, Present(theirs()), Memo::default(), Told::In(60), "the finalizer is no sign"),
        (never, Present(theirs()), Memo::default(), Told::OnChange, "the same would be somebody else's, too"),
        (named, Present(Run { state: RunState::Completed, ..theirs() }), Memo::default(), Told::OnChange, "nothing goes on"),
        (named, Present(Run { definition_hash: None, ..theirs() }), Memo::default(), Told::OnChange, "nobody compares it"),
        (named, Present(Run { attempt: Some(2), ..theirs() }), Memo::default(), Told::OnChange, "of another job"),
        (named, Present(Run { held_by: Some("SparkJob 'a'".into()), ..theirs() }), Memo::default(), Told::OnChange, "it is theirs"),
        (named, Present(run(RunState::Running)), Memo::default(), Told::In(1), "it is this one, and is put on record first"),
    ]);
    let rows = [
        (Memo::default(), "before"),
        (asked(135), "nothing came of the request"),
        (between(vec![past(1, End::Suspended)]), "held"),
    ];
    for (memo, why) in rows {
        let (_, memo) = decide(cancelled, &seen(Absent), &memo);
        let ended = memo.ended.unwrap();
        assert_eq!((ended.reason, ended.at), (End::Canceled, now()), "{why}");
        assert_eq!(memo.submission, None, "{why}");
    }
}

#[test]
#[rustfmt::skip]
fn it_is_asked_for_again_but_never_hot() {
    let heard = || Present(run(RunState::CancelRequested));
    let running = || Present(run(RunState::Running));
    let by = |seconds| canceled(seconds, CancelCause::Asked);
    let with = |seconds, change: fn(&mut Cancel)| {
        let mut memo = by(seconds);
        change(memo.cancel.as_mut().unwrap());
        memo
    };
    let refused = |seconds| with(seconds, |c| c.refused = Some("no right".into()));
    let asked_again = |seconds| with(seconds, |c| (c.refused, c.refused_at) = (Some("no right".into()), Some(ago(301))));
    let often = |seconds| with(seconds, |c| c.tries = 3);
    let late = || {
        let mut memo = by(30);
        memo.cancel.as_mut().unwrap().asked = ago(1);
        memo
    };
    let impatient: Change = |g| { cancelled(g); g.patience.cancel = SignedDuration::from_secs(20); };
    check(&[
        (cancelled, running(), followed(60), Told::Cancel, "at once"),
        (cancelled, running(), by(29), Told::In(1), "Azure may show it late"),
        (cancelled, running(), by(30), Told::Cancel, "no sign of it: the request may have been lost"),
        (cancelled, running(), often(30), Told::In(270), "not so often"),
        (cancelled, heard(), by(299), Told::In(1), "a cancel takes its time, and is a write"),
        (cancelled, heard(), by(300), Told::Cancel, "no effect for five minutes: once more"),
        (cancelled, running(), refused(30), Told::In(270), "no right: somebody has to give it"),
        (cancelled, running(), refused(300), Told::Cancel, "perhaps somebody has"),
        (cancelled, running(), asked_again(30), Told::In(270), "of the last one nothing was heard yet: never hot"),
        (cancelled, Present(run(RunState::Finalizing)), followed(60), Told::In(10), "it is refused here, and the end is near"),
        (any, running(), by(30), Told::Cancel, "a cancel on record is carried out"),
        (impatient, heard(), by(19), Told::In(1), "patience ends"),
        (impatient, heard(), by(20), Told::Cancel, "once more, so that it can be told"),
        (impatient, heard(), late(), Told::In(299), "and then as before"),
        (impatient, running(), refused(30), Told::In(270), "a refusal is told already"),
    ]);
    let (_, memo) = decide(cancelled, &seen(running()), &refused(300));
    let cancel = memo.cancel.unwrap();
    assert_eq!((cancel.since, cancel.asked, cancel.tries), (ago(300), now(), 2), "on record before the request");
    assert!(cancel.refused.is_some(), "told until there is another answer");
    let (_, memo) = decide(cancelled, &seen(heard()), &refused(10));
    assert_eq!(memo.cancel.unwrap().refused, None, "there it is");
}

#[test]
#[rustfmt::skip]
fn the_end_has_the_cause_of_the_cancel() {
    let over = seen(Present(run(RunState::Canceled)));
    let rows = [
        (CancelCause::Asked, End::Canceled),
        (CancelCause::Deleted, End::Canceled),
        (CancelCause::Deadline, End::DeadlineExceeded),
        (CancelCause::StartDeadline, End::StartDeadlineExceeded),
        (CancelCause::NotResponding, End::NotResponding),
    ];
    for (why, end) in rows {
        let (_, memo) = decide(any, &over, &canceled(60, why));
        assert_eq!(memo.ended.unwrap().reason, end, "{why:?}");
    }
    let (told, memo) = decide(any, &over, &followed(60));
    assert_eq!((told, memo.attempt()), (Told::In(1), 2), "we never asked, or do not know it any more: is there another?");
    let mut memo = followed(60);
    memo.submission.as_mut().unwrap().mark = Some(SubmissionMark::Last);
    let (_, ended) = decide(any, &over, &memo);
    assert_eq!(ended.ended.unwrap().reason, End::CanceledOutside, "there is none: we never asked");
    let (_, memo) = decide(cancelled, &over, &memo);
    assert_eq!(memo.ended.unwrap().reason, End::Canceled, "it is what the spec wants");
}

#[test]
#[rustfmt::skip]
fn a_run_that_is_about_to_end_for_too_long_is_asked_all_the_same() {
    let ending = || Present(run(RunState::Finalizing));
    let at = |seconds| since(seconds, RunState::Finalizing);
    let asked = |seconds, last| Memo { cancel: canceled(last, CancelCause::Asked).cancel, ..at(seconds) };
    let impatient: Change = |g| { cancelled(g); g.patience.cancel = SignedDuration::from_secs(20); };
    check(&[
        (cancelled, ending(), at(899), Told::In(10), "the end is near"),
        (cancelled, ending(), at(900), Told::Cancel, "it is not"),
        (cancelled, ending(), asked(1_000, 299), Told::In(1), "never hot"),
        (cancelled, ending(), asked(1_000, 300), Told::Cancel, "once more"),
        (impatient, ending(), at(20), Told::Cancel, "the installation says how long"),
        (super::going, ending(), at(900), Told::Cancel, "on the way out as well"),
        (any, ending(), at(9_000), Told::OnChange, "nobody wants it cancelled"),
    ]);
}

#[test]
fn it_ends_what_nobody_can_look_for() {
    let nowhere: Change = |g| {
        cancelled(g);
        super::chosen(g);
        g.workspace = Reference::Missing;
    };
    let unready: Change = |g| {
        cancelled(g);
        super::chosen(g);
        g.workspace = Reference::NotReady("x".into());
    };
    let left_alone: Change = |g| {
        cancelled(g);
        super::chosen(g);
        g.workspace = Reference::NotReady("x".into());
        set(g, "adoptionPolicy", json!("Never"));
    };
    for (change, over, why) in [
        (nowhere, true, "there is no workspace where it could be"),
        (left_alone, true, "it would be left alone"),
        (
            unready,
            false,
            "it is looked for once the workspace is ready",
        ),
    ] {
        let (told, memo) = decide(change, &seen(Unknown), &Memo::default());
        assert_eq!(told, Told::OnChange, "{why}");
        let ended = memo.ended.map(|ended| ended.reason);
        assert_eq!(ended, over.then_some(End::Canceled), "{why}");
    }
}

#[test]
#[rustfmt::skip]
fn one_that_is_refused_does_not_outlive_its_cause() {
    let refused = |why, seconds| {
        let mut memo = canceled(seconds, why);
        memo.cancel.as_mut().unwrap().refused = Some("no right".into());
        memo
    };
    let running = || Present(run(RunState::Running));
    let long: Change = |g| set(g, "activeDeadlineSeconds", json!(9_000));
    let short: Change = |g| set(g, "activeDeadlineSeconds", json!(60));
    let timed = |mut memo: Memo| { memo.started = Some(ago(600)); memo };
    let told = |seconds, at| {
        let mut memo = refused(CancelCause::Suspend, seconds);
        memo.cancel.as_mut().unwrap().refused_at = Some(ago(at));
        memo
    };
    let rows: [Row; 12] = [
        (any, running(), refused(CancelCause::Suspend, 30), Told::OnChange, None, "nobody holds it any more"),
        (any, running(), refused(CancelCause::Suspend, 29), Told::In(1), Some(CancelCause::Suspend), "Azure may have taken the last one, and shows it late"),
        (super::suspended, running(), refused(CancelCause::Suspend, 30), Told::In(270), Some(CancelCause::Suspend), "it is still to be held"),
        (any, running(), refused(CancelCause::NotResponding, 30), Told::OnChange, None, "there it is again"),
        (any, running(), refused(CancelCause::StartDeadline, 30), Told::OnChange, None, "it has started"),
        (long, running(), timed(refused(CancelCause::Deadline, 30)), Told::In(3_600), None, "it has more time"),
        (short, running(), timed(refused(CancelCause::Suspend, 30)), Told::In(270), Some(CancelCause::Deadline), "there is another cause"),
        (any, Present(run(RunState::CancelRequested)), refused(CancelCause::Suspend, 30), Told::In(270), Some(CancelCause::Suspend), "Azure has taken it"),
        (any, running(), told(30, 30), Told::OnChange, None, "it was refused at once"),
        (any, running(), told(40, 31), Told::OnChange, None, "it was refused a little later"),
        (any, running(), told(30, 330), Told::In(270), Some(CancelCause::Suspend), "an earlier one was refused, the last one was taken"),
        (any, running(), canceled(29, CancelCause::Suspend), Told::In(1), Some(CancelCause::Suspend), "nor has it refused"),
    ];
    for (change, run, memo, told, cause, why) in rows {
        let (found, memo) = decide(change, &seen(run), &memo);
        assert_eq!((found, memo.cancel.map(|cancel| cancel.why)), (told, cause), "{why}");
    }
}
