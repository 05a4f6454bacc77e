//! Questions that many put at the same moment, put once. Whoever asks gets the answer to a question that was put after
//! it asked: what it did before is seen by who answers, just as if it had asked alone.

use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt, Shared};
use tokio::time::Instant;

use crate::error::Error;

/// Between two questions of the same kind: so many as ask within this time share one. Nobody notices it in a submission
/// to Azure, which takes seconds.
const PAUSE: Duration = Duration::from_millis(100);

/// Keys of which it is remembered when they were last asked for; after that those go that were not for a pause.
const REMEMBERED: usize = 1_000;

type Answer<V> = Shared<BoxFuture<'static, Result<V, Arc<Error>>>>;

/// Questions by their keys. Clones share them.
pub struct Fresh<K, V> {
    questions: Arc<Mutex<HashMap<K, Question<V>>>>,
    /// Whether a question waits until the one before it is answered.
    in_turn: bool,
}

struct Question<V> {
    /// When the last question was put.
    last: Option<Instant>,
    /// The next one, while it has not been put.
    next: Option<Answer<V>>,
    /// Of who is asking.
    turn: Arc<tokio::sync::Mutex<()>>,
}

impl<K, V> Clone for Fresh<K, V> {
    fn clone(&self) -> Self {
        Self {
            questions: Arc::clone(&self.questions),
            in_turn: self.in_turn,
        }
    }
}

impl<K, V> Default for Fresh<K, V> {
    fn default() -> Self {
        Self {
            questions: Arc::default(),
            in_turn: false,
        }
    }
}

impl<K, V> Debug for Fresh<K, V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Fresh")
    }
}

impl<K, V> Fresh<K, V>
where
    K: Clone + Eq + Hash + Send + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// For questions whose answers are large and take long: of each key no more than one is under way.
    pub fn in_turn() -> Self {
        Self {
            in_turn: true,
            ..Self::default()
        }
    }

    /// Puts a question, or waits with others for the next one of that key.
    pub async fn ask<F>(
        &self,
        key: K,
        question: impl FnOnce(K) -> F + Send + 'static,
    ) -> Result<V, Error>
    where
        F: Future<Output = Result<V, Error>> + Send + 'static,
    {
        let answer = self.join(key, question);
        answer.await.map_err(Error::Shared)
    }

    fn join<F>(&self, key: K, question: impl FnOnce(K) -> F + Send + 'static) -> Answer<V>
    where
        F: Future<Output = Result<V, Error>> + Send + 'static,
    {
        let mut questions = self.lock();
        if questions.len() >= REMEMBERED {
            let old = |one: &Question<V>| one.last.is_none_or(|last| last.elapsed() >= PAUSE);
            questions.retain(|_, one| one.next.is_some() || !old(one));
        }
        let asked = questions.entry(key.clone()).or_insert(Question {
            last: None,
            next: None,
            turn: Arc::default(),
        });
        if let Some(next) = &asked.next {
            return next.clone();
        }
        let due = asked.last.map(|last| last + PAUSE);
        let turn = self.in_turn.then(|| Arc::clone(&asked.turn));
        let shared = self.clone();
        let next = async move {
            if let Some(due) = due {
                tokio::time::sleep_until(due).await;
            }
            let _turn = match turn {
                Some(turn) => Some(turn.lock_owned().await),
                None => None,
            };
            shared.begins(&key);
            question(key).await.map_err(Arc::new)
        };
        let next = next.boxed().shared();
        asked.next = Some(next.clone());
        next
    }

    /// From here on the question is under way: who asks now asks anew.
    fn begins(&self, key: &K) {
        if let Some(asked) = self.lock().get_mut(key) {
            asked.next = None;
            asked.last = Some(Instant::now());
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, Question<V>>> {
        self.questions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
