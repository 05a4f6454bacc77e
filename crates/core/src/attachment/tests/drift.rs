//! What somebody changes in Azure: which fields count, and whether it is corrected or told.

use azureml_spark_api::policy::Difference;
use azureml_spark_api::role::RoleAssignment;
use serde_json::json;

use super::object::{
    OWNER, Told, asked, compute, compute_with, decide, grant, rested, seen, set, user_assigned,
    want_with, wished, with_identities,
};
use super::report::{said, standing};
use crate::attachment::{Compute, Given, Memo, OWNER_TAG, Provisioning};
use crate::machine::Sight::{self, Absent, Present};

type Change = fn(&mut Given);

type Decided = (
    Change,
    Sight<Compute>,
    Vec<RoleAssignment>,
    Told,
    &'static str,
);

/// What is seen; where it stands, the reason and a text of it; and why.
type Said = (
    Sight<Compute>,
    Vec<RoleAssignment>,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

fn correct(given: &mut Given) {
    set(given, "description", json!("d"));
    set(given, "tags", json!({"team": "a"}));
}

fn report(given: &mut Given) {
    correct(given);
    set(given, "driftPolicy", json!("Report"));
}

/// As [`correct`] and [`report`] describe it, changed so.
fn as_described(change: fn(&mut Compute)) -> Compute {
    compute_with(|c| {
        c.description = Some("d".to_owned());
        c.tags.insert("team".to_owned(), "a".to_owned());
        change(c);
    })
}

fn tag(c: &mut Compute) {
    c.tags.insert("team".to_owned(), "b".to_owned());
}

fn retyped(c: &mut Compute) {
    with_identities(c);
}

fn none(_: &mut Compute) {}

#[test]
#[rustfmt::skip]
fn it_is_corrected_or_left() {
    let ours = || vec![grant("principal")];
    let rows: Vec<Decided> = vec![
        (correct, Present(as_described(none)), ours(), Told::In(3_600), "nothing has changed"),
        (report, Present(as_described(none)), ours(), Told::In(3_600), "nothing has changed"),
        (correct, Present(as_described(tag)), ours(), Told::Attach, "brought back"),
        (report, Present(as_described(tag)), ours(), Told::In(3_600), "told, and left"),
        (correct, Present(as_described(retyped)), ours(), Told::Attach, "brought back"),
        (report, Present(as_described(retyped)), ours(), Told::In(3_600), "told, and left"),
        (report, Present(as_described(|c| c.tags.clear())), ours(), Told::In(3_600), "our mark is a tag like others"),
        (correct, Absent, ours(), Told::Attach, "attached again"),
        (report, Absent, ours(), Told::In(60), "a person has detached it, and a person attaches it"),
        (correct, Present(as_described(none)), vec![], Told::Grant("principal"), "granted again"),
        (report, Present(as_described(none)), vec![], Told::In(3_600), "told, and left"),
        (report, Present(as_described(|c| c.identity.principal_id = Some("first".into()))), ours(), Told::Grant("first"), "the role of an identity that never had it is no drift"),
        (report, Present(as_described(|c| c.state = Provisioning::Working)), ours(), Told::In(5), "somebody is at it"),
    ];
    for (change, compute, grants, told, why) in rows {
        let memo = rested(change, &ours());
        let (found, _) = decide(&want_with(change), &seen(compute, &grants), &memo);
        assert_eq!(found, told, "{why}");
    }
}

#[test]
#[rustfmt::skip]
fn what_the_user_changes_is_always_applied() {
    let edited: Change = |g| { report(g); set(g, "description", json!("edited")); };
    let ours = [grant("principal")];
    let look = seen(Present(as_described(none)), &ours);
    let (told, memo) = decide(&want_with(edited), &look, &rested(report, &ours));
    assert_eq!(told, Told::Attach, "it is the wish that has changed");
    let (told, _) = decide(&want_with(edited), &look, &memo);
    assert_eq!(told, Told::In(60), "asked for just now; a refused request is not yet a wish fulfilled");
    let wished = Memo { managed_tags: vec!["team".into()], ..wished(edited, 61) };
    let (told, _) = decide(&want_with(edited), &look, &wished);
    assert_eq!(told, Told::Attach, "asked for, and never seen: not drift");
    let more: Change = |g| { report(g); set(g, "grants", json!({"synapseRoles": ["SynapseAdministrator", "SynapseContributor"]})); };
    let (told, _) = decide(&want_with(more), &look, &rested(report, &ours));
    assert_eq!(told, Told::Grant("principal"), "a new role is a new wish");
}

#[test]
#[rustfmt::skip]
fn what_is_left_so_keeps_no_role_from_changing() {
    let more: Change = |g| { report(g); set(g, "grants", json!({"synapseRoles": ["SynapseAdministrator", "SynapseContributor"]})); };
    let none: Change = |g| { report(g); set(g, "grants", json!({"synapseRoles": []})); };
    let ours = || vec![grant("principal")];
    for (change, compute, told, why) in [
        (more, as_described(tag), Told::Grant("principal"), "a new role"),
        (none, as_described(tag), Told::Revoke("principal"), "one that left the spec"),
        (more, as_described(retyped), Told::In(3_600), "nobody to grant it to: an identity that was taken off outside does not come back by itself"),
    ] {
        let look = seen(Present(compute), &ours());
        let (found, memo) = decide(&want_with(change), &look, &rested(report, &ours()));
        assert_eq!(found, told, "{why}");
        // While roles are at work, the compute is left as it is found.
        let status = said(change, &look, &memo);
        assert_eq!(super::object::condition(&status.conditions, "Attached").unwrap().reason, "Drifted", "{why}");
    }
    // What was asked for a moment ago may be older in what is seen.
    let mut young = rested(report, &ours());
    young.record.requested = Some(super::object::ago(70));
    young.managed_tags.push("gone".to_owned());
    let (told, memo) = decide(&want_with(report), &seen(Present(as_described(tag)), &ours()), &young);
    assert_eq!((told, memo.managed_tags.len()), (Told::In(5), 2), "and no tag of ours is forgotten by it");
}

#[test]
#[rustfmt::skip]
fn only_what_the_spec_says_counts() {
    let differs = |change: Change, compute: Compute, managed: &[&str]| -> Vec<(String, Option<String>, Option<String>)> {
        let mut memo = asked(5_000, &[]);
        memo.managed_tags = managed.iter().map(|&key| key.to_owned()).collect();
        super::super::drift::differences(&want_with(change), &compute, &memo)
            .into_iter()
            .map(|Difference { field, desired, observed }| (field, desired, observed))
            .collect()
    };
    let one = |field: &str, desired: Option<&str>, observed: Option<&str>| {
        vec![(field.to_owned(), desired.map(str::to_owned), observed.map(str::to_owned))]
    };
    let any: Change = |_| {};
    let rows = vec![
        (correct as Change, as_described(none), &[][..], vec![], "as described"),
        (correct, as_described(tag), &[], one("tags.team", Some("a"), Some("b")), "a tag of the spec"),
        (correct, as_described(|c| { c.tags.remove("team"); }), &[], one("tags.team", Some("a"), None), "a tag of the spec"),
        (any, compute_with(|c| { c.tags.insert("policy".into(), "x".into()); }), &[], vec![], "a tag that Azure Policy adds"),
        (any, compute_with(tag), &["team"], one("tags.team", None, Some("b")), "one that we set, and that left the spec"),
        (any, compute(), &["team"], vec![], "one that is gone as it should be"),
        (correct, as_described(|c| c.description = None), &[], one("description", Some("d"), None), "a description"),
        (any, compute_with(|c| c.description = Some("x".into())), &[], vec![], "one that the spec does not speak of"),
        (|g| set(g, "description", json!("")), compute(), &[], vec![], "an empty one is none"),
        (any, compute_with(|c| { c.tags.insert(OWNER_TAG.into(), format!("{} renamed/words", super::object::UID)); }), &[], vec![], "the words after the uid are for people"),
        (any, compute_with(|c| { c.tags.insert(OWNER_TAG.into(), "x".into()); }), &[], one("tags.azureml-spark-operator", Some(OWNER), Some("x")), "another one's mark"),
        (any, compute_with(with_identities), &[], one("identity.type", Some("SystemAssigned"), Some("userAssigned")), "another kind of identity"),
        (user_assigned, compute_with(with_identities), &[], vec![], "an order and a casing do not count"),
        (user_assigned, compute_with(|c| { with_identities(c); c.identity.user_assigned.pop(); }), &[], one("identity.userAssignedIdentities", Some("/identities/One, /identities/two"), Some("/IDENTITIES/TWO")), "one is missing"),
        (any, compute_with(|c| c.pool_id = "/their/pool".into()), &[], one("pool", Some(super::object::POOL), Some("/their/pool")), "another pool"),
    ];
    for (change, compute, managed, expected, why) in rows {
        assert_eq!(differs(change, compute, managed), expected, "{why}");
    }
}

#[test]
#[rustfmt::skip]
fn it_is_told_what_it_means() {
    let ours = || vec![grant("principal")];
    let rows: Vec<Said> = vec![
        (Present(as_described(none)), ours(), "Ready", "Ready", "", "nothing has changed"),
        (Present(as_described(tag)), ours(), "Ready", "Drifted", "tags.team", "a tag stops no job"),
        (Present(as_described(retyped)), ours(), "Stalled", "Drifted", "identities", "an identity without a role does"),
        (Absent, ours(), "Stalled", "Detached", "detached outside", "so does a pool that is not attached"),
        (Present(as_described(none)), vec![], "Stalled", "Drifted", "SynapseAdministrator", "and a role that is gone"),
    ];
    for (compute, grants, stands, reason, text, why) in rows {
        let status = said(report, &seen(compute, &grants), &rested(report, &ours()));
        assert_eq!(standing(&status), (stands, reason.to_owned()), "{why}");
        let ready = super::object::condition(&status.conditions, "Ready").unwrap();
        assert!(ready.message.contains(text), "{why}: {}", ready.message);
        let told = reason == "Ready" || reason == "Detached";
        assert_eq!(status.drift.is_empty(), told, "{why}: {:?}", status.drift);
    }
}

#[test]
fn a_tag_that_leaves_the_spec_is_taken_off_once() {
    use super::object::now;
    use crate::attachment::{Attachment, Step};
    use crate::machine::{Act, Machine};
    let bare: Change = |g| set(g, "description", json!("d"));
    let ours = [grant("principal")];
    let look = seen(Present(as_described(none)), &ours);
    let moved = Attachment::next(&want_with(bare), &look, &rested(correct, &ours), now());
    let Act::Do(Step::Attach(body)) = moved.act else {
        panic!("{moved:?}")
    };
    assert!(!body.tags.contains_key("team"), "{:?}", body.tags);
    assert_eq!(
        moved.memo.managed_tags,
        ["team"],
        "it may still be there: the request may be lost"
    );
    let gone = as_described(|c| {
        c.tags.remove("team");
    });
    let (told, memo) = decide(
        &want_with(bare),
        &seen(Present(gone.clone()), &ours),
        &moved.memo,
    );
    assert_eq!(
        (told, memo.managed_tags.len()),
        (Told::In(75), 1),
        "what is not to be seen may be too young to be seen"
    );
    let mut older = moved.memo;
    older.record.requested = Some(super::object::ago(80));
    let (told, memo) = decide(&want_with(bare), &seen(Present(gone), &ours), &older);
    assert_eq!((told, memo.managed_tags.len()), (Told::In(3_600), 0));
}
