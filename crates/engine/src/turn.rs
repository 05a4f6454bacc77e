//! One pass over one object: the version of it that is known, what is remembered, what is to be told.

use std::sync::Arc;

use azureml_spark_api::meta::FORCE_RELEASE;
use azureml_spark_core::{Class, Fault, Invalid, Machine, Pass, Trouble, Wake, backoff};
use jiff::{SignedDuration, Timestamp};
use kube::{Api, Resource, ResourceExt};
use tracing::Instrument;

use crate::controller::Engine;
use crate::error::Error;
use crate::events::{self, FORCE_RELEASED, News, Tone};
use crate::finalizer::{self, Presence};
use crate::jitter;
use crate::kind::{Kind, Memo, Seen, StatusOf, Step, Want};
use crate::memory::uid;
use crate::metrics::Ended;
use crate::status;

/// How long a deletion waits for holders before it asks again; a change of a holder wakes it sooner.
const ASK_HOLDERS_AGAIN: SignedDuration = SignedDuration::from_secs(30);

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

pub(crate) struct Turn<'e, K: Kind> {
    engine: &'e Engine<K>,
    api: Api<K::Object>,
    object: Arc<K::Object>,
    memo: Memo<K>,
    pub(crate) news: Vec<News>,
}

impl<'e, K: Kind> Turn<'e, K> {
    pub(crate) fn begin(engine: &'e Engine<K>, cached: Arc<K::Object>) -> Self {
        let object = engine.memory.newest(cached);
        let memo = recall::<K>(&object);
        let namespace = object.namespace().unwrap_or_default();
        Self {
            engine,
            api: Api::namespaced(engine.base.client.clone(), &namespace),
            object,
            memo,
            news: Vec::new(),
        }
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

    /// Puts the memo on record before the step that it is about.
    pub(crate) async fn remember(
        &mut self,
        want: &Want<K>,
        seen: &Seen<K>,
        memo: Memo<K>,
    ) -> Result<(), Error> {
        if memo != self.memo {
            self.report(Ok(want), Some(seen), &memo, None).await?;
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

    /// Ends the pass at rest.
    pub(crate) async fn rest(
        &mut self,
        want: &Want<K>,
        seen: &Seen<K>,
        memo: Memo<K>,
        wake: Wake,
    ) -> Result<Outcome, Error> {
        let holds = K::Machine::holds(&memo);
        if holds && !self.is_held() && !self.is_going() {
            // Lost by somebody's hand, or found in Azure though nothing was on record.
            self.write_finalizer(Presence::On).await?;
            self.kind().hold(&self.object).await?;
        }
        self.report(Ok(want), Some(seen), &memo, None).await?;
        self.memo = memo;
        if !holds && self.is_held() && !self.is_going() {
            self.let_go().await?;
        }
        self.engine.memory.succeeded(&self.object);
        let next = match wake {
            Wake::OnChange => Next::OnChange,
            Wake::At(time) => Next::At(time),
        };
        Ok(ended(Ended::Rested, next))
    }

    /// Ends the pass before a step that may not be done: what it needs is going away. Whose end, or coming back,
    /// wakes us. Nothing is let go: the step would have been about something in Azure.
    pub(crate) async fn wait(&mut self, want: &Want<K>, seen: &Seen<K>) -> Result<Outcome, Error> {
        let memo = self.memo.clone();
        self.report(Ok(want), Some(seen), &memo, None).await?;
        Ok(ended(Ended::Rested, Next::OnChange))
    }

    /// Ends the pass with a fault of Azure: it is reported, and the next try is as far away as its class says.
    pub(crate) async fn trouble(
        &mut self,
        want: &Want<K>,
        seen: Option<&Seen<K>>,
        fault: Fault,
    ) -> Result<Outcome, Error> {
        let class = fault.class;
        let tries = self.engine.memory.failed(&self.object, class.as_str());
        self.engine.base.metrics.faulted(K::NAME, class.as_str());
        if tries == 1 {
            tracing::warn!(
                class = class.as_str(),
                code = fault.code,
                op = fault.op,
                request = fault.request_id,
                text = fault.text,
                "fault"
            );
        } else {
            tracing::debug!(
                class = class.as_str(),
                code = fault.code,
                op = fault.op,
                tries,
                "fault again"
            );
        }
        let memo = K::Machine::faulted(&self.memo, &fault, self.now());
        let trouble = Trouble { fault, tries };
        self.report(Ok(want), seen, &memo, Some(&trouble)).await?;
        self.memo = memo;
        let next = self.later(class, tries);
        Ok(ended(Ended::Faulted, next))
    }

    /// Ends the pass with a spec that cannot be carried out. Nothing was looked at, so nothing is let go.
    pub(crate) async fn refuse(&mut self, invalid: &Invalid) -> Result<Outcome, Error> {
        let memo = self.memo.clone();
        self.report(Err(invalid), None, &memo, None).await?;
        self.engine.memory.succeeded(&self.object);
        Ok(ended(Ended::Refused, Next::OnChange))
    }

    /// Ends the pass, and the object if nobody else holds it.
    pub(crate) async fn release(
        &mut self,
        want: &Want<K>,
        seen: &Seen<K>,
        memo: Memo<K>,
    ) -> Result<Outcome, Error> {
        if !self.is_going() {
            return self.rest(want, seen, memo, Wake::OnChange).await;
        }
        if !self.let_go().await? {
            self.report(Ok(want), Some(seen), &memo, None).await?;
            let again = self.now().checked_add(ASK_HOLDERS_AGAIN);
            return Ok(ended(Ended::Rested, again.map_or(Next::OnChange, Next::At)));
        }
        tracing::info!("released");
        self.engine.memory.forget(&self.object);
        Ok(ended(Ended::Released, Next::Never))
    }

    /// Ends the object although Azure was not cleaned up, and says so first: afterwards it may be too late.
    pub(crate) async fn force(&mut self) -> Result<Outcome, Error> {
        tracing::warn!("released by force");
        let news = News {
            tone: Tone::Bad,
            reason: FORCE_RELEASED.to_owned(),
            note: format!("released on request: {}", K::remains(&self.object)),
        };
        let about = self.object.object_ref(&());
        self.engine.teller.tell(about, vec![news]).await;
        if let Err(error) = self.kind().released(&self.object).await {
            tracing::warn!(%error, "what only this object held stays held");
        }
        self.write_finalizer(Presence::Off).await?;
        self.engine.memory.forget(&self.object);
        Ok(ended(Ended::Released, Next::Never))
    }

    /// The time of the next try after a failure.
    pub(crate) fn later(&self, class: Class, tries: u32) -> Next {
        let seed = jitter::seed(&uid(&*self.object));
        Next::At(backoff::until(class, tries, seed, self.now()))
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
        };
        let old = K::status(&self.object);
        let fallback = StatusOf::<K>::default();
        let new = K::Machine::report(&pass, old.unwrap_or(&fallback), self.now());
        if old == Some(&new) {
            self.engine.base.metrics.wrote(K::NAME, "equal");
            return Ok(());
        }
        let told = K::conditions(old.unwrap_or(&fallback));
        let news = events::news(told, K::conditions(&new), trouble.is_some());
        let written = status::apply::<K>(&self.api, &self.object, &new).await;
        let outcome = written.as_ref().map_or_else(Error::as_str, |_| "written");
        self.engine.base.metrics.wrote(K::NAME, outcome);
        let written = written?;
        if K::status(&written) != Some(&new) {
            // It would be written again at every look. The schema and the type disagree.
            tracing::warn!("the apiserver keeps another status than the one that was written");
        }
        self.take(written);
        self.news.extend(news);
        Ok(())
    }

    async fn write_finalizer(&mut self, presence: Presence) -> Result<(), Error> {
        if self.is_held() != (presence == Presence::On) {
            let written = finalizer::write(&self.api, &self.object, presence).await?;
            self.take(written);
        }
        Ok(())
    }

    fn take(&mut self, mut written: K::Object) {
        written.meta_mut().managed_fields = None;
        self.object = Arc::new(written);
        self.engine.memory.wrote(&self.object);
    }
}

fn recall<K: Kind>(object: &K::Object) -> Memo<K> {
    K::status(object).map_or_else(
        || K::Machine::recall(&StatusOf::<K>::default()),
        K::Machine::recall,
    )
}

fn ended(ended: Ended, next: Next) -> Outcome {
    Outcome { ended, next }
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
