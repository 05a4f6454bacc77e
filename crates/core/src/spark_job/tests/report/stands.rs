//! The one thing that is said first.

use azureml_spark_api::spark_job::CancelCause;
use azureml_spark_api::{Reason, SparkJobStatus};
use jiff::SignedDuration;
use serde_json::json;

use super::{Change, any, going, say, say_after};
use crate::fault::{Class, WAITING_FOR_BUDGET};
use crate::machine::{Machine, Pass, Sight};
use crate::place::Reference;
use crate::spark_job::tests::object::{
    ago, asked, between, canceled, condition, followed, foreign, given_with, now, pass, past, run,
    seen, set, since, standing, trouble, want_with, word,
};
use crate::spark_job::{
    CANCEL, EXISTS, End, Given, Memo, RELABEL, RunState, SUBMIT, Seen, SparkJob, Submission,
};

use Sight::{Absent, Present, Unknown};

fn suspended(given: &mut Given) {
    set(given, "suspend", json!(true));
}

fn conda(given: &mut Given) {
    set(given, "environment", json!({"conda": "dependencies: []"}));
}

#[test]
#[rustfmt::skip]
fn where_it_stands() {
    let unseen = Seen::default();
    let none = Memo::default;
    let at = |state: RunState| since(9, state);
    let by = |why| canceled(9, why);
    let waiting = || Memo { next_attempt: Some(ago(-30)), ..between(vec![past(1, End::NoCapacity)]) };
    let asset: Change = |g| set(g, "code", json!({"asset": "azureml:src:3"}));
    let named: Change = |g| set(g, "azureName", json!("nightly"));
    let unknown: Change = |g| { set(g, "azureName", json!("nightly")); suspended(g); g.config_maps.clear(); };
    let rows: Vec<(Change, Seen, Memo, &str, Reason, &str)> = vec![
        (|g| { g.config_maps.clear(); }, unseen.clone(), none(), "Stalled", Reason::ConfigMapNotFound, "a person must create it"),
        (|g| g.workspace = Reference::Missing, unseen.clone(), none(), "Stalled", Reason::WorkspaceNotFound, "a person must create it"),
        (|g| g.attachment = Some(Reference::Missing), unseen.clone(), none(), "Stalled", Reason::AttachmentNotFound, "a person must create it"),
        (|g| g.attachment = Some(Reference::NotReady("x".into())), unseen.clone(), none(), "Reconciling", Reason::AttachmentNotReady, "it comes by itself"),
        (|g| g.workspace = Reference::NotReady("x".into()), unseen.clone(), none(), "Reconciling", Reason::WorkspaceNotReady, "it comes by itself"),
        (asset, Seen { code: Absent, ..unseen.clone() }, none(), "Stalled", Reason::AssetNotFound, "a person must register it"),
        (any, unseen.clone(), none(), "Reconciling", Reason::Uploading, "the first step is in hand"),
        (conda, Seen { environment: Absent, ..seen(Unknown) }, none(), "Reconciling", Reason::EnvironmentRegistering, "the second step is in hand"),
        (any, seen(Unknown), asked(0), "Reconciling", Reason::Submitting, "on record, not seen yet"),
        (suspended, unseen.clone(), none(), "Reconciling", Reason::Suspended, "held"),
        (suspended, unseen.clone(), between(vec![past(1, End::Suspended)]), "Reconciling", Reason::Suspended, "held between two attempts"),
        (any, unseen.clone(), waiting(), "Reconciling", Reason::BackingOff, "tried again"),
        (any, unseen.clone(), at(RunState::NotStarted), "Reconciling", Reason::Submitted, "accepted"),
        (any, unseen.clone(), at(RunState::Provisioning), "Reconciling", Reason::Preparing, "machines"),
        (any, unseen.clone(), at(RunState::Queued), "Reconciling", Reason::Queued, "waits"),
        (any, unseen.clone(), at(RunState::Running), "Reconciling", Reason::Running, "runs"),
        (any, unseen.clone(), at(RunState::NotResponding), "Reconciling", Reason::NotResponding, "may come back"),
        (any, unseen.clone(), at(RunState::Finalizing), "Reconciling", Reason::Finalizing, "ends"),
        (any, unseen.clone(), at(RunState::Failed), "Reconciling", Reason::Finalizing, "failed, and why is not known yet"),
        (any, unseen.clone(), at(RunState::CancelRequested), "Reconciling", Reason::Canceling, "somebody cancelled it in Studio"),
        (any, unseen.clone(), by(CancelCause::Asked), "Reconciling", Reason::Canceling, "by spec.cancel"),
        (suspended, unseen.clone(), by(CancelCause::Suspend), "Reconciling", Reason::Suspending, "by spec.suspend"),
        (any, unseen.clone(), by(CancelCause::Deadline), "Reconciling", Reason::Canceling, "its time is over"),
        (named, seen(Present(foreign())), none(), "Stalled", Reason::Conflict, "another name is needed"),
        (named, Seen { code: Unknown, ..seen(Present(foreign())) }, none(), "Stalled", Reason::Conflict, "though the code was not looked at"),
        (|g| { set(g, "azureName", json!("nightly")); suspended(g); }, seen(Present(foreign())), none(), "Reconciling", Reason::Suspended, "held: the name counts later"),
        (unknown, seen(Present(foreign())), none(), "Stalled", Reason::Conflict, "it may be this one, and goes on"),
        (going, unseen.clone(), by(CancelCause::Deleted), "Reconciling", Reason::Canceling, "on its way out"),
        (going, unseen.clone(), none(), "Reconciling", Reason::Deleting, "nobody knows what is there"),
        (|g| { going(g); g.workspace = Reference::Missing; }, unseen, followed(9), "Stalled", Reason::WorkspaceNotFound, "nobody can cancel the run"),
    ];
    for (change, seen, memo, stands, reason, why) in rows {
        let status = say(change, &seen, &memo);
        assert_eq!(
            standing(&status.conditions),
            (stands, word(reason)),
            "{why}"
        );
    }
}

#[test]
fn faults_are_told_by_their_class() {
    let until = ago(-60);
    let rows = [
        (Class::Terminal, "Stalled", Reason::Refused),
        (Class::Absent, "Stalled", Reason::Refused),
        (Class::Forbidden, "Stalled", Reason::Forbidden),
        (Class::Credential, "Stalled", Reason::CredentialsRejected),
        (Class::Spreading, "Reconciling", Reason::Spreading),
        (Class::Retryable, "Reconciling", Reason::AzureUnavailable),
        (Class::Unsure, "Reconciling", Reason::AzureUnavailable),
        (
            Class::Throttled { until },
            "Reconciling",
            Reason::WaitingForBudget,
        ),
    ];
    let want = want_with(any);
    for (class, stands, reason) in rows {
        let mut trouble = trouble(class, SUBMIT);
        let old = SparkJobStatus::default();
        let with = |trouble: &crate::Trouble| {
            let memo = asked(0);
            let pass = Pass {
                trouble: Some(trouble),
                ..pass(&want, None, &memo)
            };
            SparkJob::report(&pass, &old, now())
        };
        let first = with(&trouble);
        assert_eq!(
            standing(&first.conditions),
            (stands, word(reason)),
            "{class:?}"
        );
        let ready = condition(&first.conditions, "Ready").unwrap();
        assert!(
            ready.message.contains("submit the run"),
            "{}",
            ready.message
        );
        trouble.tries = 99;
        trouble.fault.request_id = Some("another".into());
        assert_eq!(with(&trouble), first, "{class:?}: another try is no news");
    }
}

#[test]
fn a_turn_that_has_not_come_is_told_without_a_number_that_changes() {
    let want = want_with(any);
    let told = |until, code: &str| {
        let mut trouble = trouble(Class::Throttled { until }, SUBMIT);
        trouble.fault.code = code.into();
        let (memo, old) = (Memo::default(), SparkJobStatus::default());
        let pass = Pass {
            trouble: Some(&trouble),
            ..pass(&want, None, &memo)
        };
        SparkJob::report(&pass, &old, now()).conditions
    };
    let [ours, azures] = [WAITING_FOR_BUDGET, "TooManyRequests"];
    let first = told(ago(-60), ours);
    assert_eq!(
        standing(&first),
        ("Reconciling", word(Reason::WaitingForBudget))
    );
    assert_eq!(told(ago(-600), ours), first);
    assert_eq!(standing(&told(ago(-60), azures)), standing(&first));
    let message = |conditions: &[_]| condition(conditions, "Ready").unwrap().message.clone();
    let (line, refusal) = (message(&first), message(&told(ago(-60), azures)));
    assert!(line.contains("others are before this one"), "{line}");
    assert!(refusal.contains("Azure asked to wait"), "{refusal}");
}

#[test]
fn a_name_that_is_taken_is_no_trouble_while_it_is_looked_for() {
    let want = want_with(any);
    let trouble = trouble(Class::Unsure, EXISTS);
    let memo = SparkJob::faulted(&asked(5), &trouble.fault, now());
    let told = Pass {
        trouble: Some(&trouble),
        ..pass(&want, None, &memo)
    };
    let status = SparkJob::report(&told, &SparkJobStatus::default(), now());
    assert_eq!(
        standing(&status.conditions),
        ("Reconciling", word(Reason::Submitting))
    );
    assert_eq!(SparkJob::recall(&status), memo);
}

#[test]
fn labels_that_are_refused_stop_nothing() {
    let want = want_with(any);
    let trouble = trouble(Class::Terminal, RELABEL);
    let memo = SparkJob::faulted(&since(9, RunState::Running), &trouble.fault, now());
    let pass = Pass {
        trouble: Some(&trouble),
        ..pass(&want, None, &memo)
    };
    let status = SparkJob::report(&pass, &SparkJobStatus::default(), now());
    assert_eq!(
        standing(&status.conditions),
        ("Reconciling", word(Reason::Running))
    );
    let warning = condition(&status.conditions, "Warning").unwrap();
    assert_eq!(warning.reason, "Refused");
}

#[test]
fn a_cancel_that_is_refused_says_whom_to_ask() {
    for change in [any as Change, going] {
        let want = want_with(change);
        let trouble = trouble(Class::Forbidden, CANCEL);
        let memo = SparkJob::faulted(&canceled(9, CancelCause::Asked), &trouble.fault, now());
        let pass = Pass {
            trouble: Some(&trouble),
            ..pass(&want, None, &memo)
        };
        let first = SparkJob::report(&pass, &SparkJobStatus::default(), now());
        assert_eq!(
            standing(&first.conditions),
            ("Stalled", word(Reason::CancelRefused))
        );
        let message = &condition(&first.conditions, "Ready").unwrap().message;
        assert!(
            message.contains("it did not work"),
            "Azure's words: {message}"
        );
        assert!(message.contains("Studio"), "{message}");
        let later = say_after(change, &Seen::default(), &memo, &first);
        assert_eq!(later, first, "it stays so until Azure says something else");
    }
}

#[test]
fn a_cancel_without_effect_is_told_until_the_end() {
    let asked_for = |seconds: i64, last: i64| {
        let mut memo = canceled(seconds, CancelCause::Deleted);
        memo.cancel.as_mut().unwrap().asked = ago(last);
        memo
    };
    let rows = [
        (300, 300, Reason::Canceling),
        (899, 0, Reason::Canceling),
        (900, 0, Reason::CancelStuck),
        (90_000, 30, Reason::CancelStuck),
    ];
    for (first, last, reason) in rows {
        for change in [any as Change, going] {
            let status = say(change, &Seen::default(), &asked_for(first, last));
            assert_eq!(
                standing(&status.conditions),
                ("Reconciling", word(reason)),
                "{first}"
            );
        }
    }
    for (since_when, reason) in [(899, Reason::Finalizing), (900, Reason::CancelStuck)] {
        let ending = Memo {
            cancel: asked_for(0, 0).cancel,
            ..since(since_when, RunState::Finalizing)
        };
        let status = say(any, &Seen::default(), &ending);
        let said = standing(&status.conditions);
        assert_eq!(said, ("Reconciling", word(reason)), "{since_when}");
    }
    let impatient: Change = |g| g.patience.cancel = SignedDuration::from_secs(7);
    let status = say(impatient, &Seen::default(), &asked_for(20, 13));
    assert_eq!(
        standing(&status.conditions),
        ("Reconciling", word(Reason::CancelStuck))
    );
    let said = &condition(&status.conditions, "Reconciling")
        .unwrap()
        .message;
    assert!(said.contains("for 7 seconds"), "{said}");
}

#[test]
fn a_silence_says_how_long_it_is_borne() {
    let impatient: Change = |g| g.patience.silence = SignedDuration::from_secs(90);
    let memo = since(9, RunState::NotResponding);
    for (change, words) in [
        (any as Change, "after 30 minutes"),
        (impatient, "after 90 seconds"),
    ] {
        let status = say(change, &seen(Present(run(RunState::NotResponding))), &memo);
        let said = &condition(&status.conditions, "Reconciling")
            .unwrap()
            .message;
        assert!(said.ends_with(words), "{said}");
    }
}

#[test]
fn an_invalid_spec_says_the_field_and_keeps_what_is_known() {
    let given = given_with(|g| set(g, "args", json!("${{inputs.x}}")));
    let invalid = SparkJob::want(&given).unwrap_err();
    let memo = since(9, RunState::Running);
    let old = say(any, &seen(Present(run(RunState::Running))), &memo);
    let pass = Pass {
        generation: 2,
        want: Err(&invalid),
        seen: None,
        memo: &memo,
        trouble: None,
        paused: false,
    };
    let status = SparkJob::report(&pass, &old, now());
    assert_eq!(
        standing(&status.conditions),
        ("Stalled", word(Reason::InvalidSpec))
    );
    assert!(
        condition(&status.conditions, "SpecAccepted")
            .unwrap()
            .message
            .starts_with("spec.args: ")
    );
    assert_eq!(status.azure_id, old.azure_id);
    assert_eq!(SparkJob::recall(&status), memo);
}

#[test]
fn a_look_that_said_nothing_changes_nothing() {
    let want = want_with(any);
    let memo = since(9, RunState::Running);
    let old = say(any, &seen(Present(run(RunState::Running))), &memo);
    let again = SparkJob::report(&pass(&want, Some(&seen(Unknown)), &memo), &old, now());
    assert_eq!(again, old, "it still runs, as far as anybody knows");
    let uploaded = say(any, &seen(Absent), &Memo::default());
    let trouble = trouble(Class::Retryable, "read the run");
    let memo = Memo::default();
    let pass = Pass {
        trouble: Some(&trouble),
        ..pass(&want, None, &memo)
    };
    let status = SparkJob::report(&pass, &uploaded, now());
    assert_eq!(
        condition(&status.conditions, "CodeUploaded")
            .unwrap()
            .status,
        "True"
    );
}

#[test]
fn a_doubt_is_no_submission() {
    let doubt = Memo {
        submission: Some(Submission::forgotten(1, now())),
        ..Memo::default()
    };
    let status = say(
        |g| {
            g.config_maps.clear();
        },
        &seen(Unknown),
        &doubt,
    );
    assert_eq!(
        standing(&status.conditions),
        ("Stalled", word(Reason::ConfigMapNotFound)),
        "what is missing is still told, and the doubt survives"
    );
}

#[test]
fn a_standstill_is_said_beside_the_facts_and_only_while_it_lasts() {
    let want = want_with(any);
    let seen = seen(Present(run(RunState::Running)));
    let memo = since(9, RunState::Running);
    let going = SparkJob::report(
        &pass(&want, Some(&seen), &memo),
        &SparkJobStatus::default(),
        now(),
    );
    let stopped = Pass {
        paused: true,
        ..pass(&want, Some(&seen), &memo)
    };
    let status = SparkJob::report(&stopped, &going, now());
    let paused = condition(&status.conditions, "Paused").unwrap();
    assert_eq!((&*paused.status, &*paused.reason), ("True", "Paused"));
    assert!(
        paused.message.contains("spark.azureml.dev/paused"),
        "names what to remove"
    );
    assert_eq!(
        standing(&status.conditions),
        standing(&going.conditions),
        "the facts are what they are"
    );
    let back = SparkJob::report(&pass(&want, Some(&seen), &memo), &status, now());
    assert_eq!(back, going);
}
