//! Attachments, computes and memories, as they come.

use std::collections::BTreeSet;

use azureml_spark_api::SynapseSparkAttachmentSpec;
use azureml_spark_api::attachment::PendingAction;
use azureml_spark_api::azure_id::SynapseWorkspaceId;
use azureml_spark_api::role::{Role, RoleAssignment};
use azureml_spark_api::workspace::{ResourceIdentity, UserAssignedIdentity};
use azureml_spark_core::attachment::{
    Compute, Given, Memo, OWNER_TAG, Pending, Pool, Provisioning, Seen, Synapse,
};
use azureml_spark_core::grants::{self, Offer, Record};
use azureml_spark_core::place::{Link, Reference};
use azureml_spark_core::{Sight, role};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};

use crate::job_inputs::{sight, workspace};
use crate::times::{second, text};
use crate::walk::SYNC;

pub(crate) const POOL: &str =
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.Synapse/workspaces/syn/bigDataPools/p";
const IDENTITIES: [&str; 2] = ["/identities/one", "/identities/two"];
const ACCOUNTS: [&str; 2] = ["/accounts/a", "/accounts/B/"];
pub(crate) const OURS: &str = "the-uid team/pool";

fn pool() -> impl Strategy<Value = Value> {
    prop_oneof![
        7 => Just(json!({"resourceId": POOL})),
        2 => Just(json!({"linkedServiceRef": {"name": "link"}, "poolName": "p"})),
        1 => text().prop_map(|id| json!({"resourceId": id})),
    ]
}

fn grants_of_spec() -> impl Strategy<Value = Option<Value>> {
    let roles = subsequence(
        vec![
            "SynapseAdministrator",
            "SynapseComputeOperator",
            "SynapseContributor",
        ],
        0..=3,
    );
    let accounts = subsequence(ACCOUNTS.to_vec(), 0..=2);
    let grants = (option::of(roles), accounts).prop_map(|(roles, accounts)| {
        let storage: Vec<_> = accounts
            .into_iter()
            .map(|id| json!({"accountId": id, "roles": ["StorageBlobDataReader"]}))
            .collect();
        let mut grants = json!({"storage": storage});
        if let Some(roles) = roles {
            grants["synapseRoles"] = json!(roles);
        }
        grants
    });
    option::of(grants)
}

fn policies() -> impl Strategy<Value = Value> {
    (
        prop_oneof![4 => Just("Full"), 1 => Just("ObserveOnly")],
        select(vec!["IfIdentical", "Always", "Never"]),
        select(vec!["Correct", "Report"]),
        select(vec!["Detach", "Retain"]),
    )
        .prop_map(|(management, adoption, drift, deletion)| {
            json!({
                "managementPolicy": management,
                "adoptionPolicy": adoption,
                "driftPolicy": drift,
                "deletionPolicy": deletion,
            })
        })
}

fn spec() -> impl Strategy<Value = SynapseSparkAttachmentSpec> {
    let identities = subsequence(IDENTITIES.to_vec(), 0..=2);
    (
        pool(),
        grants_of_spec(),
        identities,
        option::of(text()),
        any::<bool>(),
        policies(),
    )
        .prop_map(
            |(pool, grants, identities, description, tagged, mut spec)| {
                spec["workspaceRef"] = json!({"name": "ml"});
                spec["pool"] = pool;
                if let Some(grants) = grants {
                    spec["grants"] = grants;
                }
                if !identities.is_empty() {
                    let named: Vec<_> = identities
                        .iter()
                        .map(|id| json!({"resourceId": id}))
                        .collect();
                    spec["identity"] =
                        json!({"type": "UserAssigned", "userAssignedIdentities": named});
                }
                if let Some(description) = description {
                    spec["description"] = json!(description);
                }
                if tagged {
                    spec["tags"] = json!({"team": "a"});
                }
                serde_json::from_value(spec).unwrap()
            },
        )
}

fn link() -> impl Strategy<Value = Option<Reference<Link>>> {
    let leads = |name: &str| Link {
        synapse: SynapseWorkspaceId {
            subscription: "s".to_owned(),
            resource_group: "g".to_owned(),
            workspace: name.to_owned(),
        },
    };
    prop_oneof![
        4 => Just(Some(Reference::Ready(leads("syn")))),
        1 => Just(Some(Reference::Ready(leads("elsewhere")))),
        1 => text().prop_map(|why| Some(Reference::NotReady(why))),
        1 => Just(Some(Reference::Missing)),
        1 => Just(None),
    ]
}

pub(crate) fn given() -> impl Strategy<Value = Given> {
    let users = prop_oneof![3 => Just(Vec::new()), 1 => vec(text(), 1..40)];
    let shared = subsequence(all_grants(), 0..=4)
        .prop_map(|grants| grants.into_iter().map(|grant| grant.id).collect());
    let grantable = prop_oneof![
        9 => Just(BTreeSet::from(Role::ALL)),
        1 => Just(BTreeSet::from([Role::SynapseAdministrator])),
    ];
    let flags = (any::<bool>(), any::<bool>());
    (spec(), workspace(), link(), users, shared, grantable, flags).prop_map(
        |(spec, workspace, link, users, shared, grantable, (held, deleting))| Given {
            namespace: "team".to_owned(),
            name: "pool".to_owned(),
            uid: "the-uid".to_owned(),
            spec,
            workspace,
            link,
            users,
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
    let pool = "workspaces/syn/bigDataPools/p";
    let places = [
        (Role::SynapseAdministrator, pool),
        (Role::SynapseContributor, pool),
        (Role::StorageBlobDataReader, "/accounts/a"),
    ];
    let mut all: Vec<_> = ["principal", "principal-0", "principal-1", "old"]
        .into_iter()
        .flat_map(|principal| places.map(|(role, scope)| role::assignment(role, scope, principal)))
        .collect();
    all.push(RoleAssignment {
        id: "given-by-hand".to_owned(),
        ..all[0].clone()
    });
    all
}

fn some_grants() -> impl Strategy<Value = Vec<RoleAssignment>> {
    let all = all_grants();
    let most = all.len();
    subsequence(all, 0..=most)
}

/// Every role, at any place.
pub(crate) fn offers() -> Vec<Offer> {
    let all = Role::ALL.into_iter();
    all.map(|role| Offer {
        role_id: role::id(role).to_owned(),
        scopes: Vec::new(),
    })
    .collect()
}

fn compute() -> impl Strategy<Value = Compute> {
    let state = prop_oneof![
        1 => Just(Provisioning::Working),
        1 => Just(Provisioning::Deleting),
        4 => Just(Provisioning::Succeeded),
        1 => text().prop_map(Provisioning::Failed),
    ];
    let owner = prop_oneof![
        6 => Just(Some(OURS.to_owned())),
        1 => Just(Some("another team/else".to_owned())),
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

fn synapse() -> impl Strategy<Value = Synapse> {
    let endpoints = subsequence(ACCOUNTS.map(str::to_owned).to_vec(), 0..=2);
    (any::<bool>(), any::<bool>(), endpoints).prop_map(|(closed, managed, endpoints)| Synapse {
        public_network_access_disabled: closed,
        managed_network: managed,
        approved_endpoints: endpoints,
    })
}

fn roles() -> impl Strategy<Value = grants::Seen> {
    let one = offers().into_iter().take(1).collect();
    let offers = prop_oneof![4 => Just(offers()), 1 => Just(one)];
    let powerless = subsequence(
        vec!["principal".to_owned(), "principal-0".to_owned()],
        0..=2,
    );
    (sight(some_grants()), sight(offers), sight(powerless)).prop_map(
        |(found, offers, powerless)| grants::Seen {
            found,
            offers,
            powerless,
        },
    )
}

pub(crate) fn seen() -> impl Strategy<Value = Seen> {
    let pool = option::of(text()).prop_map(|location| Pool { location });
    (sight(pool), sight(synapse()), sight(compute()), roles()).prop_map(
        |(pool, synapse, compute, grants)| Seen {
            pool,
            synapse,
            compute,
            grants,
        },
    )
}

pub(crate) fn memo() -> impl Strategy<Value = Memo> {
    let record = (option::of(second()), option::of(second()), some_grants()).prop_map(
        |(requested, since, grants)| Record {
            requested,
            since,
            grants,
        },
    );
    let wish = option::of(select(vec!["a-hash".to_owned(), "disowned".to_owned()]));
    let tags = subsequence(vec!["gone".to_owned(), "team".to_owned()], 0..=2);
    let pool = option::of(Just(POOL.to_owned()));
    let action = select(vec![PendingAction::Attach, PendingAction::Detach]);
    let pending =
        (action, second(), option::of(second())).prop_map(|(action, since, last)| Pending {
            action,
            since,
            last,
        });
    let pending = option::of(pending);
    (pool, wish, any::<bool>(), tags, pending, record).prop_map(
        |(pool, wish, owned, managed_tags, pending, record)| Memo {
            pool,
            wish,
            owned,
            managed_tags,
            pending,
            record,
        },
    )
}

/// All of a look that an obedient world answers.
pub(crate) fn sees_all(seen: Seen) -> Seen {
    Seen {
        pool: Sight::Present(Pool::default()),
        grants: grants::Seen {
            found: Sight::Present(Vec::new()),
            offers: Sight::Present(offers()),
            powerless: Sight::Present(Vec::new()),
        },
        ..seen
    }
}
