//! What was asked, in order: for people who want to see, and for tests that count.

mod counts;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use jiff::Timestamp;
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::redact;

pub(crate) use counts::{Asked, Summary, what};
use counts::{Count, Counts};

/// One request, without its secrets.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Entry {
    /// Counts from 1 for as long as the emulator runs, over resets too.
    pub(crate) number: u64,
    /// When it arrived.
    pub(crate) time: Timestamp,
    /// The host that it named.
    pub(crate) host: String,
    pub(crate) method: String,
    /// Path and query as they were sent, signatures hidden.
    pub(crate) path: String,
    /// Status of the answer; null while there is none, and for ever when the connection was dropped.
    pub(crate) status: Option<u16>,
    /// Application id of a valid token, if one was sent.
    pub(crate) caller: Option<String>,
    pub(crate) api_version: Option<String>,
    /// The body, of JSON requests only.
    pub(crate) body: Option<Sent>,
}

/// A body, kept as it came and read when somebody looks: most are never looked at.
#[derive(Clone, Debug)]
pub(crate) struct Sent(pub(crate) Bytes);

impl Serialize for Sent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let json: Option<Value> = serde_json::from_slice(&self.0).ok();
        json.map(redact::body).serialize(serializer)
    }
}

/// The latest requests, and how many there were of each kind.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pages: Mutex<Pages>,
    counts: Counts,
}

#[derive(Debug, Default)]
struct Pages {
    last: u64,
    entries: VecDeque<Entry>,
}

/// A request that was noted and not answered yet.
#[derive(Debug)]
pub(crate) struct Noted {
    number: u64,
    count: Arc<Count>,
}

impl Ledger {
    /// Notes a request that has arrived; of the latest ones, so many are kept.
    pub(crate) fn arrived(&self, mut entry: Entry, asked: Asked, keep: usize) -> Noted {
        let count = self.counts.arrived(asked);
        let mut pages = self.lock();
        pages.last += 1;
        let number = pages.last;
        entry.number = number;
        while !pages.entries.is_empty() && pages.entries.len() >= keep {
            pages.entries.pop_front();
        }
        if keep > 0 {
            pages.entries.push_back(entry);
        }
        Noted { number, count }
    }

    /// Notes what it was answered.
    pub(crate) fn answered(&self, noted: &Noted, status: u16) {
        noted.count.answered(status);
        let mut pages = self.lock();
        let index = pages.index_after(noted.number.saturating_sub(1));
        let entry = pages.entries.get_mut(index);
        if let Some(entry) = entry.filter(|entry| entry.number == noted.number) {
            entry.status = Some(status);
        }
    }

    /// All entries with a higher number.
    pub(crate) fn since(&self, number: u64) -> Vec<Entry> {
        let pages = self.lock();
        let first = pages.index_after(number);
        pages.entries.range(first..).cloned().collect()
    }

    /// The number of the latest request, and how many there were of each kind since the start or the last reset.
    pub(crate) fn summary(&self) -> Summary {
        let last = self.lock().last;
        self.counts.summary(last)
    }

    /// Forgets the entries; numbers go on, so that nobody who follows them misses one.
    pub(crate) fn clear(&self) {
        self.lock().entries.clear();
        self.counts.clear();
    }

    fn lock(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pages {
    /// Where the entries with a higher number begin: numbers have no gaps.
    fn index_after(&self, number: u64) -> usize {
        let first = self.entries.front().map_or(0, |entry| entry.number);
        let before = (number + 1).saturating_sub(first);
        usize::try_from(before).map_or(self.entries.len(), |index| index.min(self.entries.len()))
    }
}

#[cfg(test)]
mod tests;
