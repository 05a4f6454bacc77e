//! How long an absence is not believed after a request to make something.

use jiff::{SignedDuration, Timestamp};

/// Reads may be older than a write by up to a minute (house rule for every kind); a request that was on its way when
/// its sender died may still arrive within some seconds; a time on record has lost its fraction.
pub(crate) const GRACE: SignedDuration = SignedDuration::from_secs(75);

/// The same after a submission whose answer nobody has heard: its sender may have died while it was still on its way, which
/// it is for a minute at most, the time that the client waits for an answer (`client::Options` there). The 15 s that [`GRACE`]
/// has beside a read's minute are for what comes between the record and the request. Links, computes and roles are found again
/// by their names, marks and ids as long as their object is there, and have no such bound yet.
const UNHEARD: SignedDuration = SignedDuration::from_secs(GRACE.as_secs() + 60);

/// The time from which an absence is believed, while that is in the future.
pub(crate) fn until(asked: Timestamp, now: Timestamp) -> Option<Timestamp> {
    after(asked, GRACE, now)
}

/// The same after a request at that time whose answer may not have been heard.
pub(crate) fn until_unheard(asked: Timestamp, now: Timestamp) -> Option<Timestamp> {
    after(asked, UNHEARD, now)
}

fn after(asked: Timestamp, grace: SignedDuration, now: Timestamp) -> Option<Timestamp> {
    asked.checked_add(grace).ok().filter(|time| *time > now)
}
