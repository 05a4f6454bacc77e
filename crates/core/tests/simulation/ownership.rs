//! Whose a compute or a role is, held against every step: what somebody else has had for longer than any read is old is
//! not touched.

use azureml_spark_api::azure_id::same;
use azureml_spark_api::policy::AdoptionPolicy;
use azureml_spark_api::role::RoleAssignment;
use azureml_spark_core::attachment::Want;

use crate::attachment::{claimed, is_submitted, recorded, runs_on};
use crate::world::{Attachment, Job, World};

/// A read is a minute old at most, and a request that is late some seconds: who decided before that could not know.
pub(crate) const KNOWN: i64 = 75_000;

impl World {
    /// A compute may be changed by whoever owns it, and be taken over under `Always`, once.
    pub(crate) fn may_change(&mut self, uid: &str, name: &str, pool: &str) {
        let Some(found) = self.known_compute(name) else {
            return;
        };
        let (foreign, mark, leads) = found;
        let always =
            |object: &Attachment| object.spec.adoption_policy == Some(AdoptionPolicy::Always);
        let owned = |object: &Attachment| object.status.as_ref().is_some_and(|s| s.owned);
        let theirs = mark.as_deref().is_some_and(|mark| mark != uid) || (foreign && mark.is_none());
        if !same(&leads, pool) {
            self.break_rule(format!("{uid} leads the compute {name} elsewhere"));
        } else if theirs && !self.attachments.ever(uid, always) {
            self.break_rule(format!("{uid} changes the compute {name} of somebody else"));
        } else if theirs && mark.is_some() && self.attachments.ever(uid, owned) {
            self.break_rule(format!("{uid} takes the compute {name} back"));
        }
    }

    pub(crate) fn may_detach(&mut self, want: &Want) {
        let (uid, name) = (&want.compute.owner, &want.compute.name);
        if let Some((foreign, mark, _)) = self.known_compute(name)
            && (foreign || mark.is_some_and(|mark| mark != *uid))
        {
            self.break_rule(format!(
                "{uid} detaches the compute {name} of somebody else"
            ));
        }
        let Some(object) = self.attachments.by_uid(uid).map(|o| o.name.clone()) else {
            return;
        };
        let used = |job: &Job| runs_on(job, &object) && is_submitted(job);
        if self.jobs.all().any(used) {
            self.break_rule(format!("{name} is detached under its jobs"));
        }
    }

    /// A role is taken back by the last one that has it on record, and from no job that may run by it.
    pub(crate) fn may_revoke(&mut self, uid: &str, grant: &RoleAssignment) {
        self.may_revoke_from_jobs(uid, grant);
        let since = self.now - KNOWN;
        let relies = |other: &&Attachment| {
            let before = self.attachments.cached(&other.name, since);
            other.uid != uid
                && claimed(other).contains(&grant.id)
                && before.is_some_and(|before| {
                    before.uid == other.uid && claimed(before).contains(&grant.id)
                })
        };
        let other = self.attachments.all().find(relies).map(|o| o.uid.clone());
        if let Some(other) = other {
            self.break_rule(format!(
                "{uid} takes the role {} back, and {other} still relies on it",
                grant.id
            ));
        }
    }

    fn may_revoke_from_jobs(&mut self, uid: &str, grant: &RoleAssignment) {
        let since = self.now - KNOWN;
        // Whoever decided before could not know of one that was submitted since.
        let long = |job: &Job| {
            let before = self.jobs.cached(&job.name, since);
            before.is_some_and(|before| before.uid == job.uid && is_submitted(before))
        };
        let relied = |object: &Attachment| {
            let before = self.attachments.cached(&object.name, since);
            let has = |object: &Attachment| recorded(object).contains(&grant.id);
            has(object) && before.is_some_and(|before| before.uid == object.uid && has(before))
        };
        let used = |object: &&Attachment| {
            let mut jobs = self.jobs.all();
            relied(object)
                && jobs.any(|job| is_submitted(job) && runs_on(job, &object.name) && long(job))
        };
        let used = self.attachments.all().find(used).map(|o| o.name.clone());
        if let Some(used) = used {
            self.break_rule(format!(
                "{uid} takes the role {} from {used} under its jobs",
                grant.id
            ));
        }
    }

    /// Whether the compute is a stranger's, whose mark it has and where it leads, where that has been so for long.
    fn known_compute(&self, name: &str) -> Option<(bool, Option<String>, String)> {
        let record = self.azure.computes.get(name)?.last().as_ref()?;
        (record.marked < self.now - KNOWN).then(|| {
            let mark = record.mark().map(str::to_owned);
            (record.foreign, mark, record.body.pool_id.clone())
        })
    }
}
