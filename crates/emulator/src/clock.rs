//! The one place that asks what time it is.

use jiff::Timestamp;

/// Wall-clock time. Kept as a type so that no handler reads the time behind the state's back.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Clock;

impl Clock {
    /// Now.
    #[allow(
        clippy::unused_self,
        reason = "time is something the state owns; a call without a clock would be a second source"
    )]
    pub(crate) fn now(self) -> Timestamp {
        Timestamp::now()
    }
}

/// As Azure writes times: UTC, seven digits after the point.
pub(crate) fn azure_time(at: Timestamp) -> String {
    let tenths_of_microseconds = at.subsec_nanosecond() / 100;
    format!(
        "{}.{tenths_of_microseconds:07}Z",
        at.strftime("%Y-%m-%dT%H:%M:%S")
    )
}

/// `at` moved by a number of seconds that may be a fraction; times past the calendar's end stay put.
pub(crate) fn after(at: Timestamp, seconds: f64) -> Timestamp {
    jiff::SignedDuration::try_from_secs_f64(seconds)
        .ok()
        .and_then(|span| at.checked_add(span).ok())
        .unwrap_or(at)
}
