//! One watch per kind, for all who want to know: the cache, and who is woken by which change.

use std::collections::HashMap;
use std::fmt::Debug;
use std::pin::pin;
use std::sync::Arc;

use futures::{StreamExt, TryStreamExt};
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::core::v1::ObjectReference;
use kube::Api;
use kube::core::{DeserializeGuard, error_boundary::InvalidObject};
use kube::runtime::WatchStreamExt;
use kube::runtime::reflector::{ObjectRef, Store, store::Writer};
use kube::runtime::watcher::{self, Event, watcher};
use serde::de::DeserializeOwned;
use tokio_util::sync::CancellationToken;

use crate::controller::Base;
use crate::events::{News, Teller, Tone, UNPARSABLE};
use crate::guard::Guarded;
use crate::memory::uid;
use crate::wakes::Wakes;

/// What happened to one object, as the cache saw it.
#[derive(Debug)]
pub struct Change<'a, O> {
    /// As it was. `None`: it is new, or new to us.
    pub before: Option<&'a O>,
    /// As it is. `None`: it is gone.
    pub now: Option<&'a O>,
}

impl<O> Change<'_, O> {
    /// The object, as it is, or else as it was.
    pub fn object(&self) -> Option<&O> {
        self.now.or(self.before)
    }
}

type Listener<O> = Box<dyn FnMut(&Change<'_, O>) + Send>;

/// The watch of one kind. Make all of them before the first [`crate::run`]: nobody
/// decides before every cache that was made is filled.
pub struct Source<O: Watched> {
    base: Base,
    /// The watch that begins with a stream of what is there: each object is forgotten but for what is kept of it before the
    /// next one is read.
    streamed: Api<Guarded<O>>,
    /// The one that begins with a list, of which a page is 500 whole objects, twice.
    listed: Api<DeserializeGuard<O>>,
    writer: Writer<O>,
    listeners: Vec<Listener<O>>,
    wakes: Wakes<ObjectRef<O>>,
    teller: Teller,
    /// Generation of each object that did not fit, so that each is told once.
    unparsable: HashMap<String, Option<i64>>,
    /// What is kept of an object, beside what is left out of all of them.
    slim: fn(O) -> O,
}

/// What can be watched.
pub trait Watched:
    kube::Resource<DynamicType = ()> + Clone + Debug + DeserializeOwned + Send + Sync + 'static
{
}

impl<O> Watched for O where
    O: kube::Resource<DynamicType = ()> + Clone + Debug + DeserializeOwned + Send + Sync + 'static
{
}

impl<O: Watched> Source<O> {
    /// A watch over all namespaces, which [`Source::run`] or [`crate::run`] sets going.
    pub fn new(base: &Base) -> Self {
        let client = &base.client;
        Self::of(base, Api::all(client.clone()), Api::all(client.clone()))
    }

    /// A watch over one namespace.
    pub fn within(base: &Base, namespace: &str) -> Self
    where
        O: kube::Resource<Scope = NamespaceResourceScope>,
    {
        let client = &base.client;
        let streamed = Api::namespaced(client.clone(), namespace);
        Self::of(base, streamed, Api::namespaced(client.clone(), namespace))
    }

    fn of(base: &Base, streamed: Api<Guarded<O>>, listed: Api<DeserializeGuard<O>>) -> Self {
        base.caches.expect(&O::kind(&()));
        Self {
            base: base.clone(),
            streamed,
            listed,
            writer: Writer::new(()),
            listeners: Vec::new(),
            wakes: Wakes::new(),
            teller: Teller::new(
                base.client.clone(),
                base.metrics.clone(),
                base.clock.clone(),
            ),
            unparsable: HashMap::new(),
            slim: std::convert::identity,
        }
    }

    /// Keeps of each object only what `slim` leaves.
    pub(crate) fn keep(&mut self, slim: fn(O) -> O) {
        self.slim = slim;
    }

    /// The cache.
    pub fn store(&self) -> Store<O> {
        self.writer.as_reader()
    }

    /// Who wakes an object of this kind: give it to pollers and to other kinds.
    pub fn wakes(&self) -> Wakes<ObjectRef<O>> {
        self.wakes.clone()
    }

    /// Calls `hear` after every change, when the cache has it. It must not block.
    pub fn on_change(&mut self, hear: impl FnMut(&Change<'_, O>) + Send + 'static) {
        self.listeners.push(Box::new(hear));
    }

    /// Wakes objects of another kind, or of this one: those that `whom` names for a change.
    pub fn then_wake<T, I>(
        &mut self,
        wakes: Wakes<ObjectRef<T>>,
        whom: impl Fn(&Change<'_, O>) -> I + Send + 'static,
    ) where
        T: kube::Resource<DynamicType = ()> + 'static,
        I: IntoIterator<Item = ObjectRef<T>>,
    {
        self.on_change(move |change| {
            for key in whom(change) {
                wakes.wake(key);
            }
        });
    }

    /// Watches until `shutdown`. [`crate::run`] does this for the kind that it drives.
    pub async fn run(mut self, shutdown: CancellationToken) {
        let mut streams = true;
        while self.watch(streams, &shutdown).await == Watch::Refused {
            tracing::info!(kind = %O::kind(&()), "the apiserver streams no lists; they are read page by page");
            streams = false;
        }
    }

    async fn watch(&mut self, streams: bool, shutdown: &CancellationToken) -> Watch {
        // Both watch alike, once they have begun.
        let events = if streams {
            let config = watcher::Config::default().streaming_lists();
            watcher(self.streamed.clone(), config).boxed()
        } else {
            let found = watcher(self.listed.clone(), watcher::Config::default());
            found.map_ok(Guarded::of).boxed()
        };
        let events = events.default_backoff().take_until(shutdown.cancelled());
        let mut events = pin!(events);
        while let Some(event) = events.next().await {
            match event {
                Ok(event) => self.take(event).await,
                Err(error) if streams && is_unknown_to_the_server(&error) => return Watch::Refused,
                Err(error) => {
                    tracing::warn!(kind = %O::kind(&()), %error, "watch broke; it is begun again");
                    self.base.metrics.watch_broke(kind_name::<O>());
                }
            }
        }
        Watch::Ended
    }

    async fn take(&mut self, event: Event<Guarded<O>>) {
        match event {
            Event::Init => self.writer.apply_watcher_event(&Event::Init),
            Event::InitApply(Guarded(found)) => match found {
                Ok(object) => self
                    .writer
                    .apply_watcher_event(&Event::InitApply((self.slim)(slim(object)))),
                Err(invalid) => self.complain(&invalid).await,
            },
            Event::InitDone => self.replace(),
            Event::Apply(Guarded(found)) => match found {
                Ok(object) => self.put((self.slim)(slim(object))),
                Err(invalid) => {
                    // What was last understood is not what is there: better no object than an old one.
                    self.drop_cached(&reference::<O>(&invalid));
                    self.complain(&invalid).await;
                }
            },
            Event::Delete(Guarded(found)) => match found {
                Ok(object) => self.drop_cached(&ObjectRef::from_obj(&object)),
                Err(invalid) => {
                    self.unparsable
                        .remove(invalid.metadata.uid.as_deref().unwrap_or_default());
                    self.drop_cached(&reference::<O>(&invalid));
                }
            },
        }
    }

    fn put(&mut self, object: O) {
        self.unparsable.remove(uid(&object));
        let key = ObjectRef::from_obj(&object);
        let before = self.store().get(&key);
        self.writer.apply_watcher_event(&Event::Apply(object));
        let now = self.store().get(&key);
        self.tell(before.as_deref(), now.as_deref());
    }

    fn drop_cached(&mut self, key: &ObjectRef<O>) {
        if let Some(before) = self.store().get(key) {
            self.writer
                .apply_watcher_event(&Event::Delete(O::clone(&before)));
            self.tell(Some(&before), None);
        }
    }

    /// After a new list: what is new, what is other, and what went away while nobody watched.
    fn replace(&mut self) {
        let old = by_key(&self.store());
        self.writer.apply_watcher_event(&Event::InitDone);
        // One that came with a list and has its old version already is no news to anybody.
        for object in self.store().state() {
            let before = old.get(&ObjectRef::from_obj(&*object));
            let same =
                before.is_some_and(|b| b.meta().resource_version == object.meta().resource_version);
            if !same {
                self.tell(before.map(|b| &**b), Some(&object));
            }
        }
        for (key, object) in &old {
            if self.store().get(key).is_none() {
                self.tell(Some(object), None);
            }
        }
        self.base.caches.is_filled(&O::kind(&()));
    }

    fn tell(&mut self, before: Option<&O>, now: Option<&O>) {
        let mut changes = vec![Change { before, now }];
        if let (Some(b), Some(n)) = (before, now)
            && uid(b) != uid(n)
        {
            // Of the same name, yet another object.
            changes = vec![Change { before, now: None }, Change { before: None, now }];
        }
        for change in &changes {
            for listener in &mut self.listeners {
                listener(change);
            }
        }
    }

    async fn complain(&mut self, invalid: &InvalidObject) {
        let meta = &invalid.metadata;
        let key = meta.uid.clone().unwrap_or_default();
        if self.unparsable.insert(key, meta.generation) == Some(meta.generation) {
            return;
        }
        let about = reference::<O>(invalid);
        tracing::warn!(object = %about, error = %invalid.error, "object does not fit its type; it is left alone");
        self.base.metrics.unparsable(kind_name::<O>());
        let news = News {
            tone: Tone::Bad,
            reason: UNPARSABLE.to_owned(),
            note: format!(
                "the operator cannot read this object and leaves it alone: {}",
                invalid.error
            )
            .chars()
            .take(1_000)
            .collect(),
        };
        self.teller
            .tell(ObjectReference::from(about), vec![news])
            .await;
    }
}

/// The kind's name for as long as the process lives: metrics want a fixed word, and there are three of them.
fn kind_name<O: Watched>() -> &'static str {
    match O::kind(&()) {
        std::borrow::Cow::Borrowed(name) => name,
        std::borrow::Cow::Owned(_) => "other",
    }
}

/// How a watch ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Watch {
    /// Everything ends.
    Ended,
    /// The apiserver does not do it so.
    Refused,
}

/// Whether the watch was refused for its parameters: lists are streamed by apiservers from 1.34 on, by those of 1.32, and
/// by older ones where the feature gate `WatchList` is set.
fn is_unknown_to_the_server(error: &watcher::Error) -> bool {
    match error {
        watcher::Error::WatchStartFailed(kube::Error::Api(status)) => {
            matches!(status.code, 400 | 422)
        }
        _ => false,
    }
}

/// What `kubectl apply` keeps of the manifest on the object, to compare it with the next one.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Nobody here reads who wrote which field, nor the manifest once more: both are most of an object's size.
pub(crate) fn slim<O: Watched>(mut object: O) -> O {
    let meta = object.meta_mut();
    meta.managed_fields = None;
    meta.owner_references = None;
    if let Some(annotations) = &mut meta.annotations {
        annotations.remove(LAST_APPLIED);
    }
    object
}

fn reference<O: Watched>(invalid: &InvalidObject) -> ObjectRef<O> {
    let meta = &invalid.metadata;
    let mut key = ObjectRef::<O>::new(meta.name.as_deref().unwrap_or_default());
    key.namespace.clone_from(&meta.namespace);
    key.extra.uid.clone_from(&meta.uid);
    key
}

fn by_key<O: Watched>(store: &Store<O>) -> HashMap<ObjectRef<O>, Arc<O>> {
    store
        .state()
        .into_iter()
        .map(|object| (ObjectRef::from_obj(&*object), object))
        .collect()
}

#[cfg(test)]
mod tests;
