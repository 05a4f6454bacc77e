//! All jobs of the workspace, findable by name and in three orders.
//!
//! Jobs have their own place beside the [`crate::store::Store`]: a workspace may hold tens of
//! thousands, and a page of a list must not cost a walk over all of them with their JSON.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::aftermath;
use super::job::{Job, compute_name};
use crate::settings::ListOrder;
use crate::store::STALE;

/// A place in a list; stays the same whatever comes and goes around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place(pub(crate) i128, pub(crate) u64);

/// One page.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) jobs: Vec<Arc<Job>>,
    /// The place of the last job that was looked at, when there are more.
    pub(crate) next: Option<Place>,
}

/// How a page is cut.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cut {
    pub(crate) order: ListOrder,
    pub(crate) after: Option<Place>,
    pub(crate) size: usize,
}

/// All jobs.
#[derive(Debug, Default)]
pub(crate) struct Jobs {
    book: Mutex<Book>,
}

#[derive(Debug, Default)]
struct Book {
    slots: HashMap<Arc<str>, Slot>,
    all: Orders,
    /// By the names of tags: those of one tag may be few among many.
    tagged: HashMap<String, Orders>,
    /// Jobs that something comes of by itself.
    awaited: BTreeSet<String>,
    last: u64,
}

/// Names in the orders that a list can have.
#[derive(Debug, Default)]
struct Orders {
    by_time: BTreeMap<Place, Arc<str>>,
    shuffled: BTreeMap<Place, Arc<str>>,
}

/// One name: the job, and the job before its latest write.
#[derive(Debug)]
struct Slot {
    now: Option<Arc<Job>>,
    before: Option<Arc<Job>>,
    number: u64,
}

impl Slot {
    fn seen(&self) -> Option<&Arc<Job>> {
        if STALE.try_with(|stale| *stale).unwrap_or(false) {
            self.before.as_ref()
        } else {
            self.now.as_ref()
        }
    }
}

impl Jobs {
    /// The job, as the current request may see it. Names compare without case.
    pub(crate) fn get(&self, name: &str) -> Option<Arc<Job>> {
        self.lock().slots.get(key(name).as_str())?.seen().cloned()
    }

    /// Adds a job; `false` when the name is taken.
    pub(crate) fn add(&self, job: Job) -> bool {
        self.lock().add(job)
    }

    /// Adds many jobs at once; names that are taken are passed over. Says how many were added.
    pub(crate) fn add_all(&self, jobs: impl Iterator<Item = Job>) -> usize {
        let mut book = self.lock();
        jobs.filter_map(|job| book.add(job).then_some(())).count()
    }

    /// Changes a job; counts as a write, so a stale read sees the job before it. The change can
    /// refuse, and then nothing is changed.
    pub(crate) fn write<R, E>(
        &self,
        name: &str,
        change: impl FnOnce(&mut Job) -> Result<R, E>,
    ) -> Option<Result<R, E>> {
        let mut book = self.lock();
        let (name, slot) = book.slots.get_key_value(key(name).as_str())?;
        let (name, number) = (Arc::clone(name), slot.number);
        let current = Arc::clone(slot.now.as_ref()?);
        let mut changed = Job::clone(&current);
        let result = change(&mut changed);
        if result.is_ok() {
            // They come and never go (contract §13).
            for tag in changed
                .tags
                .keys()
                .filter(|tag| !current.tags.contains_key(*tag))
            {
                let orders = book.tagged.entry(tag.clone()).or_default();
                orders.insert(&changed, &name, number);
            }
            if let Some(slot) = book.slots.get_mut(&name) {
                slot.before = slot.now.replace(Arc::new(changed));
            }
        }
        Some(result)
    }

    /// Changes what happens in a job; no write, as nobody asked for it.
    pub(crate) fn advance(&self, name: &str, change: impl FnOnce(&mut Job)) {
        let mut book = self.lock();
        let slot = book.slots.get_mut(key(name).as_str());
        if let Some(job) = slot.and_then(|slot| slot.now.as_mut()) {
            change(Arc::make_mut(job));
        }
    }

    /// Removes a job when the check lets it go.
    pub(crate) fn remove<E>(
        &self,
        name: &str,
        check: impl FnOnce(&Job) -> Result<(), E>,
    ) -> Option<Result<(), E>> {
        let mut book = self.lock();
        let slot = book.slots.get_mut(key(name).as_str())?;
        if let Err(refused) = check(slot.now.as_ref()?) {
            return Some(Err(refused));
        }
        slot.before = slot.now.take();
        Some(Ok(()))
    }

    /// One page of the jobs that the filter keeps. When `filter_first` is off, the page is cut out
    /// of all jobs and then filtered, so it may be empty and still have a next one.
    pub(crate) fn page(&self, cut: Cut, filter_first: bool, keep: impl Fn(&Job) -> bool) -> Page {
        let book = self.lock();
        book.page(&book.all, cut, filter_first, keep)
    }

    /// One page of the jobs with a tag of this name that the filter keeps; costs no look at others.
    pub(crate) fn tagged_page(&self, tag: &str, cut: Cut, keep: impl Fn(&Job) -> bool) -> Page {
        let book = self.lock();
        let none = Orders::default();
        let orders = book.tagged.get(tag).unwrap_or(&none);
        book.page(orders, cut, true, |job| {
            job.tags.contains_key(tag) && keep(job)
        })
    }

    /// Removes a job, whatever it is doing.
    pub(crate) fn forget(&self, name: &str) -> bool {
        let mut book = self.lock();
        book.awaited.remove(&key(name));
        let slot = book.slots.get_mut(key(name).as_str());
        slot.is_some_and(|slot| {
            slot.before = slot.now.take();
            slot.before.is_some()
        })
    }

    /// The jobs that something is still to come of.
    pub(crate) fn awaited(&self) -> Vec<String> {
        self.lock().awaited.iter().cloned().collect()
    }

    /// Nothing more is to come of the job.
    pub(crate) fn settled(&self, name: &str) {
        self.lock().awaited.remove(&key(name));
    }

    /// Whether a job that has not ended runs on the compute.
    pub(crate) fn live_on(&self, compute: &str, now: Timestamp) -> bool {
        let compute = compute_name(compute);
        self.lock()
            .slots
            .values()
            .filter_map(|slot| slot.now.as_ref())
            .any(|job| {
                job.compute()
                    .is_some_and(|name| name.eq_ignore_ascii_case(compute))
                    && !job.life.at(now).status.is_end()
            })
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        *self.lock() = Book::default();
    }

    fn lock(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Book {
    fn add(&mut self, job: Job) -> bool {
        let name: Arc<str> = key(&job.name).into();
        self.last += 1;
        let number = self.last;
        let mut before = None;
        if let Some(taken) = self.slots.get(&name) {
            if taken.now.is_some() {
                return false;
            }
            // A name that was deleted may be used again; its old place goes.
            before.clone_from(&taken.before);
            if let Some(old) = &taken.before {
                self.all.remove(old, &name, taken.number);
                for tag in old.tags.keys() {
                    if let Some(orders) = self.tagged.get_mut(tag) {
                        orders.remove(old, &name, taken.number);
                    }
                }
            }
        }
        if aftermath::is_to_come(&job) {
            self.awaited.insert(name.to_string());
        }
        self.all.insert(&job, &name, number);
        for tag in job.tags.keys() {
            let orders = self.tagged.entry(tag.clone()).or_default();
            orders.insert(&job, &name, number);
        }
        self.slots.insert(
            name,
            Slot {
                now: Some(Arc::new(job)),
                before,
                number,
            },
        );
        true
    }

    fn page(
        &self,
        orders: &Orders,
        cut: Cut,
        filter_first: bool,
        keep: impl Fn(&Job) -> bool,
    ) -> Page {
        let mut jobs = Vec::new();
        let mut last = None;
        let mut looked = 0;
        for (place, name) in orders.walk(cut) {
            let Some(job) = self.slots.get(name).and_then(Slot::seen) else {
                continue;
            };
            let kept = keep(job);
            if filter_first && !kept {
                continue;
            }
            if looked == cut.size {
                return Page { jobs, next: last };
            }
            looked += 1;
            last = Some(place);
            if kept {
                jobs.push(Arc::clone(job));
            }
        }
        Page { jobs, next: None }
    }
}

impl Orders {
    fn insert(&mut self, job: &Job, name: &Arc<str>, number: u64) {
        self.by_time
            .insert(time_place(job, number), Arc::clone(name));
        self.shuffled
            .insert(shuffled_place(name, number), Arc::clone(name));
    }

    fn remove(&mut self, job: &Job, name: &str, number: u64) {
        self.by_time.remove(&time_place(job, number));
        self.shuffled.remove(&shuffled_place(name, number));
    }

    fn walk(&self, cut: Cut) -> Box<dyn Iterator<Item = (Place, &Arc<str>)> + '_> {
        let (map, forwards) = match cut.order {
            ListOrder::NewestFirst => (&self.by_time, false),
            ListOrder::OldestFirst => (&self.by_time, true),
            ListOrder::Shuffled => (&self.shuffled, true),
        };
        let pair = |(place, name): (&Place, _)| (*place, name);
        match (cut.after, forwards) {
            (None, true) => Box::new(map.iter().map(pair)),
            (None, false) => Box::new(map.iter().rev().map(pair)),
            (Some(after), true) => Box::new(
                map.range((Bound::Excluded(after), Bound::Unbounded))
                    .map(pair),
            ),
            (Some(after), false) => Box::new(map.range(..after).rev().map(pair)),
        }
    }
}

fn key(name: &str) -> String {
    name.to_ascii_lowercase()
}

fn time_place(job: &Job, number: u64) -> Place {
    Place(job.created.as_nanosecond(), number)
}

/// An order that has nothing to do with time or name, and is the same on every page.
fn shuffled_place(name: &str, number: u64) -> Place {
    let digest = Sha256::digest(name.as_bytes());
    let first = digest
        .iter()
        .take(8)
        .fold(0i128, |sum, byte| sum << 8 | i128::from(*byte));
    Place(first, number)
}

#[cfg(test)]
mod tests;
