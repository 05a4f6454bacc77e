//! How long the installation waits for a run that does not behave, where no field of a spec says it.

use jiff::SignedDuration;

/// How long a run may go without a sign. In whole seconds, as the times in a status are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// With a cancel that has no effect, until that is said: an ordinary one takes seconds to minutes.
    pub cancel: SignedDuration,
    /// With a run of which Azure hears nothing, until it is cancelled: it may come back (contract §3.4).
    pub silence: SignedDuration,
    /// With a run on its way through a state that passes by itself, until that state is told.
    pub passing: SignedDuration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            cancel: SignedDuration::from_mins(15),
            silence: SignedDuration::from_mins(30),
            // What Microsoft says that a cold start takes at most (lifecycle.md): who waits longer wants to know what for.
            passing: SignedDuration::from_mins(5),
        }
    }
}

/// A time in words: `15 minutes`, `90 seconds`.
pub(super) fn spoken(time: SignedDuration) -> String {
    let (number, unit) = match time.as_secs() {
        seconds if seconds >= 60 && seconds % 60 == 0 => (seconds / 60, "minute"),
        seconds => (seconds, "second"),
    };
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {unit}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_said_as_people_do() {
        for (seconds, words) in [
            (1, "1 second"),
            (59, "59 seconds"),
            (60, "1 minute"),
            (90, "90 seconds"),
            (900, "15 minutes"),
            (7_200, "120 minutes"),
        ] {
            assert_eq!(spoken(SignedDuration::from_secs(seconds)), words);
        }
    }
}
