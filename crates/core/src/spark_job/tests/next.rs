//! One row per state of the run and of the memory.

use serde_json::json;

use super::object::{ago, asked, at, ended, followed, foreign, now, run, seen, set, want_with};
use crate::machine::{Act, Machine, Sight, Wake};
use crate::place::Reference;
use crate::spark_job::{Given, Memo, Run, RunState, Seen, SparkJob, Step};

type Change = fn(&mut Given);

/// What is decided: the act, and what is remembered with it.
#[derive(Debug, PartialEq)]
enum Told {
    Upload,
    Submit,
    Cancel,
    OnChange,
    /// After so many seconds.
    In(i64),
    Release,
}

fn decide(change: Change, seen: &Seen, memo: &Memo) -> (Told, Memo) {
    let moved = SparkJob::next(&want_with(change), seen, memo, now());
    let told = match moved.act {
        Act::Do(Step::UploadCode) => Told::Upload,
        Act::Do(Step::Submit) => Told::Submit,
        Act::Do(Step::Cancel) => Told::Cancel,
        Act::Rest(Wake::OnChange) => Told::OnChange,
        Act::Rest(Wake::At(time)) => Told::In(time.duration_since(now()).as_secs()),
        Act::Release => Told::Release,
    };
    (told, moved.memo)
}

fn check(rows: &[(Change, Sight<Run>, Memo, Told, &str)]) {
    for (change, run, memo, told, why) in rows {
        let (found, _) = decide(*change, &seen(run.clone()), memo);
        assert_eq!(found, *told, "{why}");
    }
}

fn any(_: &mut Given) {}

fn held(given: &mut Given) {
    given.held = true;
}

fn chosen(given: &mut Given) {
    set(given, "azureName", json!("nightly"));
}

fn blocked(given: &mut Given) {
    given.config_maps.clear();
}

fn going(given: &mut Given) {
    given.held = true;
    given.deleting = true;
    given.config_maps.clear();
}

fn stranded(given: &mut Given) {
    going(given);
    given.workspace = Reference::Missing;
}

use Sight::{Absent, Present, Unknown};

#[test]
#[rustfmt::skip]
fn towards_a_submission() {
    let none = Memo::default;
    check(&[
        (any, Unknown, none(), Told::Submit, "a derived name that was never asked for needs no look"),
        (held, Unknown, none(), Told::In(10), "our finalizer says that we had begun: look before anything else"),
        (chosen, Unknown, none(), Told::In(10), "a chosen name may be somebody else's: look first"),
        (chosen, Absent, none(), Told::Submit, "nobody has it"),
        (held, Absent, none(), Told::Submit, "begun, and not there: the name makes it the same run"),
        (any, Absent, asked(5), Told::Submit, "asked for, and not there: the name makes it the same run"),
        (any, Unknown, asked(5), Told::In(10), "asked for, and nobody can tell: look, do not ask again"),
        (any, Unknown, asked(5_000), Told::In(10), "silence never becomes absence"),
        (blocked, Unknown, none(), Told::In(10), "a ConfigMap is not watched"),
        (|g| g.attachment = Some(Reference::Missing), Unknown, none(), Told::OnChange, "the attachment wakes us"),
        (|g| g.workspace = Reference::NotReady("x".into()), Unknown, none(), Told::OnChange, "the workspace wakes us"),
        (|g| { blocked(g); chosen(g); }, Unknown, none(), Told::In(10), "nothing to submit: the name is not looked at"),
    ]);
}

#[test]
fn the_code_comes_before_the_run() {
    let with = |code| Seen {
        code,
        ..seen(Unknown)
    };
    let (told, memo) = decide(any, &with(Absent), &Memo::default());
    assert_eq!(
        (told, memo),
        (Told::Upload, Memo::default()),
        "an upload needs no memory: it is found by its hash"
    );
    let (told, memo) = decide(any, &with(Unknown), &Memo::default());
    assert_eq!(
        (told, memo),
        (Told::In(10), Memo::default()),
        "whether it is there could not be told"
    );
    let (told, memo) = decide(any, &with(Present("/codes/7".into())), &Memo::default());
    let submission = memo.submission.unwrap();
    assert_eq!(told, Told::Submit);
    assert_eq!(
        (
            submission.code_id.as_str(),
            submission.requested,
            submission.seen_by_azure
        ),
        ("/codes/7", now(), false)
    );
}

#[test]
fn every_try_is_put_on_record_anew() {
    let (_, memo) = decide(any, &seen(Absent), &asked(5_000));
    assert_eq!(
        memo.submission.unwrap().requested,
        now(),
        "doubts about an absence count from the last try"
    );
}

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
        S::NotResponding,
        S::Paused,
        S::Other("Reticulating".into()),
    ];
    for state in on_the_way {
        let (told, memo) = decide(any, &seen(Present(run(state.clone()))), &asked(5));
        assert_eq!(told, Told::OnChange, "{state:?} is no end (contract §3.4)");
        assert!(
            memo.ended.is_none() && memo.submission.unwrap().seen_by_azure,
            "{state:?}"
        );
        assert_eq!(memo.started.is_some(), state == S::Running, "{state:?}");
    }
    for state in [S::Completed, S::Canceled] {
        let (told, memo) = decide(any, &seen(Present(run(state.clone()))), &followed(60));
        assert_eq!((told, memo.ended.unwrap().state), (Told::OnChange, state));
    }
}

#[test]
fn a_failure_is_told_with_its_reason() {
    let failed = |failure| Seen {
        failure,
        ..seen(Present(run(RunState::Failed)))
    };
    let (told, memo) = decide(any, &failed(Unknown), &followed(60));
    assert_eq!(
        (told, memo.ended),
        (Told::In(10), None),
        "why is not known yet, and is not asked for later"
    );
    let (_, memo) = decide(any, &failed(Absent), &followed(60));
    assert_eq!(
        memo.ended.unwrap().failure,
        None,
        "Azure has no reason to give"
    );
    let why = azureml_spark_api::spark_job::Failure {
        code: "UserError".into(),
        ..Default::default()
    };
    let (_, memo) = decide(any, &failed(Present(why.clone())), &followed(60));
    assert_eq!(memo.ended.unwrap().failure, Some(why));
}

#[test]
fn times_are_azures_where_it_says_them() {
    let mut run = run(RunState::Completed);
    (run.started, run.ended) = (
        Some(ago(300)),
        Some("1970-01-12T13:46:00.75Z".parse().unwrap()),
    );
    let (_, memo) = decide(
        any,
        &seen(Present(run)),
        &Memo {
            started: Some(ago(1)),
            ..followed(400)
        },
    );
    assert_eq!(memo.started, Some(ago(300)));
    assert_eq!(
        memo.ended.unwrap().at,
        at(999_960),
        "whole seconds: the apiserver keeps no more"
    );
    let (_, memo) = decide(
        any,
        &seen(Present(super::object::run(RunState::Completed))),
        &followed(400),
    );
    assert_eq!(memo.ended.unwrap().at, now(), "else when we saw it");
}

#[test]
#[rustfmt::skip]
fn a_run_that_disappeared() {
    check(&[
        (any, Absent, followed(74), Told::In(1), "a read may be older than the run"),
        (any, Absent, followed(75), Told::OnChange, "gone for good"),
        (any, Unknown, followed(5_000), Told::In(10), "nobody says that it is gone"),
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
        let memo = ended(state);
        for sight in [
            Unknown,
            Absent,
            Present(run(RunState::Running)),
            Present(foreign()),
        ] {
            let (told, left) = decide(any, &seen(sight.clone()), &memo);
            assert_eq!((told, &left), (Told::OnChange, &memo), "{sight:?}");
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
#[rustfmt::skip]
fn a_lost_status_is_found_again() {
    let none = Memo::default();
    let (told, memo) = decide(held, &seen(Present(run(RunState::Running))), &none);
    let submission = memo.submission.unwrap();
    assert_eq!(told, Told::OnChange);
    assert!(
        submission.seen_by_azure && submission.is_known(),
        "brought back from the run's own properties"
    );
    let (_, memo) = decide(held, &seen(Present(run(RunState::Completed))), &none);
    assert_eq!(memo.ended.unwrap().state, RunState::Completed);
    let lost = Memo {
        submission: Some(crate::spark_job::Submission::forgotten(now())),
        ..Memo::default()
    };
    let rows: [(Change, Sight<Run>, &str); 3] = [
        (held, Unknown, "a run may be there: the finalizer stays"),
        (|g| { held(g); g.workspace = Reference::NotReady("x".into()); }, Unknown, "nothing can be asked: the finalizer stays"),
        (|g| { held(g); blocked(g); }, Absent, "the answer may be old: the finalizer stays"),
    ];
    for (change, sight, why) in rows {
        let (told, memo) = decide(change, &seen(sight), &none);
        assert_eq!((told, &memo), (Told::In(10), &lost), "{why}");
        assert!(SparkJob::holds(&memo), "{why}");
    }
}

#[test]
fn an_intent_that_came_to_nothing_is_taken_back() {
    let stuck: Change = |g| {
        held(g);
        blocked(g);
    };
    let (_, memo) = decide(stuck, &seen(Absent), &asked(74));
    assert!(SparkJob::holds(&memo), "it may still be found");
    let (told, memo) = decide(stuck, &seen(Absent), &asked(75));
    assert_eq!(
        (told, memo),
        (Told::In(10), Memo::default()),
        "no run came of it, and the spec can be mended"
    );
    let (_, memo) = decide(stuck, &seen(Unknown), &asked(5_000));
    assert!(SparkJob::holds(&memo), "silence never becomes absence");
}

#[test]
#[rustfmt::skip]
fn somebody_elses_run_is_left_alone() {
    let adopted = |g: &mut Given| {
        chosen(g);
        g.uid = "restored".into();
    };
    let unsigned = |run: Run| Run {
        owner: None,
        definition_hash: None,
        ..run
    };
    check(&[
        (chosen, Present(foreign()), Memo::default(), Told::In(60), "a conflict; a person may mend it in Azure"),
        (chosen, Present(unsigned(run(RunState::Running))), Memo::default(), Told::In(60), "without our properties it is not ours"),
        (|g| { chosen(g); going(g); }, Present(foreign()), asked(5), Told::Release, "not ours to cancel"),
        (going, Present(unsigned(run(RunState::Running))), Memo::default(), Told::Release, "not ours to cancel"),
        (adopted, Present(run(RunState::Running)), Memo::default(), Told::OnChange, "the same run by its hash: an object that was restored"),
        (|g| g.uid = "restored".into(), Present(run(RunState::Running)), Memo::default(), Told::In(60), "only under a chosen name"),
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
        chosen(g);
        g.uid = "restored".into();
        blocked(g);
    };
    let (told, _) = decide(rest, &seen(Present(run(RunState::Running))), &followed(60));
    assert_eq!(
        told,
        Told::OnChange,
        "the ConfigMaps are not read any more: the hash on record tells"
    );
    let leave: Change = |g| {
        chosen(g);
        g.uid = "restored".into();
        going(g);
    };
    let (told, _) = decide(leave, &seen(Present(run(RunState::Running))), &followed(60));
    assert_eq!(told, Told::Cancel);
}

#[test]
#[rustfmt::skip]
fn on_the_way_out() {
    let canceled = |seconds| Memo {
        cancel: Some(ago(seconds)),
        ..followed(900)
    };
    let running = || Present(run(RunState::Running));
    let heard = || Present(run(RunState::CancelRequested));
    check(&[
        (going, running(), followed(60), Told::Cancel, "a live run is cancelled first"),
        (going, running(), Memo::default(), Told::Cancel, "also one that was forgotten"),
        (going, Present(run(RunState::Paused)), followed(60), Told::Cancel, "paused is no end"),
        (going, Present(run(RunState::Completed)), followed(60), Told::Release, "ended by itself"),
        (going, Present(run(RunState::Canceled)), canceled(10), Told::Release, "ended by us"),
        (going, heard(), canceled(299), Told::In(1), "a cancel takes its time, and is a write"),
        (going, heard(), canceled(300), Told::Cancel, "no effect for five minutes: once more"),
        (going, running(), canceled(29), Told::In(1), "Azure may show it late"),
        (going, running(), canceled(30), Told::Cancel, "no sign of it: the request may have been lost"),
        (going, Unknown, followed(5_000), Told::In(10), "silence never becomes absence"),
        (going, Absent, asked(74), Told::In(1), "the answer may be older than the run"),
        (going, Absent, asked(75), Told::Release, "nothing came of the request"),
        (going, Absent, followed(900), Told::Release, "gone"),
        (going, Absent, Memo::default(), Told::In(75), "held, and nothing on record: the status was lost, doubts begin now"),
        (stranded, Unknown, followed(60), Told::OnChange, "nothing can be asked without the workspace"),
        (stranded, Unknown, ended(RunState::Completed), Told::Release, "and nothing needs to be"),
    ]);
    let (_, memo) = decide(going, &seen(running()), &canceled(300));
    assert_eq!(memo.cancel, Some(now()), "on record before the request");
}
