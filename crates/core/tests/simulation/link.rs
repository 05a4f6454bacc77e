//! The effectful half of a `LinkedService`, as the operator has it.

use std::collections::BTreeSet;

use azureml_spark_api::condition::Condition;
use azureml_spark_api::linked_service::LinkDeletionPolicy;
use azureml_spark_api::policy::{AdoptionPolicy, ManagementPolicy};
use azureml_spark_api::role::{Role, RoleAssignment};
use azureml_spark_api::{LinkedServiceSpec, LinkedServiceStatus};
use azureml_spark_core::linked_service::{self, Given, Memo, Seen, Step, Want};
use azureml_spark_core::{Sight, grants};
use jiff::SignedDuration;

use crate::apiserver::Store;
use crate::attachment::look_at_roles;
use crate::azure::Effect;
use crate::drive::{Kind, SYNC};
use crate::job::workspace;
use crate::world::{Key, Link, Stop, World};

pub(crate) struct Links;

impl Kind for Links {
    type Machine = linked_service::LinkedService;
    type Spec = LinkedServiceSpec;

    fn store(world: &mut World) -> &mut Store<LinkedServiceSpec, LinkedServiceStatus> {
        &mut world.links
    }

    fn newest<'w>(world: &'w mut World, uid: &str) -> Option<&'w Link> {
        world.process.links.get(uid)
    }

    fn keep(world: &mut World, written: &Link) {
        let uid = written.uid.clone();
        world.process.links.insert(uid, written.clone());
    }

    fn conditions(status: &LinkedServiceStatus) -> &[Condition] {
        &status.conditions
    }

    fn gather(world: &mut World, object: &Link) -> Given {
        world.driven_link = Some(object.uid.clone());
        given(world, object)
    }

    fn observe(world: &mut World, want: &Want, memo: &Memo) -> Result<Seen, Stop> {
        if want.workspace.is_none() {
            return Ok(Seen::default());
        }
        let time = world.read("read the link")?;
        let history = world.azure.links.get(&want.link.name);
        let found = history.and_then(|link| link.at(time)).cloned().flatten();
        world.tell(|| format!("link {}: {found:?}", want.link.name));
        let link = found.map(|record| record.shown(&want.link.name));
        let principal = link.as_ref().and_then(|link| link.principal_id.as_deref());
        let roles = if principal.is_none() && memo.record.grants.is_empty() {
            grants::Seen::default()
        } else {
            let wanted = want.wanted(principal.filter(|_| !want.deleting));
            look_at_roles(world, &wanted)?
        };
        Ok(Seen {
            link: link.map_or(Sight::Absent, Sight::Present),
            not_served: None,
            grants: roles,
        })
    }

    fn execute(world: &mut World, want: &Want, _: &Memo, step: Step) -> Result<(), Stop> {
        let name = want.link.name.clone();
        let uid = world.driven_link.clone().unwrap();
        match step {
            Step::Link => {
                remembered(world, &uid, |status| status.requested_time.is_some());
                let leads = want.link.synapse.to_string();
                world.write(Effect::PutLink(name, leads, uid))
            }
            Step::Grant(grant) => {
                remembered(world, &uid, |s| s.role_assignments.contains(&grant));
                world.write(Effect::PutRole(grant, uid))
            }
            Step::Revoke(grant) => world.write(Effect::DeleteRole(grant.id)),
            Step::Unlink => {
                may_unlink(world, want, &uid);
                world.write(Effect::DeleteLink(name))
            }
        }
    }

    fn saw_nothing(seen: &Seen) -> bool {
        seen.link.present().is_none()
    }

    fn wake_others(world: &mut World, before: &Link, now: Option<&Link>) {
        // Whoever relies on a role that is not on record here any more looks whether it is still there.
        let left = now.map(recorded).unwrap_or_default();
        let lost: BTreeSet<String> = recorded(before).difference(&left).cloned().collect();
        let sharers: Vec<Key> = world
            .links
            .all()
            .filter(|other| other.uid != before.uid && !recorded(other).is_disjoint(&lost))
            .map(|other| Key::Link(other.name.clone()))
            .collect();
        for key in sharers {
            world.wake(key);
        }
    }
}

/// What the machine is told of an object.
pub(crate) fn given(world: &World, object: &Link) -> Given {
    let deleting = object.deleting.is_some();
    let others = world.links.all();
    Given {
        name: object.name.clone(),
        spec: object.spec.clone(),
        workspace: workspace(world, deleting),
        users: Vec::new(),
        twins: twins(world, object),
        shared: others
            .filter(|other| other.uid != object.uid && other.deleting.is_none())
            .flat_map(recorded)
            .collect(),
        grantable: Role::ALL.into(),
        held: object.held.is_some(),
        deleting,
        sync_period: SignedDuration::from_millis(SYNC),
        warnings: Vec::new(),
    }
}

/// Other objects that keep the same link and stay.
fn twins(world: &World, object: &Link) -> Vec<String> {
    let azure_name = |object: &Link| {
        let named = object.spec.azure_name.clone();
        named.unwrap_or_else(|| object.name.clone())
    };
    let owns = |other: &&Link| other.status.as_ref().is_some_and(|status| status.owned);
    let others = world.links.all().filter(|other| other.uid != object.uid);
    others
        .filter(|other| other.deleting.is_none() && !leaves_always(other))
        .filter(owns)
        .filter(|other| azure_name(other) == azure_name(object))
        .map(|other| other.name.clone())
        .collect()
}

fn leaves_always(object: &Link) -> bool {
    object.spec.management_policy == Some(ManagementPolicy::ObserveOnly)
}

/// Whether the link in Azure stays when the object goes.
pub(crate) fn leaves(object: &Link) -> bool {
    object.spec.deletion_policy == Some(LinkDeletionPolicy::Retain)
        || object.spec.management_policy == Some(ManagementPolicy::ObserveOnly)
}

/// Ids of the role assignments that an object has on record.
pub(crate) fn recorded(object: &Link) -> BTreeSet<String> {
    let status = object.status.iter();
    status
        .flat_map(|status| &status.role_assignments)
        .map(|grant: &RoleAssignment| grant.id.clone())
        .collect()
}

fn remembered(world: &mut World, uid: &str, had: impl Fn(&LinkedServiceStatus) -> bool) {
    let on_record = |o: &Link| o.held.is_some() && o.status.as_ref().is_some_and(&had);
    if !world.links.ever(uid, on_record) {
        world.break_rule(format!("an effect of {uid} without a memory of it"));
    }
}

/// What leads elsewhere, and what somebody else made, stays: the latter unless it was taken over, which `Never` forbids.
fn may_unlink(world: &mut World, want: &Want, uid: &str) {
    let name = &want.link.name;
    let history = world.azure.links.get(name);
    let Some(record) = history.and_then(|link| link.last().clone()) else {
        return;
    };
    if record.since >= world.now - crate::ownership::KNOWN {
        return;
    }
    if !record.leads_to(&want.link.synapse.to_string()) {
        world.break_rule(format!(
            "{uid} removes the link {name}, which leads elsewhere"
        ));
    } else if want.policies.adoption == AdoptionPolicy::Never
        && record.by.as_deref() != Some(uid)
        && !record.also.iter().any(|other| other == uid)
    {
        world.break_rule(format!("{uid} removes the link {name} of somebody else"));
    }
}
