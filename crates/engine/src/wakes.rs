//! Keys that somebody wants looked at: a set with a bell.
//!
//! A set and not a channel: a channel that is full must drop or block, and both are wrong here (a dropped wake
//! is a change that nobody sees for an hour; a blocked watch is a stale cache). A set is bounded by the number
//! of objects there are, however often each is woken.

use std::collections::{HashSet, VecDeque};
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

/// The keys that wait for a look, in the order in which they were first woken. Clones share the set.
#[derive(Debug)]
pub struct Wakes<T> {
    shared: Arc<Shared<T>>,
}

#[derive(Debug)]
struct Shared<T> {
    waiting: Mutex<Waiting<T>>,
    bell: Notify,
}

#[derive(Debug)]
struct Waiting<T> {
    order: VecDeque<T>,
    members: HashSet<T>,
}

impl<T> Clone for Wakes<T> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<T: Clone + Eq + Hash> Default for Wakes<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Clone + Eq + Hash> Wakes<T> {
    /// An empty set.
    pub fn new() -> Self {
        Self {
            shared: Arc::new(Shared {
                waiting: Mutex::new(Waiting {
                    order: VecDeque::new(),
                    members: HashSet::new(),
                }),
                bell: Notify::new(),
            }),
        }
    }

    /// Wants `key` looked at soon. A key that waits already is not doubled.
    pub fn wake(&self, key: T) {
        let mut waiting = self.lock();
        if waiting.members.insert(key.clone()) {
            waiting.order.push_back(key);
        }
        drop(waiting);
        self.shared.bell.notify_one();
    }

    /// How many keys wait.
    pub fn len(&self) -> usize {
        self.lock().order.len()
    }

    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All keys that wait, which wait no more.
    pub(crate) fn drain(&self) -> Vec<T> {
        let mut waiting = self.lock();
        waiting.members = HashSet::new();
        std::mem::take(&mut waiting.order).into()
    }

    /// The next key. One taker at a time: the bell rings for one.
    pub async fn next(&self) -> T {
        loop {
            if let Some(key) = self.take() {
                return key;
            }
            self.shared.bell.notified().await;
        }
    }

    /// Somebody was woken since this was last asked. For the one taker.
    pub(crate) async fn rung(&self) {
        self.shared.bell.notified().await;
    }

    fn take(&self) -> Option<T> {
        let mut waiting = self.lock();
        let key = waiting.order.pop_front()?;
        waiting.members.remove(&key);
        Some(key)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Waiting<T>> {
        self.shared
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_key_that_waits_is_not_doubled_and_order_is_kept() {
        let wakes = Wakes::new();
        for key in ["a", "b", "a", "c", "b"] {
            wakes.wake(key);
        }
        assert_eq!(wakes.len(), 3);
        assert_eq!(wakes.next().await, "a");
        wakes.wake("a");
        assert_eq!(wakes.next().await, "b");
        assert_eq!(wakes.next().await, "c");
        assert_eq!(wakes.next().await, "a");
        assert!(wakes.is_empty());
    }

    #[tokio::test]
    async fn what_was_taken_out_can_be_woken_again() {
        let wakes = Wakes::new();
        for key in ["a", "b", "a"] {
            wakes.wake(key);
        }
        assert_eq!(wakes.drain(), ["a", "b"]);
        assert!(wakes.is_empty());
        wakes.wake("a");
        assert_eq!(wakes.next().await, "a");
    }

    #[tokio::test]
    async fn the_bell_wakes_one_who_waits() {
        let wakes = Wakes::new();
        let taker = tokio::spawn({
            let wakes = wakes.clone();
            async move { wakes.next().await }
        });
        tokio::task::yield_now().await;
        wakes.wake(7);
        assert_eq!(taker.await.unwrap(), 7);
    }
}
