//! Who is looked at again, and when.

use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::Hash;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio_util::time::DelayQueue;
use tokio_util::time::delay_queue;

/// No time lies further off: the queue cannot hold those after two years, and a look too many in a month is none.
const LONGEST: Duration = Duration::from_hours(30 * 24);

/// One time for each key.
#[derive(Debug)]
pub(crate) struct Later<T> {
    queue: DelayQueue<T>,
    places: HashMap<T, delay_queue::Key>,
}

impl<T> Default for Later<T> {
    fn default() -> Self {
        Self {
            queue: DelayQueue::new(),
            places: HashMap::new(),
        }
    }
}

impl<T: Clone + Eq + Hash> Later<T> {
    /// From now on this is the time of `key`, whichever it had.
    pub(crate) fn set(&mut self, key: T, wait: Duration) {
        let wait = wait.min(LONGEST);
        if let Some(place) = self.places.get(&key) {
            self.queue.reset(place, wait);
        } else {
            let place = self.queue.insert(key.clone(), wait);
            self.places.insert(key, place);
        }
    }

    /// `key` has no time any more.
    pub(crate) fn clear(&mut self, key: &T) {
        if let Some(place) = self.places.remove(key) {
            self.queue.remove(&place);
        }
    }

    /// One whose time has come, which has none any more. Whoever waits hears of the next, and of one that is set
    /// meanwhile.
    pub(crate) fn poll_due(&mut self, cx: &mut Context<'_>) -> Poll<T> {
        match self.queue.poll_expired(cx) {
            Poll::Ready(Some(due)) => {
                let key = due.into_inner();
                self.places.remove(&key);
                Poll::Ready(key)
            }
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::sync::{Arc, Mutex};

    use futures::FutureExt;
    use tokio::time::{Instant, advance};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn due(later: &mut Later<&'static str>) -> Option<&'static str> {
        poll_fn(|cx| later.poll_due(cx)).now_or_never()
    }

    #[tokio::test(start_paused = true)]
    async fn a_key_has_one_time_and_that_is_the_last_which_was_set() {
        let mut later = Later::default();
        later.set("a", SECOND);
        later.set("b", 2 * SECOND);
        later.set("c", SECOND);
        later.set("a", 3 * SECOND);
        later.clear(&"c");
        later.clear(&"nobody");
        assert_eq!(due(&mut later), None);
        advance(SECOND + SECOND / 10).await;
        assert_eq!(due(&mut later), None);
        advance(SECOND).await;
        assert_eq!(due(&mut later), Some("b"));
        assert_eq!(due(&mut later), None);
        later.set("a", SECOND / 2);
        advance(SECOND / 2 + SECOND / 10).await;
        assert_eq!(due(&mut later), Some("a"));
        advance(10 * SECOND).await;
        assert_eq!(due(&mut later), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_time_beyond_all_bounds_is_one() {
        let mut later = Later::default();
        later.set("a", Duration::MAX);
        assert_eq!(due(&mut later), None);
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_waits_hears_of_what_is_set_meanwhile() {
        let later = Arc::new(Mutex::new(Later::default()));
        let begun = Instant::now();
        let waiting = tokio::spawn({
            let later = Arc::clone(&later);
            async move { poll_fn(|cx| later.lock().unwrap().poll_due(cx)).await }
        });
        tokio::task::yield_now().await;
        later.lock().unwrap().set("late", 60 * SECOND);
        tokio::task::yield_now().await;
        later.lock().unwrap().set("soon", SECOND);
        assert_eq!(waiting.await.unwrap(), "soon");
        assert!(begun.elapsed() < 2 * SECOND);
    }
}
