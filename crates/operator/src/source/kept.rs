//! What was unpacked not long ago, and what is being fetched: many jobs of one revision fetch it once, and all that is
//! held for all of them has a bound.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
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
    fetches_of_one: 16,
};

/// How long a failure answers instead of another try, and that of a host for all that it serves: a crowd of jobs is no
/// crowd of downloads.
const FAILED_FOR: Duration = Duration::from_secs(10);

/// How long an artifact stays that no job asks for.
pub(super) const UNUSED_FOR: Duration = Duration::from_mins(10);

/// How long its words answer while it is tried again: longer than the minute after which a job looks again, so that what
/// is told does not go to and fro.
const TOLD_FOR: Duration = Duration::from_mins(5);

/// Folders by the key of their artifact. The one that was used longest ago goes first, but none that a job holds.
pub(super) struct Kept {
    room: Room,
    shelf: Mutex<Shelf>,
}

pub(super) struct Room {
    /// Bytes that files take with their paths, with those that are promised to fetches and those that jobs hold.
    pub(super) bytes: usize,
    /// Folders.
    folders: usize,
    /// Fetches that go on, or wait for their turn.
    fetches: usize,
    /// Those that the jobs of one namespace have begun.
    fetches_of_one: usize,
}

#[derive(Default)]
struct Shelf {
    places: HashMap<String, Place>,
    /// Hosts that failed, by origin.
    hosts: HashMap<String, Failed>,
    /// Bytes.
    promised: usize,
    uses: u64,
}

enum Place {
    Fetching {
        /// How it failed the last time.
        before: Option<Refusal>,
        /// Of the job that began it.
        namespace: Option<String>,
        waiting: HashSet<Job>,
    },
    Unpacked {
        folder: Folder,
        size: usize,
        used: u64,
        touched: Instant,
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
            Some(Place::Unpacked {
                folder,
                used,
                touched,
                ..
            }) => {
                (*used, *touched) = (now, Instant::now());
                return Look::Known(Ok(folder.clone()));
            }
            Some(Place::Fetching {
                before, waiting, ..
            }) => {
                waiting.insert(job.clone());
                return Look::Known(Err(meanwhile(before.as_ref())));
            }
            Some(Place::Failed(failed)) if failed.is_fresh() => {
                return Look::Known(Err(failed.why.clone()));
            }
            Some(Place::Failed(failed)) => Some(failed.why.clone()),
            None => None,
        };
        if let Some(why) = stock.failure_of(&announced.origin()) {
            return Look::Known(Err(why));
        }
        if stock.fetches() >= self.room.fetches {
            return Look::Known(Err(Refusal::passing(
                "the artifacts of many others are fetched first",
            )));
        }
        if stock.fetches_of(job.namespace.as_ref()) >= self.room.fetches_of_one {
            return Look::Known(Err(Refusal::passing(
                "other artifacts that jobs of this namespace need are fetched first",
            )));
        }
        let says = meanwhile(before.as_ref());
        let fetching = Place::Fetching {
            before,
            namespace: job.namespace.clone(),
            waiting: HashSet::from([job.clone()]),
        };
        stock.places.insert(key, fetching);
        Look::Begins(says)
    }

    /// How a host failed a moment ago.
    pub(super) fn failure_of(&self, origin: &str) -> Option<Refusal> {
        self.lock().failure_of(origin)
    }

    /// Whether an artifact is kept; those that were not used for long go.
    pub(super) fn keeps(&self, announced: &Announced) -> bool {
        let mut stock = self.lock();
        stock.forget_the_old();
        let place = stock.places.get(&announced.key());
        matches!(place, Some(Place::Unpacked { .. }))
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
                touched: Instant::now(),
            },
            Err(failure) => {
                if let Failure::Host(why) = &failure {
                    let failed = Failed::now(why.clone());
                    stock.hosts.insert(announced.origin(), failed);
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
            Place::Unpacked {
                folder, touched, ..
            } => touched.elapsed() < UNUSED_FOR || folder.is_shared(),
            Place::Fetching { .. } => true,
        });
    }

    fn failure_of(&self, origin: &str) -> Option<Refusal> {
        let failed = self.hosts.get(origin).filter(|failed| failed.is_fresh())?;
        Some(failed.why.clone())
    }

    /// Drops the folder that was used longest ago, of those that nobody holds.
    fn drop_oldest(&mut self) -> bool {
        let unused = self.places.iter().filter_map(|(key, place)| match place {
            Place::Unpacked { folder, used, .. } if !folder.is_shared() => Some((key, used)),
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

    fn fetches_of(&self, one: Option<&String>) -> usize {
        let of_it = |place: &&Place| match place {
            Place::Fetching { namespace, .. } => namespace.as_ref() == one,
            Place::Unpacked { .. } | Place::Failed(_) => false,
        };
        self.places.values().filter(of_it).count()
    }
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
