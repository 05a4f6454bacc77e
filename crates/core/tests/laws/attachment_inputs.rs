//! Attachments, computes and memories, as they come.

use azureml_spark_api::SynapseSparkAttachmentSpec;
use azureml_spark_api::role::{RoleAssignment, SynapseRole};
use azureml_spark_api::workspace::{ResourceIdentity, UserAssignedIdentity};
use azureml_spark_core::attachment::{Compute, Given, Memo, OWNER_TAG, Pool, Provisioning, Seen};
use azureml_spark_core::{Sight, grants, role};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde_json::json;

use crate::job_inputs::{sight, workspace};
use crate::times::{second, text};
use crate::walk::SYNC;

const POOL: &str =
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.Synapse/workspaces/syn/bigDataPools/p";
const IDENTITIES: [&str; 2] = ["/identities/one", "/identities/two"];

fn spec() -> impl Strategy<Value = SynapseSparkAttachmentSpec> {
    let pool = prop_oneof![9 => Just(POOL.to_owned()), 1 => text()];
    let roles = proptest::sample::subsequence(
        vec![
            "SynapseAdministrator",
            "SynapseComputeOperator",
            "SynapseContributor",
        ],
        0..=3,
    );
    let identities = proptest::sample::subsequence(IDENTITIES.to_vec(), 0..=2);
    (
        pool,
        option::of(roles),
        identities,
        option::of(text()),
        any::<bool>(),
    )
        .prop_map(|(pool, roles, identities, description, tagged)| {
            let mut spec = json!({"workspaceRef": {"name": "ml"}, "pool": {"resourceId": pool}});
            if let Some(roles) = roles {
                spec["grants"] = json!({"synapseRoles": roles});
            }
            if !identities.is_empty() {
                let named: Vec<_> = identities
                    .iter()
                    .map(|id| json!({"resourceId": id}))
                    .collect();
                spec["identity"] = json!({"type": "UserAssigned", "userAssignedIdentities": named});
            }
            if let Some(description) = description {
                spec["description"] = json!(description);
            }
            if tagged {
                spec["tags"] = json!({"team": "a"});
            }
            serde_json::from_value(spec).unwrap()
        })
}

pub(crate) fn given() -> impl Strategy<Value = Given> {
    let users = prop_oneof![3 => Just(Vec::new()), 1 => vec(text(), 1..40)];
    (spec(), workspace(), users, any::<bool>(), any::<bool>()).prop_map(
        |(spec, workspace, users, held, deleting)| Given {
            namespace: "team".to_owned(),
            name: "pool".to_owned(),
            uid: "the-uid".to_owned(),
            spec,
            workspace,
            link: None,
            users,
            shared: std::collections::BTreeSet::new(),
            grantable: azureml_spark_api::role::Role::ALL.into(),
            held: held || deleting,
            deleting,
            sync_period: SYNC,
            warnings: Vec::new(),
        },
    )
}

fn grants() -> impl Strategy<Value = Vec<RoleAssignment>> {
    let scope = "workspaces/syn/bigDataPools/p";
    let principals = ["principal", "principal-0", "principal-1", "old"].map(str::to_owned);
    let mut all = role::wanted(
        &[
            SynapseRole::SynapseAdministrator,
            SynapseRole::SynapseContributor,
        ],
        scope,
        &principals,
    );
    all.push(RoleAssignment {
        id: "given-by-hand".to_owned(),
        ..all[0].clone()
    });
    proptest::sample::subsequence(all, 0..=9)
}

fn compute() -> impl Strategy<Value = Compute> {
    let state = prop_oneof![
        1 => Just(Provisioning::Working),
        1 => Just(Provisioning::Deleting),
        4 => Just(Provisioning::Succeeded),
        1 => text().prop_map(Provisioning::Failed),
    ];
    let owner = prop_oneof![
        6 => Just(Some("the-uid".to_owned())),
        1 => Just(Some("another".to_owned())),
        1 => Just(None),
    ];
    let shape = (
        any::<[bool; 4]>(),
        option::of(text()),
        option::of(Just("a".to_owned())),
    );
    (state, owner, shape).prop_map(
        |(state, owner, ([system, shown, same_pool, second], description, team))| {
            let named: Vec<_> = IDENTITIES
                .iter()
                .take(1 + usize::from(second))
                .enumerate()
                .map(|(number, id)| UserAssignedIdentity {
                    resource_id: id.to_uppercase(),
                    client_id: None,
                    principal_id: shown.then(|| format!("principal-{number}")),
                })
                .collect();
            let tags = owner.map(|owner| (OWNER_TAG.to_owned(), owner)).into_iter();
            Compute {
                azure_id: "/computes/pool".to_owned(),
                pool_id: if same_pool {
                    POOL.to_lowercase()
                } else {
                    "/other".to_owned()
                },
                provisioning_state: format!("{state:?}"),
                state,
                description,
                tags: tags
                    .chain(team.map(|team| ("team".to_owned(), team)))
                    .collect(),
                identity: ResourceIdentity {
                    type_: if system {
                        "SystemAssigned"
                    } else {
                        "UserAssigned"
                    }
                    .to_owned(),
                    principal_id: (system && shown).then(|| "principal".to_owned()),
                    tenant_id: None,
                    user_assigned: if system { Vec::new() } else { named },
                },
                ..Compute::default()
            }
        },
    )
}

pub(crate) fn seen() -> impl Strategy<Value = Seen> {
    (
        sight(Just(Pool::default())),
        sight(compute()),
        sight(grants()),
    )
        .prop_map(|(pool, compute, found)| Seen {
            pool,
            synapse: Sight::Unknown,
            compute,
            grants: grants::Seen {
                found,
                ..grants::Seen::default()
            },
        })
}

pub(crate) fn memo() -> impl Strategy<Value = Memo> {
    let wish = option::of(Just("a-hash".to_owned()));
    (wish, option::of(second()), grants()).prop_map(|(wish, requested, grants)| Memo {
        wish,
        requested,
        grants,
        ..Memo::default()
    })
}
