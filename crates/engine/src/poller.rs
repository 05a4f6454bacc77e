//! Follows many remote things with one look: a task per shard while somebody is interested in it.

mod pace;

use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::Hash;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use azureml_spark_core::{Class, Fault, backoff};
use jiff::Timestamp;
use tokio::sync::Semaphore;
use tokio::task::{Id, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::controller::Base;
use crate::jitter;
use crate::metrics::Metrics;
use crate::wakes::Wakes;

use pace::Pace;

/// Looks at the same time. A request takes Azure up to a second or so on a large workspace, and ARM gives 25 reads a
/// second: more looks than that would only wait for each other's budget, and hold a page of up to 8 MB each meanwhile.
const AT_ONCE: usize = 16;

/// A look that goes on for longer, or for half its period, does not count among those: it waits, for a service that stalls
/// or for its budget, and must not keep others from theirs.
const COUNTS_FOR: Duration = Duration::from_secs(5);

/// A look that takes longer than its period is followed by a rest of this part of it, so that a stalling service is not
/// asked without a pause.
const LEAST_REST: u32 = 4;

/// A look of several pages of a large workspace is done within this, or it is given up.
const LOOK_WITHIN: Duration = Duration::from_mins(2);

/// After a panic, which is a bug that a person must mend.
const AFTER_A_PANIC: Duration = Duration::from_mins(5);

/// Where one look shows many things. The snapshots that it keeps are its own business; the poller
/// decides when to look, and wakes those whose snapshot changed.
pub trait BatchSource: Send + Sync + 'static {
    /// What one look covers (one workspace with one identity).
    type Shard: Clone + Debug + Eq + Hash + Send + Sync + 'static;
    /// Who is woken.
    type Key: Clone + Eq + Hash + Send + 'static;

    /// How long it may take from the beginning of a look to that of the next, or `None` when nobody is interested in the
    /// shard any more.
    fn due(&self, shard: &Self::Shard) -> Option<Duration>;

    /// How long ago that was seen of the shard's live things which was not seen for longest; `None` without any. A look
    /// that went well need not have shown all of them.
    fn age(&self, shard: &Self::Shard) -> Option<Duration>;

    /// Looks once, keeps what it saw, and wakes those for whom something changed as soon as it is kept: a look that
    /// breaks half way has still told what it learnt.
    fn look(
        &self,
        shard: &Self::Shard,
        news: &Wakes<Self::Key>,
    ) -> impl Future<Output = Result<(), Fault>> + Send;
}

/// Runs the looks.
pub struct Poller<S: BatchSource> {
    source: Arc<S>,
    interest: Wakes<S::Shard>,
    wakes: Wakes<S::Key>,
    clock: Clock,
    metrics: Metrics,
    at_once: Arc<Semaphore>,
    /// When each shard was last looked at, well or not.
    times: Arc<Mutex<HashMap<S::Shard, Times>>>,
    pace: Arc<Mutex<Pace<S::Shard>>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Times {
    tried: Option<Timestamp>,
    followed: bool,
}

impl<S: BatchSource> Clone for Poller<S> {
    fn clone(&self) -> Self {
        Self {
            source: Arc::clone(&self.source),
            interest: self.interest.clone(),
            wakes: self.wakes.clone(),
            clock: self.clock.clone(),
            metrics: self.metrics.clone(),
            at_once: Arc::clone(&self.at_once),
            times: Arc::clone(&self.times),
            pace: Arc::clone(&self.pace),
        }
    }
}

impl<S: BatchSource> Poller<S> {
    /// A poller that follows nothing yet and wakes through `wakes`.
    pub fn new(source: Arc<S>, wakes: Wakes<S::Key>, base: &Base) -> Self {
        let poller = Self {
            source,
            interest: Wakes::new(),
            wakes,
            clock: base.clock.clone(),
            metrics: base.metrics.clone(),
            at_once: Arc::new(Semaphore::new(AT_ONCE)),
            times: Arc::default(),
            pace: Arc::default(),
        };
        base.metrics.before_scrape({
            let poller = poller.clone();
            move || poller.metrics.snapshot_age(poller.oldest())
        });
        poller
    }

    /// Says that a shard is worth a look: give it to whoever learns of live things. Make the interest known to the
    /// source first, for its `due` is asked. A shard that is followed already goes on as it does.
    pub fn interest(&self) -> Wakes<S::Shard> {
        self.interest.clone()
    }

    /// Looks at every shard of interest in its own time, until `shutdown`.
    pub async fn run(self, shutdown: CancellationToken) {
        let mut tasks = JoinSet::new();
        let mut shards = HashMap::<Id, S::Shard>::new();
        loop {
            tokio::select! {
                () = shutdown.cancelled() => break,
                shard = self.interest.next() => self.follow(shard, Duration::ZERO, &mut tasks, &mut shards),
                Some(ended) = tasks.join_next_with_id(), if !tasks.is_empty() => {
                    let (id, pause) = match ended {
                        Ok((id, ())) => (id, Duration::ZERO),
                        Err(error) => {
                            tracing::error!(%error, "look broke");
                            (error.id(), AFTER_A_PANIC)
                        }
                    };
                    if let Some(shard) = shards.remove(&id) {
                        self.pace().forget(&shard);
                        self.times().entry(shard.clone()).or_default().followed = false;
                        // Interest may have come back between the task's last question and its end.
                        self.follow(shard, pause, &mut tasks, &mut shards);
                    }
                }
            }
        }
        tasks.shutdown().await;
    }

    fn follow(
        &self,
        shard: S::Shard,
        pause: Duration,
        tasks: &mut JoinSet<()>,
        shards: &mut HashMap<Id, S::Shard>,
    ) {
        let Some(period) = self.source.due(&shard) else {
            return;
        };
        let mut times = self.times();
        let entry = times.entry(shard.clone()).or_default();
        if entry.followed {
            return;
        }
        entry.followed = true;
        // Interest that comes and goes must not look more often than interest that stays. Whoever tells of a live thing
        // has just seen it: so first looks are spread over a period, as those after a restart must be.
        let rest = match entry.tried {
            Some(tried) => period.saturating_sub(elapsed(tried, self.clock.now())),
            None => jitter::within(period, 100, jitter::seed(&shard)),
        };
        drop(times);
        let task = self.clone().looks(shard.clone(), pause.max(rest));
        shards.insert(tasks.spawn(task).id(), shard);
    }

    async fn looks(self, shard: S::Shard, first: Duration) {
        tokio::time::sleep(first).await;
        let (mut count, mut tries) = (0_u64, 0_u32);
        while let Some(period) = self.source.due(&shard) {
            let begun = Instant::now();
            let whole = self.pace().begins(&shard, period, begun);
            let seed = jitter::seed(&(&shard, count));
            let Ok(turn) = self.at_once.acquire().await else {
                return;
            };
            let mut look = pin!(self.look(&shard));
            let soon = tokio::time::timeout(COUNTS_FOR.min(period / 2), &mut look).await;
            drop(turn);
            let class = match soon {
                Ok(class) => class,
                Err(_) => look.await,
            };
            let mut pause = whole.saturating_sub(begun.elapsed());
            pause = pause.max(period / LEAST_REST);
            if let Some(class) = class {
                tries = tries.saturating_add(1);
                let now = self.clock.now();
                pause = pause.max(elapsed(now, backoff::until(class, tries, seed, now)));
            } else {
                tries = 0;
            }
            count += 1;
            self.pace().moves(&shard, Instant::now() + pause);
            tokio::time::sleep(pause).await;
        }
    }

    /// Looks once; a class is what went wrong.
    async fn look(&self, shard: &S::Shard) -> Option<Class> {
        let begun = self.clock.now();
        let looked = tokio::time::timeout(LOOK_WITHIN, self.source.look(shard, &self.wakes)).await;
        let now = self.clock.now();
        self.times().entry(shard.clone()).or_default().tried = Some(begun);
        let (outcome, class) = match looked {
            Ok(Ok(())) => ("seen", None),
            Ok(Err(fault)) => {
                tracing::debug!(
                    ?shard,
                    class = fault.class.as_str(),
                    code = fault.code,
                    text = fault.text,
                    "look failed"
                );
                (fault.class.as_str(), Some(fault.class))
            }
            Err(_) => {
                tracing::debug!(?shard, "look gave up");
                ("silent", Some(Class::Retryable))
            }
        };
        self.metrics.polled(outcome, elapsed(begun, now));
        class
    }

    /// Seconds since the sighting of the live thing that waits longest for one, of all shards that are followed.
    fn oldest(&self) -> i64 {
        let followed: Vec<S::Shard> = self
            .times()
            .iter()
            .filter(|(_, times)| times.followed)
            .map(|(shard, _)| shard.clone())
            .collect();
        let ages = followed.iter().filter_map(|shard| self.source.age(shard));
        let oldest = ages.max().unwrap_or_default();
        i64::try_from(oldest.as_secs()).unwrap_or(i64::MAX)
    }

    fn pace(&self) -> MutexGuard<'_, Pace<S::Shard>> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn times(&self) -> MutexGuard<'_, HashMap<S::Shard, Times>> {
        self.times.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn elapsed(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or(Duration::ZERO)
}

#[cfg(test)]
mod tests;
