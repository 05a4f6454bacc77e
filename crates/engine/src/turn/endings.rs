//! The ways in which a pass ends.

use azureml_spark_core::{Act, Class, Fault, Invalid, Machine, Trouble, Wake, backoff};
use jiff::{SignedDuration, Timestamp};
use kube::Resource;

use super::{Next, Outcome, Turn};
use crate::drive::YIELD;
use crate::error::Error;
use crate::events::{FORCE_RELEASED, News, Tone};
use crate::finalizer::Presence;
use crate::jitter;
use crate::kind::{Kind, Memo, Seen, Step, Want};
use crate::line::{Queued, Word, is_worth_telling};
use crate::memory::uid;
use crate::metrics::Ended;

/// How long a pass waits for what others hold, or for what it cannot hold, before it asks again; a change that is
/// watched wakes it sooner.
const ASK_HOLDERS_AGAIN: SignedDuration = SignedDuration::from_secs(30);

/// A longer wait for a look is told. After a restart a thousand live jobs are looked at within half a minute: each would
/// say that it waits, and then the same as before.
const LONG_FOR_A_LOOK: SignedDuration = SignedDuration::from_secs(20);

impl<K: Kind> Turn<'_, K> {
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

    /// Ends the pass of an object that a person has paused: what was seen is told, and that is all. Neither the memo nor
    /// a finalizer changes, since both are about what would come next.
    pub(crate) async fn stand_still(
        &mut self,
        want: &Want<K>,
        seen: &Seen<K>,
        act: Act<Step<K>>,
    ) -> Result<Outcome, Error> {
        let memo = self.memo.clone();
        self.report(Ok(want), Some(seen), &memo, None).await?;
        self.engine.memory.succeeded(&self.object);
        let next = match act {
            Act::Rest(Wake::At(time)) => Next::At(time),
            // The annotation's end is a change.
            Act::Rest(Wake::OnChange) | Act::Do(_) | Act::Release => Next::OnChange,
        };
        Ok(ended(Ended::Rested, next))
    }

    /// Ends the pass before a step that may not be done: what it needs is going away. Not all of that is watched, so
    /// it is asked for again. Nothing is let go: the step would have been about something in Azure.
    pub(crate) async fn wait(&mut self, want: &Want<K>, seen: &Seen<K>) -> Result<Outcome, Error> {
        let memo = self.memo.clone();
        self.report(Ok(want), Some(seen), &memo, None).await?;
        let again = self.now().checked_add(ASK_HOLDERS_AGAIN);
        Ok(ended(Ended::Rested, again.map_or(Next::OnChange, Next::At)))
    }

    /// Ends the pass of an object that waited for its turn and still does: nobody is asked for anything.
    pub(crate) fn still_queued(&mut self) -> Option<Outcome> {
        match self.engine.memory.line.word(&*self.object, self.now()) {
            Word::Waits(until) => Some(ended(Ended::Queued, Next::At(until))),
            Word::Changed(seat) => {
                self.left = Some(seat);
                None
            }
            Word::Goes => None,
        }
    }

    /// Gives up its place in the line, if it has one.
    pub(crate) fn waits_no_more(&self) {
        self.engine.memory.line.forget(&*self.object);
    }

    /// Gives up the place at which the object waited before it changed, unless it waits again: what it wanted then was
    /// sent, or is not wanted any more.
    pub(crate) fn leave(&mut self) {
        if let Some(seat) = self.left.take()
            && !self.engine.memory.line.has(&*self.object)
        {
            seat.leave();
        }
    }

    /// Ends the pass before a step whose turn has not come: nothing of it is on record, and nothing is let go.
    pub(crate) async fn queue(
        &mut self,
        want: &Want<K>,
        seen: &Seen<K>,
        queued: Queued,
    ) -> Result<Outcome, Error> {
        let Queued { fault, seat } = queued;
        let now = self.now();
        let until = fault.class.until().unwrap_or(now);
        let told = is_worth_telling(until, now);
        self.engine.memory.calmed(&self.object);
        if told {
            let (memo, trouble) = (self.memo.clone(), Trouble { fault, tries: 1 });
            self.report(Ok(want), Some(seen), &memo, Some(&trouble))
                .await?;
        }
        let due = K::Machine::due(want, seen, &self.memo, now);
        let line = &self.engine.memory.line;
        line.enter(&*self.object, seat, due, told);
        Ok(ended(Ended::Queued, Next::At(until).not_after(due)))
    }

    /// Ends the pass with a request that Azure wants later: no failure, neither counted nor told as one. What is told of the
    /// object stays true for a while.
    async fn put_off(
        &mut self,
        want: &Want<K>,
        seen: Option<&Seen<K>>,
        fault: Fault,
        until: Timestamp,
    ) -> Result<Outcome, Error> {
        let (now, class, in_line) = (self.now(), fault.class, fault.is_in_line());
        let (code, op, request) = (&fault.code, fault.op, &fault.request_id);
        if in_line {
            tracing::debug!(op, "put off");
        } else {
            self.engine.base.metrics.faulted(K::NAME, class.as_str());
            tracing::info!(code, op, request, "put off by Azure");
        }
        let memo = if self.is_paused() {
            self.memo.clone()
        } else {
            K::Machine::faulted(&self.memo, &fault, now)
        };
        self.engine.memory.calmed(&self.object);
        if memo != self.memo || !in_line || until.duration_since(now) > LONG_FOR_A_LOOK {
            let trouble = Trouble { fault, tries: 1 };
            self.report(Ok(want), seen, &memo, Some(&trouble)).await?;
        }
        self.memo = memo;
        if in_line {
            return Ok(ended(Ended::Queued, Next::At(until)));
        }
        // Others may have been refused with it, who are in no line.
        Ok(ended(Ended::Faulted, self.later(class, 1)))
    }

    /// Ends the pass with a fault of Azure: it is reported, and the next try is as far away as its class says.
    pub(crate) async fn trouble(
        &mut self,
        want: &Want<K>,
        seen: Option<&Seen<K>>,
        fault: Fault,
    ) -> Result<Outcome, Error> {
        let class = fault.class;
        if let Some(until) = class.until() {
            return self.put_off(want, seen, fault, until).await;
        }
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
        let memo = if self.is_paused() {
            self.memo.clone()
        } else {
            K::Machine::faulted(&self.memo, &fault, self.now())
        };
        let own = jitter::seed(&uid(&*self.object));
        let next = Next::At(backoff::after(&fault, tries, own, self.now()));
        let trouble = Trouble { fault, tries };
        self.engine.memory.troubled(&self.object, &trouble);
        self.report(Ok(want), seen, &memo, Some(&trouble)).await?;
        let refused = K::Machine::holds(&self.memo) && !K::Machine::holds(&memo);
        self.memo = memo;
        if refused && self.is_held() && !self.is_going() {
            // Azure refused what the finalizer had been put on for: nothing of it is there.
            self.let_go().await?;
        }
        Ok(ended(Ended::Faulted, next))
    }

    /// Ends the pass with a step that was not done. What else there is to do may have a time of its own, and does not
    /// wait for the next try of this step.
    pub(crate) async fn undone(
        &mut self,
        want: &Want<K>,
        seen: &Seen<K>,
        step: &Step<K>,
        fault: Fault,
    ) -> Result<Outcome, Error> {
        let goes_on = K::Machine::goes_on(&fault);
        let outcome = self.trouble(want, Some(seen), fault).await?;
        let due = K::Machine::due(want, seen, &self.memo, self.now());
        let outcome = Outcome {
            next: outcome.next.not_after(due),
            ..outcome
        };
        if !goes_on {
            return Ok(outcome);
        }
        let next = K::Machine::next(want, seen, &self.memo, self.now());
        let soon = self.now().checked_add(YIELD).ok();
        Ok(match (next.act, soon) {
            (Act::Do(again), _) if again == *step => outcome,
            (Act::Do(_) | Act::Rest(_) | Act::Release, Some(soon)) => Outcome {
                next: Next::At(soon),
                ..outcome
            },
            (_, None) => outcome,
        })
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
}

fn ended(ended: Ended, next: Next) -> Outcome {
    Outcome { ended, next }
}
