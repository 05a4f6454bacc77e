//! The effectful half of a `SynapseSparkAttachment`, as the operator has it.

use std::collections::BTreeSet;

use azureml_spark_api::condition::Condition;
use azureml_spark_api::role::{Role, RoleAssignment};
use azureml_spark_api::spark_job::Submission;
use azureml_spark_api::{SynapseSparkAttachmentSpec, SynapseSparkAttachmentStatus};
use azureml_spark_core::attachment::{
    self, Body, Compute, Given, Memo, Provisioning, Seen, Step, Want,
};
use azureml_spark_core::grants::{self, Offer};
use azureml_spark_core::{Sight, role};
use jiff::SignedDuration;

use crate::apiserver::Store;
use crate::azure::{ComputeBody, Effect};
use crate::drive::{Kind, SYNC};
use crate::job::workspace;
use crate::quirk::Quirk;
use crate::world::{Attachment, Job, Key, Stop, World};

pub(crate) struct Attachments;

impl Kind for Attachments {
    type Machine = attachment::Attachment;
    type Spec = SynapseSparkAttachmentSpec;

    fn store(
        world: &mut World,
    ) -> &mut Store<SynapseSparkAttachmentSpec, SynapseSparkAttachmentStatus> {
        &mut world.attachments
    }

    fn newest<'w>(world: &'w mut World, uid: &str) -> Option<&'w Attachment> {
        world.process.attachments.get(uid)
    }

    fn keep(world: &mut World, written: &Attachment) {
        let uid = written.uid.clone();
        world.process.attachments.insert(uid, written.clone());
    }

    fn conditions(status: &SynapseSparkAttachmentStatus) -> &[Condition] {
        &status.conditions
    }

    fn gather(world: &mut World, object: &Attachment) -> Given {
        given(world, object)
    }

    fn observe(world: &mut World, want: &Want, memo: &Memo) -> Result<Seen, Stop> {
        if want.workspace.is_none() {
            return Ok(Seen::default());
        }
        let wish = &want.compute;
        let time = world.read("read the attached pool")?;
        let found = world
            .azure
            .computes
            .get(&wish.name)
            .and_then(|c| c.at(time))
            .cloned()
            .flatten();
        world.tell(|| {
            format!(
                "compute {}: {:?}",
                wish.name,
                found
                    .as_ref()
                    .map(|c| (&c.state, &c.body.tags, c.body.identity))
            )
        });
        let compute = match found {
            Some(found) => Sight::Present(found.shown(&wish.name, time)),
            None => Sight::Absent,
        };
        let pool = if want.deleting {
            Sight::Unknown
        } else {
            world.read("read the Spark pool")?;
            if world.azure.pool_exists {
                Sight::Present(attachment::Pool::default())
            } else {
                Sight::Absent
            }
        };
        let settled = |c: &Compute| c.state == Provisioning::Succeeded || want.deleting;
        let grants = if compute.present().is_some_and(settled)
            || (compute == Sight::Absent && !memo.record.grants.is_empty())
        {
            let wanted = compute.present().and_then(|found| want.wanted(found, memo));
            let wanted = wanted.filter(|_| !want.deleting).unwrap_or_default();
            look_at_roles(world, &wanted)?
        } else {
            grants::Seen::default()
        };
        Ok(Seen {
            pool,
            synapse: Sight::Unknown,
            compute,
            grants,
        })
    }

    fn execute(world: &mut World, want: &Want, _: &Memo, step: Step) -> Result<(), Stop> {
        let wish = &want.compute;
        let owner = wish.owner.clone();
        match step {
            Step::Attach(body) | Step::Disown(body) => {
                remembered(world, &owner, |status| status.requested_time.is_some());
                world.may_change(&owner, &wish.name, &body.pool.to_string());
                world.write(Effect::PutCompute(wish.name.clone(), put(body)))?;
            }
            Step::Grant(grant) => {
                // By its id: Azure may write the ids of principals otherwise from one look to the next.
                remembered(world, &owner, |status| {
                    let mut all = status.role_assignments.iter();
                    all.any(|one| one.id == grant.id)
                });
                world.write(Effect::PutRole(grant.clone(), owner))?;
            }
            Step::Revoke(grant) => {
                world.may_revoke(&owner, &grant);
                world.write(Effect::DeleteRole(grant.id.clone()))?;
            }
            Step::Detach => {
                world.may_detach(want);
                world.write(Effect::DetachCompute(wish.name.clone()))?;
            }
        }
        Ok(())
    }

    fn saw_nothing(seen: &Seen) -> bool {
        seen.compute.present().is_none()
    }

    fn wake_others(world: &mut World, before: &Attachment, now: Option<&Attachment>) {
        let users = world
            .jobs
            .all()
            .filter(|job| runs_on(job, &before.name))
            .map(|job| Key::Job(job.name.clone()));
        // Whoever relies on a role that is not on record here any more looks whether it is still there.
        let left = now.map(recorded).unwrap_or_default();
        let lost: BTreeSet<String> = recorded(before).difference(&left).cloned().collect();
        let sharers = world
            .attachments
            .all()
            .filter(|other| other.uid != before.uid && !recorded(other).is_disjoint(&lost))
            .map(|other| Key::Attachment(other.name.clone()));
        let woken: Vec<Key> = users.chain(sharers).collect();
        for key in woken {
            world.wake(key);
        }
    }
}

/// What the machine is told of an object.
pub(crate) fn given(world: &World, object: &Attachment) -> Given {
    let deleting = object.deleting.is_some();
    let others = world.attachments.all();
    let shared = others
        .filter(|other| other.uid != object.uid)
        .flat_map(|other| relied_on(world, other))
        .filter(|_| world.quirk != Quirk::RolesAreOneObjects)
        .collect();
    Given {
        namespace: "team".to_owned(),
        name: object.name.clone(),
        uid: object.uid.clone(),
        spec: object.spec.clone(),
        workspace: workspace(world, deleting),
        link: None,
        users: users(world, object)
            .filter(|_| deleting || world.quirk != Quirk::JobsAreForgotten)
            .map(|job| format!("SparkJob {}", job.name))
            .collect(),
        shared,
        grantable: Role::ALL.into(),
        held: object.held.is_some(),
        deleting,
        sync_period: SignedDuration::from_millis(SYNC),
        warnings: Vec::new(),
    }
}

/// Jobs that still hold our finalizer and run on it.
fn users<'w>(world: &'w World, object: &'w Attachment) -> impl Iterator<Item = &'w Job> {
    let all = world.jobs.all();
    all.filter(|job| job.held.is_some() && runs_on(job, &object.name))
}

/// Ids of the role assignments that an object relies on: all on record while it has jobs, else what it asks for.
fn relied_on(world: &World, object: &Attachment) -> BTreeSet<String> {
    if users(world, object).next().is_some() {
        return recorded(object);
    }
    claimed(object)
}

/// Ids of the role assignments that an object which stays has on record and asks for.
pub(crate) fn claimed(object: &Attachment) -> BTreeSet<String> {
    let status = object.status.iter();
    status
        .filter(|_| object.deleting.is_none())
        .flat_map(|status| {
            status
                .role_assignments
                .iter()
                .map(move |grant| (status, grant))
        })
        .filter(|(status, grant)| attachment::claims(&object.spec, status, grant))
        .map(|(_, grant)| grant.id.clone())
        .collect()
}

/// Ids of the role assignments that an object has on record.
pub(crate) fn recorded(object: &Attachment) -> BTreeSet<String> {
    let status = object.status.iter();
    status
        .flat_map(|status| &status.role_assignments)
        .map(|grant| grant.id.clone())
        .collect()
}

pub(crate) fn runs_on(job: &Job, attachment: &str) -> bool {
    let named = job.spec.compute.attachment_ref.as_ref();
    named.is_some_and(|named| named.name == attachment)
}

/// Whether a run of this job may be live in Azure.
pub(crate) fn is_submitted(job: &Job) -> bool {
    let status = job.status.as_ref();
    let submitted = status.is_some_and(|status| {
        let known = |s: &Submission| !s.definition_hash.is_empty();
        status.submission.as_ref().is_some_and(known) && status.completion_time.is_none()
    });
    submitted && job.held.is_some()
}

fn remembered(world: &mut World, uid: &str, had: impl Fn(&SynapseSparkAttachmentStatus) -> bool) {
    let on_record = |o: &Attachment| o.held.is_some() && o.status.as_ref().is_some_and(&had);
    if !world.attachments.ever(uid, on_record) {
        world.break_rule(format!("an effect of {uid} without a memory of it"));
    }
}

fn put(body: Body) -> ComputeBody {
    ComputeBody {
        pool_id: body.pool.to_string(),
        description: body.description,
        tags: body.tags,
        identity: body.identity,
        user_assigned: body.user_assigned,
    }
}

/// What a look finds of roles, some of which are wanted.
pub(crate) fn look_at_roles(
    world: &mut World,
    wanted: &[RoleAssignment],
) -> Result<grants::Seen, Stop> {
    let time = world.read("read the roles in Synapse")?;
    let records = world.azure.roles.at(time).cloned().unwrap_or_default();
    let found: Vec<RoleAssignment> = records.iter().map(|r| r.grant.clone()).collect();
    let offers = if grants::wants_offers(wanted, &found) {
        world.read("read what Synapse offers")?;
        let all = Role::ALL.into_iter().map(|role| Offer {
            role_id: role::id(role).to_owned(),
            scopes: Vec::new(),
        });
        Sight::Present(all.collect())
    } else {
        Sight::Unknown
    };
    let checked = grants::to_check(wanted, &found);
    let powerless = if checked.is_empty() {
        Sight::Unknown
    } else {
        world.read("check the access in Synapse")?;
        let out = |principal: &str| {
            let mut of = records.iter().filter(|r| r.grant.principal_id == principal);
            of.any(|r| r.works > world.now)
        };
        let out = checked.iter().filter(|check| out(check.principal_id));
        Sight::Present(out.map(|check| check.principal_id.to_owned()).collect())
    };
    Ok(grants::Seen {
        found: Sight::Present(found),
        offers,
        powerless,
    })
}
