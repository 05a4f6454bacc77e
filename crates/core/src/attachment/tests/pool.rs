//! The pool: named by a link, gone though attached, and where it is found again to leave it.

use azureml_spark_api::Reason;
use azureml_spark_api::azure_id::SynapseWorkspaceId;
use serde_json::json;

use super::object::{
    POOL, Told, asked, compute, compute_with, condition, decide, given, grant, rested, seen, set,
    want_with,
};
use super::report::{said, standing};
use crate::attachment::{Attachment, Given, Memo, Provisioning, Seen};
use crate::machine::{Machine, Sight};
use crate::place::{Link, Reference};

type Change = fn(&mut Given);

fn leads(workspace: &str) -> Reference<Link> {
    Reference::Ready(Link {
        synapse: SynapseWorkspaceId {
            subscription: "s".to_owned(),
            resource_group: "g".to_owned(),
            workspace: workspace.to_owned(),
        },
    })
}

fn linked(given: &mut Given) {
    set(
        given,
        "pool",
        json!({"linkedServiceRef": {"name": "link"}, "poolName": "p"}),
    );
    given.link = Some(leads("syn"));
}

fn going(given: &mut Given) {
    linked(given);
    given.held = true;
    given.deleting = true;
    given.link = Some(Reference::Missing);
}

use Sight::{Absent, Present, Unknown};

#[test]
#[rustfmt::skip]
fn it_waits_for_its_link() {
    let rows: Vec<(Change, &str, Reason, &str, &str)> = vec![
        (|g| { linked(g); g.link = Some(Reference::Missing); }, "Stalled", Reason::LinkNotFound, "no LinkedService 'link'", "a person must create it"),
        (|g| { linked(g); g.link = None; }, "Stalled", Reason::LinkNotFound, "spec.pool.resourceId", "there is a way without"),
        (|g| { linked(g); g.link = Some(Reference::NotReady("frozen".into())); }, "Reconciling", Reason::LinkNotReady, "frozen", "its own reason is passed on"),
        (|g| { linked(g); g.link = Some(Reference::Missing); g.workspace = Reference::Missing; }, "Stalled", Reason::WorkspaceNotFound, "AzureMLWorkspace", "the outermost need first"),
    ];
    for (change, stands, reason, text, why) in rows {
        let (told, _) = decide(&want_with(change), &Seen::default(), &Memo::default());
        assert_eq!(told, Told::OnChange, "{why}: its readiness wakes us");
        let status = said(change, &Seen::default(), &Memo::default());
        assert_eq!(standing(&status), (stands, reason.as_str().to_owned()), "{why}");
        let resolved = condition(&status.conditions, "ReferencesResolved").unwrap();
        assert!(resolved.message.contains(text), "{why}: {}", resolved.message);
    }
    let want = want_with(linked);
    assert_eq!(want.compute.pool.as_ref().map(ToString::to_string).as_deref(), Some(POOL));
    let (told, memo) = decide(&want, &seen(Absent, &[]), &Memo::default());
    assert_eq!((told, memo.pool.as_deref()), (Told::Attach, Some(POOL)), "on record before the request");
}

#[test]
#[rustfmt::skip]
fn what_is_attached_needs_no_link() {
    let frozen: Change = |g| { linked(g); g.link = Some(Reference::NotReady("frozen".into())); };
    let gone: Change = |g| { linked(g); g.link = Some(Reference::Missing); };
    let watched: Change = |g| { linked(g); g.link = Some(Reference::Missing); set(g, "managementPolicy", json!("ObserveOnly")); };
    let ours = [grant("principal")];
    for (change, reason, words) in [
        (frozen, Reason::LinkNotReady, "'link' is not ready: frozen; the pool stays"),
        (gone, Reason::LinkNotFound, "no LinkedService 'link'"),
    ] {
        let look = seen(Present(compute()), &ours);
        let memo = rested(linked, &ours);
        let (told, after) = decide(&want_with(change), &look, &memo);
        assert_eq!((told, &after), (Told::In(3_600), &memo), "all is well");
        assert_eq!(want_with(change).pool(&memo).map(|pool| pool.to_string()).as_deref(), Some(POOL));
        let status = said(change, &look, &memo);
        assert_eq!(standing(&status), ("Ready", "Ready".to_owned()));
        let warning = condition(&status.conditions, "Warning").unwrap();
        assert_eq!(warning.reason, reason.as_str());
        assert!(warning.message.contains(words), "{}", warning.message);
        assert!(status.drift.is_empty(), "{:?}", status.drift);
        let (told, _) = decide(&want_with(change), &seen(Absent, &ours), &memo);
        assert_eq!(told, Told::Attach, "detached outside, and attached again");
        let (told, _) = decide(&want_with(change), &seen(Present(compute()), &[]), &memo);
        assert_eq!(told, Told::Grant("principal"), "and its roles come back");
    }
    let (told, _) = decide(&want_with(watched), &seen(Present(compute()), &ours), &rested(linked, &[]));
    assert_eq!(told, Told::In(3_600), "nor is a look kept from it");
    let status = said(linked, &seen(Present(compute()), &ours), &rested(linked, &ours));
    assert_eq!(condition(&status.conditions, "Warning"), None, "it goes with its cause");
    let stranded: Change = |g| { linked(g); g.link = Some(Reference::Missing); g.workspace = Reference::NotReady("x".into()); };
    let (told, _) = decide(&want_with(stranded), &Seen::default(), &rested(linked, &ours));
    assert_eq!(told, Told::OnChange, "without the workspace nothing goes on");
}

#[test]
fn a_pool_that_is_named_in_no_way_is_invalid_and_can_be_deleted() {
    for pool in [
        json!({}),
        json!({"poolName": "p"}),
        json!({"linkedServiceRef": {"name": "link"}}),
    ] {
        let mut given = given();
        set(&mut given, "pool", pool.clone());
        let invalid = Attachment::want(&given).unwrap_err();
        assert_eq!(invalid.field, "spec.pool", "{pool}");
        given.deleting = true;
        assert!(Attachment::want(&given).is_ok(), "{pool}");
    }
}

#[test]
#[rustfmt::skip]
fn a_pool_that_is_gone_is_told_and_the_compute_is_left() {
    let gone = |compute| Seen { pool: Absent, ..seen(compute, &[]) };
    let ours = [grant("principal")];
    let any: Change = |_| {};
    let described: Change = |g| set(g, "description", json!("d"));
    for (change, compute, told, why) in [
        (any, compute(), Told::In(60), "no role is granted at what is gone"),
        (described, compute(), Told::In(60), "nothing is corrected"),
        (described, compute_with(|c| c.state = Provisioning::Failed("x".into())), Told::In(60), "nor tried again"),
        (any, compute_with(|c| c.state = Provisioning::Working), Told::In(5), "Azure is at it"),
    ] {
        let (found, _) = decide(&want_with(change), &gone(Present(compute)), &asked(5_000, &[]));
        assert_eq!(found, told, "{why}");
    }
    let status = said(any, &gone(Present(compute())), &rested(any, &ours));
    assert_eq!(standing(&status), ("Stalled", "PoolNotFound".to_owned()));
    let back = said(any, &seen(Present(compute()), &ours), &rested(any, &ours));
    assert_eq!(standing(&back), ("Ready", "Ready".to_owned()), "and back again");
    let blind = Seen { pool: Unknown, ..seen(Present(compute()), &ours) };
    assert_eq!(standing(&said(any, &blind, &rested(any, &ours))).0, "Ready", "one that may not be read does no harm");
}

#[test]
#[rustfmt::skip]
fn to_leave_it_the_record_tells_where_it_is() {
    let ours = || vec![grant("principal")];
    let elsewhere: Change = |g| { going(g); g.link = Some(leads("another")); };
    let unknown = Memo { pool: None, ..asked(900, &[]) };
    let rows: Vec<(Change, Sight<_>, Vec<_>, Memo, Told, &str)> = vec![
        (going, Present(compute()), ours(), asked(900, &ours()), Told::Revoke("principal"), "the link is gone, the record is not"),
        (going, Present(compute()), vec![], asked(900, &ours()), Told::Detach, "the link is gone, the record is not"),
        (elsewhere, Present(compute()), vec![], asked(900, &ours()), Told::Detach, "the link leads elsewhere by now"),
        (going, Present(compute()), vec![], unknown.clone(), Told::Detach, "by its mark alone"),
        (going, Present(super::object::marked(None)), vec![], unknown, Told::Release, "without a mark and a record it is nobody's"),
        (going, Absent, vec![], asked(900, &[]), Told::Release, "nothing is there"),
    ];
    for (change, compute, grants, memo, told, why) in rows {
        let (found, _) = decide(&want_with(change), &seen(compute, &grants), &memo);
        assert_eq!(found, told, "{why}");
    }
    let lost = decide(&want_with(going), &seen(Present(compute()), &[]), &Memo::default()).1;
    assert!(lost.pool.is_some_and(|pool| pool.eq_ignore_ascii_case(POOL)), "where it leads is where its roles are");
}

#[test]
fn a_link_that_leads_elsewhere_by_now_moves_nothing() {
    let moved: Change = |g| {
        linked(g);
        g.link = Some(leads("another"));
    };
    let (told, _) = decide(
        &want_with(moved),
        &seen(Present(compute()), &[]),
        &rested(linked, &[grant("principal")]),
    );
    assert_eq!(told, Told::In(60));
    let status = said(moved, &seen(Present(compute()), &[]), &rested(linked, &[]));
    assert_eq!(standing(&status), ("Stalled", "Conflict".to_owned()));
    assert_eq!(status.pool_id.as_deref(), Some(POOL), "what was attached");
    let pool = &status.drift[0];
    assert!(
        pool.desired
            .as_ref()
            .unwrap()
            .contains("workspaces/another")
    );
    assert!(pool.observed.as_ref().unwrap().eq_ignore_ascii_case(POOL));
}
