//! What was last seen of each live run. The poller writes it, passes read it: a run that is under way costs its
//! object no request.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use azureml_spark_api::SparkJob;
use azureml_spark_core::place::Place;
use azureml_spark_core::spark_job::{Run, RunState};
use kube::runtime::reflector::ObjectRef;
use tokio::time::Instant;

/// After so many periods without a sighting a live run is unknown.
const PERIODS: u32 = 3;

/// Looks take their time on a busy machine: less than this is no sign of trouble.
const LEAST_BELIEF: Duration = Duration::from_mins(1);

/// How long a job waits for a look to show its run. A restart with a thousand live runs costs pages of the list, then, and not
/// a request each.
const AWAITED_FOR: Duration = Duration::from_mins(1);

/// The runs that somebody follows, by workspace and name. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Board {
    all: Arc<Mutex<Runs>>,
    /// A live run that was not seen for so long is unknown.
    believed_for: Duration,
}

#[derive(Debug, Default)]
struct Runs {
    places: HashMap<Place, HashMap<String, Entry>>,
    sightings: u64,
}

/// What is known of a run.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "nearly all have been seen")]
enum Known {
    /// Its object says that Azure has it. No answer has shown it to this process yet.
    Awaited,
    /// What was last seen.
    Seen(Run),
    /// Nothing any more: its jobs ask for themselves.
    Forgotten,
}

#[derive(Clone, Debug)]
struct Entry {
    known: Known,
    /// Whom its news wake: more than one may have taken it over.
    jobs: Vec<ObjectRef<SparkJob>>,
    /// Grows with every sighting of any run: who has the smallest was not seen for longest.
    seen: u64,
    /// When it was last seen; of one that is awaited, since when it is.
    at: Instant,
    /// Since when it has been in its state; `None`: it was in it when it was first seen, perhaps for long.
    since: Option<Instant>,
    /// SHA-256 of the labels that were sent to it.
    labels: Option<String>,
}

/// What a sighting of a run's state shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sighting {
    /// Nothing new, or nothing that anybody follows.
    Known,
    /// A state that is not on the board.
    New,
}

impl Board {
    /// An empty board, for looks with this period.
    pub(crate) fn new(period: Duration) -> Self {
        Self {
            all: Arc::default(),
            believed_for: (period * PERIODS).max(LEAST_BELIEF),
        }
    }

    /// What was last seen of a run. A live one that was not seen for some periods is unknown; an end stays an end.
    pub(crate) fn get(&self, place: &Place, name: &str) -> Option<Run> {
        let all = self.lock();
        let entry = all.places.get(place)?.get(name)?;
        let run = entry.run()?;
        let believed = run.state.is_end() || entry.at.elapsed() <= self.believed_for;
        believed.then(|| run.clone())
    }

    /// Whether a job may wait for a look to show its run, of which it is on record that Azure has it. Only before the first
    /// answer, and not for long: nothing is believed of a run that is awaited, least of all that it is not there.
    pub(crate) fn awaits(&self, place: &Place, name: &str, job: &ObjectRef<SparkJob>) -> bool {
        let mut all = self.lock();
        let seen = all.sighting();
        let runs = all.places.entry(place.clone()).or_default();
        let entry = runs.entry(name.to_owned()).or_insert_with(|| Entry {
            known: Known::Awaited,
            jobs: Vec::new(),
            seen,
            at: Instant::now(),
            since: None,
            labels: None,
        });
        let awaited = entry.is_awaited();
        if awaited && !entry.jobs.contains(job) {
            entry.jobs.push(job.clone());
        }
        awaited
    }

    /// Whether a run is awaited.
    pub(crate) fn awaits_any(&self, place: &Place) -> bool {
        let all = self.lock();
        let runs = all.places.get(place);
        runs.is_some_and(|runs| runs.values().any(Entry::is_awaited))
    }

    /// How long a run has been in its state, and which that is, if it came into it before our eyes.
    pub(crate) fn lasts(&self, place: &Place, name: &str) -> Option<(RunState, Duration)> {
        let all = self.lock();
        let entry = all.places.get(place)?.get(name)?;
        Some((entry.run()?.state.clone(), entry.since?.elapsed()))
    }

    /// SHA-256 of the labels that this process has sent to a run.
    pub(crate) fn labels(&self, place: &Place, name: &str) -> Option<String> {
        let all = self.lock();
        all.places.get(place)?.get(name)?.labels.clone()
    }

    /// Keeps which labels a run was sent.
    pub(crate) fn labelled(&self, place: &Place, name: &str, hash: String) {
        let mut all = self.lock();
        let runs = all.places.get_mut(place);
        if let Some(entry) = runs.and_then(|runs| runs.get_mut(name)) {
            entry.labels = Some(hash);
        }
    }

    /// The jobs whose live runs were not seen for so long that they are unknown.
    pub(crate) fn unseen(&self, place: &Place) -> Vec<ObjectRef<SparkJob>> {
        let all = self.lock();
        let runs = all.places.get(place).into_iter().flat_map(HashMap::values);
        runs.filter(|entry| entry.is_live() && entry.at.elapsed() > self.believed_for)
            .flat_map(|entry| entry.jobs.clone())
            .collect()
    }

    /// Keeps what an answer showed, on behalf of the job that will be woken when it changes.
    pub(crate) fn put(&self, place: &Place, name: &str, run: Run, job: ObjectRef<SparkJob>) {
        let mut all = self.lock();
        let seen = all.sighting();
        let runs = all.places.entry(place.clone()).or_default();
        let before = runs.remove(name);
        let labels = before.as_ref().and_then(|entry| entry.labels.clone());
        let since = before.as_ref().and_then(|entry| {
            let same = entry.run()?.state == run.state;
            if same {
                entry.since
            } else {
                Some(Instant::now())
            }
        });
        let mut jobs = before.map(|entry| entry.jobs).unwrap_or_default();
        if !jobs.contains(&job) {
            jobs.push(job);
        }
        runs.insert(
            name.to_owned(),
            Entry {
                known: Known::Seen(run),
                jobs,
                seen,
                at: Instant::now(),
                since,
                labels,
            },
        );
    }

    /// Has a job woken, too, when a run changes that is on the board already, put there for another one.
    pub(crate) fn join(&self, place: &Place, name: &str, job: ObjectRef<SparkJob>) {
        let mut all = self.lock();
        let runs = all.places.get_mut(place);
        if let Some(entry) = runs.and_then(|runs| runs.get_mut(name))
            && !entry.jobs.contains(&job)
        {
            entry.jobs.push(job);
        }
    }

    /// Drops what is known of a run; names those who followed it.
    #[must_use = "nobody else tells them"]
    pub(crate) fn forget(&self, place: &Place, name: &str) -> Vec<ObjectRef<SparkJob>> {
        let mut all = self.lock();
        let runs = all.places.get_mut(place);
        let Some(entry) = runs.and_then(|runs| runs.get_mut(name)) else {
            return Vec::new();
        };
        (entry.known, entry.labels) = (Known::Forgotten, None);
        entry.jobs.clone()
    }

    /// One job does not follow a run any more; without others it is forgotten.
    pub(crate) fn leave(&self, place: &Place, name: &str, job: &ObjectRef<SparkJob>) {
        let mut all = self.lock();
        let runs = all.places.get_mut(place);
        let Some(entry) = runs.and_then(|runs| runs.get_mut(name)) else {
            return;
        };
        entry.jobs.retain(|other| other != job);
        if entry.jobs.is_empty() {
            all.remove(place, name);
        }
    }

    /// Names of the runs that are there and not known to have ended.
    pub(crate) fn live(&self, place: &Place) -> Vec<String> {
        let all = self.lock();
        let found = all.places.get(place).into_iter().flatten();
        found
            .filter(|(_, entry)| entry.is_live())
            .map(|(name, _)| name.clone())
            .collect()
    }

    /// Whether a run is followed that is not known to have ended.
    pub(crate) fn any_live(&self, place: &Place) -> bool {
        let all = self.lock();
        all.places
            .get(place)
            .is_some_and(|runs| runs.values().any(Entry::is_live))
    }

    /// How many places have a run that is not known to have ended.
    pub(crate) fn places(&self) -> usize {
        let all = self.lock();
        let live = |runs: &&HashMap<String, Entry>| runs.values().any(Entry::is_live);
        all.places.values().filter(live).count()
    }

    /// How long ago that live run was seen which was not seen for longest.
    pub(crate) fn age(&self, place: &Place) -> Option<Duration> {
        let all = self.lock();
        let runs = all.places.get(place)?.values();
        let ages = runs
            .filter(|entry| entry.is_live())
            .map(|entry| entry.at.elapsed());
        ages.max()
    }

    /// Of `names`, those that are live and were not seen for longest, at most `most`.
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
            .filter_map(|name| {
                let entry = runs.get(&name).filter(|entry| entry.is_live())?;
                Some((entry.seen, name))
            })
            .collect();
        known.sort_unstable();
        known.into_iter().take(most).map(|(_, name)| name).collect()
    }

    /// Takes in that a run is in a state. What is new is for [`Board::update`], with all that is told of the run.
    pub(crate) fn sighted(&self, place: &Place, name: &str, state: &RunState) -> Sighting {
        let mut all = self.lock();
        let seen = all.sighting();
        let Some(entry) = all.live(place, name) else {
            return Sighting::Known;
        };
        if entry.run().is_none_or(|run| run.state != *state) {
            return Sighting::New;
        }
        entry.seen = seen;
        entry.at = Instant::now();
        Sighting::Known
    }

    /// Takes in that a live run is in a state, from somebody who knows nothing else of it, and may be late; names the jobs
    /// that follow it if that is new. A word that is not known says that it is live, no more. `None` if the state is none
    /// that comes after the one on the board: only the run's own route can tell.
    pub(crate) fn advance(
        &self,
        place: &Place,
        name: &str,
        state: RunState,
    ) -> Option<Vec<ObjectRef<SparkJob>>> {
        let mut all = self.lock();
        let seen = all.sighting();
        let Some(entry) = all.live(place, name) else {
            return Some(Vec::new());
        };
        let Known::Seen(run) = &mut entry.known else {
            return None;
        };
        entry.seen = seen;
        entry.at = Instant::now();
        if run.state == state || matches!(state, RunState::Other(_)) {
            return Some(Vec::new());
        }
        if stage(&state)? <= stage(&run.state)? {
            return None;
        }
        entry.since = Some(entry.at);
        run.state = state;
        Some(entry.jobs.clone())
    }

    /// Takes a new sighting of a followed run in; names the jobs that follow it if it shows anything new.
    pub(crate) fn update(&self, place: &Place, name: &str, run: Run) -> Vec<ObjectRef<SparkJob>> {
        let mut all = self.lock();
        let seen = all.sighting();
        let Some(entry) = all.live(place, name) else {
            return Vec::new();
        };
        entry.seen = seen;
        entry.at = Instant::now();
        if let Known::Seen(before) = &entry.known {
            if *before == run {
                return Vec::new();
            }
            if before.state != run.state {
                entry.since = Some(entry.at);
            }
        }
        entry.known = Known::Seen(run);
        entry.jobs.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Runs> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How far a live run is; `None` of a state that comes and goes, and of a word that is not known.
fn stage(state: &RunState) -> Option<u8> {
    match state {
        RunState::NotStarted => Some(0),
        RunState::Starting => Some(1),
        RunState::Provisioning => Some(2),
        RunState::Preparing => Some(3),
        RunState::Queued => Some(4),
        RunState::Running => Some(5),
        RunState::Finalizing => Some(6),
        RunState::CancelRequested => Some(7),
        RunState::Completed
        | RunState::Failed
        | RunState::Canceled
        | RunState::NotResponding
        | RunState::Paused
        | RunState::Lost
        | RunState::Other(_) => None,
    }
}

impl Entry {
    fn run(&self) -> Option<&Run> {
        match &self.known {
            Known::Seen(run) => Some(run),
            Known::Awaited | Known::Forgotten => None,
        }
    }

    fn is_live(&self) -> bool {
        match &self.known {
            Known::Awaited => true,
            Known::Seen(run) => !run.state.is_end(),
            Known::Forgotten => false,
        }
    }

    fn is_awaited(&self) -> bool {
        matches!(self.known, Known::Awaited) && self.at.elapsed() <= AWAITED_FOR
    }
}

impl Runs {
    fn live(&mut self, place: &Place, name: &str) -> Option<&mut Entry> {
        let entry = self.places.get_mut(place)?.get_mut(name)?;
        entry.is_live().then_some(entry)
    }

    fn remove(&mut self, place: &Place, name: &str) -> Option<Entry> {
        let runs = self.places.get_mut(place)?;
        let entry = runs.remove(name);
        if runs.is_empty() {
            self.places.remove(place);
        }
        entry
    }

    fn sighting(&mut self) -> u64 {
        self.sightings += 1;
        self.sightings
    }
}

#[cfg(test)]
pub(crate) mod tests;
