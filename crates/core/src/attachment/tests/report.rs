//! What is said, in conditions and fields.

use azureml_spark_api::{Reason, SynapseSparkAttachmentStatus};
use serde_json::json;

use super::object::{
    ago, asked, compute, compute_with, condition, grant, now, seen, set, user_assigned, want_with,
    with_identities,
};
use crate::attachment::{Attachment, Given, Memo, OWNER_TAG, Provisioning, Seen, Want};
use crate::grants;
use crate::machine::{Machine, Pass, Sight};
use crate::place::Reference;
use crate::{Class, Fault, Trouble};

type Change = fn(&mut Given);

fn pass<'a>(want: &'a Want, seen: Option<&'a Seen>, memo: &'a Memo) -> Pass<'a, Attachment> {
    Pass {
        generation: 1,
        want: Ok(want),
        seen,
        memo,
        trouble: None,
        paused: false,
    }
}

pub(super) fn said(change: Change, seen: &Seen, memo: &Memo) -> SynapseSparkAttachmentStatus {
    let want = want_with(change);
    let old = SynapseSparkAttachmentStatus::default();
    Attachment::report(&pass(&want, Some(seen), memo), &old, now())
}

/// Which of the three it is, and why.
pub(super) fn standing(status: &SynapseSparkAttachmentStatus) -> (&'static str, String) {
    let holds =
        |kind: &str| condition(&status.conditions, kind).is_some_and(|c| c.status == "True");
    let standing = match (holds("Ready"), holds("Reconciling"), holds("Stalled")) {
        (true, false, false) => "Ready",
        (false, true, false) => "Reconciling",
        (false, false, true) => "Stalled",
        all => panic!("{all:?}"),
    };
    (
        standing,
        condition(&status.conditions, "Ready")
            .unwrap()
            .reason
            .clone(),
    )
}

fn any(_: &mut Given) {}

fn going(given: &mut Given) {
    given.held = true;
    given.deleting = true;
}

use Sight::{Absent, Present};

#[test]
#[rustfmt::skip]
fn where_it_stands() {
    let ours = [grant("principal")];
    let at = |state| seen(Present(compute_with(|c| c.state = state)), &[]);
    let tagged = compute_with(|c| {
        c.tags.insert(OWNER_TAG.into(), "another".into());
    });
    let no_pool = Seen {
        pool: Absent,
        ..seen(Absent, &[])
    };
    let rows: Vec<(Change, Seen, Memo, &str, Reason, &str)> = vec![
        (|g| g.workspace = Reference::Missing, Seen::default(), Memo::default(), "Stalled", Reason::WorkspaceNotFound, "a person must create it"),
        (|g| g.workspace = Reference::NotReady("x".into()), Seen::default(), Memo::default(), "Reconciling", Reason::WorkspaceNotReady, "it comes by itself"),
        (any, no_pool, Memo::default(), "Stalled", Reason::PoolNotFound, "a person must create it"),
        (any, seen(Absent, &[]), asked(0, &[]), "Reconciling", Reason::Attaching, "in hand"),
        (any, at(Provisioning::Working), asked(9, &[]), "Reconciling", Reason::Attaching, "Azure is at work"),
        (any, at(Provisioning::Failed("no capacity".into())), asked(9, &[]), "Stalled", Reason::AttachFailed, "Azure has given up"),
        (any, at(Provisioning::Deleting), asked(9, &[]), "Reconciling", Reason::Detaching, "somebody detaches it"),
        (any, seen(Present(tagged), &[]), Memo::default(), "Stalled", Reason::Conflict, "a person must choose"),
        (any, seen(Present(compute()), &[]), asked(9, &[]), "Reconciling", Reason::Granting, "the role is missing"),
        (any, Seen { grants: grants::Seen::default(), ..seen(Present(compute()), &[]) }, asked(9, &[]), "Reconciling", Reason::Pending, "nobody could tell"),
        (any, seen(Present(compute()), &ours), asked(9, &ours), "Ready", Reason::Ready, "all is well"),
        (|g| set(g, "grants", json!({"synapseRoles": []})), seen(Present(compute()), &[]), asked(9, &[]), "Ready", Reason::Ready, "no role was asked for"),
        (|g| { going(g); g.users = vec!["SparkJob a".into()]; }, seen(Present(compute()), &ours), asked(9, &ours), "Reconciling", Reason::InUse, "it waits for its jobs"),
        (|g| { going(g); g.workspace = Reference::Missing; }, Seen::default(), asked(9, &ours), "Stalled", Reason::WorkspaceNotFound, "nobody can detach it"),
        (going, seen(Absent, &[]), asked(9, &[]), "Reconciling", Reason::Detaching, "gone beyond doubt soon"),
    ];
    for (change, seen, memo, stands, reason, why) in rows {
        let status = said(change, &seen, &memo);
        assert_eq!(
            standing(&status),
            (stands, reason.as_str().to_owned()),
            "{why}"
        );
    }
}

#[test]
#[rustfmt::skip]
fn whoever_is_in_the_way_is_named() {
    let rows: Vec<(Change, Seen, &str, &str)> = vec![
        (|g| { going(g); g.users = vec!["SparkJob a".into(), "SparkJob b".into()]; }, Seen::default(), "Ready", "SparkJob a, SparkJob b"),
        (any, seen(Present(compute_with(|c| c.pool_id = "/their/pool".into())), &[]), "Attached", "/their/pool"),
        (any, seen(Present(compute_with(|c| { c.tags.insert(OWNER_TAG.into(), "their-uid".into()); })), &[]), "Attached", "their-uid"),
        (any, seen(Present(compute_with(|c| { c.tags.clear(); with_identities(c); })), &[]), "Attached", "differs in identity.type"),
        (any, seen(Present(compute_with(|c| { c.state = Provisioning::Failed("no capacity".into()) })), &[]), "Attached", "no capacity"),
        (any, Seen { pool: Absent,..seen(Absent, &[]) }, "Attached", "bigDataPools/p"),
    ];
    for (change, seen, kind, text) in rows {
        let status = said(change, &seen, &Memo::default());
        let message = &condition(&status.conditions, kind).unwrap().message;
        assert!(message.contains(text), "{message}");
    }
}

#[test]
fn a_look_that_failed_leaves_what_was_known() {
    let ours = [grant("principal")];
    let want = want_with(any);
    let looks = [
        said(any, &seen(Present(compute()), &ours), &asked(9, &ours)),
        said(any, &seen(Absent, &[]), &asked(9, &[])),
        said(
            any,
            &Seen {
                pool: Absent,
                ..seen(Absent, &[])
            },
            &asked(9, &[]),
        ),
    ];
    for old in looks {
        let memo = Attachment::recall(&old);
        let until = ago(-60);
        let fault = Fault {
            class: Class::Throttled { until },
            code: "TooManyRequests".into(),
            op: "read the attached pool",
            text: "slow".into(),
            request_id: None,
            retry_after: None,
        };
        let trouble = Trouble { fault, tries: 4 };
        let pass = Pass {
            trouble: Some(&trouble),
            ..pass(&want, None, &memo)
        };
        let new = Attachment::report(&pass, &old, now());
        assert_eq!(
            standing(&new),
            ("Reconciling", "WaitingForBudget".to_owned())
        );
        for kind in ["Attached", "AccessGranted"] {
            assert_eq!(
                condition(&new.conditions, kind),
                condition(&old.conditions, kind)
            );
        }
        assert_eq!(
            (new.azure_id, new.requested_time),
            (old.azure_id, old.requested_time)
        );
    }
    let first = Attachment::report(
        &pass(&want, None, &Memo::default()),
        &SynapseSparkAttachmentStatus::default(),
        now(),
    );
    assert_eq!(
        condition(&first.conditions, "Attached").unwrap().status,
        "Unknown",
        "nothing was known"
    );
}

#[test]
fn where_nobody_was_asked_all_stays_as_it_was() {
    let ours = [grant("principal")];
    let described: Change = |g| set(g, "description", json!("d"));
    let known = said(
        described,
        &seen(Present(compute()), &ours),
        &asked(9, &ours),
    );
    assert!(!known.drift.is_empty());
    for (change, reason) in [
        (
            (|g| {
                set(g, "description", json!("d"));
                g.workspace = Reference::NotReady("x".into());
            }) as Change,
            Reason::WorkspaceNotReady,
        ),
        (
            |g| {
                set(g, "description", json!("d"));
                going(g);
                g.workspace = Reference::Missing;
            },
            Reason::WorkspaceNotFound,
        ),
    ] {
        let (want, memo) = (want_with(change), Attachment::recall(&known));
        let dark = Seen::default();
        let status = Attachment::report(&pass(&want, Some(&dark), &memo), &known, now());
        assert_eq!(standing(&status).1, reason.as_str());
        for kind in ["Attached", "AccessGranted", "Warning"] {
            let of = |status| -> Option<(String, String)> {
                let status: &SynapseSparkAttachmentStatus = status;
                let found = condition(&status.conditions, kind)?;
                Some((found.reason.clone(), found.message.clone()))
            };
            assert_eq!(of(&status), of(&known), "{kind}");
        }
        assert_eq!(status.drift, known.drift);
        assert_eq!(status.azure_id, known.azure_id);
    }
}

#[test]
fn the_fields_are_those_of_the_compute() {
    let status = said(
        any,
        &seen(
            Present(compute_with(|c| c.node_size = Some("Medium".into()))),
            &[],
        ),
        &asked(9, &[]),
    );
    assert_eq!(status.azure_id.as_deref(), Some("/computes/pool"));
    assert_eq!(status.provisioning_state.as_deref(), Some("Succeeded"));
    assert_eq!(status.node_size.as_deref(), Some("Medium"));
    assert_eq!(status.default_identity.as_deref(), Some("SystemAssigned"));
    let status = said(
        user_assigned,
        &seen(Present(compute_with(with_identities)), &[]),
        &asked(9, &[]),
    );
    assert_eq!(
        status.default_identity.as_deref(),
        Some("/identities/One"),
        "the first in the spec, whatever Azure's order"
    );
}
