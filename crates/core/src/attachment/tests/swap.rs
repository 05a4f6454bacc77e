//! Changes of identity in place: system, user-assigned, several, and back.

use azureml_spark_api::attachment::AttachmentIdentityType::{self, SystemAssigned, UserAssigned};
use azureml_spark_api::workspace::{ResourceIdentity, UserAssignedIdentity};
use serde_json::json;

use super::object::{ago, compute, given, now, seen, set};
use super::report::said;
use crate::attachment::{Attachment, Body, Compute, Given, Memo, Seen, Step};
use crate::machine::{Act, Machine, Sight::Present};

const ONE: &str = "/identities/one";
const TWO: &str = "/identities/two";

fn named(given: &mut Given, ids: &[&str]) {
    let identity = if ids.is_empty() {
        json!({"type": "SystemAssigned"})
    } else {
        let ids: Vec<_> = ids.iter().map(|id| json!({"resourceId": id})).collect();
        json!({"type": "UserAssigned", "userAssignedIdentities": ids})
    };
    set(given, "identity", identity);
}

/// What Azure makes of it: a map, in an order of its own.
fn put(body: &Body, system: &str) -> Compute {
    let mut ids = body.user_assigned.clone();
    ids.reverse();
    let one = |id: &String| UserAssignedIdentity {
        resource_id: id.to_uppercase(),
        client_id: None,
        principal_id: id.rsplit('/').next().map(str::to_owned),
    };
    Compute {
        description: body.description.clone(),
        tags: body.tags.clone(),
        identity: ResourceIdentity {
            type_: format!("{:?}", body.identity),
            principal_id: (body.identity == SystemAssigned).then(|| system.to_owned()),
            tenant_id: None,
            user_assigned: ids.iter().map(one).collect(),
        },
        ..compute()
    }
}

#[derive(Debug, PartialEq)]
enum Done {
    Put(AttachmentIdentityType, Vec<String>),
    Grant(String),
    Revoke(String),
}

/// Carries out every step until there is none.
fn settle(given: &Given, look: &mut Seen, memo: &mut Memo, system: &str) -> Vec<Done> {
    let want = Attachment::want(given).unwrap();
    let mut done = Vec::new();
    // An hour after the last change, so that nothing is in doubt.
    memo.record.requested = memo.record.requested.map(|_| ago(3_600));
    loop {
        let moved = Attachment::next(&want, look, memo, now());
        *memo = moved.memo;
        let Act::Do(step) = moved.act else {
            memo.record.requested = Some(ago(3_600));
            *memo = Attachment::next(&want, look, memo, now()).memo;
            return done;
        };
        let Present(found) = &mut look.grants.found else {
            panic!()
        };
        match step {
            Step::Attach(body) => {
                look.compute = Present(put(&body, system));
                done.push(Done::Put(body.identity, body.user_assigned));
            }
            Step::Grant(grant) => {
                done.push(Done::Grant(grant.principal_id.clone()));
                found.push(grant);
            }
            Step::Revoke(grant) => {
                found.retain(|f| f.id != grant.id);
                done.push(Done::Revoke(grant.principal_id));
            }
            Step::Disown(_) | Step::Detach => panic!("{step:?}"),
        }
        assert!(done.len() < 10, "{done:?}");
    }
}

#[test]
fn each_put_names_all_and_the_new_ones_have_the_role_before_the_old_ones_lose_it() {
    let (mut given, mut memo) = (given(), Memo::default());
    let mut look = seen(crate::Sight::Absent, &[]);
    let grant = |principal: &str| Done::Grant(principal.to_owned());
    let revoke = |principal: &str| Done::Revoke(principal.to_owned());
    let puts = |type_, ids: &[&str]| Done::Put(type_, ids.iter().map(|&id| id.into()).collect());
    let rows: Vec<(&[&str], &str, Vec<Done>, &str)> = vec![
        (
            &[],
            "system-1",
            vec![puts(SystemAssigned, &[]), grant("system-1")],
            "SystemAssigned",
        ),
        (
            &[ONE],
            "-",
            vec![puts(UserAssigned, &[ONE]), grant("one"), revoke("system-1")],
            ONE,
        ),
        (
            &[TWO, ONE],
            "-",
            vec![puts(UserAssigned, &[TWO, ONE]), grant("two")],
            TWO,
        ),
        (&[ONE, TWO], "-", vec![], ONE),
        (
            &[TWO],
            "-",
            vec![puts(UserAssigned, &[TWO]), revoke("one")],
            TWO,
        ),
        (
            &[],
            "system-2",
            vec![puts(SystemAssigned, &[]), grant("system-2"), revoke("two")],
            "SystemAssigned",
        ),
    ];
    for (ids, system, expected, default) in rows {
        named(&mut given, ids);
        let done = settle(&given, &mut look, &mut memo, system);
        assert_eq!(done, expected, "to {ids:?}");
        let principals = ids.len().max(1);
        assert_eq!(memo.record.grants.len(), principals, "to {ids:?}");
        assert!(
            memo.record.since.is_none(),
            "to {ids:?}: all is as it should be"
        );
        let want = Attachment::want(&given).unwrap();
        let pass = crate::Pass {
            generation: 1,
            want: Ok(&want),
            seen: Some(&look),
            memo: &memo,
            trouble: None,
            paused: false,
        };
        let status = Attachment::report(&pass, &said(|_| {}, &look, &memo), now());
        assert_eq!(status.default_identity.as_deref(), Some(default));
        assert_eq!(super::report::standing(&status).0, "Ready", "to {ids:?}");
    }
}
