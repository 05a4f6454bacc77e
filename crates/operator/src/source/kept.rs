//! What was unpacked not long ago, so that many jobs of one revision fetch it once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use azureml_spark_core::spark_job::Folder;
use tokio::sync::OnceCell;
use tokio::time::Instant;

use super::refusal::Refusal;

/// How much is kept: two folders of the largest size.
const ROOM: Room = Room {
    bytes: 128 * 1024 * 1024,
    count: 64,
};

/// How long a failure answers for others that wait for the same: a crowd of jobs is no crowd of downloads.
const FAILED_FOR: Duration = Duration::from_secs(10);

/// Folders by the key of their artifact; the one that was used longest ago goes first.
pub(super) struct Kept {
    room: Room,
    shelf: Mutex<Shelf>,
}

struct Room {
    /// Bytes of files.
    bytes: usize,
    /// Artifacts.
    count: usize,
}

#[derive(Default)]
struct Shelf {
    places: HashMap<String, Place>,
    uses: u64,
}

struct Place {
    outcome: Arc<OnceCell<Outcome>>,
    used: u64,
}

struct Outcome {
    folder: Result<Folder, Refusal>,
    since: Instant,
}

impl Default for Kept {
    fn default() -> Self {
        Self {
            room: ROOM,
            shelf: Mutex::default(),
        }
    }
}

impl Kept {
    /// What is kept, else what `fetch` gives. Whoever comes meanwhile waits for the same.
    pub(super) async fn get_or(
        &self,
        key: &str,
        fetch: impl Future<Output = Result<Folder, Refusal>>,
    ) -> Result<Folder, Refusal> {
        let cell = self.lock().cell(key);
        let outcome = cell.get_or_init(async || Outcome {
            folder: fetch.await,
            since: Instant::now(),
        });
        let folder = outcome.await.folder.clone();
        self.lock().make_room(&self.room);
        folder
    }

    fn lock(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shelf {
    fn cell(&mut self, key: &str) -> Arc<OnceCell<Outcome>> {
        self.places
            .retain(|_, place| !place.outcome.get().is_some_and(Outcome::is_over));
        self.uses = self.uses.saturating_add(1);
        let place = self.places.entry(key.to_owned()).or_insert_with(|| Place {
            outcome: Arc::default(),
            used: 0,
        });
        place.used = self.uses;
        Arc::clone(&place.outcome)
    }

    fn make_room(&mut self, room: &Room) {
        while self.bytes() > room.bytes || self.places.len() > room.count {
            // What is still fetched is waited for.
            let done = self.places.iter().filter(|(_, place)| place.is_done());
            let oldest = done.min_by_key(|(_, place)| place.used);
            let Some(key) = oldest.map(|(key, _)| key.clone()) else {
                return;
            };
            self.places.remove(&key);
        }
    }

    fn bytes(&self) -> usize {
        let outcomes = self.places.values().filter_map(|place| place.outcome.get());
        outcomes.map(Outcome::size).sum()
    }
}

impl Place {
    fn is_done(&self) -> bool {
        self.outcome.get().is_some()
    }
}

impl Outcome {
    fn is_over(&self) -> bool {
        self.folder.is_err() && self.since.elapsed() >= FAILED_FOR
    }

    fn size(&self) -> usize {
        self.folder.as_ref().map_or(0, Folder::size)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn folder(bytes: usize) -> Folder {
        let content = vec![b'#'; bytes];
        [("main.py".to_owned(), Arc::from(content))]
            .into_iter()
            .collect()
    }

    struct Counted<'a>(&'a Kept, Cell<usize>);

    impl Counted<'_> {
        async fn get(
            &self,
            key: &str,
            outcome: Result<Folder, Refusal>,
        ) -> Result<Folder, Refusal> {
            let fetch = async {
                self.1.set(self.1.get() + 1);
                tokio::task::yield_now().await;
                outcome
            };
            self.0.get_or(key, fetch).await
        }
    }

    #[tokio::test]
    async fn many_fetch_once() {
        let kept = Kept::default();
        let counted = Counted(&kept, Cell::new(0));
        let all = (0..50).map(|_| counted.get("a", Ok(folder(10))));
        let all = futures::future::join_all(all).await;
        assert!(all.iter().all(|one| *one == Ok(folder(10))));
        assert_eq!(counted.1.get(), 1);
        counted.get("b", Ok(folder(11))).await.unwrap();
        assert_eq!(counted.1.get(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_answers_for_a_while_and_not_for_others() {
        let kept = Kept::default();
        let counted = Counted(&kept, Cell::new(0));
        let failure = Err(Refusal::passing("not now"));
        for _ in 0..3 {
            assert_eq!(counted.get("a", failure.clone()).await, failure);
        }
        assert_eq!(counted.1.get(), 1);
        assert!(counted.get("b", Ok(folder(1))).await.is_ok());
        tokio::time::advance(FAILED_FOR).await;
        assert!(counted.get("a", Ok(folder(1))).await.is_ok());
        assert_eq!(counted.1.get(), 3);
    }

    #[tokio::test]
    async fn who_gives_up_leaves_the_fetch_to_the_next() {
        let kept = Kept::default();
        let stuck = kept.get_or("a", std::future::pending());
        tokio::time::timeout(Duration::from_millis(1), stuck)
            .await
            .unwrap_err();
        assert!(kept.get_or("a", async { Ok(folder(1)) }).await.is_ok());
    }

    #[tokio::test]
    async fn what_was_used_longest_ago_goes_first() {
        let room = Room {
            bytes: 1000,
            count: 64,
        };
        let kept = Kept {
            room,
            shelf: Mutex::default(),
        };
        let counted = Counted(&kept, Cell::new(0));
        let third = 333;
        for key in ["a", "b", "c", "a"] {
            counted.get(key, Ok(folder(third))).await.unwrap();
        }
        counted.get("d", Ok(folder(third))).await.unwrap();
        assert_eq!(counted.1.get(), 4);
        for key in ["a", "c", "d"] {
            counted.get(key, Ok(folder(third))).await.unwrap();
        }
        assert_eq!(counted.1.get(), 4, "they are kept");
        counted.get("b", Ok(folder(third))).await.unwrap();
        assert_eq!(counted.1.get(), 5, "it had to go");
    }

    #[tokio::test]
    async fn small_ones_are_not_kept_without_end() {
        let kept = Kept::default();
        for index in 0..ROOM.count * 3 {
            let key = index.to_string();
            kept.get_or(&key, async { Ok(folder(1)) }).await.unwrap();
        }
        assert_eq!(kept.lock().places.len(), ROOM.count);
    }
}
