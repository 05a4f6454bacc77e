//! Towards a submission.

use serde_json::json;

use super::{Told, any, blocked, check, chosen, decide, held, retried};
use crate::Class;
use crate::machine::{Machine, Sight};
use crate::place::Reference;
use crate::spark_job::tests::object::{
    ago, asked, between, meant, now, past, seen, set, trouble, want_with,
};
use crate::spark_job::{EXISTS, End, LabelState, Memo, SUBMIT, Seen, SparkJob};

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
        (held, Absent, none(), Told::In(1), "begun, and not there: perhaps the second is"),
        (any, Absent, asked(5), Told::Submit, "asked for, and not there: the name makes it the same run"),
        (any, Unknown, asked(5), Told::In(10), "asked for, and nobody can tell: look, do not ask again"),
        (any, Unknown, asked(5_000), Told::In(10), "silence never becomes absence"),
        (retried, Unknown, between(vec![past(1, End::PlatformFailed)]), Told::In(10), "a further attempt may be there: look first"),
        (retried, Absent, between(vec![past(1, End::PlatformFailed)]), Told::Submit, "it is not"),
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
    let none = Memo::default();
    let found = decide(any, &with(Absent), &none);
    assert_eq!(
        found,
        (Told::Upload, Memo::default()),
        "an upload needs no memory: it is found by its hash"
    );
    let found = decide(any, &with(Unknown), &none);
    assert_eq!(
        found,
        (Told::In(10), Memo::default()),
        "whether it is there could not be told"
    );
    let (told, memo) = decide(any, &with(Present("/codes/7".into())), &none);
    let submission = memo.submission.unwrap();
    assert_eq!(told, Told::Submit);
    assert_eq!(
        (
            submission.attempt,
            submission.requested,
            submission.seen_by_azure
        ),
        (1, now(), false)
    );
    let labels = memo.labels.unwrap();
    assert_eq!(
        (labels.hash, labels.state),
        (want_with(any).labels.hash(), LabelState::Sent),
        "they travel with it"
    );
    assert_eq!(memo.pinned.unwrap().code_id, "/codes/7");
}

#[test]
fn so_does_the_environment() {
    let conda = |g: &mut crate::spark_job::Given| {
        set(g, "environment", json!({"conda": "dependencies: []"}));
    };
    let with = |environment| Seen {
        environment,
        ..seen(Unknown)
    };
    let none = Memo::default();
    assert_eq!(decide(conda, &with(Unknown), &none).0, Told::In(10));
    assert_eq!(decide(conda, &with(Absent), &none).0, Told::Register);
    let (told, memo) = decide(conda, &with(Present("/environments/1".into())), &none);
    assert_eq!(told, Told::Submit);
    let pinned = memo.pinned.unwrap();
    assert_eq!(pinned.environment_id.as_deref(), Some("/environments/1"));
}

#[test]
fn what_is_missing_in_azure_is_looked_for_now_and_then() {
    let asset = |g: &mut crate::spark_job::Given| {
        set(g, "code", json!({"asset": "azureml:src:3"}));
    };
    let absent = Seen {
        code: Absent,
        ..seen(Unknown)
    };
    let found = decide(asset, &absent, &Memo::default());
    assert_eq!(found, (Told::In(60), Memo::default()));
}

#[test]
fn another_job_wakes_us() {
    let reads: super::Change = |g| {
        set(
            g,
            "inputs",
            json!({"rows": {"fromJob": {"name": "before", "output": "out"}}}),
        );
    };
    let none = Memo::default();
    assert_eq!(decide(reads, &seen(Unknown), &none).0, Told::OnChange);
    let both: super::Change = |g| {
        set(
            g,
            "inputs",
            json!({"rows": {"fromJob": {"name": "before", "output": "out"}}}),
        );
        blocked(g);
    };
    let (told, _) = decide(both, &seen(Unknown), &none);
    assert_eq!(told, Told::In(10), "a ConfigMap does not");
}

#[test]
fn what_may_have_come_through_is_looked_for_after_a_refusal() {
    use azureml_spark_api::spark_job::SubmissionMark;
    let mark = |memo: &Memo| memo.submission.as_ref().unwrap().mark;
    let (_, first) = decide(any, &seen(Absent), &Memo::default());
    assert_eq!(mark(&first), None);
    let (_, again) = decide(any, &seen(Absent), &asked(5));
    assert_eq!(mark(&again), Some(SubmissionMark::Repeated));
    let fault = trouble(Class::Terminal, SUBMIT).fault;
    let memo = SparkJob::faulted(&asked(5), &fault, now());
    let (told, _) = decide(any, &seen(Absent), &memo);
    assert_eq!(told, Told::Submit, "the same again: not before long");
    let memo = SparkJob::faulted(&again, &fault, now());
    let (told, _) = decide(held, &seen(Absent), &memo);
    assert_eq!(told, Told::In(10), "something else to do: at once");
    let refused = |seconds| {
        let mut memo = asked(seconds);
        memo.submission.as_mut().unwrap().mark = Some(SubmissionMark::Refused);
        memo
    };
    let (told, memo) = decide(held, &seen(Absent), &refused(134));
    assert_eq!(
        (told, memo),
        (Told::In(10), refused(134)),
        "no third request"
    );
    let (told, memo) = decide(held, &seen(Absent), &refused(135));
    assert_eq!((told, memo), (Told::In(10), Memo::default()));
    let live = seen(Present(crate::spark_job::tests::object::run(
        crate::spark_job::RunState::Running,
    )));
    let (_, memo) = decide(held, &live, &refused(5));
    assert!(memo.submission.unwrap().seen_by_azure, "it had");
}

#[test]
fn a_name_that_was_used_before_is_asked_for_once_and_is_the_end() {
    let fault = trouble(Class::Unsure, EXISTS).fault;
    let told = |seconds| SparkJob::faulted(&asked(seconds + 70), &fault, ago(seconds));
    assert!(!SparkJob::goes_on(&fault), "a look comes before long");
    let (found, memo) = decide(held, &seen(Absent), &told(5));
    assert_eq!(
        (found, &memo),
        (Told::In(10), &told(5)),
        "it is not repeated"
    );
    let (found, _) = decide(held, &seen(Absent), &told(74));
    assert_eq!(found, Told::In(1), "the answer may be old");
    let (found, memo) = decide(held, &seen(Absent), &told(75));
    let ended = memo.ended.unwrap();
    assert_eq!((found, ended.reason), (Told::OnChange, End::Conflict));
    assert!(ended.note.unwrap().contains("used before"));
    let live = crate::spark_job::tests::object::run(crate::spark_job::RunState::Running);
    let (_, memo) = decide(held, &seen(Present(live)), &told(5));
    let submission = memo.submission.unwrap();
    assert_eq!((submission.seen_by_azure, submission.mark), (true, None));
    let second = Memo {
        past: vec![past(1, End::NoCapacity)],
        ..told(75)
    };
    let (_, memo) = decide(held, &seen(Absent), &second);
    assert_eq!(memo.ended.unwrap().reason, End::NoCapacity);
    let stopped: super::Change = |g| {
        held(g);
        super::cancelled(g);
    };
    let (_, memo) = decide(stopped, &seen(Absent), &told(75));
    assert_eq!(memo.ended.unwrap().reason, End::Canceled);
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
fn every_attempt_runs_with_what_the_first_one_had() {
    let changed = |g: &mut crate::spark_job::Given| {
        g.pinned = Some(meant());
        blocked(g);
        retried(g);
    };
    let (told, memo) = decide(
        changed,
        &Seen {
            run: Absent,
            ..Seen::default()
        },
        &between(vec![past(1, End::NoCapacity)]),
    );
    assert_eq!(told, Told::Submit, "nothing is looked up again");
    assert_eq!(memo.pinned, Some(meant()));
    let submission = memo.submission.unwrap();
    assert_eq!(
        (submission.attempt, submission.definition_hash),
        (2, meant().definition_hash)
    );
}

#[test]
fn an_intent_that_came_to_nothing_is_taken_back() {
    let stuck: super::Change = |g| {
        held(g);
        blocked(g);
    };
    let (_, memo) = decide(stuck, &seen(Absent), &asked(134));
    assert!(memo.submission.is_some(), "it may still be found");
    let (told, memo) = decide(stuck, &seen(Absent), &asked(135));
    assert_eq!(
        (told, memo),
        (Told::In(10), Memo::default()),
        "no run came of it, and the spec can be mended"
    );
    let (_, memo) = decide(stuck, &seen(Unknown), &asked(5_000));
    assert!(memo.submission.is_some(), "silence never becomes absence");
}
