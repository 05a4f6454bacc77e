//! What was asked, in order: for people who want to see, and for tests that count.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

/// So many of the latest requests are kept: a test of scale makes some tens of thousands.
const KEPT: usize = 200_000;

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
    pub(crate) body: Option<Value>,
}

/// The latest requests.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pages: Mutex<Pages>,
}

#[derive(Debug, Default)]
struct Pages {
    last: u64,
    entries: VecDeque<Entry>,
}

impl Ledger {
    /// Notes a request that has arrived, and says its number.
    pub(crate) fn arrived(&self, mut entry: Entry) -> u64 {
        let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        pages.last += 1;
        entry.number = pages.last;
        if pages.entries.len() == KEPT {
            pages.entries.pop_front();
        }
        pages.entries.push_back(entry);
        pages.last
    }

    /// Notes what it was answered.
    pub(crate) fn answered(&self, number: u64, status: u16) {
        let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(first) = pages.entries.front().map(|entry| entry.number) else {
            return;
        };
        let Some(index) = number
            .checked_sub(first)
            .and_then(|n| usize::try_from(n).ok())
        else {
            return;
        };
        if let Some(entry) = pages.entries.get_mut(index) {
            entry.status = Some(status);
        }
    }

    /// All entries with a higher number.
    pub(crate) fn since(&self, number: u64) -> Vec<Entry> {
        let pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        pages
            .entries
            .iter()
            .filter(|entry| entry.number > number)
            .cloned()
            .collect()
    }

    /// Forgets the entries; numbers go on, so that nobody who follows them misses one.
    pub(crate) fn clear(&self) {
        self.pages
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entries
            .clear();
    }
}
