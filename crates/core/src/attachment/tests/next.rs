//! One row per state of the compute, its roles and the memory, while it shall be attached.

use std::collections::BTreeMap;

use azureml_spark_api::role::RoleAssignment;
use serde_json::json;

use super::object::{
    OWNER, Told, ago, asked, by_hand, compute, compute_with, decide, grant, now, seen, set,
    user_assigned, want_with, wished, with_identities,
};
use crate::attachment::{
    Attachment, Body, Compute, Given, Memo, OWNER_TAG, Pool, Provisioning, Seen, Step,
};
use crate::grants;
use crate::machine::{Act, Machine, Sight};
use crate::place::Reference;

type Change = fn(&mut Given);
type Row = (
    Change,
    Sight<Compute>,
    Vec<RoleAssignment>,
    Memo,
    Told,
    &'static str,
);

fn check(rows: Vec<Row>) {
    for (change, compute, grants, memo, told, why) in rows {
        let (found, _) = decide(&want_with(change), &seen(compute, &grants), &memo);
        assert_eq!(found, told, "{why}");
    }
}

fn any(_: &mut Given) {}

fn at(state: Provisioning) -> Sight<Compute> {
    Sight::Present(compute_with(|c| c.state = state))
}

use Sight::{Absent, Present, Unknown};

#[test]
#[rustfmt::skip]
fn towards_a_compute_with_roles() {
    let none = Memo::default;
    let ours = || vec![grant("principal")];
    let without_principal = || Present(compute_with(|c| c.identity.principal_id = None));
    check(vec![
        (|g| g.workspace = Reference::Missing, Unknown, vec![], none(), Told::OnChange, "the workspace wakes us"),
        (|g| g.workspace = Reference::NotReady("x".into()), Unknown, vec![], none(), Told::OnChange, "the workspace wakes us"),
        (any, Unknown, vec![], none(), Told::In(5), "silence is no absence"),
        (any, Unknown, vec![], asked(5_000, &[]), Told::In(5), "nor does it become one"),
        (any, Absent, vec![], none(), Told::Attach, "nothing there yet"),
        (any, Absent, vec![], asked(5, &[]), Told::Attach, "the name makes it the same compute"),
        (any, at(Provisioning::Working), vec![], asked(5, &[]), Told::In(5), "Azure is at work; no second operation"),
        (any, at(Provisioning::Deleting), vec![], asked(5, &[]), Told::In(5), "it must be gone before it can come"),
        (any, at(Provisioning::Failed("x".into())), vec![], wished(any, 5), Told::In(60), "a person must act"),
        (|g| g.spec.description = Some("mended".into()), at(Provisioning::Failed("x".into())), vec![], wished(any, 5), Told::Attach, "somebody has"),
        (any, Present(compute_with(|c| { c.tags.insert(OWNER_TAG.into(), OWNER.into()); c.identity.type_ = "None".into(); })), vec![], wished(any, 5), Told::In(55), "Azure does not keep what it was asked for"),
        (any, Present(compute_with(|c| { c.tags.insert(OWNER_TAG.into(), OWNER.into()); c.identity.type_ = "None".into(); })), vec![], wished(any, 61), Told::Attach, "or somebody has changed it since"),
        (any, without_principal(), vec![], asked(5, &[]), Told::In(5), "the identity may appear late (contract §2.2)"),
        (any, Present(compute()), vec![], asked(5, &[]), Told::Grant("principal"), "its identity needs the role"),
        (any, Present(compute()), ours(), asked(5, &ours()), Told::In(3_600), "all is well"),
        (any, Present(compute()), vec![by_hand("principal")], asked(5, &[]), Told::In(3_600), "somebody has granted it: Synapse counts it as one, whatever its id (contract §7)"),
        (any, Present(compute()), vec![by_hand("other")], asked(5, &[]), Told::Grant("principal"), "the grant of another identity"),
        (|g| set(g, "grants", json!({"synapseRoles": []})), Present(compute()), vec![], asked(5, &[]), Told::In(3_600), "no role was asked for"),
    ]);
    let blind = Seen {
        grants: grants::Seen::default(), ..seen(Present(compute()), &[]) };
    let (told, _) = decide(&want_with(any), &blind, &asked(5, &[]));
    assert_eq!(told, Told::In(5), "nobody could tell which roles there are");
}

#[test]
fn the_pool_must_be_there_first() {
    for (pool, told, why) in [
        (Unknown, Told::In(5), "not looked at"),
        (Absent, Told::In(60), "a person must make it"),
        (Present(Pool::default()), Told::Attach, "there"),
    ] {
        let look = Seen {
            pool,
            ..seen(Absent, &[])
        };
        assert_eq!(
            decide(&want_with(any), &look, &Memo::default()).0,
            told,
            "{why}"
        );
    }
}

#[test]
#[rustfmt::skip]
fn what_is_another_ones_is_left_alone() {
    let tagged = |owner: &str| {
        Present(compute_with(|c| {
            c.tags.insert(OWNER_TAG.into(), owner.into());
        }))
    };
    let untagged = |change: fn(&mut Compute)| {
        Present(compute_with(|c| {
            c.tags.clear();
            change(c);
        }))
    };
    check(vec![
        (any, tagged("another"), vec![], Memo::default(), Told::In(60), "it belongs to another object"),
        (any, tagged("another"), vec![], asked(5, &[]), Told::In(60), "also if we had asked"),
        (any, untagged(|c| c.pool_id = "/other".into()), vec![], Memo::default(), Told::In(60), "it leads to another pool"),
        (any, untagged(|c| c.pool_id = "/other".into()), vec![], asked(5, &[]), Told::In(60), "also if we had asked"),
        (any, untagged(|c| c.identity.type_ = "UserAssigned".into()), vec![], Memo::default(), Told::In(60), "to take it over would change it"),
        (any, untagged(|_| {}), vec![], Memo::default(), Told::Attach, "just as wished: taken over, by our tag alone"),
        (any, untagged(|_| {}), vec![], asked(5, &[]), Told::Attach, "ours, and the tag was lost"),
    ]);
}

#[test]
#[rustfmt::skip]
fn a_difference_is_mended_in_place() {
    let described: Change = |g| set(g, "description", json!("d"));
    let team: Change = |g| set(g, "tags", json!({"team": "a"}));
    let with = |change: fn(&mut Compute)| Present(compute_with(change));
    let none = Told::Grant("principal");
    let rows: Vec<Row> = vec![
        (described, with(|_| {}), vec![], asked(5, &[]), Told::Attach, "the description differs"),
        (any, with(|c| c.description = Some("theirs".into())), vec![], asked(5, &[]), none, "what the spec does not say does not count"),
        (team, with(|_| {}), vec![], asked(5, &[]), Told::Attach, "a tag is missing"),
        (team, with(|c| { c.tags.insert("team".into(), "b".into()); }), vec![], asked(5, &[]), Told::Attach, "a tag differs"),
        (any, with(|c| { c.tags.insert("policy".into(), "x".into()); }), vec![], asked(5, &[]), Told::Grant("principal"), "a tag that only Azure holds does not count"),
        (any, with(|c| c.identity.type_ = "systemassigned".into()), vec![], asked(5, &[]), Told::Grant("principal"), "casing does not count"),
        (any, with(with_identities), vec![], asked(5, &[]), Told::Attach, "another kind of identity"),
        (user_assigned, with(with_identities), vec![], asked(5, &[]), Told::Grant("first"), "the same identities, in another order and casing"),
        (user_assigned, with(|c| { with_identities(c); c.identity.user_assigned.pop(); }), vec![], asked(5, &[]), Told::Attach, "one is missing"),
        (user_assigned, with(|_| {}), vec![], asked(5, &[]), Told::Attach, "another kind of identity"),
    ];
    check(rows);
}

#[test]
fn an_update_sends_the_tags_that_only_azure_holds() {
    let want = want_with(|g| set(g, "tags", json!({"team": "a"})));
    let found = compute_with(|c| {
        c.tags.insert("policy".into(), "x".into());
        c.tags.insert("team".into(), "b".into());
    });
    let moved = Attachment::next(&want, &seen(Present(found), &[]), &asked(5, &[]), now());
    let Act::Do(Step::Attach(Body { tags, .. })) = moved.act else {
        panic!("{moved:?}")
    };
    let all = [("policy", "x"), ("team", "a"), (OWNER_TAG, OWNER)];
    let all: BTreeMap<_, _> = all.map(|(k, v)| (k.to_owned(), v.to_owned())).into();
    assert_eq!(tags, all, "Azure replaces all tags of a compute");
}

#[test]
fn roles_are_on_record_before_they_are_given() {
    let (_, memo) = decide(
        &want_with(any),
        &seen(Present(compute()), &[]),
        &asked(500, &[]),
    );
    assert_eq!(
        (memo.record.requested, memo.record.grants),
        (Some(now()), vec![grant("principal")]),
        "with the time, from which doubts count"
    );
    let (_, memo) = decide(
        &want_with(any),
        &seen(Absent, &[]),
        &asked(500, &[grant("old")]),
    );
    let wish = Some(want_with(any).compute.hash());
    assert_eq!(
        (memo.wish, memo.record.requested, memo.record.grants),
        (wish, Some(now()), vec![grant("old")]),
        "the time of the request and what it was for, and nothing is forgotten"
    );
    let (_, memo) = decide(
        &want_with(any),
        &seen(Present(compute()), &[by_hand("principal")]),
        &asked(5, &[]),
    );
    assert!(
        memo.record.grants.is_empty(),
        "what somebody else gave is not ours to take"
    );
}

#[test]
fn another_identity_gets_the_role_and_the_old_one_loses_it() {
    let want = want_with(any);
    let both = [grant("old"), grant("principal")];
    let now_seen = |grants: &[RoleAssignment]| seen(Present(compute()), grants);
    let (told, memo) = decide(&want, &now_seen(&both[..1]), &asked(900, &both[..1]));
    assert_eq!(
        (told, memo.record.grants.len()),
        (Told::Grant("principal"), 2),
        "first the new one"
    );
    let (told, _) = decide(&want, &now_seen(&both), &asked(900, &both));
    assert_eq!(
        told,
        Told::Revoke("old"),
        "then what is ours and not wanted any more"
    );
    let (told, memo) = decide(&want, &now_seen(&both[1..]), &asked(900, &both));
    assert_eq!(
        (told, memo.record.grants),
        (Told::In(3_600), vec![grant("principal")]),
        "then it is forgotten"
    );
    let (told, memo) = decide(&want, &now_seen(&both[1..]), &asked(70, &both));
    assert_eq!(
        (told, memo.record.grants.len()),
        (Told::In(5), 2),
        "but not while it may only be too young to be seen"
    );
    let (told, _) = decide(
        &want,
        &now_seen(&[by_hand("old"), grant("principal")]),
        &asked(900, &both[1..]),
    );
    assert_eq!(told, Told::In(3_600), "what somebody else gave stays");
}

#[test]
fn each_identity_gets_each_role() {
    let want = want_with(|g| {
        user_assigned(g);
        set(
            g,
            "grants",
            json!({"synapseRoles": ["SynapseAdministrator", "SynapseContributor"]}),
        );
    });
    let mut look = seen(Present(compute_with(with_identities)), &[]);
    let mut memo = asked(5, &[]);
    let mut given = Vec::new();
    while let Act::Do(Step::Grant(grant)) = {
        let moved = Attachment::next(&want, &look, &memo, now());
        memo = moved.memo;
        moved.act
    } {
        given.push((grant.principal_id.clone(), grant.role));
        let Present(grants) = &mut look.grants.found else {
            panic!()
        };
        grants.push(grant);
        assert!(given.len() <= 4, "{given:?}");
    }
    assert_eq!(given.len(), 4);
    assert_eq!(memo.record.grants.len(), 4);
}

#[test]
#[rustfmt::skip]
fn a_lost_status_is_found_again() {
    let held: Change = |g| g.held = true;
    let all = [grant("principal")];
    let (told, memo) = decide(
        &want_with(held),
        &seen(Present(compute()), &all),
        &Memo::default(),
    );
    assert_eq!(
        (told, memo.owned, memo.record.requested, memo.record.grants),
        (Told::In(3_600), true, Some(now()), all.to_vec()),
        "by the tag, and by ids that nobody else makes"
    );
    let blocked: Change = |g| {
        g.held = true;
        g.workspace = Reference::Missing;
    };
    for (change, compute, why) in [
        (blocked, Unknown, "nothing can be asked"),
        (held, Unknown, "nobody could tell"),
        (held, Present(compute_with(|c| { c.tags.insert(OWNER_TAG.into(), "before".into()); })), "the answer may be older than ours"),
    ] {
        let (_, memo) = decide(&want_with(change), &seen(compute, &[]), &Memo::default());
        assert!(Attachment::holds(&memo), "{why}: the finalizer stays");
        assert_eq!(memo.record.requested, Some(now()), "{why}");
    }
    let (_, memo) = decide(&want_with(any), &seen(Unknown, &[]), &Memo::default());
    assert!(!Attachment::holds(&memo), "what never began holds nothing");
}

#[test]
fn a_lost_answer_renews_the_doubt() {
    let fault = |class| crate::Fault {
        class,
        code: "C".into(),
        op: "attach the pool",
        text: "t".into(),
        request_id: None,
        retry_after: None,
    };
    let unsure = Attachment::faulted(&asked(50, &[]), &fault(crate::Class::Unsure), now());
    assert_eq!(
        unsure.record.requested,
        Some(now()),
        "it may arrive until now"
    );
    let refused = Attachment::faulted(&asked(50, &[]), &fault(crate::Class::Terminal), now());
    assert_eq!(refused.record.requested, Some(ago(50)));
    let none = Attachment::faulted(&Memo::default(), &fault(crate::Class::Unsure), now());
    assert_eq!(none, Memo::default());
}
