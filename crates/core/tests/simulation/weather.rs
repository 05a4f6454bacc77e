//! What goes wrong between the operator and Azure, drawn for each request.

use azureml_spark_core::{Class, Fault};
use jiff::Timestamp;

use crate::azure::fault;
use crate::chance::Chance;

/// A read is older than a write by at most this.
pub(crate) const STALE: i64 = 60_000;

/// A request whose sender died, or gave up, arrives within this.
pub(crate) const LATE: i64 = 8_000;

/// A request whose sender waits for it takes at most this.
pub(crate) const SLOW: i64 = 60_000;

/// What becomes of a write.
#[derive(Clone, Debug)]
pub(crate) enum Write {
    Done,
    /// Refused before anything happened.
    Refused(Fault),
    /// Nobody learns the answer; the effect comes after so many milliseconds, if at all.
    Lost(Option<i64>),
    /// The process ends here; the effect comes after so many milliseconds, if at all.
    Crash(Option<i64>),
}

/// What becomes of a read.
#[derive(Clone, Debug)]
pub(crate) enum Read {
    /// The answer, as old as this.
    Answer(i64),
    Failed(Fault),
    Crash,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Weather {
    /// One in so many requests meets trouble; 0: none does.
    pub(crate) trouble: u64,
    /// One in so many reads is stale.
    pub(crate) stale: u64,
    /// One in so many effects is the last of its process.
    pub(crate) crash: u64,
}

impl Weather {
    pub(crate) fn draw(chance: &mut Chance) -> Self {
        Self {
            trouble: chance.pick(&[0, 4, 8, 20, 60]),
            stale: chance.pick(&[0, 2, 4, 10]),
            crash: chance.pick(&[0, 10, 25, 80]),
        }
    }

    pub(crate) fn crashes(self, chance: &mut Chance) -> bool {
        self.crash > 0 && chance.one_in(self.crash)
    }

    pub(crate) fn write(self, op: &'static str, now: i64, chance: &mut Chance) -> Write {
        if self.crashes(chance) {
            return Write::Crash(landing(chance));
        }
        if self.trouble == 0 || !chance.one_in(self.trouble) {
            return Write::Done;
        }
        match chance.below(10) {
            0..4 => Write::Lost(landing(chance)),
            4 => Write::Refused(fault(Class::Terminal, "RequestDisallowedByPolicy", op)),
            5 => Write::Refused(fault(Class::Forbidden, "AuthorizationFailed", op)),
            6 => Write::Refused(fault(Class::Spreading, "PrincipalNotFound", op)),
            _ => Write::Refused(passing(op, now, chance)),
        }
    }

    pub(crate) fn read(self, op: &'static str, now: i64, chance: &mut Chance) -> Read {
        if self.crashes(chance) {
            return Read::Crash;
        }
        if self.trouble > 0 && chance.one_in(self.trouble) {
            return Read::Failed(passing(op, now, chance));
        }
        if self.stale > 0 && chance.one_in(self.stale) {
            return Read::Answer(chance.millis(0, STALE));
        }
        Read::Answer(0)
    }
}

fn landing(chance: &mut Chance) -> Option<i64> {
    match chance.below(4) {
        0 => None,
        1 => Some(chance.millis(0, LATE)),
        _ => Some(0),
    }
}

fn passing(op: &'static str, now: i64, chance: &mut Chance) -> Fault {
    if chance.one_in(3) {
        let until = Timestamp::from_millisecond(now + chance.millis(1_000, 60_000)).unwrap();
        return fault(Class::Throttled { until }, "TooManyRequests", op);
    }
    fault(Class::Retryable, "ServiceUnavailable", op)
}
