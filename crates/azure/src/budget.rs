//! How many requests may go, and whose turn it is.
//!
//! Resource Manager refuses a principal that has used up its tokens, whoever of its users it was (contract §0.4). So the
//! process counts with it, for all its clients together: a request without a token is not sent, and stands in line.
//! Whoever may not go is told when to come back; nothing here waits. After a refusal nothing of that scope is sent until
//! Azure's time has come.

mod bucket;
mod clock;
mod desk;
mod queue;
mod scope;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub use scope::Scope;

pub(crate) use scope::Lane;

use crate::request::Effect;
use clock::{Clock, Moment};
use desk::{Desk, Sent};

/// What a request is for: the first is served first, and each leaves a few tokens to those above it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rank {
    /// Ends something that costs money: cancel, detach.
    Urgent,
    /// Shows what becomes of what was begun.
    Follow,
    /// Prepares: links, attachments, roles, code, and whatever has no other rank.
    #[default]
    Arrange,
    /// Begins a run.
    Submit,
}

impl Rank {
    pub(crate) const ALL: [Self; 4] = [Self::Urgent, Self::Follow, Self::Arrange, Self::Submit];

    /// How many ranks are above it.
    fn above(self) -> u8 {
        self as u8
    }
}

/// Longest wait for a turn in the middle of a pass that has sent nothing yet: ended, it loses nothing.
const BEFORE_A_PASS: Duration = Duration::from_secs(5);

/// Longest wait of a pass that has sent something: ended, it makes all its requests anew. Before it are only others that
/// have begun, which are no more than there are passes: 128 at 2.5 reads a second, a tenth of what Azure gives.
const IN_A_PASS: Duration = Duration::from_mins(1);

/// Passes of each kind that do not wait before they have begun: a cancel behind a crowd is looked at.
const AWAKE: u16 = 4;

/// A place in the line: of one request for one share.
#[derive(Clone, Debug)]
pub(crate) struct Ticket {
    id: u64,
    share: Arc<str>,
    rank: Rank,
    begun: bool,
}

impl Ticket {
    /// The same request of the same object for the same share is the same ticket, in whichever pass.
    pub(crate) fn new(
        rank: Rank,
        share: &Arc<str>,
        object: &str,
        method: &str,
        target: &str,
    ) -> Self {
        let mut hasher = DefaultHasher::new();
        (rank, share, object, method, target).hash(&mut hasher);
        Self {
            id: hasher.finish(),
            share: Arc::clone(share),
            rank,
            begun: false,
        }
    }

    /// Of a pass that has sent something already. A submission comes alone, and thousands may wait at once.
    pub(crate) fn begun(self, begun: bool) -> Self {
        let begun = begun && self.rank != Rank::Submit;
        Self { begun, ..self }
    }

    pub(crate) fn is_begun(&self) -> bool {
        self.begun
    }

    /// Whether many may wait with it, before any of them has begun. Of those above it there are few.
    pub(crate) fn is_of_a_crowd(&self) -> bool {
        self.rank >= Rank::Arrange && !self.begun
    }

    /// How long its pass waits for it at most.
    pub(crate) fn patience(&self) -> Duration {
        match self.rank {
            Rank::Submit => Duration::ZERO,
            Rank::Urgent | Rank::Follow | Rank::Arrange if self.begun => IN_A_PASS,
            Rank::Urgent | Rank::Follow | Rank::Arrange => BEFORE_A_PASS,
        }
    }
}

/// What is left for one kind of request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// Its kind.
    pub effect: Effect,
    /// The tokens of the scope that has the fewest.
    pub tokens: f64,
    /// Requests that wait, in all scopes.
    pub waiting: usize,
}

/// A request that goes: from its token to the end of its answer, or until nobody waits for that any more.
#[derive(Debug)]
pub(crate) struct Trip {
    budget: Budget,
    lane: Lane,
    sent: Sent,
}

impl Trip {
    /// Takes in what an answer says of the tokens left.
    pub(crate) fn answered(&self, remaining: Option<f64>) {
        let answered = |desk: &mut Desk, now: Moment| {
            desk.answered(self.sent, remaining, now.steady);
        };
        self.budget.at(&self.lane, answered);
    }

    /// Nothing of the scope is sent until then.
    pub(crate) fn shut(&self, until: Timestamp) {
        let shut = |desk: &mut Desk, now: Moment| {
            desk.shut(self.sent, now.steadily(until), now.steady);
        };
        self.budget.at(&self.lane, shut);
    }
}

impl Drop for Trip {
    fn drop(&mut self) {
        let is_back = |desk: &mut Desk, now: Moment| desk.is_back(self.sent, now.steady);
        self.budget.at(&self.lane, is_back);
    }
}

/// How often an operation ended in a way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// The operation, for example `job.put`.
    pub op: &'static str,
    /// `done`, `waiting` if it was not sent, or the word of its class of failure.
    pub outcome: &'static str,
    /// How often.
    pub times: u64,
}

/// The requests of a process. Clones share it; give the same to every [`Client`](crate::Client).
#[derive(Clone, Debug)]
pub struct Budget(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    percent: u8,
    beds: Arc<Semaphore>,
    clock: Clock,
    desks: Mutex<HashMap<Scope, Desk>>,
    counts: Mutex<BTreeMap<(&'static str, &'static str), u64>>,
}

impl Default for Budget {
    /// All that Azure gives.
    fn default() -> Self {
        Self::new(100, 32)
    }
}

impl Budget {
    /// That part of what Azure gives, in percent: the rest is left to others with the same credentials. So many passes of
    /// a kind run side by side.
    pub fn new(percent: u8, passes: u16) -> Self {
        Self::by(Clock::system(), percent, passes)
    }

    fn by(clock: Clock, percent: u8, passes: u16) -> Self {
        let beds = usize::from(passes.saturating_sub(AWAKE).max(1));
        Self(Arc::new(Shared {
            percent: percent.clamp(1, 100),
            beds: Arc::new(Semaphore::new(beds)),
            clock,
            desks: Mutex::default(),
            counts: Mutex::default(),
        }))
    }

    /// What is left, for each kind of request that was made.
    pub fn read(&self) -> Vec<Reading> {
        let now = self.0.clock.now().steady;
        let mut readings = BTreeMap::<Effect, Reading>::new();
        for (scope, desk) in self.desks().iter_mut() {
            let (left, waiting) = desk.read(now);
            let Some(left) = left else { continue };
            let effect = scope.effect();
            let reading = readings.entry(effect).or_insert(Reading {
                effect,
                tokens: left,
                waiting: 0,
            });
            reading.tokens = reading.tokens.min(left);
            reading.waiting += waiting;
        }
        readings.into_values().collect()
    }

    /// What became of all requests.
    pub fn counts(&self) -> Vec<Count> {
        let counts = self.0.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = |(&(op, outcome), &times): (&(&'static str, &'static str), &u64)| Count {
            op,
            outcome,
            times,
        };
        counts.iter().map(count).collect()
    }

    pub(crate) fn count(&self, op: &'static str, outcome: &'static str) {
        let mut counts = self.0.counts.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry((op, outcome)).or_default() += 1;
    }

    /// A token that is kept for the ticket, or the time at which to come back.
    pub(crate) fn claim(&self, lane: &Lane, ticket: &Ticket) -> Result<(), Timestamp> {
        self.at(lane, |desk, now| {
            let claimed = desk.claim(ticket, now.steady);
            claimed.map_err(|until| now.on_the_wall(until))
        })
    }

    /// Uses a token, or says when to come back.
    pub(crate) fn spend(&self, lane: &Lane, ticket: &Ticket) -> Result<Trip, Timestamp> {
        let sent = self.at(lane, |desk, now| {
            let sent = desk.spend(ticket, now.steady);
            sent.map_err(|until| now.on_the_wall(until))
        })?;
        Ok(Trip {
            budget: self.clone(),
            lane: lane.clone(),
            sent,
        })
    }

    /// For a pass of a crowd that waits, unless as many wait as may. Who has begun needs none: those with a bed wait for
    /// him.
    pub(crate) fn bed(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.0.beds).try_acquire_owned().ok()
    }

    /// Gives up a place in the line, or a token that was kept.
    pub(crate) fn leave(&self, lane: &Lane, ticket: &Ticket) {
        self.at(lane, |desk, now| desk.leave(ticket, now.steady));
    }

    fn at<T>(&self, lane: &Lane, does: impl FnOnce(&mut Desk, Moment) -> T) -> T {
        let mut desks = self.desks();
        let now = self.0.clock.now();
        if !desks.contains_key(&lane.scope) {
            // Principals and subscriptions come and go.
            desks.retain(|_, desk| !desk.is_idle(now.steady));
        }
        let rate = lane.rate.map(|rate| rate.part(self.0.percent));
        let desk = desks
            .entry(lane.scope.clone())
            .or_insert_with(|| Desk::new(rate, now.steady));
        does(desk, now)
    }

    fn desks(&self) -> MutexGuard<'_, HashMap<Scope, Desk>> {
        // Each desk is whole after any panic.
        self.0.desks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
