//! How long an absence is not believed after a request to make something.

use jiff::{SignedDuration, Timestamp};

/// Reads may be older than a write by up to a minute (house rule for every kind); a request that was on its way when
/// its sender died may still arrive within some seconds; a time on record has lost its fraction.
pub(crate) const GRACE: SignedDuration = SignedDuration::from_secs(75);

/// The time from which an absence is believed, while that is in the future.
pub(crate) fn until(asked: Timestamp, now: Timestamp) -> Option<Timestamp> {
    asked.checked_add(GRACE).ok().filter(|time| *time > now)
}
