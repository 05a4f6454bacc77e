//! A link and its Synapse workspace as they should be; each row of a table changes one thing.

use azureml_spark_api::role::{Role, RoleAssignment, SynapseRole};
use jiff::SignedDuration;
use serde_json::json;

use crate::grants::{self, Offer, Record};
use crate::linked_service::{Given, Link, LinkedService, Memo, Seen, Step, Want};
use crate::machine::{Act, Machine, Sight, Wake};
use crate::{role, samples};

pub(super) use crate::samples::{ago, condition, now};

pub(super) const SYNAPSE: &str =
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.Synapse/workspaces/syn";

pub(super) fn given() -> Given {
    Given {
        name: "link".to_owned(),
        spec: serde_json::from_value(
            json!({"workspaceRef": {"name": "ml"}, "synapseWorkspaceId": SYNAPSE}),
        )
        .unwrap(),
        workspace: samples::workspace(),
        users: Vec::new(),
        twins: Vec::new(),
        shared: [].into(),
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
    LinkedService::want(&given).unwrap()
}

/// Another spec field.
pub(super) fn set(given: &mut Given, field: &str, value: serde_json::Value) {
    samples::set_field(&mut given.spec, field, value);
}

/// As the spec leaves it.
pub(super) fn any(_: &mut Given) {}

pub(super) fn observing(given: &mut Given) {
    set(given, "managementPolicy", json!("ObserveOnly"));
}

pub(super) fn reporting(given: &mut Given) {
    set(given, "driftPolicy", json!("Report"));
}

pub(super) fn never(given: &mut Given) {
    set(given, "adoptionPolicy", json!("Never"));
}

pub(super) fn roleless(given: &mut Given) {
    set(given, "grants", json!({"synapseRoles": []}));
}

/// On its way out, with our finalizer.
pub(super) fn going(given: &mut Given) {
    given.held = true;
    given.deleting = true;
}

/// The link as wished, in Azure's casing.
pub(super) fn link() -> Link {
    Link {
        azure_id: "/workspaces/ml/linkedServices/link".to_owned(),
        synapse_workspace_id: SYNAPSE.to_lowercase(),
        principal_id: Some("principal".to_owned()),
        tenant_id: Some("tenant".to_owned()),
        created_time: Some("2021-01-01T00:00:00Z".to_owned()),
        modified_time: None,
    }
}

/// One of that name that leads to another Synapse workspace.
pub(super) fn elsewhere() -> Sight<Link> {
    Sight::Present(Link {
        synapse_workspace_id: "/their/workspace".to_owned(),
        ..link()
    })
}

/// The role that the operator gives to this principal at the workspace.
pub(super) fn grant(principal: &str) -> RoleAssignment {
    let roles = [SynapseRole::SynapseApacheSparkAdministrator];
    let all = role::wanted(&roles, "workspaces/syn", &[principal.to_owned()]);
    all[0].clone()
}

/// The same role for the same principal, given by a person.
pub(super) fn by_hand(principal: &str) -> RoleAssignment {
    RoleAssignment {
        id: "given-by-hand".to_owned(),
        ..grant(principal)
    }
}

/// With these roles; what is wanted is offered at workspaces, and every holder has been let in.
pub(super) fn seen(link: Sight<Link>, grants: &[RoleAssignment]) -> Seen {
    let offer = Offer {
        role_id: role::id(Role::SynapseApacheSparkAdministrator).to_owned(),
        scopes: vec!["workspaces/{workspaceName}".to_owned()],
    };
    Seen {
        link,
        not_served: None,
        grants: grants::Seen {
            found: Sight::Present(grants.to_vec()),
            offers: Sight::Present(vec![offer]),
            powerless: Sight::Present(Vec::new()),
        },
    }
}

/// Azure does not know the route.
pub(super) fn unserved(grants: &[RoleAssignment]) -> Seen {
    Seen {
        not_served: Some("NoRegisteredProviderFound".to_owned()),
        ..seen(Sight::Unknown, grants)
    }
}

/// Asked for so many seconds ago, and not settled since; with these roles on record.
pub(super) fn asked(seconds: i64, grants: &[RoleAssignment]) -> Memo {
    Memo {
        record: Record {
            requested: Some(ago(seconds)),
            since: Some(ago(seconds)),
            grants: grants.to_vec(),
        },
        owned: true,
    }
}

/// The same, and all was well once.
pub(super) fn settled(seconds: i64, grants: &[RoleAssignment]) -> Memo {
    let mut memo = asked(seconds, grants);
    memo.record.since = None;
    memo
}

/// What is decided.
#[derive(Debug, PartialEq)]
pub(super) enum Told {
    Link,
    /// Of this principal.
    Grant(&'static str),
    /// Of this principal.
    Revoke(&'static str),
    Unlink,
    OnChange,
    /// After so many seconds.
    In(i64),
    Release,
    Other(String),
}

pub(super) fn decide(want: &Want, seen: &Seen, memo: &Memo) -> (Told, Memo) {
    let moved = LinkedService::next(want, seen, memo, now());
    let of = |grant: &RoleAssignment| {
        ["principal", "old"]
            .into_iter()
            .find(|p| grant.principal_id == *p)
    };
    let told = match moved.act {
        Act::Do(Step::Link) => Told::Link,
        Act::Do(Step::Unlink) => Told::Unlink,
        Act::Do(Step::Grant(ref grant)) if of(grant).is_some() => Told::Grant(of(grant).unwrap()),
        Act::Do(Step::Revoke(ref grant)) if of(grant).is_some() => Told::Revoke(of(grant).unwrap()),
        Act::Do(step) => Told::Other(format!("{step:?}")),
        Act::Rest(Wake::OnChange) => Told::OnChange,
        Act::Rest(Wake::At(time)) => Told::In(time.duration_since(now()).as_secs()),
        Act::Release => Told::Release,
    };
    (told, moved.memo)
}
