//! Roles of an attachment: where each is wanted, who is allowed to have it granted, who else needs it.

use std::collections::BTreeSet;

use azureml_spark_api::Reason;
use azureml_spark_api::role::{Role, RoleAssignment};
use serde_json::json;

use super::object::{
    Told, ago, asked, compute, compute_with, decide, given, grant, rested, seen, set,
    user_assigned, want_with, with_identities,
};
use super::report::{said, standing};
use crate::attachment::{Attachment, Given, Memo, Seen, Step};
use crate::machine::{Act, Machine, Sight::Present};
use crate::{Class, Fault, Trouble, grants, role};

type Change = fn(&mut Given);

fn storage(given: &mut Given) {
    user_assigned(given);
    let accounts = json!([
        {"accountId": "/accounts/A/", "roles": ["Contributor", "StorageBlobDataContributor"]},
        {"accountId": "/accounts/b", "roles": ["Reader"]},
    ]);
    set(
        given,
        "grants",
        json!({"synapseRoles": ["SynapseComputeOperator"], "storage": accounts}),
    );
}

#[test]
fn every_identity_gets_every_role_at_its_place() {
    let want = want_with(storage);
    let mut look = seen(Present(compute_with(with_identities)), &[]);
    let mut memo = asked(5, &[]);
    let mut given = BTreeSet::new();
    while let Act::Do(Step::Grant(grant)) = {
        let moved = Attachment::next(&want, &look, &memo, ago(0));
        memo = moved.memo;
        moved.act
    } {
        let Present(found) = &mut look.grants.found else {
            panic!()
        };
        found.push(grant.clone());
        assert!(given.insert((grant.principal_id, grant.role, grant.scope)));
        assert!(given.len() <= 8, "{given:?}");
    }
    let mut wanted = BTreeSet::new();
    for principal in ["first", "second"] {
        for (role, scope) in [
            (
                Role::SynapseComputeOperator,
                "workspaces/syn/bigDataPools/p",
            ),
            (Role::Contributor, "/accounts/A"),
            (Role::StorageBlobDataContributor, "/accounts/A"),
            (Role::Reader, "/accounts/b"),
        ] {
            wanted.insert((principal.to_owned(), role, scope.to_owned()));
        }
    }
    assert_eq!(given, wanted, "a scope has no slash at its end");
    assert_eq!(memo.record.grants.len(), 8);
    let scopes: Vec<String> = want.scopes(&memo).into_iter().collect();
    assert_eq!(
        scopes,
        [
            "/accounts/A",
            "/accounts/b",
            "workspaces/syn/bigDataPools/p"
        ]
    );
}

#[test]
fn the_same_grant_has_the_same_name_however_the_account_is_written() {
    let name = |id: &str| {
        let want = want_with(|g| {
            let account = json!({"accountId": id, "roles": ["Reader"]});
            set(
                g,
                "grants",
                json!({"synapseRoles": [], "storage": [account]}),
            );
        });
        let wanted = want.wanted(&compute(), &Memo::default()).unwrap();
        wanted[0].id.clone()
    };
    assert_eq!(name("/accounts/A"), name("/ACCOUNTS/a/"));
    assert_ne!(name("/accounts/A"), name("/accounts/B"));
}

/// The spec, what may be granted, the field and a text of what is refused, and why.
type Allowed = (
    Change,
    BTreeSet<Role>,
    Option<(&'static str, &'static str)>,
    &'static str,
);

#[test]
#[rustfmt::skip]
fn the_installation_says_which_roles_may_be_granted() {
    let only = |role: Role| BTreeSet::from([role]);
    let rows: Vec<Allowed> = vec![
        (|_| {}, Role::ALL.into(), None, "every role"),
        (|_| {}, only(Role::Reader), Some(("spec.grants.synapseRoles", "[]")), "what is granted where nothing is said is a role, too"),
        (|_| {}, only(Role::SynapseAdministrator), None, "the one that is asked for"),
        (storage, only(Role::SynapseComputeOperator), Some(("spec.grants.storage", "Contributor")), "a role on storage"),
        (storage, only(Role::Reader), Some(("spec.grants.synapseRoles", "SynapseComputeOperator")), "a role in Synapse"),
        (|g| set(g, "grants", json!({"synapseRoles": []})), BTreeSet::new(), None, "none is asked for"),
        (|g| { storage(g); set(g, "managementPolicy", json!("ObserveOnly")); }, BTreeSet::new(), None, "none is granted"),
        (|g| { storage(g); g.deleting = true; }, BTreeSet::new(), None, "whatever is asked for, it can be deleted"),
    ];
    for (change, grantable, refused, why) in rows {
        let mut given = given();
        change(&mut given);
        given.grantable = grantable;
        let found = Attachment::want(&given).err().map(|invalid| (invalid.field, invalid.reason, invalid.message));
        match (found, refused) {
            (None, None) => {}
            (Some((field, reason, message)), Some((wrong, text))) => {
                assert_eq!((field.as_str(), reason), (wrong, Reason::RoleNotAllowed), "{why}");
                assert!(message.contains(text), "{why}: {message}");
            }
            both => panic!("{why}: {both:?}"),
        }
    }
}

#[test]
#[rustfmt::skip]
fn what_another_object_needs_is_only_forgotten() {
    let shared: Change = |g| g.shared = [grant("principal").id, grant("old").id].into();
    let going: Change = |g| { g.shared = [grant("principal").id].into(); g.held = true; g.deleting = true; };
    let both = [grant("old"), grant("principal")];
    let look = |grants: &[RoleAssignment]| seen(Present(compute()), grants);
    let (told, memo) = decide(&want_with(shared), &look(&both), &asked(900, &both));
    assert_eq!((told, memo.record.grants.len()), (Told::In(3_600), 1), "an identity that left the spec, and another object still names");
    let (told, _) = decide(&want_with(going), &look(&both[1..]), &asked(900, &both[1..]));
    assert_eq!(told, Told::Detach, "the other one takes it back in the end");
    let (told, _) = decide(&want_with(going), &look(&both), &asked(900, &both));
    assert_eq!(told, Told::Revoke("old"), "but not what nobody else needs");
}

#[test]
#[rustfmt::skip]
fn a_role_has_to_have_an_effect() {
    let ours = [grant("principal")];
    let spreading = Seen { grants: grants::Seen { powerless: Present(vec!["PRINCIPAL".into()]), ..seen(Present(compute()), &ours).grants }, ..seen(Present(compute()), &ours) };
    let any: Change = |_| {};
    let (told, _) = decide(&want_with(any), &spreading, &asked(60, &ours));
    assert_eq!(told, Told::In(15), "it takes 2 to 5 minutes (contract §7)");
    let status = said(any, &spreading, &asked(60, &ours));
    assert_eq!(standing(&status), ("Reconciling", "Spreading".to_owned()));
    let status = said(any, &spreading, &asked(601, &ours));
    assert_eq!(standing(&status), ("Stalled", "Forbidden".to_owned()), "10 minutes are too many");
    let dark = Seen { grants: grants::Seen { powerless: crate::Sight::Unknown, ..spreading.grants }, ..spreading };
    let status = said(any, &dark, &rested(any, &ours));
    assert_eq!(standing(&status).0, "Ready", "what cannot be checked is believed");
}

#[test]
#[rustfmt::skip]
fn what_synapse_does_not_offer_needs_a_person() {
    let offers = |offers| Seen { grants: grants::Seen { offers, ..seen(Present(compute()), &[]).grants }, ..seen(Present(compute()), &[]) };
    let at = |scope: &str| Present(vec![grants::Offer { role_id: role::id(Role::SynapseAdministrator).to_owned(), scopes: vec![scope.to_owned()] }]);
    let any: Change = |_| {};
    for (look, told, stands, reason, why) in [
        (offers(Present(vec![])), Told::In(60), "Stalled", "RoleNotFound", "Synapse does not know it"),
        (offers(at("workspaces/{workspaceName}")), Told::In(60), "Stalled", "RoleNotAssignable", "it is not given at a pool"),
        (offers(at("workspaces/{workspaceName}/bigDataPools/{bigDataPoolName}")), Told::Grant("principal"), "Reconciling", "Granting", "it is"),
        (offers(crate::Sight::Unknown), Told::In(5), "Reconciling", "Granting", "nobody has looked"),
    ] {
        let (found, _) = decide(&want_with(any), &look, &asked(60, &[]));
        assert_eq!(found, told, "{why}");
        let status = said(any, &look, &asked(60, &[]));
        assert_eq!(standing(&status), (stands, reason.to_owned()), "{why}");
    }
}

#[test]
#[rustfmt::skip]
fn a_refusal_that_should_have_passed_long_ago_needs_a_person() {
    let fault = Fault { class: Class::Spreading, code: "PrincipalNotFound".into(), op: "grant a role", text: "no such principal".into(), request_id: None, retry_after: None };
    let trouble = Trouble { fault, tries: 9 };
    let want = want_with(|_| {});
    let look = seen(Present(compute()), &[]);
    for (seconds, stands, reason) in [(599, "Reconciling", "Spreading"), (600, "Stalled", "Forbidden")] {
        let memo = asked(seconds, &[]);
        let pass = crate::Pass { generation: 1, want: Ok(&want), seen: Some(&look), memo: &memo, trouble: Some(&trouble), paused: false };
        let status = Attachment::report(&pass, &azureml_spark_api::SynapseSparkAttachmentStatus::default(), ago(0));
        assert_eq!(standing(&status), (stands, reason.to_owned()), "{seconds} s");
    }
    let (_, memo) = decide(&want, &look, &asked(300, &[]));
    assert_eq!(memo.record.since, Some(ago(300)), "asking again does not begin the time anew");
}
