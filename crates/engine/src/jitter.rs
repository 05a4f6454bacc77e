//! Spreads what would else happen at once: the same key gives the same spread, so that no chance is needed.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

/// A number of this key, the same in every process of one build.
pub(crate) fn seed(key: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

/// `whole`, moved by up to `percent` of it to either side.
pub(crate) fn around(whole: Duration, percent: u32, seed: u64) -> Duration {
    let share = u32::try_from(seed % 2_001).unwrap_or(0);
    let least = whole * (100 - percent.min(100)) / 100;
    least + whole * percent / 100 * share / 1_000
}

/// `whole`, less up to `percent` of it: for what must never take longer.
pub(crate) fn within(whole: Duration, percent: u32, seed: u64) -> Duration {
    let share = u32::try_from(seed % 1_001).unwrap_or(0);
    whole.saturating_sub(whole * percent.min(100) / 100 * share / 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_must_not_take_longer_is_spread_towards_the_beginning() {
        let whole = Duration::from_secs(10);
        let all = |percent| (0_u64..5_000).map(move |n| within(whole, percent, seed(&n)));
        assert!(all(10).all(|d| d >= Duration::from_secs(9) && d <= whole));
        assert!(all(10).any(|d| d < Duration::from_millis(9_020)));
        assert!(all(10).any(|d| d > Duration::from_millis(9_980)));
        assert!(all(100).any(|d| d < Duration::from_millis(100)));
    }

    #[test]
    fn the_spread_stays_within_its_share_and_uses_it() {
        let whole = Duration::from_secs(10);
        let all: Vec<_> = (0_u64..5_000)
            .map(|n| around(whole, 20, seed(&n)))
            .collect();
        assert!(
            all.iter()
                .all(|d| *d >= Duration::from_secs(8) && *d <= Duration::from_secs(12))
        );
        assert!(all.iter().any(|d| *d < Duration::from_millis(8_200)));
        assert!(all.iter().any(|d| *d > Duration::from_millis(11_800)));
    }
}
