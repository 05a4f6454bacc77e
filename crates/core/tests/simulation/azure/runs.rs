//! Runs: what a name stands for is fixed by the first PUT, and a state only goes on.

use azureml_spark_api::spark_job::Failure;
use azureml_spark_core::spark_job::{CANCEL, Pinned, Run, RunState, SUBMIT, Written};
use azureml_spark_core::{Class, Fault};

use super::{Azure, fault};
use crate::chance::Chance;
use crate::history::History;

#[derive(Clone, Debug)]
pub(crate) struct RunBody {
    pub(crate) owner: String,
    pub(crate) hash: String,
    pub(crate) attempt: i32,
    pub(crate) labels: String,
    pub(crate) compute: Option<String>,
    /// What its names mean.
    pub(crate) with: Pinned,
    /// Whether its output becomes a data asset.
    pub(crate) registers: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct RunRecord {
    pub(crate) owner: Option<String>,
    pub(crate) hash: Option<String>,
    pub(crate) state: RunState,
    pub(crate) foreign: bool,
    /// Which attempt of its object it is.
    pub(crate) attempt: i32,
    /// Hash of its labels.
    pub(crate) labels: Option<String>,
    /// Whether somebody else cancels it.
    pub(crate) outside: bool,
    /// What it was submitted with; nobody knows it of somebody else's.
    pub(crate) with: Option<Pinned>,
    registers: bool,
    /// Why it fails, if it does.
    pub(crate) failure: Failure,
    /// What comes, last first.
    plan: Vec<(i64, RunState)>,
}

impl RunRecord {
    /// Somebody else's, and going on for long.
    pub(crate) fn foreign() -> Self {
        Self {
            owner: None,
            hash: None,
            state: RunState::Running,
            foreign: true,
            attempt: 0,
            labels: None,
            outside: false,
            with: None,
            registers: false,
            failure: Failure::default(),
            plan: vec![(2 * crate::scenario::TROUBLE_ENDS, RunState::Completed)],
        }
    }

    pub(crate) fn is_live(&self) -> bool {
        !self.state.is_end()
    }

    /// Where its output is, and as which data asset.
    pub(crate) fn wrote(&self, name: &str) -> Option<Written> {
        (self.registers && self.state == RunState::Completed).then(|| Written {
            path: Some(format!("azureml://datastores/d/paths/clean/{name}")),
            asset: Some(("clean".to_owned(), format!("of-{name}"))),
        })
    }

    /// As an ARM job says it: without times (contract §3.3).
    pub(crate) fn shown(&self, name: &str) -> Run {
        Run {
            azure_id: format!("/jobs/{name}"),
            state: self.state.clone(),
            owner: self.owner.clone(),
            definition_hash: self.hash.clone(),
            attempt: self.hash.as_ref().map(|_| self.attempt),
            held_by: None,
            code_id: self.with.as_ref().map(|with| with.code_id.clone()),
            studio_url: None,
            started: None,
            ended: None,
        }
    }
}

impl Azure {
    pub(super) fn advance_runs(&mut self, now: i64) {
        for history in self.runs.values_mut() {
            while let Some((time, state)) = history.last().plan.last().cloned() {
                if time > now {
                    break;
                }
                let mut next = history.last().clone();
                next.plan.pop();
                next.state = state;
                history.set(time, next);
            }
        }
    }

    pub(super) fn put_run(
        &mut self,
        now: i64,
        name: String,
        body: RunBody,
        chance: &mut Chance,
    ) -> Result<(), Fault> {
        if self.runs.contains_key(&name) {
            // Read as "it is there" by whoever asks, and never a second run.
            return if self.repeat_is_refused {
                Err(fault(Class::Terminal, "JobPropertyImmutable", SUBMIT))
            } else {
                Ok(())
            };
        }
        let found = |name: &String| self.computes.get(name).is_some_and(|c| c.last().is_some());
        if body.compute.as_ref().is_some_and(|name| !found(name)) {
            return Err(fault(Class::Terminal, "ComputeNotFound", SUBMIT));
        }
        self.has_all(now, &body.with)?;
        let (plan, outside) = life(now, chance);
        let record = RunRecord {
            owner: Some(body.owner.clone()),
            hash: Some(body.hash),
            state: RunState::NotStarted,
            foreign: false,
            attempt: body.attempt,
            labels: Some(body.labels),
            outside,
            with: Some(body.with),
            registers: body.registers,
            failure: trouble(chance),
            plan,
        };
        self.runs.insert(name, History::new(now, record));
        let live = self.runs.values().filter(|run| {
            run.last().is_live() && run.last().owner.as_deref() == Some(body.owner.as_str())
        });
        let live = live.count();
        if live > 1 {
            self.break_rule(format!("{live} live runs of {}", body.owner));
        }
        Ok(())
    }

    pub(super) fn label_run(&mut self, now: i64, name: &str, labels: String) {
        if let Some(history) = self.runs.get_mut(name) {
            let mut run = history.last().clone();
            run.labels = Some(labels);
            history.set(now, run);
        }
    }

    pub(super) fn cancel_run(
        &mut self,
        now: i64,
        name: &str,
        chance: &mut Chance,
    ) -> Result<(), Fault> {
        let refused = |code| Err(fault(Class::Terminal, code, CANCEL));
        let Some(history) = self.runs.get_mut(name) else {
            return refused("NotFound");
        };
        let mut run = history.last().clone();
        match run.state {
            RunState::Finalizing => return refused("RunIsFinalizing"),
            ref state if state.is_end() => return refused("RunHasEnded"),
            _ => {}
        }
        // Some cancels are accepted and forgotten, some take long (contract §13).
        if !chance.one_in(8) {
            let longest = if chance.one_in(8) { 900_000 } else { 60_000 };
            run.outside &= run.state == RunState::CancelRequested;
            run.state = RunState::CancelRequested;
            run.plan = vec![(now + chance.millis(500, longest), RunState::Canceled)];
            history.set(now, run);
        }
        Ok(())
    }
}

/// What becomes of a run if nobody interferes, last first, and whether somebody else cancels it.
fn life(now: i64, chance: &mut Chance) -> (Vec<(i64, RunState)>, bool) {
    let preparing = now + chance.millis(500, 20_000);
    let queued = preparing + chance.millis(500, 60_000);
    let longest = if chance.one_in(8) { 1_500_000 } else { 120_000 };
    let running = queued + chance.millis(500, longest);
    let mut plan = vec![
        (preparing, RunState::Preparing),
        (queued, RunState::Queued),
        (running, RunState::Running),
    ];
    let mut last = running;
    if chance.one_in(10) {
        // Lost its heartbeat, for a while or for good.
        last += chance.millis(500, 60_000);
        plan.push((last, RunState::NotResponding));
        if chance.one_in(3) {
            plan.reverse();
            return (plan, false);
        }
        last += chance.millis(500, 600_000);
        plan.push((last, RunState::Running));
    }
    last += chance.millis(500, 400_000);
    let outside = chance.one_in(12);
    if outside {
        plan.push((last, RunState::CancelRequested));
        plan.push((last + chance.millis(500, 60_000), RunState::Canceled));
    } else {
        let end = chance.pick(&[RunState::Completed, RunState::Completed, RunState::Failed]);
        plan.push((last, RunState::Finalizing));
        plan.push((last + chance.millis(500, 20_000), end));
    }
    plan.reverse();
    (plan, outside)
}

fn trouble(chance: &mut Chance) -> Failure {
    let (code, message) = chance.pick(&[
        ("UserError", "ZeroDivisionError: division by zero"),
        (
            "UserError",
            "AVAILABLE_COMPUTE_CAPACITY_EXCEEDED: the pool is full",
        ),
        ("UserError", "Image build failed."),
        ("ServiceError", "InternalServerError"),
    ]);
    Failure {
        code: code.to_owned(),
        message: message.to_owned(),
        log_tail: None,
    }
}
