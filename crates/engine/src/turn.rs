//! One pass over one object: the version of it that is known, what is remembered, what is to be told.

mod endings;

use std::sync::Arc;

use azureml_spark_api::meta::{FORCE_RELEASE, is_paused};
use azureml_spark_core::{Fault, Invalid, Machine, Pass, Trouble};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::runtime::reflector::ObjectRef;
use kube::{Api, Resource, ResourceExt};
use tracing::Instrument;

use crate::controller::Engine;
use crate::error::Error;
use crate::events::{self, News};
use crate::finalizer::{self, Presence};
use crate::guard::Guarded;
use crate::kind::{Kind, Memo, Seen, StatusOf, Step, Want};
use crate::line::Seat;
use crate::memory;
use crate::metrics::Ended;
use crate::source;
use crate::status;

/// How a pass ended, and when the next one is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) ended: Ended,
    pub(crate) next: Next,
}

/// When the next pass is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// At this time, or at a change.
    At(Timestamp),
    /// At a change, or at the next regular look.
    OnChange,
    /// Never: nothing here is ours.
    Never,
}

impl Next {
    /// The same, or sooner.
    fn not_after(self, due: Option<Timestamp>) -> Self {
        match (self, due) {
            (Self::At(time), Some(due)) => Self::At(time.min(due)),
            (Self::OnChange, Some(due)) => Self::At(due),
            (next @ (Self::At(_) | Self::OnChange | Self::Never), None)
            | (next @ Self::Never, Some(_)) => next,
        }
    }
}

pub(crate) struct Turn<'e, K: Kind> {
    engine: &'e Engine<K>,
    api: Api<Guarded<K::Object>>,
    object: Arc<K::Object>,
    memo: Memo<K>,
    /// What the object said of itself when the pass began.
    told: Vec<Condition>,
    /// Whether the last thing that was tried failed.
    troubled: bool,
    /// Where the object waited before it changed.
    left: Option<Arc<dyn Seat>>,
}

impl<'e, K: Kind> Turn<'e, K> {
    /// For the newest version of the object that is known.
    pub(crate) fn begin(engine: &'e Engine<K>, object: Arc<K::Object>) -> Self {
        let memo = recall::<K>(&object);
        let namespace = object.namespace().unwrap_or_default();
        Self {
            engine,
            api: Api::namespaced(engine.base.client.clone(), &namespace),
            told: K::status(&object).map_or_else(Vec::new, |old| K::conditions(old).to_vec()),
            object,
            memo,
            troubled: false,
            left: None,
        }
    }

    /// What is other than when the pass began: an intent that was carried out at once is told by what came of it.
    pub(crate) fn news(&self) -> Vec<News> {
        let now = K::status(&self.object).map_or(&[][..], K::conditions);
        events::news(&self.told, now, self.troubled)
    }

    pub(crate) fn kind(&self) -> &'e K {
        &self.engine.kind
    }

    pub(crate) fn object(&self) -> &K::Object {
        &self.object
    }

    pub(crate) fn memo(&self) -> &Memo<K> {
        &self.memo
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.engine.base.clock.now()
    }

    /// Being deleted, and not by our leave: nothing in Azure is ours, or somebody has decided that for us.
    pub(crate) fn is_over(&self) -> bool {
        self.is_going() && !self.is_held()
    }

    /// Being deleted, and told to go whatever is left behind.
    pub(crate) fn is_forced(&self) -> bool {
        let word = self.object.annotations().get(FORCE_RELEASE);
        self.is_going() && word.is_some_and(|value| value == "true")
    }

    /// A person has asked for a standstill.
    pub(crate) fn is_paused(&self) -> bool {
        is_paused(self.object.annotations())
    }

    fn is_going(&self) -> bool {
        self.object.meta().deletion_timestamp.is_some()
    }

    fn is_held(&self) -> bool {
        finalizer::is_on(self.object.meta())
    }

    /// Makes sure that nobody can delete what the next step needs. `false`: something is going away already.
    ///
    /// The order is: our own finalizer, then those on what we need. Whoever asks the apiserver for holders of a
    /// workspace after that finds this object.
    pub(crate) async fn hold(&mut self, next: &Memo<K>) -> Result<bool, Error> {
        let already = self.is_held() && K::Machine::holds(&self.memo);
        if !K::Machine::holds(next) || self.is_going() || already {
            return Ok(true);
        }
        let fresh = !self.is_held();
        self.write_finalizer(Presence::On).await?;
        let held = self.kind().hold(&self.object).await?;
        if !held && fresh && !K::Machine::holds(&self.memo) {
            // Nothing of it is in Azure: it was not held when the pass began, and no step was done since.
            self.write_finalizer(Presence::Off).await?;
        }
        Ok(held)
    }

    /// Puts the memo on record before the step that it is about. What went wrong at the last try is said until the step
    /// is done: what is refused each time would else be news each time.
    pub(crate) async fn remember(
        &mut self,
        want: &Want<K>,
        seen: &Seen<K>,
        memo: Memo<K>,
    ) -> Result<(), Error> {
        if memo != self.memo {
            let trouble = self.engine.memory.trouble(&self.object);
            self.report(Ok(want), Some(seen), &memo, trouble.as_ref())
                .await?;
            if recall::<K>(&self.object) != memo {
                let text = format!("the status of a {} loses what it must remember", K::NAME);
                return Err(Error::Bug(text));
            }
            self.memo = memo;
        }
        Ok(())
    }

    /// Carries out one step.
    pub(crate) async fn execute(&self, want: &Want<K>, step: Step<K>) -> Result<(), Fault> {
        let name = name_of(&step);
        let span = tracing::info_span!("step", step = name);
        let done = async {
            tracing::info!("step begins");
            self.kind().execute(want, &self.memo, step).await
        };
        let done = done.instrument(span).await;
        let outcome = done.as_ref().map_or_else(|f| f.class.as_str(), |()| "done");
        self.engine.base.metrics.stepped(K::NAME, name, outcome);
        done
    }

    /// Takes our finalizer off, unless the kind knows somebody who needs the object.
    async fn let_go(&mut self) -> Result<bool, Error> {
        if !self.kind().may_release(&self.object).await? {
            return Ok(false);
        }
        self.kind().released(&self.object).await?;
        self.write_finalizer(Presence::Off).await?;
        Ok(true)
    }

    /// Writes what the machine says, if it is not what stands there.
    async fn report(
        &mut self,
        want: Result<&Want<K>, &Invalid>,
        seen: Option<&Seen<K>>,
        memo: &Memo<K>,
        trouble: Option<&Trouble>,
    ) -> Result<(), Error> {
        let pass = Pass {
            generation: self.object.meta().generation.unwrap_or_default(),
            want,
            seen,
            memo,
            trouble,
            paused: self.is_paused(),
        };
        self.troubled = trouble.is_some_and(|trouble| trouble.fault.class.until().is_none());
        let old = K::status(&self.object);
        let fallback = StatusOf::<K>::default();
        let new = K::Machine::report(&pass, old.unwrap_or(&fallback), self.now());
        if old == Some(&new) {
            self.engine.base.metrics.wrote(K::NAME, "equal");
            return Ok(());
        }
        let written = status::apply::<K>(&self.api, &self.object, &new).await;
        let outcome = written.as_ref().map_or_else(Error::as_str, |_| "written");
        self.engine.base.metrics.wrote(K::NAME, outcome);
        let written = written?;
        if K::status(&written) != Some(&new) {
            // It would be written again at every look. The schema and the type disagree.
            tracing::warn!("the apiserver keeps another status than the one that was written");
        }
        self.take(written);
        Ok(())
    }

    async fn write_finalizer(&mut self, presence: Presence) -> Result<(), Error> {
        if self.is_held() != (presence == Presence::On) {
            let written = finalizer::write(&self.api, &self.object, presence).await?;
            self.take(written);
        }
        Ok(())
    }

    fn take(&mut self, written: K::Object) {
        self.object = Arc::new(source::slim(written));
        self.engine.memory.wrote(&self.object);
    }
}

/// What is known best of the object, which may be more than when the pass was put in line.
pub(crate) fn newest<K: Kind>(engine: &Engine<K>, given: Arc<K::Object>) -> Arc<K::Object> {
    let held = engine.memory.held(&given);
    let cached = engine.store.get(&ObjectRef::from_obj(&*given));
    memory::newer(held, cached.unwrap_or(given))
}

fn recall<K: Kind>(object: &K::Object) -> Memo<K> {
    K::status(object).map_or_else(
        || K::Machine::recall(&StatusOf::<K>::default()),
        K::Machine::recall,
    )
}

/// The step's own word, without what it carries: steps may hold a whole job.
fn name_of(step: &impl std::fmt::Debug) -> String {
    format!("{step:?}")
        .chars()
        .take_while(char::is_ascii_alphanumeric)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    #[expect(dead_code, reason = "read by Debug alone")]
    enum Toy {
        Submit { name: &'static str },
        Cancel,
        Upload(u8),
    }

    #[test]
    fn a_steps_word_carries_nothing_of_it() {
        assert_eq!(name_of(&Toy::Submit { name: "x" }), "Submit");
        assert_eq!(name_of(&Toy::Cancel), "Cancel");
        assert_eq!(name_of(&Toy::Upload(1)), "Upload");
    }
}
