//! A look by Studio's index: which runs are live, at no cost of Resource Manager's budget. Only the job's own route is
//! believed about an end.

use std::collections::HashSet;
use std::time::Duration;

use azureml_spark_azure::aml::index::{self, Entry};
use azureml_spark_azure::{self as azure};
use azureml_spark_core::Fault;
use jiff::Timestamp;

use super::Look;
use super::counts::Why;
use crate::translate;

/// Pages of the index that one look reads: a thousand live runs, other people's among them.
const PAGES: usize = 10;

/// More runs than this that have probably ended at once are looked for in the list, of which one page shows a hundred; a
/// few, the latest ends of a history, are asked for by name.
const FEW: usize = 8;

/// What a look at the index has shown.
struct Pages {
    /// Whether there was nothing more to read.
    whole: bool,
    /// How many of the runs that are followed.
    shown: usize,
}

/// Why a workspace is followed by its list for a while, and how long Azure asked to be left alone.
pub(super) struct Unusable {
    why: Why,
    wait: Option<Duration>,
    text: String,
}

impl Look<'_> {
    /// `None` when every live run is accounted for as far as this look may; else why the list is to be asked instead.
    pub(super) async fn by_index(&mut self) -> Result<Option<Unusable>, Fault> {
        self.follow.counts.indexed();
        let Pages { whole, shown } = match self.pages_of_index().await {
            Ok(pages) => pages,
            Err(unusable) => return Ok(Some(unusable)),
        };
        let (habits, board) = (&self.follow.habits, &self.follow.board);
        let unseen = self.unseen.iter().cloned();
        let mut names = board.longest_unseen(self.place, unseen, usize::MAX);
        if whole {
            // What is not shown, or in an older state, has ended, or the index is late.
            names = habits.absent(self.place, &names);
        }
        let mut asked = names.clone();
        if names.len() > FEW {
            self.unseen = names.iter().cloned().collect();
            self.list().await?;
            names.retain(|name| self.unseen.contains(name));
        }
        let in_vain = names.split_off(names.len().min(self.left));
        self.read(names).await?;
        if !whole {
            return Ok(None);
        }
        let live: HashSet<String> = board.live(self.place).into_iter().collect();
        asked.retain(|name| live.contains(name) && !in_vain.contains(name));
        for name in &asked {
            habits.is_live(self.place, name);
        }
        if habits.is_blind(self.place, shown, asked.len()) {
            // This look has asked for what it may; the next one lists.
            self.shut_index(&Unusable::because(
                Why::Blind,
                "it shows none of the runs that are live",
            ));
        }
        Ok(None)
    }

    /// Reads until every live run was seen.
    async fn pages_of_index(&mut self) -> Result<Pages, Unusable> {
        let location = self.follow.access.location(self.place);
        let location = location.ok_or_else(|| {
            Unusable::because(Why::Refused, "the region of the workspace is not known")
        })?;
        let mut continuation = None;
        let (mut some, mut named, mut shown) = (false, false, 0);
        for _ in 0..PAGES {
            let call = index::runs(
                &self.site.id,
                &location,
                &index::LIVE,
                continuation.as_deref(),
            );
            let found = self.site.client.send(call).await;
            let found = found.map_err(|error| Unusable::from(&error))?;
            some |= found.unreadable > 0 || !found.entries.is_empty();
            named |= found.entries.iter().any(|entry| !entry.names.is_empty());
            let entries = found.entries.iter();
            shown += entries.filter(|entry| self.shows_entry(entry)).count();
            continuation = found.continuation;
            if continuation.is_none() || self.unseen.is_empty() {
                break;
            }
        }
        if some && !named {
            return Err(Unusable::because(
                Why::Nameless,
                "no field of it carries the name of a run",
            ));
        }
        Ok(Pages {
            whole: continuation.is_none(),
            shown,
        })
    }

    /// Whether it is a live run that is followed.
    fn shows_entry(&mut self, entry: &Entry) -> bool {
        let Some(name) = entry.names.iter().find(|name| self.unseen.contains(*name)) else {
            return false;
        };
        let state = translate::state(&entry.status);
        // An end is not asked for, and not believed: its run is asked for by name, as is one that seems to have gone back.
        if state.is_end() {
            return false;
        }
        if let Some(news) = self.follow.board.advance(self.place, name, state) {
            self.wake(news);
            self.unseen.remove(name);
        }
        true
    }

    pub(super) fn shut_index(&self, unusable: &Unusable) {
        let Unusable { why, wait, text } = unusable;
        let why = *why;
        self.follow.habits.shut_index(self.place, *wait);
        self.follow.counts.fell_back(why);
        tracing::info!(
            namespace = self.place.namespace,
            workspace = self.place.name,
            why = why.as_str(),
            text,
            "Studio's index is left alone for some minutes; runs are listed meanwhile"
        );
    }
}

impl Unusable {
    fn because(why: Why, text: &str) -> Self {
        Self {
            why,
            wait: None,
            text: text.to_owned(),
        }
    }
}

impl From<&azure::Error> for Unusable {
    fn from(error: &azure::Error) -> Self {
        let wait = match error.class {
            azure::Class::Throttled { until } => {
                Duration::try_from(until.duration_since(Timestamp::now())).ok()
            }
            _ => error.retry_after,
        };
        let why = match (error.class, error.status) {
            (azure::Class::Throttled { .. }, _) => Why::Throttled,
            (_, Some(404)) => Why::NotServed,
            (_, Some(200..=299)) => Why::Unreadable,
            (_, Some(500..)) | (azure::Class::Retryable, None) => Why::Unavailable,
            _ => Why::Refused,
        };
        Self {
            why,
            wait,
            text: translate::fault(error).text,
        }
    }
}
