//! Whether there is another attempt, and when.

use azureml_spark_api::spark_job::{CancelCause, Failure, SubmissionMark};
use serde_json::json;

use super::{Change, Told, any, check, decide, retried};
use crate::machine::{Machine, Sight};
use crate::spark_job::tests::object::{
    ago, between, canceled, followed, foreign, meant, now, past, run, seen, set, since,
};
use crate::spark_job::{End, Memo, NO_REASON, RunState, Seen, SparkJob};

use Sight::{Absent, Present, Unknown};

/// The end of a run that failed like this.
fn failed(code: &str, message: &str) -> Seen {
    Seen {
        failure: Present(Failure {
            code: code.into(),
            message: message.into(),
            log_tail: None,
        }),
        ..seen(Present(run(RunState::Failed)))
    }
}

fn on(causes: &'static [&'static str]) -> impl Fn(&mut crate::spark_job::Given) {
    move |g| set(g, "retry", json!({"maxAttempts": 3, "causes": causes}))
}

/// What is wished, seen and remembered, what becomes of it, and why.
type Row = (Change, Seen, Memo, Result<i64, End>, &'static str);

/// How many attempts, the first wait, the attempts before, what becomes of it, and why.
type Limits = (i32, i32, Vec<End>, Result<i64, End>, &'static str);

/// What became of it: another attempt after so many seconds, or an end.
fn outcome(memo: &Memo) -> Result<i64, End> {
    match (&memo.next_attempt, &memo.ended) {
        (Some(next), None) => Ok(next.duration_since(now()).as_secs()),
        (None, Some(ended)) => Err(ended.reason),
        both => panic!("{both:?}"),
    }
}

#[test]
#[rustfmt::skip]
fn only_ends_that_a_further_attempt_may_change_are_tried_again() {
    let script = || failed("UserError", "KeyError: 'Age'");
    let service = || failed("ServiceError", "InternalServerError");
    let no_reason = || failed(NO_REASON, "Azure gave no reason");
    let unread = || seen(Present(run(RunState::Failed)));
    let scripts: Change = |g| on(&["Script"])(g);
    let both: Change = |g| on(&["Platform", "Script"])(g);
    let patient = || since(600, RunState::Failed);
    let starts: Change = |g| on(&["StartDeadline"])(g);
    let cancel_too: Change = |g| { retried(g); set(g, "cancel", json!(true)); };
    let over = || seen(Present(run(RunState::Canceled)));
    let by = |why| canceled(60, why);
    let last = || {
        let mut memo = followed(60);
        memo.submission.as_mut().unwrap().mark = Some(SubmissionMark::Last);
        memo
    };
    let rows: Vec<Row> = vec![
        (any, service(), followed(60), Err(End::PlatformFailed), "nobody asks for another"),
        (retried, service(), followed(60), Ok(30), "Azure's trouble may pass"),
        (retried, failed("UserError", "AVAILABLE_COMPUTE_CAPACITY_EXCEEDED: …"), followed(60), Ok(30), "so may a full pool"),
        (retried, script(), followed(60), Err(End::ScriptFailed), "a script fails again, unless it is said otherwise"),
        (scripts, script(), followed(60), Ok(30), "it is said otherwise"),
        (scripts, service(), followed(60), Err(End::PlatformFailed), "and only that"),
        (retried, no_reason(), followed(60), Err(End::PlatformFailed), "it may have been the script"),
        (scripts, no_reason(), followed(60), Err(End::PlatformFailed), "or Azure"),
        (both, no_reason(), followed(60), Ok(30), "whichever it was"),
        (retried, unread(), patient(), Err(End::PlatformFailed), "the same where nobody could read it"),
        (both, unread(), patient(), Ok(30), "whichever it was"),
        (retried, Seen { failure: Absent, ..unread() }, followed(60), Err(End::PlatformFailed), "or may read it"),
        (retried, failed("UserError", "UserAssignedIdentityNotFound"), followed(60), Err(End::IdentityFailed), "somebody must mend it"),
        (retried, over(), by(CancelCause::StartDeadline), Ok(30), "another pool may be less full"),
        (starts, over(), by(CancelCause::StartDeadline), Ok(30), "by name"),
        (scripts, over(), by(CancelCause::StartDeadline), Err(End::StartDeadlineExceeded), "not by name"),
        (retried, over(), by(CancelCause::NotResponding), Ok(30), "the end is known: Azure has cancelled it"),
        (retried, over(), by(CancelCause::Deadline), Err(End::DeadlineExceeded), "there is no time left"),
        (retried, over(), by(CancelCause::Asked), Err(End::Canceled), "never again"),
        (retried, over(), last(), Err(End::CanceledOutside), "somebody does not want it"),
        (cancel_too, service(), followed(60), Err(End::PlatformFailed), "never again"),
        (retried, seen(Present(run(RunState::Completed))), followed(60), Err(End::Completed), "nothing to do better"),
        (retried, seen(Absent), followed(90), Err(End::Lost), "it may still run"),
    ];
    for (change, seen, memo, expected, why) in rows {
        let (_, memo) = decide(change, &seen, &memo);
        assert_eq!(outcome(&memo), expected, "{why}");
        if expected.is_ok() {
            assert_eq!((memo.submission, memo.cancel, memo.past.len()), (None, None, 1), "{why}");
        }
    }
}

#[test]
fn the_wait_doubles_up_to_an_hour_and_attempts_are_counted() {
    let with = |max: i32, first: i32| {
        move |g: &mut crate::spark_job::Given| {
            set(
                g,
                "retry",
                json!({"maxAttempts": max, "backoffSeconds": first}),
            );
        }
    };
    let rows: [Limits; 6] = [
        (3, 10, vec![], Ok(10), "after the first"),
        (3, 10, vec![End::NoCapacity], Ok(20), "after the second"),
        (
            3,
            10,
            vec![End::NoCapacity; 2],
            Err(End::PlatformFailed),
            "that was the third",
        ),
        (
            3,
            10,
            vec![End::NoCapacity, End::Suspended, End::Suspended],
            Ok(20),
            "one that was suspended does not count",
        ),
        (10, 3_600, vec![End::NoCapacity; 8], Ok(3_600), "at most"),
        (
            1,
            10,
            vec![],
            Err(End::PlatformFailed),
            "one attempt is the first",
        ),
    ];
    for (max, first, before, expected, why) in rows {
        let numbers = 1..;
        let past = numbers.zip(before).map(|(n, end)| past(n, end)).collect();
        let mut memo = Memo {
            past,
            ..followed(60)
        };
        let attempt = memo.past.len();
        memo.submission.as_mut().unwrap().attempt = i32::try_from(attempt).unwrap() + 1;
        let want = super::want_with(with(max, first));
        let moved = <crate::spark_job::SparkJob as crate::machine::Machine>::next(
            &want,
            &failed("ServiceError", "x"),
            &memo,
            now(),
        );
        assert_eq!(outcome(&moved.memo), expected, "{why}");
    }
}

#[test]
#[rustfmt::skip]
fn the_next_attempt_has_its_time() {
    let waiting = |seconds: i64| Memo {
        next_attempt: Some(ago(-seconds)),
        started: Some(ago(100)),
        ..between(vec![past(1, End::NoCapacity)])
    };
    let limited: Change = |g| { retried(g); set(g, "activeDeadlineSeconds", json!(110)); };
    let late: Change = |g| { retried(g); set(g, "activeDeadlineSeconds", json!(100)); };
    check(&[
        (retried, Unknown, waiting(30), Told::In(30), "not yet"),
        (retried, Absent, waiting(0), Told::Submit, "now"),
        (retried, Unknown, waiting(0), Told::In(10), "now, once it is known that it is not there"),
        (limited, Unknown, waiting(30), Told::In(10), "the deadline comes first"),
        (late, Unknown, waiting(30), Told::OnChange, "all is over"),
        (super::cancelled, Unknown, waiting(30), Told::OnChange, "all is over"),
        (super::suspended, Unknown, waiting(30), Told::OnChange, "held"),
        (super::going, Absent, waiting(30), Told::Release, "nothing is going on"),
    ]);
    let (_, memo) = decide(late, &seen(Unknown), &waiting(30));
    assert_eq!(memo.ended.unwrap().reason, End::DeadlineExceeded);
    let (_, memo) = decide(super::cancelled, &seen(Unknown), &waiting(30));
    assert_eq!(memo.ended.unwrap().reason, End::Canceled);
    let (_, memo) = decide(retried, &seen(Absent), &waiting(0));
    assert_eq!((memo.submission.unwrap().attempt, memo.next_attempt), (2, None));
}

#[test]
fn what_is_not_asked_for_any_more_is_not_made() {
    let waiting = |next: i64| Memo {
        next_attempt: Some(ago(-next)),
        ..between(vec![past(1, End::NoCapacity), past(2, End::NoCapacity)])
    };
    let scripts: Change = |g| on(&["Script"])(g);
    let twice: Change = |g| set(g, "retry", json!({"maxAttempts": 2}));
    for next in [30, 0] {
        for change in [any as Change, scripts, twice] {
            let (told, memo) = decide(change, &seen(Absent), &waiting(next));
            let ended = memo.ended.unwrap();
            assert_eq!((told, ended.reason), (Told::OnChange, End::NoCapacity));
            assert!(ended.note.unwrap().contains("spec.retry"));
        }
        let (_, memo) = decide(retried, &seen(Absent), &waiting(next));
        assert_eq!(memo.ended, None, "it still is");
    }
    let held = between(vec![past(1, End::NoCapacity), past(2, End::Suspended)]);
    let (told, _) = decide(any, &seen(Absent), &held);
    assert_eq!(told, Told::Submit, "one that was held goes on");
}

#[test]
fn a_deadline_does_not_wait_for_what_is_missing() {
    let alone: Change = |g| {
        retried(g);
        set(g, "activeDeadlineSeconds", json!(103));
        g.attachment = Some(crate::place::Reference::Missing);
    };
    let started = |seconds| Memo {
        started: Some(ago(seconds)),
        ..between(vec![past(1, End::NoCapacity)])
    };
    let unseen = seen(Absent);
    assert_eq!(decide(alone, &unseen, &started(100)).0, Told::In(3));
    let (_, memo) = decide(alone, &unseen, &started(103));
    assert_eq!(memo.ended.unwrap().reason, End::DeadlineExceeded);
}

#[test]
fn attempts_that_do_not_count_are_forgotten_first() {
    let mut all = vec![past(1, End::NoCapacity)];
    all.extend((2..=20).map(|n| past(n, End::Suspended)));
    let mut memo = Memo {
        past: all,
        ..canceled(60, CancelCause::Suspend)
    };
    memo.submission.as_mut().unwrap().attempt = 21;
    let (_, memo) = decide(any, &seen(Present(run(RunState::Canceled))), &memo);
    let numbers: Vec<i32> = memo.past.iter().map(|past| past.attempt).collect();
    let expected: Vec<i32> = std::iter::once(1).chain(3..=21).collect();
    assert_eq!(numbers, expected);
}

#[test]
fn a_name_that_somebody_else_has_is_the_end() {
    let memo = Memo {
        next_attempt: Some(ago(0)),
        ..between(vec![past(1, End::NoCapacity)])
    };
    let named: Change = |g| {
        retried(g);
        super::chosen(g);
    };
    let theirs = seen(Present(foreign()));
    let (told, memo) = decide(named, &theirs, &memo);
    let ended = memo.ended.unwrap();
    assert_eq!((told, ended.reason), (Told::OnChange, End::NoCapacity));
    assert!(ended.note.unwrap().contains("azureName"));
    let first = decide(named, &theirs, &Memo::default());
    assert_eq!(first, (Told::In(60), Memo::default()), "a first one waits");
}

#[test]
fn what_was_found_is_tried_again_only_as_it_was() {
    let first = |hash: String| Memo {
        pinned: None,
        first: Some(hash),
        ..between(vec![past(1, End::NoCapacity)])
    };
    let same = decide(retried, &seen(Absent), &first(meant().definition_hash));
    assert_eq!(same.0, Told::Submit);
    let memo = same.1;
    assert_eq!((memo.pinned, memo.first), (Some(meant()), None));
    let (told, memo) = decide(retried, &seen(Absent), &first("another".to_owned()));
    let ended = memo.ended.unwrap();
    assert_eq!((told, ended.reason), (Told::OnChange, End::NoCapacity));
    assert!(ended.note.unwrap().contains("another run"));
    let unknown: Change = |g| {
        retried(g);
        super::blocked(g);
    };
    let (_, memo) = decide(unknown, &seen(Absent), &first("another".to_owned()));
    assert_eq!(memo.ended, None, "nobody knows what it would be");
}

#[test]
fn the_latest_version_may_be_another_one_by_now() {
    let code: Change = |g| set(g, "code", json!({"asset": "azureml:src@latest"}));
    let packages: Change = |g| set(g, "environment", json!({"asset": "azureml:env@latest"}));
    let data: Change = |g| {
        let rows = json!({"type": "uri_file", "path": "azureml:rows@latest"});
        set(g, "inputs", json!({"rows": rows}));
    };
    let fixed: Change = |g| set(g, "code", json!({"asset": "azureml:src:3"}));
    let all = Seen {
        environment: Present("/environments/1".to_owned()),
        inputs: [("rows".to_owned(), Present("/data/rows/1".to_owned()))].into(),
        ..seen(Absent)
    };
    for (change, moves) in [(code, true), (packages, true), (data, true), (fixed, false)] {
        let both = |g: &mut crate::spark_job::Given| {
            retried(g);
            change(g);
        };
        let want = super::want_with(both);
        let memo = Memo {
            pinned: None,
            first: want.definition.as_ref().ok().map(|d| d.hash()),
            ..between(vec![past(1, End::NoCapacity)])
        };
        let moved = SparkJob::next(&want, &all, &memo, now());
        let ended = moved.memo.ended.map(|ended| ended.reason);
        assert_eq!(ended, moves.then_some(End::NoCapacity));
        let again = Memo {
            pinned: Some(meant()),
            first: None,
            ..memo
        };
        let moved = SparkJob::next(&want, &all, &again, now());
        assert_eq!(moved.memo.ended, None, "it is on record which it was");
    }
}

#[test]
fn one_that_was_held_and_cannot_go_on_is_no_suspended_one() {
    let named: Change = |g| {
        retried(g);
        super::chosen(g);
    };
    let held = between(vec![past(1, End::Suspended)]);
    let (_, memo) = decide(named, &seen(Present(foreign())), &held);
    let ended = memo.ended.unwrap();
    assert_eq!(
        (ended.reason, ended.state),
        (End::Conflict, RunState::Canceled)
    );
    assert!(ended.note.is_some());
    let failed = between(vec![past(1, End::NoCapacity), past(2, End::Suspended)]);
    let (_, memo) = decide(named, &seen(Present(foreign())), &failed);
    assert_eq!(memo.ended.unwrap().reason, End::NoCapacity);
}

#[test]
fn a_run_that_was_seen_a_moment_ago_is_not_lost_whenever_it_was_asked_for() {
    let sighted = |seconds| Memo {
        sighted: since(seconds, RunState::Queued).sighted,
        ..followed(500)
    };
    let (told, memo) = decide(any, &seen(Absent), &sighted(74));
    assert_eq!(
        (told, memo.ended),
        (Told::In(1), None),
        "the look may be older"
    );
    let (_, memo) = decide(any, &seen(Absent), &sighted(75));
    assert_eq!(memo.ended.unwrap().reason, End::Lost);
}
