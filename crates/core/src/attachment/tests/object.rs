//! An attachment and its compute as they should be; each row of a table changes one thing.

use std::collections::BTreeSet;

use azureml_spark_api::attachment::PendingAction;
use azureml_spark_api::role::{Role, RoleAssignment, SynapseRole};
use azureml_spark_api::workspace::{ResourceIdentity, UserAssignedIdentity};
use jiff::SignedDuration;
use serde_json::json;

use crate::attachment::{
    Attachment, Compute, Given, Memo, OWNER_TAG, Pending, Pool, Provisioning, Seen, Step, Want,
};
use crate::grants::{self, Offer, Record};
use crate::machine::{Act, Machine, Sight, Wake};
use crate::{role, samples};

pub(super) use crate::samples::{ago, condition, now};

pub(super) const UID: &str = "5f2b7a0e-0000-4000-8000-000000000002";
/// What the tag says.
pub(super) const OWNER: &str = "5f2b7a0e-0000-4000-8000-000000000002 team/pool";
pub(super) const POOL: &str =
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.Synapse/workspaces/syn/bigDataPools/p";

pub(super) fn given() -> Given {
    Given {
        namespace: "team".to_owned(),
        name: "pool".to_owned(),
        uid: UID.to_owned(),
        spec: serde_json::from_value(
            json!({"workspaceRef": {"name": "ml"}, "pool": {"resourceId": POOL}}),
        )
        .unwrap(),
        workspace: samples::workspace(),
        link: None,
        users: Vec::new(),
        shared: BTreeSet::new(),
        grantable: Role::ALL.into(),
        held: false,
        deleting: false,
        sync_period: SignedDuration::from_hours(1),
        warnings: Vec::new(),
    }
}

pub(super) fn want_with(change: impl FnOnce(&mut Given)) -> Want {
    let mut given = given();
    change(&mut given);
    Attachment::want(&given).unwrap()
}

/// Another spec field.
pub(super) fn set(given: &mut Given, field: &str, value: serde_json::Value) {
    samples::set_field(&mut given.spec, field, value);
}

/// Two user-assigned identities.
pub(super) fn user_assigned(given: &mut Given) {
    let named = json!([{"resourceId": "/identities/One"}, {"resourceId": "/identities/two"}]);
    set(
        given,
        "identity",
        json!({"type": "UserAssigned", "userAssignedIdentities": named}),
    );
}

/// The compute as wished.
pub(super) fn compute() -> Compute {
    Compute {
        azure_id: "/computes/pool".to_owned(),
        pool_id: POOL.to_lowercase(),
        state: Provisioning::Succeeded,
        provisioning_state: "Succeeded".to_owned(),
        tags: [(OWNER_TAG.to_owned(), OWNER.to_owned())].into(),
        identity: ResourceIdentity {
            type_: "SystemAssigned".to_owned(),
            principal_id: Some("principal".to_owned()),
            ..ResourceIdentity::default()
        },
        ..Compute::default()
    }
}

pub(super) fn compute_with(change: impl FnOnce(&mut Compute)) -> Compute {
    let mut compute = compute();
    change(&mut compute);
    compute
}

/// The identities of [`user_assigned`], with Azure's casing.
pub(super) fn with_identities(compute: &mut Compute) {
    let one = |id: &str, principal: &str| UserAssignedIdentity {
        resource_id: id.to_owned(),
        client_id: None,
        principal_id: Some(principal.to_owned()),
    };
    compute.identity = ResourceIdentity {
        type_: "userAssigned".to_owned(),
        user_assigned: vec![
            one("/IDENTITIES/TWO", "second"),
            one("/identities/one", "first"),
        ],
        ..ResourceIdentity::default()
    };
}

/// The role that the operator gives to this principal at the pool.
pub(super) fn grant(principal: &str) -> RoleAssignment {
    let scope = "workspaces/syn/bigDataPools/p";
    let all = role::wanted(
        &[SynapseRole::SynapseAdministrator],
        scope,
        &[principal.to_owned()],
    );
    all[0].clone()
}

/// The same role at the same place for the same principal, given by a person.
pub(super) fn by_hand(principal: &str) -> RoleAssignment {
    RoleAssignment {
        id: "given-by-hand".to_owned(),
        scope: "workspaces/SYN/bigdatapools/P".to_owned(),
        ..grant(principal)
    }
}

/// Every role, at any place.
fn offers() -> Vec<Offer> {
    let all = Role::ALL.into_iter();
    all.map(|role| Offer {
        role_id: role::id(role).to_owned(),
        scopes: Vec::new(),
    })
    .collect()
}

pub(super) fn seen(compute: Sight<Compute>, grants: &[RoleAssignment]) -> Seen {
    Seen {
        pool: Sight::Present(Pool::default()),
        synapse: Sight::Unknown,
        compute,
        grants: grants::Seen {
            found: Sight::Present(grants.to_vec()),
            offers: Sight::Present(offers()),
            powerless: Sight::Present(Vec::new()),
        },
    }
}

/// Asked for so many seconds ago, with these roles on record.
pub(super) fn asked(seconds: i64, grants: &[RoleAssignment]) -> Memo {
    Memo {
        pool: Some(POOL.to_owned()),
        wish: Some("an earlier wish".to_owned()),
        owned: true,
        managed_tags: Vec::new(),
        pending: None,
        record: Record {
            requested: Some(ago(seconds)),
            since: Some(ago(seconds)),
            grants: grants.to_vec(),
        },
    }
}

/// Asked so many seconds ago for the compute that the spec, changed so, leads to.
pub(super) fn wished(change: fn(&mut Given), seconds: i64) -> Memo {
    Memo {
        wish: Some(want_with(change).compute.hash()),
        pending: Some(pending(PendingAction::Attach, seconds, seconds)),
        ..asked(seconds, &[])
    }
}

/// Asked for first and last so many seconds ago.
pub(super) fn pending(action: PendingAction, first: i64, last: i64) -> Pending {
    Pending {
        action,
        since: ago(first),
        last: Some(ago(last)),
    }
}

/// Long ago all was as the spec, changed so, says.
pub(super) fn rested(change: fn(&mut Given), grants: &[RoleAssignment]) -> Memo {
    let mut memo = wished(change, 5_000);
    memo.record.since = None;
    memo.pending = None;
    memo.record.grants = grants.to_vec();
    memo.managed_tags = crate::attachment::body::named_tags(&want_with(change).compute);
    memo
}

/// A compute with this mark, or none.
pub(super) fn marked(mark: Option<&str>) -> Compute {
    compute_with(|c| {
        c.tags.clear();
        if let Some(mark) = mark {
            c.tags.insert(OWNER_TAG.to_owned(), mark.to_owned());
        }
    })
}

/// What is decided.
#[derive(Debug, PartialEq)]
pub(super) enum Told {
    Attach,
    Disown,
    /// Of this principal.
    Grant(&'static str),
    /// Of this principal.
    Revoke(&'static str),
    Detach,
    OnChange,
    /// After so many seconds.
    In(i64),
    Release,
    Other(String),
}

pub(super) fn decide(want: &Want, seen: &Seen, memo: &Memo) -> (Told, Memo) {
    let moved = Attachment::next(want, seen, memo, now());
    let of = |grant: &RoleAssignment| {
        ["principal", "first", "second", "old"]
            .into_iter()
            .find(|p| grant.principal_id == *p)
    };
    let told = match moved.act {
        Act::Do(Step::Attach { .. }) => Told::Attach,
        Act::Do(Step::Disown(_)) => Told::Disown,
        Act::Do(Step::Detach) => Told::Detach,
        Act::Do(Step::Grant(ref grant)) if of(grant).is_some() => Told::Grant(of(grant).unwrap()),
        Act::Do(Step::Revoke(ref grant)) if of(grant).is_some() => Told::Revoke(of(grant).unwrap()),
        Act::Do(step) => Told::Other(format!("{step:?}")),
        Act::Rest(Wake::OnChange) => Told::OnChange,
        Act::Rest(Wake::At(time)) => Told::In(time.duration_since(now()).as_secs()),
        Act::Release => Told::Release,
    };
    (told, moved.memo)
}
