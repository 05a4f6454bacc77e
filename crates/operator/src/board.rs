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
mod tests {
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
            attempt: None,
            held_by: None,
            code_id: None,
            studio_url: None,
            started: None,
            ended: None,
        }
    }

    #[test]
    fn a_job_is_woken_by_news_alone_and_an_end_is_final() {
        let board = Board::new(Duration::from_secs(10));
        board.put(&place(), "a", run(RunState::Queued), ObjectRef::new("a"));
        assert_eq!(board.update(&place(), "a", run(RunState::Queued)), []);
        assert_eq!(
            board.update(&place(), "a", run(RunState::Completed)),
            [ObjectRef::new("a")]
        );
        assert!(!board.any_live(&place()));
        assert_eq!(
            board.update(&place(), "a", run(RunState::Running)),
            [],
            "an older listing"
        );
        assert_eq!(board.get(&place(), "a").unwrap().state, RunState::Completed);
        assert_eq!(board.update(&place(), "other", run(RunState::Running)), []);
    }

    #[tokio::test(start_paused = true)]
    async fn a_live_run_that_nobody_saw_for_long_is_unknown_and_an_end_is_not() {
        let board = Board::new(Duration::from_secs(30));
        board.put(
            &place(),
            "live",
            run(RunState::Running),
            ObjectRef::new("live"),
        );
        board.put(
            &place(),
            "ended",
            run(RunState::Completed),
            ObjectRef::new("ended"),
        );
        tokio::time::advance(Duration::from_secs(89)).await;
        assert!(board.get(&place(), "live").is_some());
        assert!(board.unseen(&place()).is_empty());
        tokio::time::advance(Duration::from_secs(2)).await;
        assert_eq!(board.get(&place(), "live"), None);
        assert!(board.get(&place(), "ended").is_some());
        assert_eq!(board.unseen(&place()), [ObjectRef::new("live")]);
        board.update(&place(), "live", run(RunState::Running));
        assert!(board.get(&place(), "live").is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_state_lasts_since_the_run_came_into_it() {
        let board = Board::new(Duration::from_secs(10));
        let lasts = || board.lasts(&place(), "a");
        assert_eq!(lasts(), None);
        board.put(&place(), "a", run(RunState::Starting), ObjectRef::new("a"));
        tokio::time::advance(Duration::from_secs(40)).await;
        board.update(&place(), "a", run(RunState::Starting));
        assert_eq!(lasts(), None, "nobody saw how it came into it");
        board.update(&place(), "a", run(RunState::Queued));
        tokio::time::advance(Duration::from_secs(40)).await;
        board.update(&place(), "a", run(RunState::Queued));
        board.put(&place(), "a", run(RunState::Queued), ObjectRef::new("b"));
        assert_eq!(lasts(), Some((RunState::Queued, Duration::from_secs(40))));
        board.put(&place(), "a", run(RunState::Running), ObjectRef::new("b"));
        tokio::time::advance(Duration::from_secs(7)).await;
        assert_eq!(lasts(), Some((RunState::Running, Duration::from_secs(7))));
    }

    #[test]
    fn all_who_follow_a_run_are_woken_and_the_last_to_leave_takes_it_along() {
        let board = Board::new(Duration::from_secs(10));
        let [one, other] = ["one", "other"].map(ObjectRef::new);
        for job in [&one, &other, &one] {
            board.put(&place(), "shared", run(RunState::Queued), job.clone());
        }
        let running = board.update(&place(), "shared", run(RunState::Running));
        assert_eq!(running, [one.clone(), other.clone()]);
        board.leave(&place(), "shared", &one);
        let ended = board.update(&place(), "shared", run(RunState::Completed));
        assert_eq!(ended, std::slice::from_ref(&other));
        board.leave(&place(), "shared", &other);
        assert_eq!(board.get(&place(), "shared"), None);
        assert!(board.lock().places.is_empty());
    }

    #[test]
    fn who_comes_to_a_run_that_is_on_the_board_is_woken_as_who_put_it_there() {
        let board = Board::new(Duration::from_secs(10));
        let [one, other] = ["one", "other"].map(ObjectRef::new);
        board.join(&place(), "shared", other.clone());
        assert_eq!(board.get(&place(), "shared"), None, "nobody saw it");
        board.put(&place(), "shared", run(RunState::Queued), one.clone());
        for job in [&one, &other, &other] {
            board.join(&place(), "shared", job.clone());
        }
        let both = [one, other];
        let running = board.update(&place(), "shared", run(RunState::Running));
        assert_eq!(running, both);
        assert_eq!(board.forget(&place(), "shared"), both);
    }

    #[tokio::test(start_paused = true)]
    async fn a_state_that_is_known_is_a_sighting_and_another_one_is_not_yet() {
        let board = Board::new(Duration::from_secs(10));
        let sighted = |state| board.sighted(&place(), "a", &state);
        assert_eq!(
            sighted(RunState::Running),
            Sighting::Known,
            "nobody follows it"
        );
        board.put(&place(), "a", run(RunState::Queued), ObjectRef::new("a"));
        tokio::time::advance(Duration::from_secs(7)).await;
        assert_eq!(sighted(RunState::Running), Sighting::New);
        assert_eq!(board.age(&place()), Some(Duration::from_secs(7)));
        assert_eq!(sighted(RunState::Queued), Sighting::Known);
        assert_eq!(board.age(&place()), Some(Duration::ZERO));
        board.update(&place(), "a", run(RunState::Failed));
        assert_eq!(
            sighted(RunState::Running),
            Sighting::Known,
            "an end is an end"
        );
        assert_eq!((board.age(&place()), board.places()), (None, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn a_state_alone_is_news_and_leaves_the_rest() {
        let board = Board::new(Duration::from_secs(10));
        board.put(&place(), "a", run(RunState::Queued), ObjectRef::new("a"));
        board.put(&place(), "b", run(RunState::Running), ObjectRef::new("b"));
        tokio::time::advance(Duration::from_secs(7)).await;
        let advance = |state| board.advance(&place(), "a", state);
        assert_eq!(advance(RunState::Other("Waiting".into())), Some(vec![]));
        assert_eq!(advance(RunState::Queued), Some(vec![]));
        assert_eq!(
            board.lasts(&place(), "a"),
            None,
            "as it was when it was put"
        );
        assert_eq!(board.age(&place()), Some(Duration::from_secs(7)), "of b");
        assert_eq!(board.places(), 1);
        let followers = Some(vec![ObjectRef::new("a")]);
        assert_eq!(advance(RunState::Running), followers);
        assert_eq!(board.get(&place(), "a"), Some(run(RunState::Running)));
        assert_eq!(
            board.lasts(&place(), "a"),
            Some((RunState::Running, Duration::ZERO))
        );
        board.update(&place(), "a", run(RunState::Completed));
        assert_eq!(advance(RunState::Running), Some(vec![]), "an end is an end");
        assert_eq!(board.get(&place(), "a"), Some(run(RunState::Completed)));
    }

    #[tokio::test(start_paused = true)]
    async fn an_older_state_is_a_sighting_and_takes_nothing_back() {
        let board = Board::new(Duration::from_secs(10));
        let other = || RunState::Other("New".into());
        for (known, told) in [
            (RunState::Running, RunState::Queued),
            (RunState::Queued, RunState::NotStarted),
            (RunState::CancelRequested, RunState::Finalizing),
            (RunState::NotResponding, RunState::Running),
            (RunState::Paused, RunState::Queued),
            (RunState::Running, RunState::Paused),
            (other(), RunState::Running),
        ] {
            board.put(&place(), "a", run(known.clone()), ObjectRef::new("a"));
            tokio::time::advance(Duration::from_secs(7)).await;
            assert_eq!(
                board.advance(&place(), "a", told.clone()),
                None,
                "{told:?} after {known:?}"
            );
            assert_eq!(board.get(&place(), "a"), Some(run(known)));
            assert_eq!(board.age(&place()), Some(Duration::ZERO));
        }
        for (known, told) in [
            (RunState::NotStarted, RunState::Preparing),
            (RunState::Running, RunState::CancelRequested),
        ] {
            board.put(&place(), "a", run(known), ObjectRef::new("a"));
            let followers = Some(vec![ObjectRef::new("a")]);
            assert_eq!(board.advance(&place(), "a", told.clone()), followers);
            assert_eq!(board.get(&place(), "a"), Some(run(told)));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_run_that_is_on_record_is_awaited_until_somebody_tells_of_it_and_not_for_long() {
        let board = Board::new(Duration::from_secs(10));
        let [one, other] = ["one", "other"].map(ObjectRef::new);
        assert!(board.awaits(&place(), "a", &one));
        assert!(board.awaits(&place(), "a", &other));
        assert!(board.any_live(&place()) && board.awaits_any(&place()));
        assert_eq!(board.live(&place()), ["a"], "so it is looked for");
        assert_eq!(
            board.get(&place(), "a"),
            None,
            "and nothing is believed of it"
        );
        assert_eq!(
            board.sighted(&place(), "a", &RunState::Running),
            Sighting::New
        );
        assert_eq!(board.advance(&place(), "a", RunState::Running), None);
        let both = [one.clone(), other.clone()];
        assert_eq!(board.update(&place(), "a", run(RunState::Running)), both);
        assert!(!board.awaits(&place(), "a", &one) && !board.awaits_any(&place()));
        assert_eq!(board.get(&place(), "a"), Some(run(RunState::Running)));
        assert_eq!(
            board.lasts(&place(), "a"),
            None,
            "nobody saw it come into its state"
        );

        // Whom nobody is told of asks for himself, but is looked for all the same.
        assert!(board.awaits(&place(), "b", &one));
        tokio::time::advance(AWAITED_FOR).await;
        assert!(board.awaits(&place(), "b", &one));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(!board.awaits(&place(), "b", &one));
        assert!(!board.awaits_any(&place()));
        assert!(board.live(&place()).contains(&"b".to_owned()));
    }

    #[test]
    fn what_was_looked_for_in_vain_is_not_awaited_again() {
        let board = Board::new(Duration::from_secs(10));
        let job = ObjectRef::new("one");
        for known in [false, true] {
            if known {
                board.put(&place(), "a", run(RunState::Running), job.clone());
            } else {
                assert!(board.awaits(&place(), "a", &job));
            }
            let followers = board.forget(&place(), "a");
            assert_eq!(followers, std::slice::from_ref(&job));
            assert!(
                !board.awaits(&place(), "a", &job),
                "its job asks for itself"
            );
            assert!(!board.any_live(&place()));
            assert_eq!(board.update(&place(), "a", run(RunState::Running)), []);
            assert_eq!(board.get(&place(), "a"), None);
            board.leave(&place(), "a", &job);
            assert!(board.lock().places.is_empty());
        }
    }

    #[test]
    fn who_was_not_seen_for_longest_is_asked_for_first() {
        let board = Board::new(Duration::from_secs(10));
        for name in ["a", "b", "c"] {
            board.put(&place(), name, run(RunState::Running), ObjectRef::new(name));
        }
        board.update(&place(), "a", run(RunState::Running));
        let names = ["a", "b", "c", "gone"].map(str::to_owned);
        assert_eq!(board.longest_unseen(&place(), names.clone(), 2), ["b", "c"]);
        board.update(&place(), "c", run(RunState::Failed));
        assert_eq!(
            board.longest_unseen(&place(), names, 9),
            ["b", "a"],
            "what has ended is not asked for"
        );
        board.put(&place(), "c", run(RunState::Queued), ObjectRef::new("c"));
        assert_eq!(board.forget(&place(), "b"), [ObjectRef::new("b")]);
        assert_eq!(board.live(&place()).len(), 2);
    }
}
