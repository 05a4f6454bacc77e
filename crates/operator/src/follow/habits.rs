//! What looks at a workspace have taught: how far its list is worth reading, and whether its index can be relied on.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use azureml_spark_core::place::Place;
use tokio::time::Instant;

/// Pages that the first look reads at most.
const PAGES: usize = 10;

/// Each so many looks the list is read that far again: what is live may stand behind pages that did not pay.
const AGAIN: u64 = 16;

/// How long the index is left alone after it failed: a service under load is not asked again at once, and five minutes of
/// listing cost little.
const SHUT_FOR: Duration = Duration::from_mins(5);

/// After so many looks in a row in which the index showed none of the runs that the job's route called live, it is not
/// read rightly.
const BLIND_LOOKS: u32 = 3;

/// A run that the index does not show is asked for again after 1, 2, 4 and then always 8 looks.
const LONGEST_PAUSE: u32 = 3;

/// What the pages of one look have shown.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    /// Runs that were not seen before, page by page.
    runs: Vec<usize>,
    /// So many runs on a page are worth its request.
    worth: usize,
    /// Whether every live run was seen.
    pub(super) all: bool,
}

impl Shown {
    /// Nothing yet, of so many live runs, in a look of so many requests. A request by name shows one run, and another one in
    /// each look, while a page always shows the same: so a page is worth its request if it shows as many runs as there
    /// are to each request.
    pub(super) fn of(live: usize, requests: usize) -> Self {
        Self {
            runs: Vec::new(),
            worth: live.div_ceil(requests.max(1)).max(1),
            all: false,
        }
    }

    /// One more page.
    pub(super) fn page(&mut self, runs: usize) {
        self.runs.push(runs);
    }

    pub(super) fn pages(&self) -> usize {
        self.runs.len()
    }
}

/// By workspace.
#[derive(Debug, Default)]
pub(super) struct Habits(Mutex<HashMap<Place, Habit>>);

#[derive(Debug)]
struct Habit {
    /// How far the list is read.
    pages: usize,
    /// Looks at the list.
    listed: u64,
    /// When the index may be asked again.
    shut_until: Option<Instant>,
    blind: u32,
    /// Looks at the index.
    looks: u64,
    /// Live runs that the index does not show.
    absent: HashMap<String, Absence>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Absence {
    asked: u32,
    /// The look in which it is asked for again.
    again: u64,
}

impl Default for Habit {
    fn default() -> Self {
        Self {
            pages: PAGES,
            listed: 0,
            shut_until: None,
            blind: 0,
            looks: 0,
            absent: HashMap::new(),
        }
    }
}

impl Habits {
    /// How many pages of the list the next look reads at most.
    pub(super) fn pages(&self, place: &Place) -> usize {
        self.with(place, |habit| {
            if habit.listed.is_multiple_of(AGAIN) {
                habit.pages.max(PAGES)
            } else {
                habit.pages
            }
        })
    }

    /// What the pages of a look have shown: as many are read next time as have paid, and one more, or twice as many where
    /// the last one has paid, too.
    pub(super) fn paged(&self, place: &Place, shown: &Shown) {
        let pages = shown.runs.len();
        let paying = shown.runs.iter().rposition(|runs| *runs >= shown.worth);
        let paying = paying.map_or(0, |last| last + 1);
        self.with(place, |habit| {
            habit.listed += 1;
            habit.pages = if shown.all {
                habit.pages.max(pages)
            } else if paying == pages {
                pages.saturating_mul(2)
            } else {
                paying + 1
            };
        });
    }

    /// Whether the index is asked.
    pub(super) fn asks_index(&self, place: &Place) -> bool {
        self.with(place, |habit| {
            habit.shut_until.is_none_or(|until| until <= Instant::now())
        })
    }

    /// Leaves the index alone for some minutes, or as long as Azure asked for if that is longer.
    pub(super) fn shut_index(&self, place: &Place, wait: Option<Duration>) {
        let wait = wait.unwrap_or_default().max(SHUT_FOR);
        self.with(place, |habit| {
            *habit = Habit {
                pages: habit.pages,
                listed: habit.listed,
                shut_until: Some(Instant::now() + wait),
                ..Habit::default()
            };
        });
    }

    /// A new look at the index, which showed the live runs but these. Names those that are to be asked for now: one that
    /// is newly absent has probably ended; one that was asked for and is live after all is one that the index is slow to
    /// show, and asked for less and less often.
    pub(super) fn absent(&self, place: &Place, names: &[String]) -> Vec<String> {
        self.with(place, |habit| {
            habit.looks += 1;
            habit.absent.retain(|name, _| names.contains(name));
            let looks = habit.looks;
            let due = |name: &&String| {
                let absence = habit.absent.get(*name);
                absence.is_none_or(|absence| absence.again <= looks)
            };
            names.iter().filter(due).cloned().collect()
        })
    }

    /// Live after all.
    pub(super) fn is_live(&self, place: &Place, name: &str) {
        self.with(place, |habit| {
            let absence = habit.absent.entry(name.to_owned()).or_default();
            absence.again = habit.looks + (1 << absence.asked.min(LONGEST_PAUSE));
            absence.asked += 1;
        });
    }

    /// Whether the index seems to be read wrongly: it showed `shown` of the runs that are followed, and `live` others are
    /// live, too.
    pub(super) fn is_blind(&self, place: &Place, shown: usize, live: usize) -> bool {
        self.with(place, |habit| {
            if shown > 0 {
                habit.blind = 0;
            } else if live > 0 {
                habit.blind += 1;
            }
            habit.blind >= BLIND_LOOKS
        })
    }

    /// Nothing is live there.
    pub(super) fn forget(&self, place: &Place) {
        let mut all = self.lock();
        let shut = |habit: &Habit| habit.shut_until.is_some_and(|until| until > Instant::now());
        // What was found out the hard way is kept: jobs that come one by one must not try the index each time.
        if all.get(place).is_some_and(|habit| !shut(habit)) {
            all.remove(place);
        }
    }

    fn with<T>(&self, place: &Place, ask: impl FnOnce(&mut Habit) -> T) -> T {
        let mut all = self.lock();
        if !all.contains_key(place) {
            all.insert(place.clone(), Habit::default());
        }
        let habit = all.entry(place.clone()).or_default();
        ask(habit)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Place, Habit>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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

    /// How many pages five looks read at most, where each page shows so many runs.
    fn looks(
        habits: &Habits,
        on_page: impl Fn(usize) -> usize,
        live: usize,
        requests: usize,
    ) -> [usize; 5] {
        [(); 5].map(|()| {
            let most = habits.pages(&place()).min(requests - 1);
            let mut shown = Shown::of(live, requests);
            for page in 1..=most {
                shown.page(on_page(page));
            }
            shown.all = shown.runs.iter().sum::<usize>() >= live;
            habits.paged(&place(), &shown);
            most
        })
    }

    #[test]
    fn pages_are_read_as_far_as_they_pay() {
        let habits = Habits::default();
        // The oldest first: every page is in vain.
        assert_eq!(looks(&habits, |_| 0, 100, 12), [10, 1, 1, 1, 1]);
        // Two of a hundred on each, always the same: twelve requests by name show the others sooner.
        assert_eq!(looks(&habits, |_| 2, 100, 12), [1, 1, 1, 1, 1]);
        // The same two, where a hundred requests could be made, show more than two requests by name.
        assert_eq!(looks(&habits, |_| 2, 100, 125), [1, 2, 4, 8, 16]);
        // Ten on each: ten pages are all of them.
        assert_eq!(looks(&habits, |_| 10, 100, 12), [11; 5]);
        // The latest on the first page, the others far behind.
        let latest = |page| if page == 1 { 60 } else { 0 };
        assert_eq!(looks(&habits, latest, 100, 12), [11, 2, 2, 2, 2]);
    }

    #[test]
    fn what_stands_behind_pages_that_did_not_pay_is_found_again() {
        let habits = Habits::default();
        looks(&habits, |_| 0, 40, 12);
        // Now all of them are on the second page.
        let second = |page| if page == 2 { 40 } else { 0 };
        let seen: Vec<usize> = (0..4)
            .flat_map(|_| looks(&habits, second, 40, 12))
            .collect();
        assert_eq!(seen.iter().take(11).max(), Some(&1));
        assert_eq!(
            seen.iter().skip(11).min(),
            Some(&10),
            "from the sixteenth on"
        );
    }

    #[test]
    fn a_list_that_has_shown_all_is_read_as_far_as_before() {
        let habits = Habits::default();
        assert_eq!(looks(&habits, |_| 100, 100, 125), [10; 5]);
    }

    #[tokio::test(start_paused = true)]
    async fn an_index_that_failed_is_left_alone_for_minutes() {
        let (habits, place) = (Habits::default(), place());
        assert!(habits.asks_index(&place));
        habits.shut_index(&place, Some(Duration::from_secs(1)));
        habits.forget(&place);
        tokio::time::advance(Duration::from_secs(299)).await;
        assert!(!habits.asks_index(&place));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(habits.asks_index(&place));
        habits.shut_index(&place, Some(Duration::from_mins(20)));
        tokio::time::advance(Duration::from_mins(19)).await;
        assert!(!habits.asks_index(&place), "Azure asked for more");
        tokio::time::advance(Duration::from_mins(1)).await;
        habits.forget(&place);
        assert!(habits.lock().is_empty());
    }

    #[test]
    fn a_run_that_the_index_is_slow_to_show_is_asked_for_less_and_less() {
        let (habits, place) = (Habits::default(), place());
        let slow = ["slow".to_owned()];
        let mut asked = Vec::new();
        for look in 1..=32 {
            if habits.absent(&place, &slow) == slow {
                asked.push(look);
                habits.is_live(&place, "slow");
            }
        }
        assert_eq!(asked, [1, 2, 4, 8, 16, 24, 32]);
        assert!(habits.absent(&place, &[]).is_empty(), "it was shown");
        assert_eq!(
            habits.absent(&place, &slow),
            slow,
            "so it is news that it is not"
        );
    }

    #[test]
    fn an_index_that_never_shows_what_is_live_is_told_from_one_that_is_late() {
        let (habits, place) = (Habits::default(), place());
        for (shown, live, blind) in [
            (0, 1, false),
            (0, 1, false),
            (1, 1, false),
            (0, 1, false),
            (0, 0, false),
            (0, 2, false),
            (0, 1, true),
        ] {
            assert_eq!(habits.is_blind(&place, shown, live), blind);
        }
    }
}
