//! Who has the next pass: one namespace after the other, however many keys each has waiting.
//!
//! kube's own queue has no order between its keys, and five thousand of one team would keep another's single one waiting
//! for all of them. So it is given a few keys at a time, and more when passes over all of those have begun; the others
//! wait here, with those who are woken while their pass is under way and those who are to be looked at again at a time
//! ([ADR 15](../../../docs/adr/0015-turns-at-passes.md)).

use std::collections::{HashMap, HashSet, VecDeque};
use std::fmt::Debug;
use std::future::poll_fn;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::Stream;
use kube::Resource;
use kube::runtime::reflector::ObjectRef;
use tokio::sync::Notify;

use crate::later::Later;
use crate::wakes::Wakes;

/// Keys that are dealt together. kube takes a millisecond to hand one over, so one at a time would bound the passes of a
/// second; and which of them is first is chance, so that somebody who comes new is behind so many at most, and as many of
/// his own round.
const ROUND: usize = 8;

/// How long an object is left alone after a pass.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Rest {
    /// Until it changes, or somebody else wakes it.
    UntilChange,
    /// So long at most.
    For(Duration),
}

/// Deals what is woken. Clones share it.
pub(crate) struct Dealer<O: Resource> {
    shared: Arc<Shared<O>>,
}

struct Shared<O: Resource> {
    table: Mutex<Table<ObjectRef<O>>>,
    later: Mutex<Later<ObjectRef<O>>>,
    /// Rings when there may be somebody to deal.
    bell: Notify,
}

impl<O: Resource> Clone for Dealer<O> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<O> Dealer<O>
where
    O: Resource<DynamicType = ()> + 'static,
{
    pub(crate) fn new() -> Self {
        Self {
            shared: Arc::new(Shared {
                table: Mutex::default(),
                later: Mutex::default(),
                bell: Notify::new(),
            }),
        }
    }

    /// Every key that will be woken or whose time comes, without end, as passes are begun.
    pub(crate) fn stream(
        &self,
        wakes: Wakes<ObjectRef<O>>,
    ) -> impl Stream<Item = ObjectRef<O>> + Send + use<O> {
        futures::stream::unfold((self.clone(), wakes), |(dealer, wakes)| async move {
            let key = dealer.next(&wakes).await;
            Some((key, (dealer, wakes)))
        })
    }

    async fn next(&self, wakes: &Wakes<ObjectRef<O>>) -> ObjectRef<O> {
        loop {
            {
                let mut table = self.lock();
                for key in wakes.drain() {
                    table.put(namespace(&key), key);
                }
                if let Some(key) = table.deal() {
                    return key;
                }
            }
            tokio::select! {
                () = wakes.rung() => {}
                () = self.shared.bell.notified() => {}
                key = self.due() => self.lock().put(namespace(&key), key),
            }
        }
    }

    async fn due(&self) -> ObjectRef<O> {
        poll_fn(|cx| self.later().poll_due(cx)).await
    }

    /// It is woken after this time, unless a pass over it begins before. Takes the place of the time that it had.
    pub(crate) fn again(&self, key: ObjectRef<O>, wait: Duration) {
        self.later().set(key, wait);
    }

    /// A pass over it begins, and ends when what this returns goes.
    pub(crate) fn begin(&self, key: ObjectRef<O>) -> Place<O> {
        self.later().clear(&key);
        self.lock().begin(key.clone());
        self.shared.bell.notify_one();
        Place {
            dealer: self.clone(),
            key,
        }
    }

    /// There is no such object any more: it gets no pass.
    pub(crate) fn pass_over(&self, key: &ObjectRef<O>) {
        self.lock().dealt.remove(key);
        self.shared.bell.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Table<ObjectRef<O>>> {
        let table = self.shared.table.lock();
        table.unwrap_or_else(PoisonError::into_inner)
    }

    fn later(&self) -> MutexGuard<'_, Later<ObjectRef<O>>> {
        let later = self.shared.later.lock();
        later.unwrap_or_else(PoisonError::into_inner)
    }
}

fn namespace<O: Resource>(key: &ObjectRef<O>) -> String {
    key.namespace.clone().unwrap_or_default()
}

/// Of a pass that is under way, however it ends.
pub(crate) struct Place<O>
where
    O: Resource<DynamicType = ()> + 'static,
{
    dealer: Dealer<O>,
    key: ObjectRef<O>,
}

impl<O> Place<O>
where
    O: Resource<DynamicType = ()> + 'static,
{
    /// The pass has ended, and leaves the object alone for so long.
    pub(crate) fn end(self, rest: Rest) {
        if let Rest::For(wait) = rest {
            self.dealer.again(self.key.clone(), wait);
        }
    }
}

impl<O> Drop for Place<O>
where
    O: Resource<DynamicType = ()> + 'static,
{
    fn drop(&mut self) {
        self.dealer.lock().end(namespace(&self.key), &self.key);
        self.dealer.shared.bell.notify_one();
    }
}

#[derive(Debug)]
struct Table<T> {
    /// Those that wait, by namespace; none of them is empty.
    lines: HashMap<String, VecDeque<T>>,
    /// Who waits. Whoever stands in a line and is none of these has had his pass since.
    waiting: HashSet<T>,
    /// Whose turn it is.
    namespaces: VecDeque<String>,
    /// Dealt, and no pass has begun.
    dealt: HashSet<T>,
    /// How many may be dealt before all that were dealt have begun.
    left: usize,
    /// Whether they were woken meanwhile.
    under_way: HashMap<T, bool>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self {
            lines: HashMap::new(),
            waiting: HashSet::new(),
            namespaces: VecDeque::new(),
            dealt: HashSet::new(),
            left: 0,
            under_way: HashMap::new(),
        }
    }
}

impl<T: Clone + Eq + Hash + Debug> Table<T> {
    fn put(&mut self, namespace: String, key: T) {
        if let Some(woken) = self.under_way.get_mut(&key) {
            *woken = true;
            return;
        }
        if !self.waiting.insert(key.clone()) {
            return;
        }
        let line = self.lines.entry(namespace.clone()).or_default();
        if line.is_empty() {
            self.namespaces.push_back(namespace);
        }
        line.push_back(key);
    }

    fn deal(&mut self) -> Option<T> {
        if self.dealt.is_empty() {
            self.left = ROUND;
        }
        if self.left == 0 {
            return None;
        }
        loop {
            let namespace = self.namespaces.pop_front()?;
            let Some(line) = self.lines.get_mut(&namespace) else {
                continue;
            };
            let next = std::iter::from_fn(|| line.pop_front()).find(|key| self.waiting.remove(key));
            if line.is_empty() {
                self.lines.remove(&namespace);
            } else {
                self.namespaces.push_back(namespace);
            }
            if let Some(key) = next {
                self.left -= 1;
                self.dealt.insert(key.clone());
                return Some(key);
            }
        }
    }

    /// The pass sees whatever it was woken for till now.
    fn begin(&mut self, key: T) {
        self.dealt.remove(&key);
        self.waiting.remove(&key);
        self.under_way.insert(key, false);
    }

    fn end(&mut self, namespace: String, key: &T) {
        if self.under_way.remove(key) == Some(true) {
            self.put(namespace, key.clone());
        }
    }
}

#[cfg(test)]
mod tests;
