//! The effectful half of a `SynapseSparkAttachment`, as the operator has it.

use azureml_spark_api::condition::Condition;
use azureml_spark_api::role::RoleAssignment;
use azureml_spark_api::spark_job::Submission;
use azureml_spark_api::{SynapseSparkAttachmentSpec, SynapseSparkAttachmentStatus};
use azureml_spark_core::attachment::{
    self, Body, Compute, Given, Memo, Provisioning, Seen, Step, Want,
};
use azureml_spark_core::{Sight, grants};
use jiff::SignedDuration;

use crate::apiserver::Store;
use crate::azure::{ComputeBody, Effect};
use crate::drive::{Kind, SYNC};
use crate::job::workspace;
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
        let deleting = object.deleting.is_some();
        Given {
            namespace: "team".to_owned(),
            name: object.name.clone(),
            uid: object.uid.clone(),
            spec: object.spec.clone(),
            workspace: workspace(world, deleting),
            link: None,
            shared: std::collections::BTreeSet::new(),
            grantable: azureml_spark_api::role::Role::ALL.into(),
            warnings: Vec::new(),
            users: world
                .jobs
                .all()
                .filter(|job| job.held.is_some() && runs_on(job, &object.name))
                .map(|job| format!("SparkJob {}", job.name))
                .collect(),
            held: object.held.is_some(),
            deleting,
            sync_period: SignedDuration::from_millis(SYNC),
        }
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
                found.as_ref().map(|c| &c.state)
            )
        });
        let compute = match found {
            Some(found) => Sight::Present(found.shown(&wish.name, time)),
            None => Sight::Absent,
        };
        let pool = if compute == Sight::Absent && !want.deleting {
            world.read("read the Spark pool")?;
            if world.azure.pool_exists {
                Sight::Present(attachment::Pool::default())
            } else {
                Sight::Absent
            }
        } else {
            Sight::Unknown
        };
        let settled = |c: &Compute| c.state == Provisioning::Succeeded || want.deleting;
        let grants = if compute.present().is_some_and(settled)
            || (compute == Sight::Absent && !memo.record.grants.is_empty())
        {
            roles(world)?
        } else {
            Sight::Unknown
        };
        Ok(Seen {
            pool,
            synapse: Sight::Unknown,
            compute,
            grants: grants::Seen {
                found: grants,
                offers: Sight::Present(Vec::new()),
                powerless: Sight::Present(Vec::new()),
            },
        })
    }

    fn execute(world: &mut World, want: &Want, _: &Memo, step: Step) -> Result<(), Stop> {
        let wish = &want.compute;
        let owner = wish.owner.clone();
        match step {
            Step::Attach(body) | Step::Disown(body) => {
                remembered(world, &owner, |status| status.requested_time.is_some());
                let body = put(body);
                world.write(Effect::PutCompute(wish.name.clone(), body))?;
            }
            Step::Grant(grant) => {
                remembered(world, &owner, |status| {
                    status.role_assignments.contains(&grant)
                });
                world.write(Effect::PutRole(grant.clone(), owner))?;
            }
            Step::Revoke(grant) => {
                world.write(Effect::DeleteRole(grant.id.clone()))?;
            }
            Step::Detach => {
                let used = world.jobs.all().any(|job| {
                    let status = job.status.as_ref();
                    let submitted = status.is_some_and(|status| {
                        let known = |s: &Submission| !s.definition_hash.is_empty();
                        status.submission.as_ref().is_some_and(known)
                            && status.completion_time.is_none()
                    });
                    submitted && job.held.is_some() && runs_on(job, &wish.name)
                });
                if used {
                    world.break_rule(format!("{} is detached under its jobs", wish.name));
                }
                world.write(Effect::DetachCompute(wish.name.clone()))?;
            }
        }
        Ok(())
    }

    fn saw_nothing(seen: &Seen) -> bool {
        seen.compute.present().is_none()
    }

    fn wake_others(world: &mut World, before: &Attachment, _: Option<&Attachment>) {
        let users: Vec<Key> = world
            .jobs
            .all()
            .filter(|job| runs_on(job, &before.name))
            .map(|job| Key::Job(job.name.clone()))
            .collect();
        for key in users {
            world.wake(key);
        }
    }
}

fn runs_on(job: &Job, attachment: &str) -> bool {
    let named = job.spec.compute.attachment_ref.as_ref();
    named.is_some_and(|named| named.name == attachment)
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

fn roles(world: &mut World) -> Result<Sight<Vec<RoleAssignment>>, Stop> {
    let time = world.read("read the roles in Synapse")?;
    let found: Vec<RoleAssignment> = world
        .azure
        .roles
        .at(time)
        .into_iter()
        .flatten()
        .map(|record| record.grant.clone())
        .collect();
    Ok(Sight::Present(found))
}
