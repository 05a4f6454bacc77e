//! Looks at attachments that cost as few requests as they can: those which are taken at the same moment share what they
//! ask of the pool and its Synapse workspace, and a pass asks nothing again that its last step cannot have changed.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use azureml_spark_azure::SparkPoolId;
use azureml_spark_azure::arm::pool;
use azureml_spark_core::attachment::{Compute, Pool, Synapse};
use azureml_spark_core::place::Place;
use azureml_spark_core::{Class, Fault, Sight};
use azureml_spark_engine::Fresh;
use tokio::time::Instant;

use super::surroundings;
use crate::access::Site;
use crate::translate;

/// How long a look at the compute counts within its pass: no longer than between two looks at one that Azure is at work
/// on. Others may change it, too.
const COUNTS_FOR: Duration = Duration::from_secs(5);

/// A pass that lasts longer asks again.
const KEPT_FOR: Duration = Duration::from_mins(1);

/// By whose rights, and what.
type Key = (Place, String);

type Answer<V> = Result<V, Fault>;

/// What is asked for together, and what each pass has seen.
#[derive(Debug, Default)]
pub(crate) struct Around {
    pools: Fresh<Key, Answer<Option<Pool>>>,
    synapses: Fresh<Key, Answer<Sight<Synapse>>>,
    passes: Passes,
}

/// By the uids of the attachments: each has one pass at a time.
#[derive(Debug, Default)]
struct Passes(Mutex<HashMap<String, Known>>);

#[derive(Debug)]
struct Known {
    begun: Instant,
    /// By its id.
    pool: Option<(String, Option<Pool>)>,
    /// By the id of the pool.
    synapse: Option<(String, Sight<Synapse>)>,
    compute: Option<(Instant, Sight<Compute>)>,
}

impl Around {
    /// Nothing that the last pass has seen counts any more.
    pub(super) fn begins(&self, uid: &str) {
        self.passes.begins(uid);
    }

    /// A step has been tried that changes the compute.
    pub(super) fn changed(&self, uid: &str) {
        self.passes.keep(uid, |known| known.compute = None);
    }

    /// What this pass has seen of the compute; unknown unless that counts.
    pub(super) fn compute(&self, uid: &str) -> Sight<Compute> {
        let seen = self.passes.known(uid, |known| known.compute.clone());
        let seen = seen.filter(|(at, _)| at.elapsed() <= COUNTS_FOR);
        seen.map_or(Sight::Unknown, |(_, compute)| compute)
    }

    /// Keeps what a look at the compute has shown.
    pub(super) fn saw(&self, uid: &str, compute: Sight<Compute>) {
        let at = Instant::now();
        self.passes
            .keep(uid, |known| known.compute = Some((at, compute)));
    }

    /// The pool; no step changes it.
    pub(super) async fn pool(
        &self,
        site: &Site,
        place: &Place,
        uid: &str,
        id: &SparkPoolId,
    ) -> Answer<Option<Pool>> {
        let name = name(id);
        let seen = self.passes.known(uid, |known| known.pool.clone());
        if let Some((_, pool)) = seen.filter(|(of, _)| *of == name) {
            return Ok(pool);
        }
        let (client, call) = (site.client.clone(), pool::get(id));
        let question = async move {
            let found = client.find(call).await;
            let found = found.map_err(|error| translate::fault(&error))?;
            Ok(found.map(|found| Pool {
                location: found.location,
            }))
        };
        let pool = together(&self.pools, (place.clone(), name.clone()), question).await?;
        let kept = (name, pool.clone());
        self.passes.keep(uid, |known| known.pool = Some(kept));
        Ok(pool)
    }

    /// The Synapse workspace of the pool; no step changes it.
    pub(super) async fn synapse(
        &self,
        site: &Site,
        place: &Place,
        uid: &str,
        id: &SparkPoolId,
    ) -> Answer<Sight<Synapse>> {
        let name = name(id);
        let seen = self.passes.known(uid, |known| known.synapse.clone());
        if let Some((_, synapse)) = seen.filter(|(of, _)| *of == name) {
            return Ok(synapse);
        }
        let (site, workspace) = (site.clone(), id.workspace().clone());
        let key = workspace.to_string().to_ascii_lowercase();
        let question = async move { surroundings::look(&site, &workspace).await };
        let synapse = together(&self.synapses, (place.clone(), key), question).await?;
        let kept = (name, synapse.clone());
        self.passes.keep(uid, |known| known.synapse = Some(kept));
        Ok(synapse)
    }
}

fn name(id: &SparkPoolId) -> String {
    id.to_string().to_ascii_lowercase()
}

/// Asks, or waits with others for the answer to a question that has not been put yet.
async fn together<V: Clone + Send + Sync + 'static>(
    line: &Fresh<Key, Answer<V>>,
    key: Key,
    question: impl Future<Output = Answer<V>> + Send + 'static,
) -> Answer<V> {
    let answer = line.ask(key, |_| async move { Ok(question.await) }).await;
    answer.unwrap_or_else(|error| {
        Err(Fault {
            class: Class::Retryable,
            code: "NoAnswer".to_owned(),
            op: "look at the pool",
            text: error.to_string(),
            request_id: None,
            retry_after: None,
        })
    })
}

impl Passes {
    fn begins(&self, uid: &str) {
        let mut all = self.lock();
        all.remove(uid);
        all.retain(|_, known| known.begun.elapsed() <= KEPT_FOR);
    }

    fn known<T>(&self, uid: &str, what: impl FnOnce(&Known) -> Option<T>) -> Option<T> {
        let all = self.lock();
        let known = all.get(uid)?;
        (known.begun.elapsed() <= KEPT_FOR)
            .then(|| what(known))
            .flatten()
    }

    fn keep(&self, uid: &str, what: impl FnOnce(&mut Known)) {
        let mut all = self.lock();
        let known = all.entry(uid.to_owned()).or_insert_with(|| Known {
            begun: Instant::now(),
            pool: None,
            synapse: None,
            compute: None,
        });
        what(known);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures::future::join;

    use super::*;
    use crate::access;

    #[tokio::test(start_paused = true)]
    async fn a_compute_counts_for_its_pass_until_a_step_changes_it_and_for_seconds() {
        let around = Around::default();
        let there = || Sight::Present(Compute::default());
        assert_eq!(around.compute("a"), Sight::Unknown, "nobody has looked");
        around.saw("a", Sight::Absent);
        assert_eq!(around.compute("a"), Sight::Absent);
        assert_eq!(around.compute("b"), Sight::Unknown, "another attachment");
        around.changed("a");
        assert_eq!(around.compute("a"), Sight::Unknown, "it may be there now");
        around.saw("a", there());
        tokio::time::advance(COUNTS_FOR).await;
        assert_eq!(around.compute("a"), there());
        tokio::time::advance(Duration::from_millis(1)).await;
        let others = "others may have changed it";
        assert_eq!(around.compute("a"), Sight::Unknown, "{others}");
        around.saw("a", there());
        around.begins("a");
        assert_eq!(around.compute("a"), Sight::Unknown, "another pass");
    }

    #[tokio::test(start_paused = true)]
    async fn who_looks_at_the_same_moment_shares_what_was_asked_for_and_a_fault_of_it() {
        let line: Fresh<Key, Answer<usize>> = Fresh::default();
        let asked = Arc::new(AtomicUsize::new(0));
        let ask = |namespace: &str| {
            let place = Place {
                namespace: namespace.to_owned(),
                name: "ml".to_owned(),
            };
            let asked = Arc::clone(&asked);
            let question = async move {
                let number = asked.fetch_add(1, Ordering::Relaxed);
                if number.is_multiple_of(2) {
                    Ok(number)
                } else {
                    Err(access::not_ready())
                }
            };
            together(&line, (place, "pool".to_owned()), question)
        };
        assert_eq!(ask("a").await, Ok(0), "alone");
        let fault = || Err(access::not_ready());
        assert_eq!(join(ask("a"), ask("a")).await, (fault(), fault()));
        assert_eq!(join(ask("a"), ask("a")).await, (Ok(2), Ok(2)), "asked anew");
        join(ask("a"), ask("b")).await.0.unwrap();
        assert_eq!(asked.load(Ordering::Relaxed), 5, "each by its own rights");
    }

    #[tokio::test(start_paused = true)]
    async fn what_a_pass_has_seen_is_not_kept_for_ever() {
        let around = Around::default();
        around.saw("a", Sight::Absent);
        tokio::time::advance(KEPT_FOR + Duration::from_secs(1)).await;
        around.saw("b", Sight::Absent);
        around.begins("c");
        let kept: Vec<String> = around.passes.lock().keys().cloned().collect();
        assert_eq!(kept, ["b"]);
    }
}
