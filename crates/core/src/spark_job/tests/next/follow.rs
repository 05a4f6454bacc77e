//! Along with the run, to its end.

use azureml_spark_api::spark_job::{CancelCause, Failure, SubmissionMark};
use serde_json::json;

use super::{Change, Told, any, check, decide, going};
use crate::machine::Sight;
use crate::spark_job::tests::object::{
    ago, asked, at, canceled, ended, followed, foreign, now, run, seen, set, since,
};
use crate::spark_job::{End, Memo, Run, RunState, Seen};

use Sight::{Absent, Present, Unknown};

#[test]
fn along_with_the_run() {
    use RunState as S;
    let on_the_way = [
        S::NotStarted,
        S::Starting,
        S::Provisioning,
        S::Preparing,
        S::Queued,
        S::Running,
        S::Finalizing,
        S::CancelRequested,
        S::Paused,
        S::Other("Reticulating".into()),
    ];
    for state in on_the_way {
        let (told, memo) = decide(any, &seen(Present(run(state.clone()))), &asked(5));
        assert_eq!(told, Told::OnChange, "{state:?} is no end (contract §3.4)");
        assert!(memo.ended.is_none(), "{state:?}");
        let sighted = memo.sighted.unwrap();
        assert_eq!((sighted.state, sighted.since), (state.clone(), now()));
        let submission = memo.submission.unwrap();
        assert!(submission.seen_by_azure, "{state:?}");
        assert_eq!(memo.started.is_some(), state == S::Running, "{state:?}");
        assert_eq!(memo.started, submission.started, "{state:?}");
    }
    let mut last = followed(60);
    last.submission.as_mut().unwrap().mark = Some(SubmissionMark::Last);
    for state in [S::Completed, S::Canceled] {
        let (told, memo) = decide(any, &seen(Present(run(state.clone()))), &last);
        assert_eq!((told, memo.ended.unwrap().state), (Told::OnChange, state));
    }
}

#[test]
fn a_state_lasts_since_it_was_first_seen() {
    let queued = || seen(Present(run(RunState::Queued)));
    let (_, memo) = decide(any, &queued(), &since(40, RunState::Queued));
    assert_eq!(memo.sighted.unwrap().since, ago(40));
    let (_, memo) = decide(any, &queued(), &since(40, RunState::Preparing));
    assert_eq!(memo.sighted.unwrap().since, now());
}

#[test]
fn a_failure_is_told_with_its_reason() {
    let failed = |failure| Seen {
        failure,
        ..seen(Present(run(RunState::Failed)))
    };
    let rows = || [(0, Told::In(30)), (594, Told::In(6)), (600, Told::OnChange)];
    for (seconds, expected) in rows() {
        let (told, memo) = decide(any, &failed(Unknown), &since(seconds, RunState::Failed));
        let over = expected == Told::OnChange;
        assert_eq!(told, expected, "patience for what is not known yet");
        assert_eq!(memo.ended.is_some(), over, "{seconds}");
    }
    let (_, memo) = decide(any, &failed(Absent), &followed(60));
    assert_eq!(
        memo.ended.unwrap().failure,
        None,
        "Azure has no reason to give"
    );
    let why = Failure {
        code: "UserError".into(),
        ..Failure::default()
    };
    let (_, memo) = decide(any, &failed(Present(why.clone())), &followed(60));
    assert_eq!(memo.ended.unwrap().failure, Some(why.clone()));
    for (seconds, expected) in rows() {
        let without_log = Seen {
            log_pending: true,
            ..failed(Present(why.clone()))
        };
        let (told, memo) = decide(any, &without_log, &since(seconds, RunState::Failed));
        assert_eq!(told, expected, "patience for the log");
        let ended = memo.ended.map(|ended| (ended.reason, ended.failure));
        let over = (End::ScriptFailed, Some(why.clone()));
        assert_eq!(
            ended,
            (expected == Told::OnChange).then_some(over),
            "what is known counts"
        );
    }
}

#[test]
fn a_run_that_was_cancelled_ends_at_once_with_what_is_left_of_it() {
    let left = Failure {
        code: "UserError".into(),
        message: "KeyError: 'Age'".into(),
        log_tail: Some("the last line".into()),
    };
    let rows = [
        (Present(left.clone()), false, Some(left.clone())),
        (Present(left.clone()), true, Some(left)),
        (Unknown, false, None),
        (Unknown, true, None),
        (Absent, false, None),
    ];
    let ends = [
        (CancelCause::Deadline, End::DeadlineExceeded),
        (CancelCause::NotResponding, End::NotResponding),
        (CancelCause::Asked, End::Canceled),
    ];
    for (failure, log_pending, expected) in rows {
        for (why, reason) in ends {
            let seen = Seen {
                failure: failure.clone(),
                log_pending,
                ..seen(Present(run(RunState::Canceled)))
            };
            let (told, memo) = decide(any, &seen, &canceled(5, why));
            assert_eq!(told, Told::OnChange, "nothing is waited for: {failure:?}");
            let ended = memo.ended.unwrap();
            assert_eq!(ended.reason, reason, "whatever Azure or the log says");
            assert_eq!(ended.failure, expected, "{failure:?}");
        }
    }
    let well = Seen {
        failure: Present(Failure::default()),
        ..seen(Present(run(RunState::Completed)))
    };
    let (_, memo) = decide(any, &well, &followed(60));
    assert_eq!(
        memo.ended.unwrap().failure,
        None,
        "there is nothing to tell"
    );
}

#[test]
fn times_are_azures_where_it_says_them() {
    let mut told = run(RunState::Completed);
    (told.started, told.ended) = (
        Some(ago(300)),
        Some("1970-01-12T13:46:00.75Z".parse().unwrap()),
    );
    let mut memo = followed(400);
    memo.started = Some(ago(1));
    memo.submission.as_mut().unwrap().started = Some(ago(1));
    let (_, memo) = decide(any, &seen(Present(told)), &memo);
    assert_eq!(memo.started, Some(ago(300)));
    assert_eq!(
        memo.ended.unwrap().at,
        at(999_960),
        "whole seconds: the apiserver keeps no more"
    );
    let silent = || seen(Present(run(RunState::Completed)));
    let (_, memo) = decide(any, &silent(), &followed(400));
    assert_eq!(memo.ended.unwrap().at, now(), "else when we saw it");
    let mut second = followed(400);
    second.started = Some(ago(3_000));
    let (_, memo) = decide(any, &seen(Present(run(RunState::Running))), &second);
    assert_eq!(memo.started, Some(ago(3_000)), "the first start of all");
    assert_eq!(memo.submission.unwrap().started, Some(now()));
}

#[test]
#[rustfmt::skip]
fn a_run_that_disappeared() {
    check(&[
        (any, Absent, followed(74), Told::In(1), "a read may be older than the run"),
        (any, Absent, followed(75), Told::OnChange, "gone for good"),
        (any, Unknown, followed(5_000), Told::In(10), "nobody says that it is gone"),
        (super::retried, Absent, followed(75), Told::OnChange, "it may still run where nobody sees it: never again"),
    ]);
    let (_, memo) = decide(any, &seen(Absent), &followed(75));
    assert_eq!(
        memo.ended.unwrap().state,
        RunState::Lost,
        "submitting again would be a second run"
    );
    let (_, memo) = decide(any, &seen(Absent), &followed(74));
    assert_eq!(memo, followed(74));
}

#[test]
fn after_the_end_nothing_is_asked() {
    for state in [
        RunState::Completed,
        RunState::Failed,
        RunState::Canceled,
        RunState::Lost,
    ] {
        let memo: Memo = ended(state);
        let sights: [Sight<Run>; 4] = [
            Unknown,
            Absent,
            Present(run(RunState::Running)),
            Present(foreign()),
        ];
        for sight in sights {
            for change in [any, super::suspended, super::cancelled, super::retried] {
                let (told, left) = decide(change, &seen(sight.clone()), &memo);
                assert_eq!((told, &left), (Told::OnChange, &memo), "{sight:?}");
            }
            let (told, _) = decide(going, &seen(sight.clone()), &memo);
            assert_eq!(
                told,
                Told::Release,
                "{sight:?}: the history of an ended run stays"
            );
        }
    }
}

#[test]
fn what_was_registered_is_waited_for_but_not_for_ever() {
    let registers: Change = |g| {
        set(
            g,
            "outputs",
            json!({"out": {"type": "uri_folder", "path": "abfss://c@a/o", "registerAs": {"name": "x"}}}),
        );
    };
    let over = seen(Sight::Present(run(RunState::Completed)));
    let patient = since(599, RunState::Completed);
    assert_eq!(decide(registers, &over, &patient).0, Told::In(1));
    assert_eq!(decide(any, &over, &patient).0, Told::OnChange);
    let told = Seen {
        outputs: Sight::Present([].into()),
        ..over.clone()
    };
    assert_eq!(decide(registers, &told, &patient).0, Told::OnChange);
    let late = since(600, RunState::Completed);
    assert_eq!(decide(registers, &over, &late).0, Told::OnChange);
}
