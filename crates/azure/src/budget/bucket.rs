//! One token bucket of Azure's, as far as it can be known from this side.

use std::time::Duration;

use jiff::Timestamp;

use super::Rank;
use crate::limits::Rate;

/// Requests that may go before the first answer tells what is left: a process that starts does not know what others, or
/// an earlier process, have used.
const FIRST: f64 = 4.0;

/// What each rank leaves to the ranks above it: so much of the bucket, and no more than so many tokens.
const RESERVE: (f64, f64) = (0.05, 2.0);

/// The slowest pace after refusals: our numbers are wrong, or others use the principal, but something always goes.
const SLOWEST: f64 = 1.0 / 16.0;

/// In this time the pace doubles again.
const RECOVERY: f64 = 60.0;

/// What is tried after a refusal where nobody has published numbers: Resource Manager's writes (contract §0.4).
const GUESS: Rate = Rate {
    size: 20.0,
    per_second: 10.0,
};

/// Less than a token is missing by no more than the error of our arithmetic.
pub(super) const EXACT: f64 = 1e-6;

#[derive(Clone, Debug)]
pub(super) struct Bucket {
    rate: Rate,
    level: f64,
    /// What is believed to be there, and not given before an answer has shown that it may be.
    unproven: f64,
    /// When the level was right; in the future while Azure wants rest.
    at: Timestamp,
    /// The part of the rate that is used.
    pace: f64,
    /// What answers have taken off in all.
    lowered: f64,
    /// How often Azure has asked for rest.
    rests: u64,
    /// Tokens that were given, until their requests were answered: Azure may not have counted them yet.
    out: f64,
}

/// What the bucket was believed to hold when a request went.
#[derive(Clone, Copy, Debug)]
pub(super) struct Belief {
    level: f64,
    lowered: f64,
    rests: u64,
}

impl Bucket {
    pub(super) fn new(rate: Rate, now: Timestamp) -> Self {
        let level = rate.size.min(FIRST);
        Self {
            rate,
            level,
            unproven: rate.size - level,
            at: now,
            pace: 1.0,
            lowered: 0.0,
            rests: 0,
            out: 0.0,
        }
    }

    /// Of a scope without published numbers, which Azure has just shut.
    pub(super) fn guess(until: Timestamp) -> Self {
        Self {
            level: 1.0,
            unproven: 0.0,
            pace: 0.5,
            ..Self::new(GUESS, until)
        }
    }

    /// It goes on at that time.
    pub(super) fn rest_until(&mut self, until: Timestamp) {
        self.at = self.at.max(until);
    }

    /// Whether the last refusal has been forgotten.
    pub(super) fn has_recovered(&self) -> bool {
        self.pace >= 1.0
    }

    /// Brings it up to `now`.
    pub(super) fn refill(&mut self, now: Timestamp) {
        let seconds = now.duration_since(self.at).as_secs_f64();
        if seconds > 0.0 {
            let gained = seconds * self.rate.per_second * self.pace;
            self.gain(gained);
            self.pace = (self.pace * (seconds / RECOVERY).exp2()).min(1.0);
            self.at = now;
        }
    }

    /// What was given and is not counted yet may still be in Azure's bucket, which gains nothing while it is full.
    fn gain(&mut self, tokens: f64) {
        let most = self.most() - self.out;
        self.level = (self.level + tokens).min(most.max(self.level));
    }

    fn most(&self) -> f64 {
        self.rate.size - self.unproven
    }

    /// Tokens that a rank may take: the ranks above it find some whatever it takes.
    pub(super) fn free(&self, rank: Rank) -> f64 {
        let above = f64::from(rank.above());
        let (part, tokens) = RESERVE;
        let most = self.most();
        // A full bucket lets everybody go.
        let kept = ((most * part).min(tokens) * above).min(most - 1.0);
        self.level - kept
    }

    pub(super) fn take(&mut self) {
        self.level -= 1.0;
        self.out += 1.0;
    }

    /// A token that was not used, and will not be.
    pub(super) fn take_back(&mut self) {
        self.is_back();
        self.gain(1.0);
    }

    /// When so many tokens more will have come.
    pub(super) fn when(&self, missing: f64, now: Timestamp) -> Timestamp {
        let seconds = missing.max(0.0) / (self.rate.per_second * self.pace);
        let from = self.at.max(now);
        // A year is beyond every line; a millisecond is the timer's.
        let wait = Duration::from_secs_f64(seconds.clamp(0.0, 3.2e7)) + Duration::from_millis(1);
        from.checked_add(wait).unwrap_or(from)
    }

    /// A request was answered, or nobody waits for the answer any more.
    pub(super) fn is_back(&mut self) {
        self.out = (self.out - 1.0).max(0.0);
    }

    /// What Azure should have left, if so many tokens were given that were not used yet.
    pub(super) fn belief(&self, unused: usize) -> Belief {
        let unused = u32::try_from(unused).map_or(f64::MAX, f64::from);
        Belief {
            level: self.level + self.unproven + unused,
            lowered: self.lowered,
            rests: self.rests,
        }
    }

    /// An answer came, which perhaps said how many tokens were left when its request was counted. Less than was believed
    /// at that time has been used by others; more is none of ours.
    pub(super) fn answered(&mut self, then: Belief, remaining: Option<f64>) {
        if then.rests != self.rests {
            return;
        }
        self.level += self.unproven;
        self.unproven = 0.0;
        if let Some(remaining) = remaining {
            let seen_since = self.lowered - then.lowered;
            let less = (then.level - remaining - seen_since).max(0.0);
            self.level = (self.level - less).max(-self.rate.size);
            self.lowered += less;
        }
    }

    /// Azure asked for rest: then there is one token, which the refused request has not taken, and it goes on at half the
    /// pace. That requests which were under way together are all refused says no more than the first of them.
    pub(super) fn rest(&mut self, then: Belief, until: Timestamp) {
        self.rest_until(until);
        if then.rests == self.rests {
            self.rests += 1;
            self.unproven = 0.0;
            self.level = 1.0;
            self.pace = (self.pace / 2.0).max(SLOWEST);
        }
    }

    /// What is believed to be left.
    pub(super) fn left(&self) -> f64 {
        (self.level + self.unproven).max(0.0)
    }

    pub(super) fn is_full(&self) -> bool {
        self.level >= self.rate.size - EXACT && self.pace >= 1.0 && self.out < EXACT
    }
}
