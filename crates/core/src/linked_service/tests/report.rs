//! What is said, in conditions and fields.

use azureml_spark_api::policy::Difference;
use azureml_spark_api::{LinkedServiceStatus, Reason};

use super::object::{
    SYNAPSE, any, asked, condition, elsewhere, going, grant, link, never, now, observing,
    reporting, roleless, seen, set, settled, unserved, want_with,
};
use crate::linked_service::{FROZEN, Given, LinkedService, Memo, Seen, Want};
use crate::machine::{Machine, Pass, Sight};
use crate::place::Reference;
use crate::summary::Warning;
use crate::{Class, Fault, Trouble};

type Change = fn(&mut Given);

fn pass<'a>(want: &'a Want, seen: Option<&'a Seen>, memo: &'a Memo) -> Pass<'a, LinkedService> {
    Pass {
        generation: 1,
        want: Ok(want),
        seen,
        memo,
        trouble: None,
        paused: false,
    }
}

fn say(change: Change, seen: &Seen, memo: &Memo) -> LinkedServiceStatus {
    let want = want_with(change);
    let old = LinkedServiceStatus::default();
    LinkedService::report(&pass(&want, Some(seen), memo), &old, now())
}

/// After a step, or a look where nothing was seen, that met this.
fn fail(
    change: Change,
    seen: Option<&Seen>,
    memo: &Memo,
    trouble: &Trouble,
    old: &LinkedServiceStatus,
) -> LinkedServiceStatus {
    let want = want_with(change);
    let pass = Pass {
        trouble: Some(trouble),
        ..pass(&want, seen, memo)
    };
    LinkedService::report(&pass, old, now())
}

fn trouble(class: Class, code: &str) -> Trouble {
    Trouble {
        fault: Fault {
            class,
            code: code.into(),
            op: "make the link",
            text: "in Azure's words".into(),
            request_id: None,
            retry_after: None,
        },
        tries: 1,
    }
}

/// Which of the three it is, and why.
fn standing(status: &LinkedServiceStatus) -> (&'static str, String) {
    let holds =
        |kind: &str| condition(&status.conditions, kind).is_some_and(|c| c.status == "True");
    let standing = match (holds("Ready"), holds("Reconciling"), holds("Stalled")) {
        (true, false, false) => "Ready",
        (false, true, false) => "Reconciling",
        (false, false, true) => "Stalled",
        all => panic!("{all:?}"),
    };
    (standing, said(status, "Ready").0)
}

/// Reason and message.
fn said(status: &LinkedServiceStatus, kind: &str) -> (String, String) {
    let found = condition(&status.conditions, kind).unwrap();
    (found.reason.clone(), found.message.clone())
}

fn retaining(given: &mut Given) {
    going(given);
    set(given, "deletionPolicy", serde_json::json!("Retain"));
}

fn used(given: &mut Given) {
    going(given);
    given.users = vec![
        "SynapseSparkAttachment a".into(),
        "SynapseSparkAttachment b".into(),
    ];
}

use Sight::{Absent, Present, Unknown};

#[test]
#[rustfmt::skip]
fn where_it_stands() {
    let ours = [grant("principal")];
    let there = |grants: &[_]| seen(Present(link()), grants);
    let anonymous = seen(Present(crate::linked_service::Link { principal_id: None, ..link() }), &[]);
    let rows: Vec<(Change, Seen, Memo, &str, Reason, &str)> = vec![
        (|g| g.workspace = Reference::Missing, Seen::default(), Memo::default(), "Stalled", Reason::WorkspaceNotFound, "a person must create it"),
        (|g| g.workspace = Reference::NotReady("x".into()), Seen::default(), Memo::default(), "Reconciling", Reason::WorkspaceNotReady, "it comes by itself"),
        (any, seen(Unknown, &[]), asked(0, &[]), "Reconciling", Reason::Pending, "nobody could tell"),
        (any, seen(Absent, &[]), asked(0, &[]), "Reconciling", Reason::Linking, "in hand"),
        (any, anonymous, asked(9, &[]), "Reconciling", Reason::Pending, "the identity comes by itself"),
        (any, there(&[]), asked(9, &[]), "Reconciling", Reason::Granting, "the role is missing"),
        (any, there(&ours), settled(9, &ours), "Ready", Reason::Ready, "all is well"),
        (roleless, there(&[]), settled(9, &[]), "Ready", Reason::Ready, "no role was asked for"),
        (any, seen(elsewhere(), &[]), Memo::default(), "Stalled", Reason::Conflict, "a person must choose"),
        (never, there(&[]), Memo::default(), "Stalled", Reason::Conflict, "a person must choose"),
        (never, there(&ours), settled(9, &ours), "Ready", Reason::Ready, "ours"),
        (reporting, seen(Absent, &[]), settled(900, &ours), "Stalled", Reason::Unlinked, "removed outside"),
        (reporting, there(&[]), settled(900, &ours), "Stalled", Reason::Drifted, "taken away outside"),
        (any, seen(Absent, &[]), settled(900, &ours), "Reconciling", Reason::Linking, "it comes back"),
        (any, unserved(&[]), Memo::default(), "Stalled", Reason::LinkFrozen, "Azure serves no links"),
        (observing, there(&ours), Memo::default(), "Ready", Reason::Observed, "what is there is told"),
        (observing, there(&[]), Memo::default(), "Ready", Reason::Observed, "whatever it lacks"),
        (|g| { observing(g); never(g); }, there(&[]), Memo::default(), "Ready", Reason::Observed, "it takes nothing over"),
        (observing, seen(Absent, &[]), Memo::default(), "Stalled", Reason::NotFound, "nobody will make it"),
        (observing, seen(elsewhere(), &[]), Memo::default(), "Stalled", Reason::Conflict, "whoever names it would be led astray"),
        (observing, unserved(&[]), Memo::default(), "Stalled", Reason::LinkFrozen, "nothing can be seen"),
        (used, there(&ours), settled(9, &ours), "Reconciling", Reason::InUse, "it waits for its attachments"),
        (|g| { going(g); g.workspace = Reference::Missing; }, Seen::default(), settled(9, &ours), "Stalled", Reason::WorkspaceNotFound, "nobody can remove it"),
        (|g| { retaining(g); g.workspace = Reference::Missing; }, Seen::default(), settled(9, &ours), "Reconciling", Reason::Deleting, "nothing is to be removed"),
        (going, there(&ours), settled(9, &ours), "Reconciling", Reason::Unlinking, "in hand"),
        (going, seen(Absent, &[]), settled(9, &[]), "Reconciling", Reason::Unlinking, "gone beyond doubt soon"),
        (going, unserved(&[]), asked(9, &[]), "Reconciling", Reason::Unlinking, "gone beyond doubt soon"),
    ];
    for (change, seen, memo, stands, reason, why) in rows {
        let status = say(change, &seen, &memo);
        assert_eq!(standing(&status), (stands, reason.as_str().to_owned()), "{why}");
    }
}

#[test]
#[rustfmt::skip]
fn the_message_names_what_is_in_the_way_and_the_mend() {
    let there = |grants: &[_]| seen(Present(link()), grants);
    let rows: Vec<(Change, Seen, Memo, &[&str])> = vec![
        (used, Seen::default(), Memo::default(), &["SynapseSparkAttachment a, SynapseSparkAttachment b"]),
        (any, seen(elsewhere(), &[]), Memo::default(), &["/their/workspace", SYNAPSE, "spec.azureName"]),
        (never, there(&[]), Memo::default(), &["spec.adoptionPolicy", "IfIdentical"]),
        (reporting, seen(Absent, &[]), settled(900, &[]), &["spec.driftPolicy", "Correct"]),
        (any, unserved(&[]), Memo::default(), &["SynapseSparkAttachment spec.pool.resourceId", "NoRegisteredProviderFound"]),
        (observing, seen(Absent, &[]), Memo::default(), &["'link'", "ObserveOnly"]),
        (|g| { going(g); g.workspace = Reference::Missing; }, Seen::default(), asked(9, &[]), &["AzureMLWorkspace 'ml'", "spark.azureml.dev/force-release=true"]),
    ];
    for (change, seen, memo, words) in rows {
        let (_, message) = said(&say(change, &seen, &memo), "Ready");
        for word in words {
            assert!(message.contains(word), "{message}");
        }
    }
}

#[test]
fn a_refused_link_says_how_to_do_without() {
    let frozen = trouble(Class::Terminal, FROZEN);
    let nothing = seen(Absent, &[]);
    let old = LinkedServiceStatus::default();
    let refused = fail(any, Some(&nothing), &Memo::default(), &frozen, &old);
    assert_eq!(standing(&refused), ("Stalled", "LinkFrozen".to_owned()));
    for kind in ["Ready", "Linked"] {
        let (reason, message) = said(&refused, kind);
        assert_eq!(reason, "LinkFrozen");
        for words in ["spec.pool.resourceId", "in Azure's words"] {
            assert!(message.contains(words), "{message}");
        }
    }
    let want = want_with(any);
    let again = |old: &LinkedServiceStatus, seen: &Seen| {
        LinkedService::report(&pass(&want, Some(seen), &asked(0, &[])), old, now())
    };
    assert_eq!(
        again(&refused, &nothing).conditions,
        refused.conditions,
        "to ask again now and then is no news"
    );
    let made = again(&refused, &seen(Present(link()), &[]));
    assert_eq!(said(&made, "Linked").0, "Linked", "Azure made one");
    let changed = LinkedServiceStatus {
        observed_generation: Some(0),
        ..refused.clone()
    };
    assert_eq!(
        said(&again(&changed, &nothing), "Linked").0,
        "Linking",
        "a change of the spec is tried"
    );
    let other = trouble(Class::Terminal, "Other");
    let status = fail(any, Some(&nothing), &asked(0, &[]), &other, &old);
    assert_eq!(standing(&status), ("Stalled", "Refused".to_owned()));
}

#[test]
fn differences_are_told() {
    let other = |observed: Option<&str>| {
        vec![Difference {
            field: "synapseWorkspaceId".to_owned(),
            desired: Some(SYNAPSE.to_owned()),
            observed: observed.map(str::to_owned),
        }]
    };
    let role = vec![Difference {
        field: "grants.synapseRoles".to_owned(),
        desired: Some("SynapseApacheSparkAdministrator at workspaces/syn for principal".to_owned()),
        observed: None,
    }];
    let ours = [grant("principal")];
    let there = |grants: &[_]| seen(Present(link()), grants);
    let rows: Vec<(Change, Seen, Memo, Vec<Difference>, &str)> = vec![
        (
            any,
            there(&ours),
            settled(9, &ours),
            vec![],
            "as the spec says",
        ),
        (
            any,
            seen(elsewhere(), &[]),
            Memo::default(),
            other(Some("/their/workspace")),
            "another workspace",
        ),
        (
            reporting,
            seen(Absent, &[]),
            settled(9, &ours),
            other(None),
            "removed outside",
        ),
        (
            observing,
            seen(Absent, &[]),
            Memo::default(),
            other(None),
            "nothing there",
        ),
        (
            any,
            seen(Absent, &[]),
            asked(9, &[]),
            vec![],
            "not made yet",
        ),
        (
            reporting,
            there(&[]),
            settled(9, &ours),
            role.clone(),
            "taken away outside",
        ),
        (observing, there(&[]), Memo::default(), role, "not granted"),
        (
            any,
            unserved(&[]),
            Memo::default(),
            vec![],
            "nobody can tell",
        ),
        (going, there(&[]), settled(9, &ours), vec![], "it goes"),
    ];
    for (change, seen, memo, drift, why) in rows {
        assert_eq!(say(change, &seen, &memo).drift, drift, "{why}");
    }
}

#[test]
fn a_look_that_failed_leaves_what_was_known() {
    let ours = [grant("principal")];
    let looks = [
        (
            any as Change,
            seen(Present(link()), &ours),
            settled(9, &ours),
        ),
        (any, seen(Absent, &[]), asked(9, &[])),
        (any, unserved(&[]), Memo::default()),
        (reporting, seen(Absent, &[]), settled(9, &ours)),
    ];
    for (change, seen, memo) in looks {
        let old = say(change, &seen, &memo);
        let slow = Trouble {
            tries: 4,
            ..trouble(Class::Retryable, "InternalServerError")
        };
        let new = fail(change, None, &memo, &slow, &old);
        assert_eq!(
            standing(&new),
            ("Reconciling", "AzureUnavailable".to_owned())
        );
        for kind in ["Linked", "AccessGranted"] {
            assert_eq!(
                condition(&new.conditions, kind),
                condition(&old.conditions, kind)
            );
        }
        assert_eq!((new.azure_id, new.drift), (old.azure_id, old.drift));
    }
    let memo = settled(9, &ours);
    let ready = say(any, &seen(Present(link()), &ours), &memo);
    let young = fail(any, None, &memo, &trouble(Class::Retryable, "C"), &ready);
    assert_eq!(
        standing(&young),
        ("Ready", "Ready".to_owned()),
        "one lost answer is no news"
    );
    let first = fail(
        any,
        None,
        &Memo::default(),
        &trouble(Class::Forbidden, "C"),
        &LinkedServiceStatus::default(),
    );
    assert_eq!(standing(&first), ("Stalled", "Forbidden".to_owned()));
    assert_eq!(
        condition(&first.conditions, "Linked").unwrap().status,
        "Unknown",
        "nothing was known"
    );
}

#[test]
fn what_should_have_spread_long_ago_needs_a_person() {
    let old = LinkedServiceStatus::default();
    let look = seen(Present(link()), &[]);
    for (seconds, stands) in [
        (599, ("Reconciling", "Spreading".to_owned())),
        (600, ("Stalled", "Forbidden".to_owned())),
    ] {
        let memo = asked(seconds, &[grant("principal")]);
        let spreading = trouble(Class::Spreading, "PrincipalNotFound");
        let status = fail(any, Some(&look), &memo, &spreading, &old);
        assert_eq!(standing(&status), stands);
    }
}

#[test]
fn a_stuck_deletion_says_how_to_force_it() {
    let old = LinkedServiceStatus::default();
    for (class, stands, forced) in [
        (Class::Forbidden, "Stalled", true),
        (Class::Credential, "Stalled", true),
        (Class::Retryable, "Reconciling", false),
    ] {
        let status = fail(going, None, &settled(9, &[]), &trouble(class, "C"), &old);
        assert_eq!(standing(&status).0, stands);
        let (_, message) = said(&status, "Ready");
        assert_eq!(
            message.contains("spark.azureml.dev/force-release=true"),
            forced,
            "{message}"
        );
    }
}

#[test]
fn a_standstill_and_warnings_stand_beside_the_rest() {
    let want = want_with(|g| {
        g.warnings = vec![Warning::new(Reason::InvalidAnnotation, "no duration")];
    });
    let nothing = seen(Absent, &[]);
    let memo = Memo::default();
    let pass = Pass {
        paused: true,
        ..pass(&want, Some(&nothing), &memo)
    };
    let status = LinkedService::report(&pass, &LinkedServiceStatus::default(), now());
    assert_eq!(said(&status, "Paused").0, "Paused");
    assert_eq!(
        said(&status, "Warning"),
        ("InvalidAnnotation".to_owned(), "no duration".to_owned())
    );
    assert_eq!(standing(&status), ("Reconciling", "Linking".to_owned()));
}

#[test]
fn the_fields_are_those_of_the_link() {
    let ours = [grant("principal")];
    let status = say(any, &seen(Present(link()), &ours), &settled(9, &ours));
    assert_eq!(status.azure_name.as_deref(), Some("link"));
    assert_eq!(
        status.azure_id.as_deref(),
        Some("/workspaces/ml/linkedServices/link")
    );
    let identity = status.identity.unwrap();
    assert_eq!(
        (
            identity.principal_id.as_deref(),
            identity.tenant_id.as_deref()
        ),
        (Some("principal"), Some("tenant"))
    );
    assert_eq!(status.created_time, link().created_time);
    assert_eq!(status.role_assignments, ours);
}
