//! Requests that Azure takes on, and of which nothing comes.

use azureml_spark_api::attachment::PendingAction::{Attach, Detach};
use azureml_spark_api::role::RoleAssignment;

use super::object::{
    Told, ago, asked, compute, compute_with, condition, decide, grant, now, pending, seen, set,
    want_with, wished,
};
use super::report::{said, standing};
use crate::attachment::{ATTACH, Attachment, Compute, DETACH, Given, Memo, Provisioning};
use crate::machine::Machine;
use crate::machine::Sight::{Absent, Present};
use crate::{Class, Fault};

type Change = fn(&mut Given);

const NONE: &[RoleAssignment] = &[];

fn any(_: &mut Given) {}

fn going(given: &mut Given) {
    given.held = true;
    given.deleting = true;
}

fn attaching(first: i64, last: i64) -> Memo {
    Memo {
        pending: Some(pending(Attach, first, last)),
        ..wished(any, last)
    }
}

fn detaching(first: i64, last: i64) -> Memo {
    Memo {
        pending: Some(pending(Detach, first, last)),
        ..asked(900, NONE)
    }
}

#[test]
#[rustfmt::skip]
fn it_is_repeated_after_growing_pauses() {
    for (first, last, pause, why) in [
        (4, 4, Some(1), "Azure may be slow to show it"),
        (5, 5, None, "five seconds at first"),
        (30, 15, None, "then as long as it has lasted"),
        (30, 12, Some(6), "then as long as it has lasted"),
        (170, 70, Some(30), "longer and longer"),
        (900, 100, Some(60), "up to five minutes, with a look each minute"),
        (9_000, 299, Some(1), "up to five minutes"),
        (9_000, 300, None, "no longer"),
    ] {
        let expected = |told| pause.map_or(told, Told::In);
        let (told, memo) = decide(&want_with(any), &seen(Absent, NONE), &attaching(first, last));
        assert_eq!(told, expected(Told::Attach), "{why}: attach");
        let asked = memo.pending.unwrap();
        assert_eq!((asked.since, asked.last), (ago(first), Some(ago(if pause.is_some() { last } else { 0 }))), "{why}");
        let look = seen(Present(compute()), NONE);
        let (told, memo) = decide(&want_with(going), &look, &detaching(first, last));
        assert_eq!(told, expected(Told::Detach), "{why}: detach");
        let asked = memo.pending.unwrap();
        assert_eq!((asked.since, asked.last), (ago(first), Some(ago(if pause.is_some() { last } else { 0 }))), "{why}");
    }
}

#[test]
fn another_request_is_another_matter() {
    let edited: Change = |g| set(g, "description", serde_json::json!("edited"));
    for (change, compute, memo, told, action, why) in [
        (
            edited,
            Absent,
            attaching(900, 4),
            Told::Attach,
            Attach,
            "another wish",
        ),
        (
            going,
            Present(compute()),
            Memo {
                record: asked(900, NONE).record,
                ..attaching(900, 4)
            },
            Told::Detach,
            Detach,
            "to leave",
        ),
    ] {
        let (found, memo) = decide(&want_with(change), &seen(compute, NONE), &memo);
        assert_eq!(found, told, "{why}");
        assert_eq!(memo.pending, Some(pending(action, 0, 0)), "{why}");
    }
    let (_, memo) = decide(
        &want_with(any),
        &seen(Present(compute()), NONE),
        &attaching(900, 4),
    );
    assert_eq!(memo.pending, None, "it is there");
}

#[test]
fn what_is_refused_comes_back_as_its_fault_says() {
    for (op, memo, compute, change, told) in [
        (ATTACH, attaching(4, 4), Absent, any as Change, Told::Attach),
        (
            DETACH,
            detaching(4, 4),
            Present(compute()),
            going,
            Told::Detach,
        ),
    ] {
        let fault = |op| Fault {
            class: Class::Retryable,
            code: "ServiceUnavailable".to_owned(),
            op,
            text: "t".to_owned(),
            request_id: None,
            retry_after: None,
        };
        let look = seen(compute, NONE);
        let other = Attachment::faulted(&memo, &fault("read the attached pool"), now());
        assert_eq!(other, memo, "{op}: a look says nothing of it");
        let refused = Attachment::faulted(&memo, &fault(op), now());
        let (found, again) = decide(&want_with(change), &look, &refused);
        assert_eq!(found, told, "{op}");
        assert_eq!(again.pending.unwrap().since, ago(4), "{op}: all the same");
    }
}

#[test]
#[rustfmt::skip]
fn a_person_has_to_look_in_the_end() {
    let failed = || compute_with(|c| c.state = Provisioning::Failed("InUse: a cluster holds it".into()));
    let rows: Vec<(Change, _, Memo, &str, &str, &str, &str)> = vec![
        (any, seen(Absent, NONE), attaching(599, 90), "Reconciling", "Attaching", "", "it may be slow"),
        (any, seen(Absent, NONE), attaching(600, 90), "Stalled", "AttachFailed", "no compute 'pool'", "not that slow"),
        (going, seen(Present(failed()), NONE), detaching(599, 90), "Reconciling", "Detaching", "", "it may be slow"),
        (going, seen(Present(failed()), NONE), detaching(600, 90), "Stalled", "DetachFailed", "InUse: a cluster holds it", "Azure's errors"),
        (going, seen(Present(compute()), NONE), detaching(600, 90), "Stalled", "DetachFailed", "spark.azureml.dev/force-release=true", "and the way out"),
        (going, seen(Absent, NONE), detaching(600, 90), "Reconciling", "Detaching", "", "it has gone"),
        (going, seen(Present(compute()), NONE), attaching(600, 90), "Reconciling", "Detaching", "", "that was about something else"),
    ];
    for (change, look, memo, stands, reason, text, why) in rows {
        let status = said(change, &look, &memo);
        assert_eq!(standing(&status), (stands, reason.to_owned()), "{why}");
        let ready = condition(&status.conditions, "Ready").unwrap();
        assert!(ready.message.contains(text), "{why}: {}", ready.message);
        assert_eq!(Attachment::recall(&status), memo, "{why}");
    }
}

fn tagged(given: &mut Given) {
    set(given, "tags", serde_json::json!({"team": "a"}));
}

/// As [`tagged`] describes it, but for the tag, which a policy rewrites each time; changed so.
fn rewritten(change: fn(&mut Compute)) -> Compute {
    compute_with(|c| {
        c.tags.insert("team".to_owned(), "policy".to_owned());
        change(c);
    })
}

fn fought_over(first: i64, last: i64) -> Memo {
    Memo {
        pending: Some(pending(Attach, first, last)),
        managed_tags: vec!["team".to_owned()],
        ..wished(tagged, last)
    }
}

#[test]
#[rustfmt::skip]
fn what_is_changed_back_each_time_is_not_fought_over_without_a_pause() {
    let same: fn(&mut Compute) = |_| {};
    let retyped: fn(&mut Compute) = |c| c.identity.type_ = "None".into();
    let ours = || vec![grant("principal")];
    for (change, roles, memo, told, why) in [
        (same, ours(), fought_over(0, 0), Told::In(60), "a minute at first"),
        (same, vec![], fought_over(0, 0), Told::Grant("principal"), "a tag keeps no role from being granted"),
        (retyped, vec![], fought_over(0, 0), Told::In(60), "another identity does"),
        (same, ours(), fought_over(60, 60), Told::Attach, "then it is asked for again"),
        (same, ours(), fought_over(180, 80), Told::In(20), "after growing pauses"),
        (same, ours(), fought_over(9_000, 299), Told::In(1), "up to five minutes"),
        (same, ours(), fought_over(9_000, 300), Told::Attach, "no longer"),
    ] {
        let look = seen(Present(rewritten(change)), &roles);
        let (found, memo) = decide(&want_with(tagged), &look, &memo);
        assert_eq!(found, told, "{why}");
        assert!(memo.pending.is_some(), "{why}: it is not over");
    }
    for (change, first, stands, reason, text, why) in [
        (same, 599, "Reconciling", "Attaching", "differs in tags.team", "it may be slow"),
        (same, 600, "Ready", "Drifted", "an Azure Policy perhaps", "it stops no job"),
        (retyped, 600, "Stalled", "AttachFailed", "identity.type", "jobs would run as another"),
    ] {
        let mut look = seen(Present(rewritten(change)), &ours());
        look.grants.powerless = Present(Vec::new());
        let status = said(tagged, &look, &fought_over(first, 90));
        assert_eq!(standing(&status), (stands, reason.to_owned()), "{why}");
        let ready = condition(&status.conditions, "Ready").unwrap();
        assert!(ready.message.contains(text), "{why}: {}", ready.message);
    }
}
