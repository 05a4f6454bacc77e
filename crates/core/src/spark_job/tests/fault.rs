//! What a fault does to what is remembered.

use azureml_spark_api::spark_job::{CancelCause, SubmissionMark};

use super::object::{ago, asked, between, canceled, followed, meant, now, past, trouble};
use crate::machine::Machine;
use crate::spark_job::{
    CANCEL, EXISTS, End, LabelState, Memo, RELABEL, RunState, SUBMIT, SparkJob,
};
use crate::{Class, Fault};

#[test]
#[rustfmt::skip]
fn a_fault_changes_the_memory_only_where_it_tells_something() {
    let until = now();
    let refused = Memo::default();
    let again = asked(0);
    let second = || Memo { past: vec![past(1, End::NoCapacity)], ..asked(9) };
    let held = between(vec![past(1, End::NoCapacity)]);
    let marked = |mark| {
        let mut memo = asked(9);
        memo.submission.as_mut().unwrap().mark = Some(mark);
        memo
    };
    let repeated = || marked(SubmissionMark::Repeated);
    let looked_for = marked(SubmissionMark::Refused);
    let mut exists = asked(0);
    exists.submission.as_mut().unwrap().mark = Some(SubmissionMark::Exists);
    assert_eq!(held.pinned, Some(meant()));
    let rows = [
        (Class::Terminal, SUBMIT, asked(9), &refused, "refused for good: no run, and the spec can be mended"),
        (Class::Forbidden, SUBMIT, asked(9), &refused, "refused for want of a right: no run either"),
        (Class::Terminal, SUBMIT, followed(9), &followed(9), "the run was there before: the refusal is about something else"),
        (Class::Forbidden, SUBMIT, second(), &held, "what the first attempt ran with stays, and the right may be given"),
        (Class::Terminal, SUBMIT, repeated(), &looked_for, "an earlier request may have come through: it is looked for"),
        (Class::Forbidden, SUBMIT, repeated(), &looked_for, "the same"),
        (Class::Retryable, SUBMIT, repeated(), &repeated(), "asked for again"),
        (Class::Unsure, SUBMIT, asked(9), &again, "it may arrive until now: doubts count from here"),
        (Class::Unsure, EXISTS, asked(70), &exists, "the answer took its time: doubts count from here"),
        (Class::Unsure, EXISTS, repeated(), &exists, "the same"),
        (Class::Retryable, SUBMIT, asked(9), &asked(9), "asked for again under the same name"),
        (Class::Throttled { until }, SUBMIT, asked(9), &asked(9), "nothing happened yet"),
        (Class::Spreading, SUBMIT, asked(9), &asked(9), "nothing happened yet"),
        (Class::Credential, SUBMIT, asked(9), &asked(9), "nobody was asked"),
        (Class::Terminal, "read the run", asked(9), &asked(9), "a look that is refused says nothing of the run"),
        (Class::Unsure, CANCEL, followed(9), &followed(9), "the cancel is on record"),
        (Class::Retryable, CANCEL, canceled(9, CancelCause::Asked), &canceled(9, CancelCause::Asked), "asked for again"),
        (Class::Retryable, RELABEL, followed(9), &followed(9), "sent again"),
    ];
    for (class, op, memo, expected, why) in rows {
        let fault: Fault = trouble(class, op).fault;
        assert_eq!(SparkJob::faulted(&memo, &fault, now()), *expected, "{why}");
    }
}

#[test]
fn a_further_attempt_that_is_refused_is_the_end() {
    let second = Memo {
        past: vec![past(1, End::NoCapacity)],
        ..asked(9)
    };
    let fault = trouble(Class::Terminal, SUBMIT).fault;
    let memo = SparkJob::faulted(&second, &fault, now());
    assert_eq!(memo.submission, None);
    assert!(!SparkJob::holds(&memo));
    let ended = memo.ended.unwrap();
    assert_eq!((ended.state, ended.at), (RunState::Failed, now()));
    assert_eq!(ended.reason, End::NoCapacity, "that of the last attempt");
    let note = ended.note.unwrap();
    assert!(note.contains("it did not work"), "{note}");
}

#[test]
fn a_refusal_is_remembered_in_azures_words() {
    for class in [Class::Terminal, Class::Forbidden] {
        let fault = trouble(class, CANCEL).fault;
        let memo = SparkJob::faulted(&canceled(9, CancelCause::Asked), &fault, now());
        let cancel = memo.cancel.unwrap();
        assert_eq!(cancel.refused.as_deref(), Some("it did not work"));
        assert_eq!(cancel.refused_at, Some(now()));
        let fault = trouble(class, RELABEL).fault;
        let memo = SparkJob::faulted(&followed(9), &fault, now());
        let labels = memo.labels.unwrap();
        assert_eq!(labels.state, LabelState::Refused);
        let again = (class == Class::Forbidden).then(|| ago(-60));
        assert_eq!(labels.again, again, "a right may be granted");
    }
}

#[test]
fn one_that_was_held_is_asked_for_again_until_azure_takes_it() {
    let resumed = |past| Memo { past, ..asked(9) };
    let held = vec![past(1, End::Suspended), past(2, End::Suspended)];
    let fault = trouble(Class::Terminal, SUBMIT).fault;
    let memo = SparkJob::faulted(&resumed(held.clone()), &fault, now());
    assert_eq!(memo, between(held), "a suspension is no end");
    let failed = vec![past(1, End::NoCapacity), past(2, End::Suspended)];
    let memo = SparkJob::faulted(&resumed(failed), &fault, now());
    let ended = memo.ended.unwrap();
    assert_eq!(
        (ended.reason, ended.state),
        (End::NoCapacity, RunState::Failed)
    );
}

#[test]
fn nothing_else_waits_for_what_azure_refuses() {
    for (class, op, expected) in [
        (Class::Terminal, CANCEL, true),
        (Class::Forbidden, CANCEL, true),
        (Class::Terminal, RELABEL, true),
        (Class::Forbidden, RELABEL, true),
        (Class::Retryable, CANCEL, false),
        (Class::Credential, RELABEL, false),
        (Class::Terminal, SUBMIT, true),
        (Class::Forbidden, SUBMIT, true),
        (Class::Retryable, SUBMIT, false),
        (Class::Unsure, SUBMIT, false),
        (Class::Forbidden, "read the run", false),
    ] {
        let fault = trouble(class, op).fault;
        assert_eq!(SparkJob::goes_on(&fault), expected, "{class:?}: {op}");
    }
}

#[test]
fn the_object_is_held_from_the_intent_to_the_end() {
    let rows = [
        (Memo::default(), false, "nothing in Azure needs it"),
        (asked(9), true, "a run may be there"),
        (
            canceled(3, CancelCause::Deleted),
            true,
            "it is not over yet",
        ),
        (
            between(vec![past(1, End::Suspended)]),
            false,
            "held: nothing is there",
        ),
        (
            Memo {
                next_attempt: Some(ago(-9)),
                ..between(vec![past(1, End::NoCapacity)])
            },
            true,
            "tried again before long",
        ),
        (super::object::ended(RunState::Canceled), false, "over"),
    ];
    for (memo, held, why) in rows {
        assert_eq!(SparkJob::holds(&memo), held, "{why}");
    }
}
