//! What one operator process knows and nobody else does: gone with the process.

use std::collections::{BTreeMap, BTreeSet};

use azureml_spark_core::spark_job::{Run, RunState};

use crate::world::{Attachment, Job, Link};

/// A live run that was not seen for so long is unknown.
const BELIEVED_FOR: i64 = 60_000;

#[derive(Debug, Default)]
pub(crate) struct Process {
    /// Runs that are followed.
    pub(crate) board: BTreeMap<String, Entry>,
    /// Ids of code and packages that are known to be registered.
    pub(crate) known: BTreeSet<String>,
    /// Labels that were sent, by the name of the run.
    pub(crate) labels: BTreeMap<String, String>,
    /// Answers to our last writes, by uid.
    pub(crate) jobs: BTreeMap<String, Job>,
    pub(crate) attachments: BTreeMap<String, Attachment>,
    pub(crate) links: BTreeMap<String, Link>,
    /// Failures in a row, by uid and class.
    pub(crate) tries: BTreeMap<(String, &'static str), u32>,
    /// Names that a server chose, by the name that was asked for; only where that is (wrongly) so.
    pub(crate) server_names: BTreeMap<String, String>,
}

/// What was last seen of a run.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) run: Run,
    /// The object that is woken.
    pub(crate) job: String,
    pub(crate) uid: String,
    pub(crate) at: i64,
    /// Since when it has been in its state, if it came into it before our eyes.
    pub(crate) since: Option<i64>,
}

impl Process {
    pub(crate) fn seen_run(&self, name: &str, now: i64) -> Option<&Run> {
        let entry = self.board.get(name)?;
        let believed = entry.run.state.is_end() || now - entry.at <= BELIEVED_FOR;
        believed.then_some(&entry.run)
    }

    /// Since when a run has been in this state, if it came into it before our eyes.
    pub(crate) fn since(&self, name: &str, state: &RunState) -> Option<i64> {
        let entry = self.board.get(name)?;
        entry.since.filter(|_| entry.run.state == *state)
    }

    pub(crate) fn failed(&mut self, uid: &str, class: &'static str) -> u32 {
        let tries = self.tries.entry((uid.to_owned(), class)).or_default();
        *tries += 1;
        *tries
    }

    pub(crate) fn succeeded(&mut self, uid: &str) {
        self.tries.retain(|(of, _), _| of != uid);
    }
}
