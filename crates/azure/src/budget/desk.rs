//! One scope: its bucket, its line, and the tokens that were given and not used yet. The time is an argument.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;

use super::Ticket;
use super::bucket::{Belief, Bucket, EXACT};
use super::queue::Queue;
use crate::limits::Rate;

/// How long a token is kept for whoever got it: between the claim and the request are a few writes to the apiserver.
const KEPT: Duration = Duration::from_mins(1);

/// Whoever has longer to wait asks again half way, and after so long at the latest: the line may have become shorter.
const LONG: Duration = Duration::from_secs(30);

/// Between two looks for those who have not come back.
const SWEEP: Duration = Duration::from_secs(1);

#[derive(Clone, Debug)]
pub(super) struct Desk {
    /// `None`: nobody counts, and Azure has refused nothing for a while.
    bucket: Option<Bucket>,
    /// Whether the bucket is one of published numbers.
    counted: bool,
    queue: Queue,
    shut: Option<Timestamp>,
    given: HashMap<u64, (Ticket, Timestamp)>,
    swept: Timestamp,
}

/// A request that went.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sent(Option<Belief>);

impl Desk {
    pub(super) fn new(rate: Option<Rate>, now: Timestamp) -> Self {
        Self {
            bucket: rate.map(|rate| Bucket::new(rate, now)),
            counted: rate.is_some(),
            queue: Queue::default(),
            shut: None,
            given: HashMap::new(),
            swept: now,
        }
    }

    /// Gives a token to keep, or a place in the line and the time at which to come back.
    pub(super) fn claim(&mut self, ticket: &Ticket, now: Timestamp) -> Result<(), Timestamp> {
        self.sweep(now);
        self.shut = self.shut.filter(|until| *until > now);
        let Some(bucket) = &mut self.bucket else {
            return Ok(());
        };
        if self.given.contains_key(&ticket.id) {
            return Ok(());
        }
        bucket.refill(now);
        if !self.counted && bucket.has_recovered() {
            *self = Self::new(None, now);
            return Ok(());
        }
        self.queue.enter(ticket, now);
        let needed = u32::try_from(self.queue.ahead(ticket)).map_or(f64::MAX, f64::from) + 1.0;
        let missing = needed - bucket.free(ticket.rank);
        if missing <= EXACT && self.shut.is_none() {
            bucket.take();
            self.queue.serve(ticket);
            let until = later(now, KEPT);
            self.given.insert(ticket.id, (ticket.clone(), until));
            return Ok(());
        }
        let opens = self.shut.unwrap_or(now);
        let turn = bucket.when(missing, now).max(opens);
        let wait = Duration::try_from(turn.duration_since(opens)).unwrap_or_default();
        let back = if wait > LONG {
            later(opens, (wait / 2).min(LONG))
        } else {
            turn
        };
        self.queue.expect(ticket, back);
        Err(back)
    }

    /// Gives up a place in the line, or a token that was not used.
    pub(super) fn leave(&mut self, ticket: &Ticket, now: Timestamp) {
        self.queue.leave(ticket);
        if self.given.remove(&ticket.id).is_some()
            && let Some(bucket) = &mut self.bucket
        {
            bucket.refill(now);
            bucket.take_back();
        }
    }

    /// Uses the token that is kept for a ticket, or one that is there for it now.
    pub(super) fn spend(&mut self, ticket: &Ticket, now: Timestamp) -> Result<Sent, Timestamp> {
        self.claim(ticket, now)?;
        self.given.remove(&ticket.id);
        let unused = self.given.len();
        Ok(Sent(
            self.bucket.as_ref().map(|bucket| bucket.belief(unused)),
        ))
    }

    /// Nobody waits any more for the answer to a request that went.
    pub(super) fn is_back(&mut self, sent: Sent, now: Timestamp) {
        if let (Some(bucket), Some(_)) = (&mut self.bucket, sent.0) {
            bucket.refill(now);
            bucket.is_back();
        }
    }

    /// An answer to a request came, which perhaps said how many tokens were left.
    pub(super) fn answered(&mut self, sent: Sent, remaining: Option<f64>, now: Timestamp) {
        if let (Some(bucket), Some(then)) = (&mut self.bucket, sent.0) {
            bucket.refill(now);
            bucket.answered(then, remaining);
        }
    }

    /// Azure asked for rest. Tokens that were given are worth nothing now; who held them is first afterwards.
    pub(super) fn shut(&mut self, sent: Sent, until: Timestamp, now: Timestamp) {
        self.shut = Some(self.shut.map_or(until, |known| known.max(until)));
        let bucket = self.bucket.get_or_insert_with(|| Bucket::guess(until));
        bucket.refill(now);
        match sent.0 {
            Some(then) => bucket.rest(then, until),
            // It went when nobody counted.
            None => bucket.rest_until(until),
        }
        for (_, (ticket, _)) in self.given.drain() {
            bucket.is_back();
            self.queue.enter_again(&ticket, until);
        }
    }

    /// Tokens left, if they are counted, and how many wait.
    pub(super) fn read(&mut self, now: Timestamp) -> (Option<f64>, usize) {
        self.sweep(now);
        let counted = self.bucket.as_mut().filter(|_| self.counted);
        let left = counted.map(|bucket| {
            bucket.refill(now);
            bucket.left()
        });
        (left, self.queue.len())
    }

    /// Whether a new one would be much the same: it gives four at first, and the rest after an answer.
    pub(super) fn is_idle(&mut self, now: Timestamp) -> bool {
        let (_, waiting) = self.read(now);
        waiting == 0
            && self.given.is_empty()
            && self.shut.is_none_or(|until| until <= now)
            && self.bucket.as_ref().is_none_or(Bucket::is_full)
    }

    fn sweep(&mut self, now: Timestamp) {
        if now.duration_since(self.swept).unsigned_abs() < SWEEP {
            return;
        }
        self.swept = now;
        self.queue.drop_the_late(now);
        let given = self.given.len();
        self.given.retain(|_, (_, until)| *until > now);
        if let Some(bucket) = &mut self.bucket {
            bucket.refill(now);
            (self.given.len()..given).for_each(|_| bucket.take_back());
        }
    }
}

fn later(now: Timestamp, wait: Duration) -> Timestamp {
    now.checked_add(wait).unwrap_or(now)
}
