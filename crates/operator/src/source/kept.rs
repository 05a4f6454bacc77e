//! What was unpacked not long ago, and what is being fetched: many jobs of one revision fetch it once, and all that is
//! held for all of them has a bound.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use azureml_spark_api::SparkJob;
use azureml_spark_core::spark_job::Folder;
use kube::runtime::reflector::ObjectRef;
use tokio::time::Instant;

use super::object::Announced;
use super::refusal::{Failure, Refusal};

/// Who waits for an artifact.
pub(super) type Job = ObjectRef<SparkJob>;

/// How much there may be at the same time.
pub(super) const ROOM: Room = Room {
    bytes: 384 * 1024 * 1024,
    folders: 64,
    fetches: 64,
};

/// How long a failure answers instead of another try, and that of a host for all that it serves: a crowd of jobs is no
/// crowd of downloads.
const FAILED_FOR: Duration = Duration::from_secs(10);

/// How long its words answer while it is tried again: longer than the minute after which a job looks again, so that what
/// is told does not go to and fro.
const TOLD_FOR: Duration = Duration::from_mins(5);

/// Folders by the key of their artifact. The one that was used longest ago goes first, but none that a job holds.
pub(super) struct Kept {
    room: Room,
    shelf: Mutex<Shelf>,
}

pub(super) struct Room {
    /// Bytes of files, with those that are promised to fetches and those that jobs hold.
    pub(super) bytes: usize,
    /// Folders.
    folders: usize,
    /// Fetches that go on, or wait for their turn.
    fetches: usize,
}

#[derive(Default)]
struct Shelf {
    places: HashMap<String, Place>,
    /// Hosts that failed.
    hosts: HashMap<String, Failed>,
    /// Bytes.
    promised: usize,
    uses: u64,
}

enum Place {
    Fetching {
        /// How it failed the last time.
        before: Option<Refusal>,
        waiting: HashSet<Job>,
    },
    Unpacked {
        folder: Folder,
        size: usize,
        used: u64,
    },
    Failed(Failed),
}

struct Failed {
    why: Refusal,
    since: Instant,
}

/// What is known of an artifact.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// This; whoever asked is woken if it is only that it is being fetched.
    Known(Result<Folder, Refusal>),
    /// Nothing: whoever asked has to fetch it, is woken at the end, and has this to say meanwhile.
    Begins(Refusal),
}

/// Room for what a fetch will unpack. Given back when it is dropped.
pub(super) struct Promise<'a> {
    kept: &'a Kept,
    bytes: usize,
}

impl Default for Kept {
    fn default() -> Self {
        Self::new(ROOM)
    }
}

impl Kept {
    fn new(room: Room) -> Self {
        Self {
            room,
            shelf: Mutex::default(),
        }
    }

    /// What is kept. Costs nothing, and waits for nothing.
    pub(super) fn look(&self, announced: &Announced, job: &Job) -> Look {
        let mut stock = self.lock();
        stock.forget_the_old();
        stock.uses = stock.uses.saturating_add(1);
        let (now, key) = (stock.uses, announced.key());
        let before = match stock.places.get_mut(&key) {
            Some(Place::Unpacked { folder, used, .. }) => {
                *used = now;
                return Look::Known(Ok(folder.clone()));
            }
            Some(Place::Fetching { before, waiting }) => {
                waiting.insert(job.clone());
                return Look::Known(Err(meanwhile(before.as_ref())));
            }
            Some(Place::Failed(failed)) if failed.is_fresh() => {
                return Look::Known(Err(failed.why.clone()));
            }
            Some(Place::Failed(failed)) => Some(failed.why.clone()),
            None => None,
        };
        if let Some(why) = stock.failure_of(announced.host()) {
            return Look::Known(Err(why));
        }
        if stock.fetches() >= self.room.fetches {
            return Look::Known(Err(Refusal::passing(
                "the artifacts of many others are fetched first",
            )));
        }
        let says = meanwhile(before.as_ref());
        let waiting = HashSet::from([job.clone()]);
        stock
            .places
            .insert(key, Place::Fetching { before, waiting });
        Look::Begins(says)
    }

    /// How a host failed a moment ago.
    pub(super) fn failure_of(&self, host: &str) -> Option<Refusal> {
        self.lock().failure_of(host)
    }

    /// Room for that many bytes, if there is or can be made.
    pub(super) fn promise(&self, bytes: usize) -> Option<Promise<'_>> {
        let mut stock = self.lock();
        while stock.bytes().saturating_add(bytes) > self.room.bytes {
            if !stock.drop_oldest() {
                return None;
            }
        }
        stock.promised = stock.promised.saturating_add(bytes);
        Some(Promise { kept: self, bytes })
    }

    /// The end of a fetch, and who waited for it.
    pub(super) fn finish(
        &self,
        announced: &Announced,
        outcome: Result<Folder, Failure>,
    ) -> HashSet<Job> {
        let mut stock = self.lock();
        stock.uses = stock.uses.saturating_add(1);
        let place = match outcome {
            Ok(folder) => Place::Unpacked {
                size: folder.size(),
                folder,
                used: stock.uses,
            },
            Err(failure) => {
                if let Failure::Host(why) = &failure {
                    let host = announced.host().to_owned();
                    stock.hosts.insert(host, Failed::now(why.clone()));
                }
                Place::Failed(Failed::now(failure.into_refusal()))
            }
        };
        let before = stock.places.insert(announced.key(), place);
        while stock.folders() > self.room.folders && stock.drop_oldest() {}
        match before {
            Some(Place::Fetching { waiting, .. }) => waiting,
            Some(Place::Unpacked { .. } | Place::Failed(_)) | None => HashSet::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn meanwhile(before: Option<&Refusal>) -> Refusal {
    let fetched = || Refusal::passing("its artifact is being fetched");
    before.cloned().unwrap_or_else(fetched)
}

impl Shelf {
    fn forget_the_old(&mut self) {
        self.hosts.retain(|_, failed| failed.is_fresh());
        self.places.retain(|_, place| match place {
            Place::Failed(failed) => failed.since.elapsed() < TOLD_FOR,
            Place::Fetching { .. } | Place::Unpacked { .. } => true,
        });
    }

    fn failure_of(&self, host: &str) -> Option<Refusal> {
        let failed = self.hosts.get(host).filter(|failed| failed.is_fresh())?;
        Some(failed.why.clone())
    }

    /// Drops the folder that was used longest ago, of those that nobody holds.
    fn drop_oldest(&mut self) -> bool {
        let unused = self.places.iter().filter_map(|(key, place)| match place {
            Place::Unpacked { folder, used, .. } if !is_held(folder) => Some((key, used)),
            Place::Unpacked { .. } | Place::Fetching { .. } | Place::Failed(_) => None,
        });
        let oldest = unused.min_by_key(|(_, used)| **used);
        let Some(key) = oldest.map(|(key, _)| key.clone()) else {
            return false;
        };
        self.places.remove(&key);
        true
    }

    fn sizes(&self) -> impl Iterator<Item = usize> {
        self.places.values().filter_map(|place| match place {
            Place::Unpacked { size, .. } => Some(*size),
            Place::Fetching { .. } | Place::Failed(_) => None,
        })
    }

    fn bytes(&self) -> usize {
        self.sizes().fold(self.promised, usize::saturating_add)
    }

    fn folders(&self) -> usize {
        self.sizes().count()
    }

    fn fetches(&self) -> usize {
        let fetching = |place: &&Place| matches!(place, Place::Fetching { .. });
        self.places.values().filter(fetching).count()
    }
}

/// Whether anybody else has one of its files: dropping it would free nothing, and hide what is in use. Empty files may
/// all be one.
fn is_held(folder: &Folder) -> bool {
    folder
        .shared()
        .any(|(_, bytes)| !bytes.is_empty() && Arc::strong_count(bytes) > 1)
}

impl Failed {
    fn now(why: Refusal) -> Self {
        Self {
            why,
            since: Instant::now(),
        }
    }

    fn is_fresh(&self) -> bool {
        self.since.elapsed() < FAILED_FOR
    }
}

impl Drop for Promise<'_> {
    fn drop(&mut self) {
        let mut stock = self.kept.lock();
        stock.promised = stock.promised.saturating_sub(self.bytes);
    }
}

#[cfg(test)]
mod tests;
