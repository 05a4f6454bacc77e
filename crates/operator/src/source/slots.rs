//! Whose turn it is to fetch: few at a time, and not all of them from one host while another one is waited for.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// Turns, by the origin that is talked to.
pub(super) struct Slots {
    at_once: usize,
    queue: Mutex<Queue>,
    bell: Notify,
}

#[derive(Default)]
struct Queue {
    taken: HashMap<String, usize>,
    waiting: HashMap<String, usize>,
}

/// A turn; over when it is dropped.
pub(super) struct Slot<'a> {
    slots: &'a Slots,
    origin: String,
}

/// Somebody who waits.
struct Wait<'a> {
    slots: &'a Slots,
    origin: &'a str,
}

impl Slots {
    pub(super) fn new(at_once: usize) -> Self {
        Self {
            at_once,
            queue: Mutex::default(),
            bell: Notify::new(),
        }
    }

    /// Waits for a turn.
    pub(super) async fn take(&self, origin: &str) -> Slot<'_> {
        add(&mut self.lock().waiting, origin);
        let wait = Wait {
            slots: self,
            origin,
        };
        loop {
            let mut bell = pin!(self.bell.notified());
            // From here on no ringing is missed.
            bell.as_mut().enable();
            if self.lock().admit(origin, self.at_once) {
                drop(wait);
                return Slot {
                    slots: self,
                    origin: origin.to_owned(),
                };
            }
            bell.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    fn admit(&mut self, origin: &str, at_once: usize) -> bool {
        let has_none = |origin: &str| !self.taken.contains_key(origin);
        let mut others = self.waiting.keys().filter(|other| *other != origin);
        let is_first = has_none(origin) || !others.any(|other| has_none(other));
        let goes = is_first && self.taken.values().sum::<usize>() < at_once;
        if goes {
            add(&mut self.taken, origin);
        }
        goes
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        remove(&mut self.slots.lock().taken, &self.origin);
        self.slots.bell.notify_waiters();
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        remove(&mut self.slots.lock().waiting, self.origin);
        self.slots.bell.notify_waiters();
    }
}

fn add(counts: &mut HashMap<String, usize>, origin: &str) {
    *counts.entry(origin.to_owned()).or_default() += 1;
}

fn remove(counts: &mut HashMap<String, usize>, origin: &str) {
    if let Some(count) = counts.get_mut(origin) {
        *count -= 1;
        if *count == 0 {
            counts.remove(origin);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::poll;

    use super::*;

    #[tokio::test]
    async fn no_host_has_all_turns_while_another_is_waited_for() {
        let slots = Slots::new(2);
        let slow = [slots.take("slow").await, slots.take("slow").await];
        let mut third = pin!(slots.take("slow"));
        assert!(poll!(third.as_mut()).is_pending(), "all are taken");
        let mut other = pin!(slots.take("other"));
        assert!(poll!(other.as_mut()).is_pending(), "all are taken");
        let [one, two] = slow;
        drop(one);
        assert!(poll!(third.as_mut()).is_pending(), "that one has a turn");
        let other = other.await;
        drop(two);
        let third = third.await;
        drop(other);
        let fourth = slots.take("slow").await;
        drop((third, fourth));
        assert!(slots.lock().taken.is_empty() && slots.lock().waiting.is_empty());
    }

    #[tokio::test]
    async fn who_goes_while_he_waits_is_not_waited_for() {
        let slots = Slots::new(2);
        let _slow = slots.take("slow").await;
        {
            let mut all = vec![slots.take("slow").await];
            let mut other = pin!(slots.take("other"));
            assert!(poll!(other.as_mut()).is_pending());
            all.clear();
        }
        let mut again = pin!(slots.take("slow"));
        assert!(poll!(again.as_mut()).is_ready());
    }
}
