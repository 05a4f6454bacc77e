//! How long to wait after the n-th failure of a class: never hot, never in step with the others.

use std::time::Duration;

use jiff::Timestamp;

use crate::fault::{Class, Fault};

/// The first and the longest wait of a class, in seconds.
///
/// A class that waits for a person is still looked at now and then, since the mend may happen in Azure, where
/// nothing tells us: every 30 minutes for a refused definition, every 5 for missing rights and credentials.
fn bounds(class: Class) -> (u64, u64) {
    match class {
        Class::Retryable => (1, 300),
        Class::Unsure => (1, 60),
        Class::Throttled { .. } => (1, 10),
        Class::Spreading => (5, 60),
        Class::Credential | Class::Forbidden | Class::Absent => (30, 300),
        Class::Terminal => (1_800, 1_800),
    }
}

/// The time of the next try after the `tries`-th failure in a row (from 1).
///
/// `seed` (of the object's uid) spreads objects over the upper half of the wait, so that a thousand of them do
/// not come back in one second. A throttled scope is left alone until Azure's own time, then spread.
pub fn until(class: Class, tries: u32, seed: u64, now: Timestamp) -> Timestamp {
    let (first, longest) = bounds(class);
    let doubled = first.saturating_mul(1_u64 << tries.saturating_sub(1).min(16));
    let whole = Duration::from_secs(doubled.min(longest));
    let half = whole / 2;
    let share = u32::try_from(mix(seed, tries) % 1_000).unwrap_or(0);
    let wait = half + half * share / 1_000;
    let from = match class {
        Class::Throttled { until } => until.max(now),
        _ => now,
    };
    from.checked_add(wait).unwrap_or(from)
}

/// The same after a fault, which may say that its object is busy for longer.
pub fn after(fault: &Fault, tries: u32, seed: u64, now: Timestamp) -> Timestamp {
    let own = until(fault.class, tries, seed, now);
    let rest = fault.retry_after.map(u64::from).map(Duration::from_secs);
    let azures = rest.and_then(|rest| now.checked_add(rest).ok());
    azures.map_or(own, |azures| {
        own.max(until(Class::Throttled { until: azures }, 1, seed, now))
    })
}

/// A well-spread number from a seed and a count (the finaliser of splitmix64, by Sebastiano Vigna, public domain).
fn mix(seed: u64, tries: u32) -> u64 {
    let mut z = seed.wrapping_add(u64::from(tries).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_wait_is_in_the_future_and_bounded(tries in 1_u32..1_000, seed: u64) {
            let now = Timestamp::UNIX_EPOCH;
            for class in [Class::Retryable, Class::Unsure, Class::Spreading, Class::Credential, Class::Terminal] {
                let wait = until(class, tries, seed, now).duration_since(now).as_secs_f64();
                prop_assert!(wait >= 0.5, "{class:?} waits {wait}");
                prop_assert!(wait <= 1_800.0, "{class:?} waits {wait}");
            }
        }

        #[test]
        fn a_throttled_scope_is_silent_until_azures_time(tries in 1_u32..1_000, seed: u64, after in 0_i64..600) {
            let now = Timestamp::UNIX_EPOCH;
            let azures = Timestamp::from_second(after).unwrap();
            let next = until(Class::Throttled { until: azures }, tries, seed, now);
            prop_assert!(next > azures);
        }

        #[test]
        fn an_object_that_is_busy_is_left_alone_for_so_long_and_longer_if_it_always_is(
            tries in 1_u32..1_000, seed: u64, busy in prop::option::of(0_u32..600),
        ) {
            let now = Timestamp::UNIX_EPOCH;
            let azures = now + Duration::from_secs(busy.unwrap_or(0).into());
            let fault = Fault {
                class: Class::Retryable,
                code: "AnotherOperationInProgress".to_owned(),
                op: "attach the pool",
                text: "busy".to_owned(),
                request_id: None,
                retry_after: busy,
            };
            let next = after(&fault, tries, seed, now);
            let own = until(fault.class, tries, seed, now);
            prop_assert!(next >= own && next > azures);
            prop_assert!(next <= own.max(azures + Duration::from_secs(1)));
        }
    }
}
