//! What is said, in conditions and fields.

use azureml_spark_api::spark_job::Failure;
use azureml_spark_api::{Reason, SparkJobStatus};
use serde_json::json;

use super::object::{
    ago, asked, condition, ended, followed, foreign, given_with, now, pass, run, seen, set,
    standing, trouble, want_with, word,
};
use crate::Class;
use crate::machine::{Machine, Pass, Sight};
use crate::place::Reference;
use crate::spark_job::{Ended, Given, Memo, RunState, SUBMIT, Seen, SparkJob};

type Change = fn(&mut Given);

fn say(change: Change, seen: &Seen, memo: &Memo) -> SparkJobStatus {
    let want = want_with(change);
    SparkJob::report(
        &pass(&want, Some(seen), memo),
        &SparkJobStatus::default(),
        now(),
    )
}

fn any(_: &mut Given) {}

fn going(given: &mut Given) {
    given.held = true;
    given.deleting = true;
}

use Sight::{Absent, Present, Unknown};

#[test]
#[rustfmt::skip]
fn where_it_stands() {
    let unseen = Seen::default();
    let at_state = |state| seen(Present(run(state)));
    let rows: Vec<(Change, Seen, Memo, &str, Reason, &str)> = vec![
        (|g| { g.config_maps.clear(); }, unseen.clone(), Memo::default(), "Stalled", Reason::ConfigMapNotFound, "a person must create it"),
        (|g| g.workspace = Reference::Missing, unseen.clone(), Memo::default(), "Stalled", Reason::WorkspaceNotFound, "a person must create it"),
        (|g| g.attachment = Some(Reference::Missing), unseen.clone(), Memo::default(), "Stalled", Reason::AttachmentNotFound, "a person must create it"),
        (|g| g.attachment = Some(Reference::NotReady("x".into())), unseen.clone(), Memo::default(), "Reconciling", Reason::AttachmentNotReady, "it comes by itself"),
        (|g| g.workspace = Reference::NotReady("x".into()), unseen.clone(), Memo::default(), "Reconciling", Reason::WorkspaceNotReady, "it comes by itself"),
        (any, unseen.clone(), Memo::default(), "Reconciling", Reason::Uploading, "the first step is in hand"),
        (any, seen(Unknown), asked(0), "Reconciling", Reason::Submitting, "on record, not seen yet"),
        (any, at_state(RunState::NotStarted), followed(9), "Reconciling", Reason::Submitted, "accepted"),
        (any, at_state(RunState::Provisioning), followed(9), "Reconciling", Reason::Preparing, "machines"),
        (any, at_state(RunState::Queued), followed(9), "Reconciling", Reason::Queued, "waits"),
        (any, at_state(RunState::Running), followed(9), "Reconciling", Reason::Running, "runs"),
        (any, at_state(RunState::NotResponding), followed(9), "Reconciling", Reason::Running, "may come back"),
        (any, at_state(RunState::Finalizing), followed(9), "Reconciling", Reason::Finalizing, "ends"),
        (any, at_state(RunState::Failed), followed(9), "Reconciling", Reason::Finalizing, "failed, and why is not known yet"),
        (any, at_state(RunState::CancelRequested), followed(9), "Reconciling", Reason::Canceling, "somebody cancelled it in Studio"),
        (|g| set(g, "azureName", json!("nightly")), seen(Present(foreign())), Memo::default(), "Stalled", Reason::Conflict, "another name is needed"),
        (|g| set(g, "azureName", json!("nightly")), Seen { code: Unknown,..seen(Present(foreign())) }, Memo::default(), "Stalled", Reason::Conflict, "though the code was not looked at"),
        (going, at_state(RunState::Running), followed(9), "Reconciling", Reason::Canceling, "on its way out"),
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
#[rustfmt::skip]
fn how_it_ended() {
    let failed = |code: &str| Memo {
        ended: Some(Ended {
            state: RunState::Failed,
            at: ago(5),
            failure: Some(Failure {
                code: code.into(),
                message: "KeyError: 'Age'".into(),
                log_tail: None,
            }),
        }),
        ..ended(RunState::Failed)
    };
    let rows = [
        (ended(RunState::Completed), "Complete", "Ready", Reason::Completed, "ended well"),
        (failed("UserError"), "Failed", "Stalled", Reason::ScriptFailed, "the script's own fault"),
        (failed("ServiceError"), "Failed", "Stalled", Reason::PlatformFailed, "Azure's fault"),
        (ended(RunState::Failed), "Failed", "Stalled", Reason::PlatformFailed, "no reason given"),
        (ended(RunState::Canceled), "Failed", "Stalled", Reason::Canceled, "not what the spec asked for"),
        (ended(RunState::Lost), "Failed", "Stalled", Reason::Lost, "nobody knows what became of it"),
    ];
    for (memo, end, stands, reason, why) in rows {
        for seen in [
            Seen::default(),
            seen(Absent),
            seen(Present(run(RunState::Running))),
        ] {
            let status = say(any, &seen, &memo);
            assert_eq!(
                standing(&status.conditions),
                (stands, word(reason)),
                "{why}"
            );
            let ends: Vec<_> = ["Complete", "Failed"]
                .into_iter()
                .filter(|kind| condition(&status.conditions, kind).is_some())
                .collect();
            assert_eq!(ends, [end], "{why}");
            assert_eq!(
                condition(&status.conditions, "Submitted").unwrap().status,
                "True",
                "{why}"
            );
        }
    }
    let status = say(any, &Seen::default(), &failed("UserError"));
    assert!(
        condition(&status.conditions, "Failed")
            .unwrap()
            .message
            .contains("KeyError: 'Age'")
    );
    assert_eq!(status.duration.as_deref(), Some("4m12s"));
    assert_eq!(status.failure.unwrap().code, "UserError");
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
        (Class::Throttled { until }, "Reconciling", Reason::Throttled),
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
fn an_invalid_spec_says_the_field_and_keeps_what_is_known() {
    let given = given_with(|g| set(g, "args", json!("${{inputs.x}}")));
    let invalid = SparkJob::want(&given).unwrap_err();
    let old = say(any, &seen(Present(run(RunState::Running))), &followed(9));
    let memo = followed(9);
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
    let memo = followed(9);
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
fn a_cancel_without_effect_is_told_until_the_end() {
    let want = want_with(going);
    let live = seen(Present(run(RunState::CancelRequested)));
    let memo = |seconds| Memo {
        cancel: Some(ago(seconds)),
        ..followed(900)
    };
    let first = SparkJob::report(
        &pass(&want, Some(&live), &memo(300)),
        &SparkJobStatus::default(),
        now(),
    );
    assert_eq!(standing(&first.conditions).1, word(Reason::Canceling));
    let second = SparkJob::report(&pass(&want, Some(&live), &memo(0)), &first, now());
    assert_eq!(
        standing(&second.conditions),
        ("Reconciling", word(Reason::CancelStuck))
    );
    let third = SparkJob::report(&pass(&want, Some(&live), &memo(0)), &second, now());
    assert_eq!(third, second);
}

#[test]
fn a_doubt_is_no_submission() {
    let doubt = Memo {
        submission: Some(crate::spark_job::Submission::forgotten(now())),
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
        "what is missing is still told"
    );
    assert_eq!(SparkJob::recall(&status), doubt, "and the doubt survives");
}

#[test]
fn the_fields_are_those_of_the_run() {
    let mut running = run(RunState::Running);
    running.studio_url = Some("https://ml.azure.com/runs/x".into());
    let status = say(
        |g| {
            set(
                g,
                "outputs",
                json!({"out": {"type": "uri_folder", "path": "abfss://c@a/out"}}),
            );
        },
        &seen(Present(running)),
        &followed(9),
    );
    let cluster = status.cluster.as_ref().unwrap();
    assert_eq!(
        (
            cluster.executors.as_str(),
            cluster.cores,
            cluster.memory.as_str()
        ),
        ("6", 24, "168g")
    );
    assert_eq!(status.state.as_deref(), Some("Running"));
    assert_eq!(status.azure_id.as_deref(), Some("/jobs/titanic"));
    assert_eq!(
        status.studio_url.as_deref(),
        Some("https://ml.azure.com/runs/x")
    );
    assert_eq!(status.effective_identity.as_ref().unwrap().type_, "Managed");
    assert_eq!(status.outputs[0].path, "abfss://c@a/out");
    assert_eq!(status.code_id.as_deref(), Some("/codes/1"));
    let other = say(
        |g| set(g, "azureName", json!("nightly")),
        &seen(Present(foreign())),
        &Memo::default(),
    );
    assert_eq!(
        (other.azure_id, other.state),
        (None, None),
        "nothing of somebody else's run is published"
    );
}

#[test]
fn a_standstill_is_said_beside_the_facts_and_only_while_it_lasts() {
    let want = want_with(any);
    let seen = seen(Present(run(RunState::Running)));
    let memo = followed(9);
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
