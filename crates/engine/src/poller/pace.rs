//! When shards are looked at that are followed at the same time. What a look finds is written at once, and looks that
//! happen to fall together would keep each other's news waiting: so each stands in the middle between the look before its
//! own and the one after it. Nobody plans that. Whoever looks goes some of the way to where the middle is, and after some
//! rounds all stand evenly (DESYNC; Degesys, Rose, Patel and Nagpal, IPSN 2007).

use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

use tokio::time::Instant;

/// A look comes earlier than its period by up to this share of it, in percent, and never later: the period is what news
/// may take.
const LEEWAY: u32 = 10;

/// Of the difference between what is before a look and what is after it: three quarters of the way to the middle. All of
/// it would overshoot, as the others move, too. Ten shards stand apart by half of what is even after five to twelve rounds.
const SHARE: (u32, u32) = (3, 8);

/// The looks that were last begun.
#[derive(Debug)]
pub(super) struct Pace<S> {
    looks: HashMap<S, Look>,
}

#[derive(Clone, Copy, Debug)]
struct Look {
    began: Instant,
    /// When the next one is to begin.
    next: Instant,
}

impl<S> Default for Pace<S> {
    fn default() -> Self {
        Self {
            looks: HashMap::new(),
        }
    }
}

impl<S: Clone + Eq + Hash> Pace<S> {
    /// A look begins; how long it is from here to that of the next.
    pub(super) fn begins(&mut self, shard: &S, period: Duration, now: Instant) -> Duration {
        let usual = period * (100 - LEEWAY / 2) / 100;
        let most = usual * LEEWAY / 200;
        let others = || self.looks.iter().filter(|(other, _)| *other != shard);
        let before = others().map(|(_, look)| now.saturating_duration_since(look.began));
        let after = others().filter_map(|(_, look)| look.next.checked_duration_since(now));
        let towards = |there: Duration, here: Duration| {
            (there.saturating_sub(here) * SHARE.0 / SHARE.1).min(most)
        };
        let whole = match (before.min(), after.min()) {
            (Some(before), Some(after)) => {
                (usual + towards(after, before)).saturating_sub(towards(before, after))
            }
            (_, None) | (None, _) => usual,
        };
        let look = Look {
            began: now,
            next: now + whole,
        };
        self.looks.insert(shard.clone(), look);
        whole
    }

    /// The next look comes at another time than was planned: after a fault, or after a look that took longer.
    pub(super) fn moves(&mut self, shard: &S, next: Instant) {
        if let Some(look) = self.looks.get_mut(shard) {
            look.next = next;
        }
    }

    /// Nobody follows it any more.
    pub(super) fn forget(&mut self, shard: &S) {
        self.looks.remove(shard);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PERIOD: Duration = Duration::from_secs(10);

    /// Looks at shards that begin at these times, in the order in which they come: when, and how long before the next.
    fn looks(begin: &[u64], rounds: usize) -> Vec<(Duration, Duration)> {
        let start = Instant::now();
        let mut pace = Pace::default();
        let mut due: Vec<Duration> = begin.iter().map(|at| Duration::from_millis(*at)).collect();
        let mut all = Vec::new();
        for _ in 0..rounds * begin.len() {
            let shard = (0..due.len()).min_by_key(|shard| due[*shard]).unwrap();
            let at = due[shard];
            let whole = pace.begins(&shard, PERIOD, start + at);
            due[shard] += whole;
            all.push((at, whole));
        }
        all
    }

    proptest! {
        #[test]
        fn looks_stand_apart_after_some_rounds(begin in prop::collection::vec(0_u64..10_000, 2..30)) {
            let all = looks(&begin, 60);
            let last = &all[all.len() - begin.len()..];
            let even = PERIOD / u32::try_from(begin.len()).unwrap();
            for pair in last.windows(2) {
                let gap = pair[1].0.saturating_sub(pair[0].0);
                prop_assert!(gap > even / 2, "{gap:?} of {even:?}");
            }
        }

        #[test]
        fn no_look_comes_later_than_its_period_nor_much_earlier(
            begin in prop::collection::vec(0_u64..30_000, 1..30)
        ) {
            for (_, whole) in looks(&begin, 20) {
                prop_assert!(whole <= PERIOD && whole >= PERIOD * 9 / 10, "{whole:?}");
            }
        }
    }

    #[test]
    fn a_look_that_is_put_off_keeps_no_place() {
        let mut pace = Pace::default();
        let now = Instant::now();
        let alone = pace.begins(&"a", PERIOD, now);
        pace.begins(&"b", PERIOD, now + PERIOD / 10);
        pace.moves(&"a", now + PERIOD * 6);
        let after_it = pace.begins(&"b", PERIOD, now + PERIOD);
        assert!(after_it > alone, "nobody comes soon");
    }

    #[test]
    fn what_is_followed_no_more_keeps_no_place() {
        let mut pace = Pace::default();
        let now = Instant::now();
        let alone = pace.begins(&"a", PERIOD, now);
        let beside = pace.begins(&"b", PERIOD, now + PERIOD / 10);
        assert!(beside > alone, "away from the other");
        pace.forget(&"a");
        assert_eq!(pace.begins(&"b", PERIOD, now + PERIOD), alone);
    }
}
