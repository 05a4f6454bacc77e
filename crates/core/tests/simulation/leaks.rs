//! What must hold at every instant, and what must be so in the end.

use azureml_spark_api::attachment::DeletionPolicy;
use azureml_spark_api::condition::Condition;
use azureml_spark_api::role::RoleAssignment;
use azureml_spark_core::role::same_grant;
use azureml_spark_core::spark_job::End;
use azureml_spark_core::{Machine, attachment as machine, linked_service};

use crate::attachment::{given, recorded};
use crate::link;
use crate::world::{Attachment, Key, Link, World};

impl World {
    /// Nothing in Azure outlives its object.
    pub(crate) fn look_for_leaks(&mut self) {
        if let Some(what) = self.azure.broken.take() {
            self.break_rule(what);
        }
        let run = self.azure.runs.iter().find_map(|(name, history)| {
            let run = history.last();
            let owner = run.owner.as_ref().filter(|_| run.is_live())?;
            let orphan = self.jobs.by_uid(owner).is_none() && !self.may_be_left(owner);
            orphan.then(|| {
                format!(
                    "the run {name} of {owner}, which is gone, is {:?}",
                    run.state
                )
            })
        });
        let compute = self.azure.computes.iter().find_map(|(name, history)| {
            let record = history.last().as_ref().filter(|record| !record.foreign)?;
            let owner = record.mark()?;
            let orphan = self.attachments.by_uid(owner).is_none();
            orphan.then(|| format!("the compute {name} of {owner}, which is gone, is there"))
        });
        let link = self.azure.links.iter().find_map(|(name, history)| {
            let owner = history.last().as_ref()?.by.as_ref()?;
            let orphan = self.links.by_uid(owner).is_none();
            let orphan = orphan && !self.links.ever(owner, link::leaves);
            orphan.then(|| format!("the link {name} of {owner}, which is gone, is there"))
        });
        let role = self.azure.roles.last().iter().find_map(|record| {
            let owner = record.by.as_ref()?;
            let orphan =
                self.attachments.by_uid(owner).is_none() && self.links.by_uid(owner).is_none();
            let retained = |o: &Attachment| o.spec.deletion_policy == Some(DeletionPolicy::Retain);
            let relies = |o: &Attachment| recorded(o).contains(&record.grant.id);
            let needed = || {
                let mut others = self.attachments.all();
                others.any(|other| self.attachments.ever(&other.uid, relies))
            };
            let left = || {
                let left = |o: &Attachment| retained(o) && relies(o);
                self.attachments.anybody_ever(left)
            };
            let linked = || {
                let relies = |o: &Link| link::recorded(o).contains(&record.grant.id);
                let left = |o: &Link| link::leaves(o) && relies(o);
                let mut others = self.links.all();
                others.any(|other| self.links.ever(&other.uid, relies))
                    || self.links.anybody_ever(left)
            };
            let orphan = orphan && !needed() && !left() && !linked();
            orphan.then(|| {
                format!(
                    "the role {} of {owner}, which is gone, is there",
                    record.grant.id
                )
            })
        });
        if let Some(what) = run.or(compute).or(link).or(role) {
            self.break_rule(what);
        }
    }

    /// Whoever is neither where the spec wants it, nor stuck for a reason that a person must mend.
    pub(crate) fn unsettled(&self) -> Option<String> {
        let jobs = self.jobs.all().map(|o| {
            let conditions = o.status.as_ref().map_or(&[][..], |s| &s.conditions);
            (Key::Job(o.name.clone()), o.deleting, conditions)
        });
        let attachments = self.attachments.all().map(|o| {
            let conditions = o.status.as_ref().map_or(&[][..], |s| &s.conditions);
            (Key::Attachment(o.name.clone()), o.deleting, conditions)
        });
        let links = self.links.all().map(|o| {
            let conditions = o.status.as_ref().map_or(&[][..], |s| &s.conditions);
            (Key::Link(o.name.clone()), o.deleting, conditions)
        });
        for (key, deleting, conditions) in jobs.chain(attachments).chain(links) {
            if deleting.is_some() {
                return Some(format!("{key:?} is still going"));
            }
            let Some(ready) = conditions.iter().find(|c| c.type_ == "Ready") else {
                return Some(format!("{key:?} says nothing"));
            };
            let stuck = matches!(
                ready.reason.as_str(),
                "Conflict"
                    | "AttachFailed"
                    | "Detached"
                    | "Drifted"
                    | "Unlinked"
                    | "NotFound"
                    | "AttachmentNotFound"
                    | "AttachmentNotReady"
            ) || End::parse(&ready.reason).is_some_and(|end| end != End::Suspended);
            let Key::Job(name) = &key else {
                if ready.status != "True" && !stuck {
                    return Some(format!("{key:?} is {}: {}", ready.reason, ready.message));
                }
                continue;
            };
            let job = self.jobs.get(name);
            let held = job.is_some_and(|job| job.spec.suspend == Some(true));
            let status = job.and_then(|job| job.status.as_ref());
            let given_up = status.is_some_and(|status| status.end_note.is_some());
            let waits = job.is_some_and(|job| self.waits_rightly(job, &ready.reason));
            let waits = waits || job.is_some_and(asks_in_vain);
            let stuck = stuck || waits || ((held || given_up) && ready.reason == "Suspended");
            if ready.status != "True" && !stuck {
                return Some(format!("{key:?} is {}: {}", ready.reason, ready.message));
            }
        }
        None
    }

    /// Whether anybody asks Azure again and again for what it refuses.
    pub(crate) fn somebody_asks_in_vain(&self) -> bool {
        self.jobs.all().any(asks_in_vain)
    }

    /// Whoever says that all is as the spec says, and is wrong.
    pub(crate) fn mistaken(&self) -> Option<String> {
        self.mistaken_attachment()
            .or_else(|| self.mistaken_link())
            .or_else(|| self.mistaken_job())
    }

    fn mistaken_link(&self) -> Option<String> {
        self.links.all().find_map(|object| {
            let status = object.status.as_ref()?;
            let sure = |c: &Condition| c.type_ == "Ready" && c.reason == "Ready";
            if !status.conditions.iter().any(sure) {
                return None;
            }
            let given = link::given(self, object);
            let want = linked_service::LinkedService::want(&given).unwrap();
            let name = &want.link.name;
            let history = self.azure.links.get(name);
            let Some(record) = history.and_then(|link| link.last().as_ref()) else {
                return Some(format!("the link {name} of {} is not there", object.uid));
            };
            let wanted = want.wanted(record.shown(name).principal_id.as_deref());
            let granted = |grant: &RoleAssignment| {
                let mut all = self.azure.roles.last().iter();
                all.any(|record| same_grant(&record.grant, grant))
            };
            let well =
                record.leads_to(&want.link.synapse.to_string()) && wanted.iter().all(granted);
            (!well).then(|| format!("{} is ready, and is not", object.uid))
        })
    }

    fn mistaken_attachment(&self) -> Option<String> {
        self.attachments.all().find_map(|object| {
            let status = object.status.as_ref()?;
            let sure = |c: &Condition| c.type_ == "Ready" && c.reason == "Ready";
            if !status.conditions.iter().any(sure) {
                return None;
            }
            let want = machine::Attachment::want(&given(self, object)).unwrap();
            let name = &want.compute.name;
            let record = self
                .azure
                .computes
                .get(name)
                .and_then(|c| c.last().as_ref());
            let Some(record) = record.filter(|r| r.mark() == Some(&object.uid)) else {
                return Some(format!("the compute {name} is not that of {}", object.uid));
            };
            let same = record.body.identity == want.compute.identity
                && record.body.user_assigned == want.compute.user_assigned;
            let memo = machine::Attachment::recall(status);
            let wanted = want.wanted(&record.shown(name, self.now), &memo);
            let granted = |grant: &RoleAssignment| {
                let mut all = self.azure.roles.last().iter();
                all.any(|record| same_grant(&record.grant, grant))
            };
            let whole = wanted.is_some_and(|wanted| wanted.iter().all(granted));
            (!same || !whole).then(|| format!("{} is ready, and is not", object.uid))
        })
    }

    /// How many requests an hour at rest may cost.
    pub(crate) fn allowance(&self) -> usize {
        let stuck = |reason: &str| matches!(reason, "Conflict" | "AttachFailed" | "Detached");
        let ready = |conditions: &[azureml_spark_api::condition::Condition]| {
            conditions
                .iter()
                .any(|c| c.type_ == "Ready" && stuck(&c.reason))
        };
        let stuck_jobs = self
            .jobs
            .all()
            .filter(|o| o.status.as_ref().is_some_and(|s| ready(&s.conditions)));
        let stuck_attachments = self
            .attachments
            .all()
            .filter(|o| o.status.as_ref().is_some_and(|s| ready(&s.conditions)));
        let stuck_links = self
            .links
            .all()
            .filter(|o| o.status.as_ref().is_some_and(|s| ready(&s.conditions)));
        // A look and a request with every long back-off.
        let in_vain = self.jobs.all().filter(|job| asks_in_vain(job));
        // One look a minute where a person must act in Azure, at an attachment in four reads; else its regular look.
        stuck_jobs.count() * 61
            + in_vain.count() * 8
            + stuck_attachments.count() * 244
            + self.jobs.all().count() * 3
            + self.attachments.all().count() * 12
            + stuck_links.count() * 183
            + self.links.all().count() * 8
    }
}

/// A job that was held and goes on with what is not there any more: it may be there again one day.
fn asks_in_vain(job: &crate::world::Job) -> bool {
    let Some(status) = &job.status else {
        return false;
    };
    let mut all = status.attempts.iter();
    let refused = status
        .conditions
        .iter()
        .any(|c| c.type_ == "Stalled" && c.reason == "Refused");
    refused && !status.attempts.is_empty() && all.all(|past| past.reason == "Suspended")
}
