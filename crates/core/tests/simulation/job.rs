//! The effectful half of a `SparkJob`, as the operator has it.

mod look;
mod lookup;

use std::collections::{BTreeMap, BTreeSet};

use azureml_spark_api::condition::Condition;
use azureml_spark_api::spark_job::SubmissionMark;
use azureml_spark_api::{SparkJobSpec, SparkJobStatus};
use azureml_spark_core::place::{Place, Reference, Workspace as Found};
use azureml_spark_core::spark_job::{
    AttachedPool, Definition, EXISTS, Given, Memo, Run, RunState, Seen, SparkJob, Step, Submission,
    Want,
};
use azureml_spark_core::{Class, Fault, Machine, Sight};
use jiff::Timestamp;

use look::{follow, look, name_of, what_it_wrote, why_it_failed};
use lookup::{forget, look_up, packages_id, register, unresolved};

pub(crate) use look::poll;
pub(crate) use lookup::code_id;

use crate::apiserver::Store;
use crate::azure::{Effect, RunBody};
use crate::drive::Kind;
use crate::quirk::Quirk;
use crate::world::{Job, Key, Stop, Workspace, World};

pub(crate) struct Jobs;

impl Kind for Jobs {
    type Machine = SparkJob;
    type Spec = SparkJobSpec;

    fn store(world: &mut World) -> &mut Store<SparkJobSpec, SparkJobStatus> {
        &mut world.jobs
    }

    fn newest<'w>(world: &'w mut World, uid: &str) -> Option<&'w Job> {
        world.process.jobs.get(uid)
    }

    fn keep(world: &mut World, written: &Job) {
        world
            .process
            .jobs
            .insert(written.uid.clone(), written.clone());
    }

    fn conditions(status: &SparkJobStatus) -> &[Condition] {
        &status.conditions
    }

    fn gather(world: &mut World, object: &Job) -> Given {
        let deleting = object.deleting.is_some();
        let status = object.status.as_ref();
        let memo = status.map(SparkJob::recall).unwrap_or_default();
        let submitted = memo.submission.is_some();
        let attachment = object.spec.compute.attachment_ref.as_ref();
        let read = !deleting && memo.refers();
        let begun = memo.has_begun();
        let mut spec = object.spec.clone();
        if world.quirk == Quirk::SuspensionIsOverlooked && !submitted {
            spec.suspend = None;
        }
        if world.quirk == Quirk::NothingLives && spec.ttl_seconds_after_finished.is_some() {
            spec.ttl_seconds_after_finished = Some(0);
        }
        let produced = if read {
            let behind = lag(world);
            world.produced(object, world.now - behind)
        } else {
            BTreeMap::new()
        };
        Given {
            namespace: "team".to_owned(),
            name: object.name.clone(),
            uid: object.uid.clone(),
            spec,
            workspace: workspace(world, deleting || submitted),
            attachment: attachment.map(|named| attached_pool(world, &named.name)),
            workspace_identity: None,
            config_maps: if read {
                world.config_maps()
            } else {
                BTreeMap::new()
            },
            source: world.source_of(object).filter(|_| read),
            produced,
            retired: BTreeSet::new(),
            patience: azureml_spark_core::spark_job::Patience::default(),
            pinned: memo.pinned,
            begun,
            held: object.held.is_some(),
            deleting,
        }
    }

    fn observe(world: &mut World, want: &Want, memo: &Memo) -> Result<Seen, Stop> {
        if want.workspace.is_none() || memo.ended.is_some() {
            return Ok(Seen::default());
        }
        let mut run = look(world, want, memo)?;
        let early = |run: &Run| {
            matches!(
                run.state,
                RunState::NotResponding | RunState::CancelRequested
            )
        };
        if let (Quirk::RetriesEarly, Sight::Present(run)) = (world.quirk, &mut run)
            && early(run)
        {
            run.state = RunState::Failed;
        }
        let (failure, log_pending) = match run.present() {
            Some(run) if tells(run, memo) && want.owns(run, memo) => {
                why_it_failed(world, &name_of(world, want, memo))?
            }
            _ => (Sight::Unknown, false),
        };
        let labels = world.process.labels.get(&name_of(world, want, memo));
        let labels = labels.cloned().map_or(Sight::Unknown, Sight::Present);
        let outputs = match run.present() {
            Some(run) if run.state == RunState::Completed && want.owns(run, memo) => {
                what_it_wrote(world, want, &name_of(world, want, memo))?
            }
            _ => Sight::Unknown,
        };
        let is_there = run.present().is_some();
        let name = name_of(world, want, memo);
        let since = run.present();
        let since = since.and_then(|run| world.process.since(&name, &run.state));
        let mut seen = Seen {
            state_since: since.and_then(|at| Timestamp::from_millisecond(at).ok()),
            run,
            failure,
            log_pending,
            labels,
            outputs,
            ..Seen::default()
        };
        if let Some(definition) = unresolved(want, memo).filter(|_| !is_there) {
            look_up(world, definition, &mut seen)?;
        }
        Ok(seen)
    }

    fn execute(world: &mut World, want: &Want, memo: &Memo, step: Step) -> Result<(), Stop> {
        let name = name_of(world, want, memo);
        match (step, &want.definition) {
            (Step::UploadCode, Ok(definition)) => {
                let id = code_id(&definition.code);
                register(world, want, id, Effect::RegisterCode)
            }
            (Step::RegisterEnvironment, Ok(definition)) => {
                let id = definition.environment.as_ref().and_then(packages_id);
                register(world, want, id, Effect::RegisterEnvironment)
            }
            (Step::Submit, Ok(definition)) => submit(world, want, memo, definition),
            (Step::Cancel, _) => {
                world.may_cancel(want, &name);
                match world.write(Effect::CancelRun(name.clone())) {
                    // It is ending or has ended: the next look tells.
                    Err(Stop::Fault(fault)) if is_over(&fault.code) => {
                        world.process.board.remove(&name);
                        Ok(())
                    }
                    done => done,
                }
            }
            (Step::Relabel, _) => {
                let hash = want.labels.hash();
                if world.quirk != Quirk::LabelsAreNotSent {
                    world.write(Effect::LabelRun(name.clone(), hash.clone()))?;
                }
                world.process.labels.insert(name, hash);
                Ok(())
            }
            (Step::Expire, _) => {
                world.may_expire(&want.owner);
                let (uid, name) = (want.owner.clone(), want.object_name.clone());
                world.write(Effect::DeleteJob(uid, name))
            }
            (Step::UploadCode | Step::RegisterEnvironment | Step::Submit, Err(_)) => {
                world.break_rule("a step without a definition".to_owned());
                Ok(())
            }
        }
    }

    fn spoil(quirk: Quirk, memo: &mut Memo) {
        let again = memo.submission.is_none() && !memo.past.is_empty();
        if quirk == Quirk::NamesAreReadAnew && again {
            (memo.pinned, memo.first) = (None, None);
        }
        let further = |s: &&mut Submission| s.found && !s.seen_by_azure;
        if let (Quirk::AnEndIsTheLast, Some(submission)) = (quirk, &mut memo.submission)
            && let Some(submission) = Some(submission).filter(further)
            && let Some(last) = memo.past.pop()
        {
            submission.attempt = last.attempt;
            (submission.seen_by_azure, submission.found) = (true, false);
            submission.mark = Some(SubmissionMark::Last);
        }
    }

    /// The attachment must stay to the end.
    fn hold(world: &World, object: &Job) -> bool {
        let named = object.spec.compute.attachment_ref.as_ref();
        named.is_none_or(|named| {
            let found = world.attachments.get(&named.name);
            found.is_some_and(|found| found.deleting.is_none())
        })
    }

    fn saw_nothing(seen: &Seen) -> bool {
        seen.run.present().is_none()
    }

    fn wake_others(world: &mut World, before: &Job, now: Option<&Job>) {
        let let_go = before.held.is_some() && now.is_none_or(|now| now.held.is_none());
        if let (true, Some(named)) = (let_go, &before.spec.compute.attachment_ref) {
            world.wake(Key::Attachment(named.name.clone()));
        }
        let ended = |job: &Job| {
            let status = job.status.as_ref();
            status.is_some_and(|status| status.completion_time.is_some())
        };
        if now.is_none_or(|now| ended(now) != ended(before)) {
            world.wake_readers(&before.name);
        }
    }
}

pub(crate) fn workspace(world: &World, leaving: bool) -> Reference<Found> {
    match world.workspace {
        Workspace::NotReady if !leaving => Reference::NotReady("it is being read".to_owned()),
        Workspace::Unknown => Reference::NotReady("it was not looked at yet".to_owned()),
        Workspace::Ready | Workspace::NotReady => Reference::Ready(Found {
            place: Place {
                namespace: "team".to_owned(),
                name: "ml".to_owned(),
            },
            azure_id: "/workspaces/ml".to_owned(),
            location: "eastus".to_owned(),
            storage_account_id: None,
            operators_identity: false,
        }),
    }
}

/// From the cache, so that it may be older than the attachment is.
fn attached_pool(world: &mut World, name: &str) -> Reference<AttachedPool> {
    let behind = lag(world);
    let Some(object) = world.attachments.cached(name, world.now - behind) else {
        return Reference::Missing;
    };
    let not = |why: &str| Reference::NotReady(why.to_owned());
    let Some(status) = object.status.as_ref().filter(|_| object.deleting.is_none()) else {
        return not("it was not looked at, or goes");
    };
    let ready = status
        .conditions
        .iter()
        .any(|c| c.type_ == "Ready" && c.status == "True");
    match &status.azure_id {
        Some(id) if ready && status.observed_generation == Some(object.generation) => {
            Reference::Ready(AttachedPool {
                compute_id: id.clone(),
                ..AttachedPool::default()
            })
        }
        _ => not("it is being attached"),
    }
}

fn lag(world: &mut World) -> i64 {
    if world.chance.one_in(3) {
        world.chance.millis(0, crate::drive::LAG)
    } else {
        0
    }
}

/// Whether its details are read for why it failed, or for what is left of it.
fn tells(run: &Run, memo: &Memo) -> bool {
    let ran = memo
        .submission
        .as_ref()
        .is_some_and(|s| s.started.is_some());
    run.state == RunState::Failed || (run.state == RunState::Canceled && ran)
}

fn is_over(code: &str) -> bool {
    matches!(code, "RunIsFinalizing" | "RunHasEnded" | "NotFound")
}

fn submit(
    world: &mut World,
    want: &Want,
    memo: &Memo,
    definition: &Definition,
) -> Result<(), Stop> {
    let mut name = name_of(world, want, memo);
    if world.quirk == Quirk::ServerChoosesNames {
        name = format!(
            "{}-{}",
            want.run_name(memo.attempt()),
            world.azure.runs.len()
        );
    }
    if world.quirk == Quirk::ResumesUnderTheOldName {
        name = want.run_name(1);
    }
    world.may_submit(want, memo, &name);
    let (Some(submission), Some(with)) = (&memo.submission, &memo.pinned) else {
        return Ok(());
    };
    let compute = with
        .compute_id
        .as_ref()
        .and_then(|id| id.rsplit('/').next());
    let body = RunBody {
        owner: want.owner.clone(),
        hash: submission.definition_hash.clone(),
        attempt: memo.attempt(),
        labels: want.labels.hash(),
        compute: compute.map(str::to_owned),
        with: with.clone(),
        registers: want.registers(),
    };
    world.dawdles();
    let answer = world.write(Effect::PutRun(name.clone(), body));
    match answer {
        Ok(()) => {
            let run = world.azure.runs[&name].last().shown(&name);
            if world.quirk == Quirk::ServerChoosesNames {
                let asked = want.run_name(memo.attempt());
                world.process.server_names.insert(asked, name.clone());
            }
            follow(world, want, &name, run);
        }
        // It came through before, or somebody else's did: a look tells.
        Err(Stop::Fault(fault)) if fault.code == "JobPropertyImmutable" => {
            return Err(Stop::Fault(Fault {
                class: Class::Unsure,
                op: EXISTS,
                ..fault
            }));
        }
        Err(stop) => {
            if matches!(&stop, Stop::Fault(fault) if fault.class == Class::Terminal) {
                forget(world, definition);
            }
            return Err(stop);
        }
    }
    Ok(())
}
