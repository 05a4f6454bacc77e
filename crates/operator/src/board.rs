//! What was last seen of each live run. The poller writes it, passes read it: a run that is under way costs its
//! object no request.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use azureml_spark_api::SparkJob;
use azureml_spark_core::place::Place;
use azureml_spark_core::spark_job::Run;
use kube::runtime::reflector::ObjectRef;

/// The runs that somebody follows, by workspace and name. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Board(Arc<Mutex<Shelves>>);

#[derive(Debug, Default)]
struct Shelves {
    places: HashMap<Place, HashMap<String, Entry>>,
    sightings: u64,
}

#[derive(Clone, Debug)]
struct Entry {
    run: Run,
    job: ObjectRef<SparkJob>,
    /// Grows with every sighting on any runs: who has the smallest was not seen for longest.
    seen: u64,
}

impl Board {
    /// What was last seen of a run.
    pub(crate) fn get(&self, place: &Place, name: &str) -> Option<Run> {
        self.lock()
            .places
            .get(place)?
            .get(name)
            .map(|entry| entry.run.clone())
    }

    /// Keeps what an answer showed, on behalf of the job that will be woken when it changes.
    pub(crate) fn put(&self, place: &Place, name: &str, run: Run, job: ObjectRef<SparkJob>) {
        let mut all = self.lock();
        let seen = all.sighting();
        let runs = all.places.entry(place.clone()).or_default();
        runs.insert(name.to_owned(), Entry { run, job, seen });
    }

    /// Drops what is known of a run.
    pub(crate) fn forget(&self, place: &Place, name: &str) -> Option<ObjectRef<SparkJob>> {
        let mut all = self.lock();
        let runs = all.places.get_mut(place)?;
        let entry = runs.remove(name);
        if runs.is_empty() {
            all.places.remove(place);
        }
        entry.map(|entry| entry.job)
    }

    /// Names of the runs that are not known to have ended.
    pub(crate) fn live(&self, place: &Place) -> Vec<String> {
        let all = self.lock();
        let found = all.places.get(place).into_iter().flatten();
        found
            .filter(|(_, entry)| !entry.run.state.is_end())
            .map(|(name, _)| name.clone())
            .collect()
    }

    /// Whether a run is followed that is not known to have ended.
    pub(crate) fn any_live(&self, place: &Place) -> bool {
        let all = self.lock();
        all.places
            .get(place)
            .is_some_and(|runs| runs.values().any(|e| !e.run.state.is_end()))
    }

    /// Of `names`, those that were not seen for longest, at most `most`.
    pub(crate) fn longest_unseen(
        &self,
        place: &Place,
        names: impl IntoIterator<Item = String>,
        most: usize,
    ) -> Vec<String> {
        let all = self.lock();
        let Some(runs) = all.places.get(place) else {
            return Vec::new();
        };
        let mut known: Vec<(u64, String)> = names
            .into_iter()
            .filter_map(|name| runs.get(&name).map(|entry| (entry.seen, name)))
            .collect();
        known.sort_unstable();
        known.into_iter().take(most).map(|(_, name)| name).collect()
    }

    /// Takes a new sighting of a followed run in; names the job if it shows anything new.
    pub(crate) fn update(
        &self,
        place: &Place,
        name: &str,
        run: Run,
    ) -> Option<ObjectRef<SparkJob>> {
        let mut all = self.lock();
        let seen = all.sighting();
        let entry = all.places.get_mut(place)?.get_mut(name)?;
        entry.seen = seen;
        if entry.run == run || entry.run.state.is_end() {
            return None;
        }
        entry.run = run;
        Some(entry.job.clone())
    }

    fn lock(&self) -> MutexGuard<'_, Shelves> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shelves {
    fn sighting(&mut self) -> u64 {
        self.sightings += 1;
        self.sightings
    }
}

#[cfg(test)]
mod tests {
    use azureml_spark_core::spark_job::RunState;

    use super::*;

    fn place() -> Place {
        Place {
            namespace: "team".into(),
            name: "ml".into(),
        }
    }

    fn run(state: RunState) -> Run {
        Run {
            azure_id: "id".into(),
            state,
            owner: None,
            definition_hash: None,
            code_id: None,
            studio_url: None,
            started: None,
            ended: None,
        }
    }

    #[test]
    fn a_job_is_woken_by_news_alone_and_an_end_is_final() {
        let board = Board::default();
        board.put(&place(), "a", run(RunState::Queued), ObjectRef::new("a"));
        assert_eq!(board.update(&place(), "a", run(RunState::Queued)), None);
        assert!(
            board
                .update(&place(), "a", run(RunState::Completed))
                .is_some()
        );
        assert!(!board.any_live(&place()));
        assert_eq!(
            board.update(&place(), "a", run(RunState::Running)),
            None,
            "an older listing"
        );
        assert_eq!(board.get(&place(), "a").unwrap().state, RunState::Completed);
        assert_eq!(
            board.update(&place(), "other", run(RunState::Running)),
            None
        );
    }

    #[test]
    fn who_was_not_seen_for_longest_is_asked_for_first() {
        let board = Board::default();
        for name in ["a", "b", "c"] {
            board.put(&place(), name, run(RunState::Running), ObjectRef::new(name));
        }
        board.update(&place(), "a", run(RunState::Running));
        let names = ["a", "b", "c", "gone"].map(str::to_owned);
        assert_eq!(board.longest_unseen(&place(), names, 2), ["b", "c"]);
        assert!(board.forget(&place(), "b").is_some());
        assert_eq!(board.live(&place()).len(), 2);
    }
}
