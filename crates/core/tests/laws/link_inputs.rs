//! Links, their roles and memories, as they come.

use std::collections::BTreeSet;

use azureml_spark_api::LinkedServiceSpec;
use azureml_spark_api::role::{Role, RoleAssignment};
use azureml_spark_core::grants::{self, Offer, Record};
use azureml_spark_core::linked_service::{FROZEN, Given, Link, Memo, Seen};
use azureml_spark_core::{Class, Fault, Sight, role};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::json;

use crate::job_inputs::{sight, workspace};
use crate::times::{self, second, text};
use crate::walk::SYNC;

const SYNAPSE: &str =
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.Synapse/workspaces/syn";
const SCOPE: &str = "workspaces/syn";
const ROLES: [Role; 2] = [
    Role::SynapseApacheSparkAdministrator,
    Role::SynapseContributor,
];

fn spec() -> impl Strategy<Value = LinkedServiceSpec> {
    let synapse = prop_oneof![9 => Just(SYNAPSE.to_owned()), 1 => text()];
    let roles = subsequence(
        vec![
            "SynapseApacheSparkAdministrator",
            "SynapseComputeOperator",
            "SynapseContributor",
        ],
        0..=3,
    );
    let policies = (
        prop_oneof![4 => Just("Full"), 1 => Just("ObserveOnly")],
        select(vec!["IfIdentical", "Always", "Never"]),
        select(vec!["Correct", "Report"]),
        prop_oneof![3 => Just("Unlink"), 1 => Just("Retain")],
    );
    (synapse, option::of(roles), policies).prop_map(
        |(synapse, roles, (management, adoption, drift, deletion))| {
            let mut spec = json!({
                "workspaceRef": {"name": "ml"},
                "synapseWorkspaceId": synapse,
                "managementPolicy": management,
                "adoptionPolicy": adoption,
                "driftPolicy": drift,
                "deletionPolicy": deletion,
            });
            if let Some(roles) = roles {
                spec["grants"] = json!({"synapseRoles": roles});
            }
            serde_json::from_value(spec).unwrap()
        },
    )
}

pub(crate) fn given() -> impl Strategy<Value = Given> {
    let users = prop_oneof![3 => Just(Vec::new()), 1 => vec(text(), 1..40)];
    let shared = subsequence(all_grants(), 0..=4)
        .prop_map(|grants| grants.into_iter().map(|grant| grant.id).collect());
    let grantable = prop_oneof![
        9 => Just(BTreeSet::from(Role::ALL)),
        1 => Just(BTreeSet::from([Role::SynapseContributor])),
    ];
    let twins = prop_oneof![3 => Just(Vec::new()), 1 => vec(text(), 1..3)];
    let flags = any::<[bool; 2]>();
    (spec(), workspace(), users, twins, shared, grantable, flags).prop_map(
        |(spec, workspace, users, twins, shared, grantable, [held, deleting])| Given {
            name: "link".to_owned(),
            spec,
            workspace,
            users,
            twins,
            shared,
            grantable,
            held: held || deleting,
            deleting,
            sync_period: SYNC,
            warnings: Vec::new(),
        },
    )
}

fn all_grants() -> Vec<RoleAssignment> {
    let mut all: Vec<_> = ["principal", "old"]
        .into_iter()
        .flat_map(|principal| ROLES.map(|role| role::assignment(role, SCOPE, principal)))
        .collect();
    all.push(RoleAssignment {
        id: "given-by-hand".to_owned(),
        ..all[0].clone()
    });
    all
}

fn some_grants() -> impl Strategy<Value = Vec<RoleAssignment>> {
    subsequence(all_grants(), 0..=5)
}

/// Every role, at workspaces.
fn offers() -> Vec<Offer> {
    let all = Role::ALL.into_iter();
    all.map(|role| Offer {
        role_id: role::id(role).to_owned(),
        scopes: vec!["workspaces/{workspaceName}".to_owned()],
    })
    .collect()
}

fn link() -> impl Strategy<Value = Link> {
    (any::<bool>(), proptest::bool::weighted(0.8)).prop_map(|(shown, ours)| Link {
        azure_id: "/links/link".to_owned(),
        synapse_workspace_id: if ours {
            SYNAPSE.to_uppercase()
        } else {
            "/their/workspace".to_owned()
        },
        principal_id: shown.then(|| "principal".to_owned()),
        ..Link::default()
    })
}

fn roles() -> impl Strategy<Value = grants::Seen> {
    let nowhere = ROLES.map(|role| Offer {
        role_id: role::id(role).to_owned(),
        scopes: vec!["workspaces/{workspaceName}/sqlPools/{sqlPoolName}".to_owned()],
    });
    let one = offers().into_iter().take(1).collect();
    let offers = prop_oneof![3 => Just(offers()), 1 => Just(one), 1 => Just(nowhere.to_vec())];
    let powerless = subsequence(vec!["principal".to_owned(), "old".to_owned()], 0..=2);
    (sight(some_grants()), sight(offers), sight(powerless)).prop_map(
        |(found, offers, powerless)| grants::Seen {
            found,
            offers,
            powerless,
        },
    )
}

pub(crate) fn seen() -> impl Strategy<Value = Seen> {
    let not_served = option::weighted(0.1, text());
    (sight(link()), not_served, roles()).prop_map(|(link, not_served, grants)| Seen {
        link: if not_served.is_some() {
            Sight::Unknown
        } else {
            link
        },
        not_served,
        grants,
    })
}

/// All of a look that an obedient world answers.
pub(crate) fn sees_all(seen: Seen) -> Seen {
    Seen {
        grants: grants::Seen {
            found: Sight::Present(Vec::new()),
            offers: Sight::Present(offers()),
            powerless: Sight::Present(Vec::new()),
        },
        ..seen
    }
}

pub(crate) fn memo() -> impl Strategy<Value = Memo> {
    let record = (option::of(second()), option::of(second()), some_grants()).prop_map(
        |(requested, since, grants)| Record {
            requested,
            since,
            grants,
        },
    );
    (record, any::<bool>()).prop_map(|(record, owned)| Memo {
        owned: owned && record.requested.is_some(),
        record,
    })
}

/// Any fault, and often that Azure makes no links.
pub(crate) fn fault() -> impl Strategy<Value = Fault> {
    let frozen = times::fault().prop_map(|fault| Fault {
        class: Class::Terminal,
        code: FROZEN.to_owned(),
        ..fault
    });
    prop_oneof![3 => times::fault(), 1 => frozen]
}
