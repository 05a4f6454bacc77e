//! Times of the budget, which go on evenly while somebody sets the clock on the wall.

use std::fmt;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

/// What the clock on the wall says, and how much time has passed.
type Read = dyn Fn() -> (Timestamp, Duration) + Send + Sync;

pub(super) struct Clock {
    begun: Timestamp,
    read: Box<Read>,
}

/// A moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    /// By a clock that nobody sets.
    pub(super) steady: Timestamp,
    /// What the clock on the wall is ahead.
    ahead: SignedDuration,
}

impl Clock {
    pub(super) fn system() -> Self {
        let begun = Instant::now();
        Self::from_fn(move || (Timestamp::now(), begun.elapsed()))
    }

    pub(super) fn from_fn(
        read: impl Fn() -> (Timestamp, Duration) + Send + Sync + 'static,
    ) -> Self {
        let (begun, _) = read();
        Self {
            begun,
            read: Box::new(read),
        }
    }

    pub(super) fn now(&self) -> Moment {
        let (wall, passed) = (self.read)();
        let steady = self.begun.checked_add(passed).unwrap_or(self.begun);
        Moment {
            steady,
            ahead: wall.duration_since(steady),
        }
    }
}

impl Moment {
    /// A steady time as the clock on the wall will show it.
    pub(super) fn on_the_wall(self, steady: Timestamp) -> Timestamp {
        steady.checked_add(self.ahead).unwrap_or(steady)
    }

    /// The steady time at which the clock on the wall will show that.
    pub(super) fn steadily(self, wall: Timestamp) -> Timestamp {
        wall.checked_sub(self.ahead).unwrap_or(wall)
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}
