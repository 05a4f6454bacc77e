//! What may be done to runs and said of them, held against every step and every end.

use azureml_spark_api::SparkJobStatus;
use azureml_spark_api::condition::Condition;
use azureml_spark_api::policy::AdoptionPolicy;
use azureml_spark_api::spark_job::{RetryCause, RunDeletionPolicy};
use azureml_spark_core::Machine;
use azureml_spark_core::spark_job::{End, Memo, RunState, SparkJob, Want};

use crate::history::History;
use crate::world::{Job, World};

/// A wish that is older than this is known to whoever acts: a cache is behind by some seconds, and a pass takes some.
const HEARD: i64 = 45_000;

/// Whether anybody has wished for it in this version.
fn is_suspended(job: &Job) -> bool {
    job.spec.suspend == Some(true)
}

fn is_cancelled(job: &Job) -> bool {
    job.spec.cancel == Some(true)
}

impl World {
    /// Whether the object has been like this for so long that everybody knows.
    fn has_long_been(&self, uid: &str, is: impl Fn(&Job) -> bool) -> bool {
        let Some(job) = self.jobs.by_uid(uid) else {
            return false;
        };
        let lately = self.jobs.versions_since(&job.name, self.now - HEARD);
        let mut mine = lately.filter(|version| version.uid == uid).peekable();
        mine.peek().is_some() && mine.all(is)
    }

    /// Why nothing is begun for this object, as everybody knows.
    pub(crate) fn is_kept_back(&self, uid: &str) -> Option<&'static str> {
        if self.has_long_been(uid, is_suspended) {
            return Some("held");
        }
        self.has_long_been(uid, is_cancelled).then_some("cancelled")
    }

    pub(crate) fn may_submit(&mut self, want: &Want, memo: &Memo, name: &str) {
        let uid = &want.owner;
        let attempt = memo.attempt();
        let on_record = self.jobs.ever(uid, |job| {
            let submission = job.status.as_ref().and_then(|s| s.submission.as_ref());
            job.held.is_some()
                && submission.is_some_and(|s| {
                    let known = memo.submission.as_ref().map(|m| &m.definition_hash);
                    s.attempt == attempt && Some(&s.definition_hash) == known
                })
        });
        if !on_record {
            self.break_rule(format!("{uid} is submitted without a memory of it"));
        }
        if let Some(how) = self.is_kept_back(uid) {
            self.break_rule(format!("{uid} is submitted though it is {how}"));
        }
        let before = self.azure.runs.get(name).map(History::last);
        let before = before.filter(|run| run.owner.as_deref() == Some(uid));
        if let Some(before) = before.filter(|run| run.attempt != attempt) {
            let number = before.attempt;
            self.break_rule(format!(
                "attempt {attempt} of {uid} has the name of {number}"
            ));
        }
        self.may_run_with(want, memo, name);
        self.may_be_another(uid, name);
        self.may_follow_a_failure(uid, name);
    }

    /// What failed is tried again only for a cause that was named, whatever of it could be read. A request for a run that is
    /// there, of whoever has lost his status, makes none.
    fn may_follow_a_failure(&mut self, uid: &str, name: &str) {
        if self.azure.runs.contains_key(name) {
            return;
        }
        let runs = self.azure.runs.iter();
        let mine =
            runs.filter(|(other, run)| *other != name && run.last().owner.as_deref() == Some(uid));
        let causes: Vec<RetryCause> = mine
            .map(|(_, run)| run.last())
            .filter(|run| run.state == RunState::Failed)
            .filter_map(|run| End::of(&run.state, None, Some(&run.failure))?.cause())
            .collect();
        for cause in causes {
            let named = |job: &Job| {
                let retry = job.spec.retry.as_ref();
                retry.is_some_and(|retry| match &retry.causes {
                    Some(causes) => causes.contains(&cause),
                    None => cause != RetryCause::Script,
                })
            };
            if !self.jobs.ever(uid, named) {
                self.break_rule(format!("{uid} is tried again after an end for {cause:?}"));
            }
        }
    }

    /// Attempts are bounded, and run with what the first one had.
    fn may_be_another(&mut self, uid: &str, name: &str) {
        let mine = |(other, _): &(&String, _)| *other != name;
        let runs = self.azure.runs.iter().filter(mine);
        let runs = runs.map(|(_, run)| run.last());
        let attempts: Vec<i32> = runs
            .filter(|run| run.owner.as_deref() == Some(uid))
            .map(|run| run.attempt)
            .collect();
        let made = attempts.len();
        let most = self.jobs.most_ever(uid, |job| {
            let retry = job.spec.retry.as_ref();
            retry.map_or(1, |r| usize::try_from(r.max_attempts).unwrap())
        });
        let held = self.jobs.turns(uid, is_suspended);
        if made >= most + held {
            self.break_rule(format!("{uid} has {made} runs and makes another"));
        }
        let erased = self.cast.forgetful || self.script.is_long();
        // The first ones may have been taken over, and are somebody else's.
        let chosen = |job: &Job| job.spec.azure_name.is_some();
        let begun = self.jobs.ever(uid, chosen) || attempts.contains(&1);
        if !erased && attempts.len() > 1 && !(begun && is_row(attempts)) {
            self.break_rule(format!("{uid} leaves out an attempt before {name}"));
        }
    }

    pub(crate) fn may_cancel(&mut self, want: &Want, name: &str) {
        let wished = self.jobs.ever(&want.owner, |job| {
            let spec = &job.spec;
            job.deleting.is_some()
                || is_suspended(job)
                || is_cancelled(job)
                || spec.active_deadline_seconds.is_some()
                || spec.start_deadline_seconds.is_some()
        });
        let silent = self.azure.runs.get(name).is_some_and(|run| {
            let mut all = run.all();
            all.any(|run| run.state == RunState::NotResponding)
        });
        let foreign = self
            .azure
            .runs
            .get(name)
            .is_some_and(|run| run.last().foreign);
        let always = |job: &Job| job.spec.adoption_policy == Some(AdoptionPolicy::Always);
        if foreign && !self.jobs.ever(&want.owner, always) {
            self.break_rule(format!("the run {name} of somebody else is cancelled"));
        }
        if !wished && !silent {
            self.break_rule(format!("{name} is cancelled, and nobody wants that"));
        }
    }

    pub(crate) fn may_expire(&mut self, uid: &str) {
        let now = self.now / 1_000;
        let over = |job: &Job| {
            let ended = job.status.as_ref().and_then(|s| s.completion_time.as_ref());
            let ttl = job.spec.ttl_seconds_after_finished;
            ended
                .zip(ttl)
                .is_some_and(|(ended, ttl)| ended.0.as_second() + ttl <= now)
        };
        if !self.jobs.ever(uid, over) {
            self.break_rule(format!("{uid} is deleted before its time"));
        }
    }

    /// Whether a live run of this object may outlive it.
    pub(crate) fn may_be_left(&self, uid: &str) -> bool {
        let leaves = |job: &Job| job.spec.deletion_policy == Some(RunDeletionPolicy::Leave);
        self.jobs.ever(uid, leaves)
    }

    /// Whoever says of a run what is not so.
    pub(crate) fn mistaken_job(&self) -> Option<String> {
        self.jobs.all().find_map(|job| {
            let status = job.status.as_ref()?;
            self.wrong_hold(job, status)
                .or_else(|| self.wrong_end(job, status))
                .or_else(|| self.wrong_labels(job, status))
                .or_else(|| self.wrong_material(job, status))
        })
    }

    fn wrong_hold(&self, job: &Job, status: &SparkJobStatus) -> Option<String> {
        let held = |c: &Condition| c.type_ == "Suspended" && c.status == "True";
        let mut runs = self.azure.runs.values().map(History::last);
        let live = runs.any(|run| run.is_live() && run.owner.as_ref() == Some(&job.uid));
        let both = live && status.conditions.iter().any(held);
        both.then(|| format!("{} says that nothing runs, and something does", job.uid))
    }

    fn wrong_end(&self, job: &Job, status: &SparkJobStatus) -> Option<String> {
        let memo = SparkJob::recall(status);
        let ended = memo.ended.as_ref()?;
        let uid = &job.uid;
        if ended.reason == End::Lost {
            return Some(format!("{uid} says that its run is lost"));
        }
        memo.submission.as_ref()?;
        let name = status.azure_name.as_ref()?;
        let run = self.azure.runs.get(name).map(History::last);
        let Some(run) = run else {
            return Some(format!("{uid} says that {name} ended, and there is none"));
        };
        if run.state != ended.state {
            return Some(format!(
                "{uid} says that {name} is {:?}, and it is {:?}",
                ended.state, run.state
            ));
        }
        let forgotten = self.cast.forgetful || self.script.is_long();
        // What was taken over may have been cancelled by the object before.
        let own = run.owner.as_deref() == Some(uid.as_str());
        if ended.reason == End::CanceledOutside && !run.outside && !forgotten && own {
            return Some(format!(
                "{uid} says that somebody cancelled {name}, and nobody did"
            ));
        }
        None
    }

    /// What the status tells of the code and the outputs is what the run has: no trouble lasts longer than the patience for
    /// what can be read later.
    fn wrong_material(&self, job: &Job, status: &SparkJobStatus) -> Option<String> {
        let name = status.azure_name.as_ref()?;
        let run = self.azure.runs.get(name)?.last();
        let run = run.with.as_ref().map(|with| (run, with));
        let (run, with) = run.filter(|(run, _)| run.owner.as_ref() == Some(&job.uid))?;
        // Of a status that was lost only the hash is found again: `@latest` may mean another version by then.
        let forgotten = self.cast.forgetful || self.script.is_long();
        let told = status.code_id.as_ref();
        let other = told.is_some_and(|id| *id != with.code_id);
        if other && !(forgotten && with.code_id.starts_with("/assets/")) {
            return Some(format!("{} tells of other code than {name} has", job.uid));
        }
        let asset = run.wrote(name)?.asset?;
        let asset = format!("azureml:{}:{}", asset.0, asset.1);
        let told = status.outputs.first()?.asset.as_ref();
        let ended = status.end_reason.as_deref() == Some(End::Completed.as_str());
        let silent = ended && told != Some(&asset);
        silent.then(|| format!("{} says nothing of what {name} wrote", job.uid))
    }

    /// Only where no request is ever lost: of a repeated one nobody knows which of the two Azure took.
    fn wrong_labels(&self, job: &Job, status: &SparkJobStatus) -> Option<String> {
        let sent = status.labels_hash.as_ref()?;
        let run = self.azure.runs.get(status.azure_name.as_ref()?)?.last();
        let sure = !self.was_rough && status.labels_state.is_none() && status.azure_id.is_some();
        (sure && run.labels.as_ref() != Some(sent))
            .then(|| format!("{} has labels that its run has not", job.uid))
    }
}

fn is_row(mut numbers: Vec<i32>) -> bool {
    numbers.sort_unstable();
    numbers.dedup();
    let least = numbers.first().copied().unwrap_or(1);
    numbers.iter().copied().eq((least..).take(numbers.len()))
}
