//! One look at a run and at what it needs.

use azureml_spark_api::SparkJob;
use azureml_spark_api::spark_job::CancelCause;
use azureml_spark_azure::aml::job;
use azureml_spark_core::place::Place;
use azureml_spark_core::spark_job::{Definition, Memo, Run, RunState, Seen, Want};
use azureml_spark_core::{Fault, Sight};
use futures::future::join;
use jiff::Timestamp;
use kube::ResourceExt;
use kube::runtime::reflector::ObjectRef;

use super::{SparkJobKind, failure, written};
use crate::access::Site;
use crate::translate;

impl SparkJobKind {
    /// Nothing is asked about a run that is over.
    pub(super) async fn look(&self, want: &Want, memo: &Memo) -> Result<Seen, Fault> {
        let (Some(workspace), None) = (&want.workspace, &memo.ended) else {
            return Ok(Seen::default());
        };
        let place = &workspace.place;
        let site = self.access.site(place).await?.of(&want.owner);
        let site = site.for_end(want.ends(memo));
        let name = want.run_name(memo.attempt());
        if want.goes_on(memo) && self.board.awaits(place, &name, &key_of(place, want)) {
            // The next look at all runs of the workspace may show it, too.
            self.follow.wake(place.clone());
            return Ok(Seen::default());
        }
        let labels = self.board.labels(place, &name);
        let mut seen = Seen {
            run: self.run(&site, place, &name, want, memo).await?,
            labels: labels.map_or(Sight::Unknown, Sight::Present),
            ..Seen::default()
        };
        seen.state_since = self.since(place, &name, &seen.run);
        let is_there = seen.run.present().is_some();
        if let Some(definition) = unresolved(want, memo).filter(|_| !is_there) {
            self.lookup
                .look(&site, &self.registered, want, definition, &mut seen)
                .await?;
            let roles = &self.lookup.assignments;
            let (on_accounts, may_use_pool) = join(
                roles.look(&site, place, want, &seen),
                roles.look_at_pool(&site, place, want, &seen),
            )
            .await;
            seen.roles = Sight::Present(on_accounts);
            seen.may_use_pool = may_use_pool;
        }
        if let Sight::Present(run) = &mut seen.run
            && want.owns(run, memo)
        {
            if run.state == RunState::Failed || leaves_a_log(run, want, memo) {
                let told = failure::read(&self.access, &site, place, &name, &run.state).await;
                (run.started, run.ended) = (told.started, told.ended);
                (seen.failure, seen.log_pending) = (told.failure, told.log_pending);
            } else if run.state == RunState::Completed && want.registers() {
                seen.outputs = written::read(&self.access, &site, place, &name).await;
            }
        }
        Ok(seen)
    }

    /// The board first. One request where it must be asked: a submission is on record, the name may be somebody
    /// else's, or the object says that it had begun.
    async fn run(
        &self,
        site: &Site,
        place: &Place,
        name: &str,
        want: &Want,
        memo: &Memo,
    ) -> Result<Sight<Run>, Fault> {
        if let Some(run) = self.board.get(place, name) {
            let run = self.claimed(want, run);
            if want.owns(&run, memo) {
                // Another job may have put it there: each that follows it is woken by its news.
                self.board.join(place, name, key_of(place, want));
            }
            return Ok(Sight::Present(run));
        }
        if !want.may_have_run(memo) {
            return Ok(Sight::Unknown);
        }
        let found = site.client.find(job::get(&site.id, name)).await;
        Ok(match found.map_err(|error| translate::fault(&error))? {
            Some(job) => {
                let run = self.claimed(want, translate::run(&job, site.tenant.as_deref()));
                if want.owns(&run, memo) {
                    self.keep(place, name, want, run.clone());
                }
                Sight::Present(run)
            }
            None => Sight::Absent,
        })
    }

    /// Since when the poller has seen it in its state.
    fn since(&self, place: &Place, name: &str, run: &Sight<Run>) -> Option<Timestamp> {
        let (state, lasts) = self.board.lasts(place, name)?;
        run.present().filter(|run| run.state == state)?;
        self.clock.now().checked_sub(lasts).ok()
    }

    /// With whose run it is, if that is another job that is there.
    pub(super) fn claimed(&self, want: &Want, run: Run) -> Run {
        let owner = run.owner.as_deref().filter(|owner| *owner != want.owner);
        let held_by = owner.and_then(|owner| {
            let jobs = self.jobs.state();
            let job = jobs
                .iter()
                .find(|job| job.metadata.uid.as_deref() == Some(owner))?;
            Some(called(job, want))
        });
        Run { held_by, ..run }
    }

    /// Puts a run on the board, and has it followed while it is live.
    pub(super) fn keep(&self, place: &Place, name: &str, want: &Want, run: Run) {
        let live = !run.state.is_end();
        self.board.put(place, name, run, key_of(place, want));
        if live {
            self.follow.wake(place.clone());
        }
    }
}

pub(super) fn key_of(place: &Place, want: &Want) -> ObjectRef<SparkJob> {
    ObjectRef::new(&want.object_name).within(&place.namespace)
}

/// Whether it was cancelled, had run before, and somebody may ask what it had come to: of one that is held, or that goes
/// with its object, nothing is told.
fn leaves_a_log(run: &Run, want: &Want, memo: &Memo) -> bool {
    let ran = memo
        .submission
        .as_ref()
        .is_some_and(|s| s.started.is_some());
    let why = memo.cancel.as_ref().map(|cancel| cancel.why);
    run.state == RunState::Canceled && ran && why != Some(CancelCause::Suspend) && !want.deleting
}

/// In words that tell nothing of other namespaces.
fn called(job: &SparkJob, want: &Want) -> String {
    if job.namespace().as_ref() == Some(&want.object_namespace) {
        format!("SparkJob '{}'", job.name_any())
    } else {
        "a SparkJob of another namespace".to_owned()
    }
}

/// The definition, while it is about to be submitted for the first time: later it is on record what its names meant.
fn unresolved<'w>(want: &'w Want, memo: &Memo) -> Option<&'w Definition> {
    let steering = &want.steering;
    let held = steering.suspend || steering.cancel || want.deleting;
    let definition = want.definition.as_ref().ok()?;
    (memo.pinned.is_none() && !held).then_some(definition)
}
