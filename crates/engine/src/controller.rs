//! Sets one kind going: its watch, who wakes it, passes side by side, and an orderly end.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use azureml_spark_core::{Class, Machine, Wake};
use futures::StreamExt;
use jiff::Timestamp;
use kube::api::ListParams;
use kube::runtime::controller::{self, Action, applier};
use kube::runtime::reflector::{ObjectRef, Store};
use kube::{Api, Client, Resource, ResourceExt};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument;

use crate::caches::Caches;
use crate::calm;
use crate::clock::Clock;
use crate::deadline::within;
use crate::drive::drive;
use crate::error::Error;
use crate::events::Teller;
use crate::fair::{Dealer, Rest};
use crate::jitter;
use crate::kind::Kind;
use crate::memory::{Memory, uid};
use crate::metrics::{Ended, Metrics};
use crate::source::{self, Change, Source};
use crate::turn::{Next, Turn, newest};

/// After a panic, which is a bug that a person must mend.
const AFTER_A_PANIC: Duration = Duration::from_mins(5);

/// Before the apiserver is asked again for an object of which the cache keeps a part.
const UNREAD: Duration = Duration::from_secs(10);

/// A machine whose wake lies in the past must not be hot.
const SOONEST: Duration = Duration::from_millis(250);

/// What an installation sets.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Passes side by side, per kind.
    pub concurrency: u16,
    /// How long an object at rest goes without a look.
    pub sync_period: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            concurrency: 32,
            sync_period: Duration::from_hours(1),
        }
    }
}

/// What all kinds share. Clones share it too.
#[derive(Clone)]
pub struct Base {
    /// The way to the apiserver.
    pub client: Client,
    /// The time.
    pub clock: Clock,
    /// The counts.
    pub metrics: Metrics,
    /// The caches that must be filled first.
    pub caches: Caches,
    /// What the installation sets.
    pub options: Options,
}

impl Base {
    /// With the machine's clock and nothing counted yet.
    pub fn new(client: Client, options: Options) -> Self {
        Self {
            client,
            clock: Clock::system(),
            metrics: Metrics::new(),
            caches: Caches::new(),
            options,
        }
    }
}

/// One kind, set going.
pub(crate) struct Engine<K: Kind> {
    pub(crate) kind: K,
    pub(crate) base: Base,
    pub(crate) memory: Memory<K::Object>,
    pub(crate) store: Store<K::Object>,
    pub(crate) teller: Teller,
}

/// Drives every object of one kind until `shutdown`, and then lets the passes that are under way end.
///
/// Passes begin when every cache of `base` is filled. At most one pass per object and
/// `options.concurrency` in all run at a time.
pub async fn run<K: Kind>(
    kind: K,
    mut source: Source<K::Object>,
    base: Base,
    shutdown: CancellationToken,
) {
    let engine = Arc::new(Engine {
        kind,
        teller: Teller::new(
            base.client.clone(),
            base.metrics.clone(),
            base.clock.clone(),
        ),
        memory: Memory::new(),
        store: source.store(),
        base,
    });
    source.keep(K::slim);
    source.on_change({
        let (engine, wakes) = (Arc::clone(&engine), source.wakes());
        move |change| {
            let Some(object) = change.now else {
                return change
                    .before
                    .into_iter()
                    .for_each(|gone| engine.memory.forget(gone));
            };
            engine.memory.caught_up(object);
            if is_news::<K>(change) && K::settled(object) != Some(Wake::OnChange) {
                wakes.wake(ObjectRef::from_obj(object));
            }
        }
    });
    count_objects::<K>(&engine.base.metrics, source.store());
    let passes = passes(engine, source.wakes(), shutdown.clone());
    tokio::join!(source.run(shutdown), passes);
}

async fn passes<K: Kind>(
    engine: Arc<Engine<K>>,
    wakes: crate::wakes::Wakes<ObjectRef<K::Object>>,
    shutdown: CancellationToken,
) {
    tokio::select! {
        () = engine.base.caches.filled() => {}
        () = shutdown.cancelled() => return,
    }
    let config = controller::Config::default().concurrency(engine.base.options.concurrency);
    let dealer = Dealer::new();
    for (key, wait) in calm::put_off(&engine, &wakes) {
        dealer.again(key, wait);
    }
    let queue = dealer
        .stream(wakes)
        .map(Ok::<_, Infallible>)
        .take_until(shutdown.cancelled_owned());
    // A task per pass: a long computation of one must not keep the others, or the watch, from going on.
    let pass = |object: Arc<K::Object>, engine| {
        let place = dealer.begin(ObjectRef::from_obj(&*object));
        AbortOnDropHandle::new(tokio::spawn(
            async move {
                place.end(reconcile::<K>(object, engine).await);
                // Whoever is looked at again takes his turn then, which kube's own queue would not have him do.
                Action::await_change()
            }
            .in_current_span(),
        ))
    };
    let panicked =
        |object: Arc<K::Object>, error: &tokio::task::JoinError, engine: Arc<Engine<K>>| {
            let key = ObjectRef::from_obj(&*object);
            tracing::error!(object = %key, %error, "pass broke");
            engine.base.metrics.erred(K::NAME, "panic");
            dealer.again(key, AFTER_A_PANIC);
            Action::await_change()
        };
    let store = engine.store.clone();
    applier(pass, panicked, engine, store, queue, config)
        .for_each(|passed| {
            if let Err(error) = passed {
                // For one: a key was woken whose object is gone.
                tracing::debug!(%error, "no pass");
                if let controller::Error::ObjectNotFound(gone) = error {
                    let mut key = ObjectRef::new(&gone.name);
                    key.namespace.clone_from(&gone.namespace);
                    dealer.pass_over(&key);
                }
            }
            futures::future::ready(())
        })
        .await;
}

async fn reconcile<K: Kind>(object: Arc<K::Object>, engine: Arc<Engine<K>>) -> Rest {
    let span = tracing::info_span!(
        "pass",
        kind = K::NAME,
        namespace = object.namespace(),
        name = object.name_any()
    );
    pass(object, engine).instrument(span).await
}

async fn pass<K: Kind>(object: Arc<K::Object>, engine: Arc<Engine<K>>) -> Rest {
    let begun = engine.base.clock.now();
    let known = newest(&engine, object);
    if let Some(rest) = over::<K>(&known, begun) {
        return rest;
    }
    let object = match whole(&engine, known).await {
        Ok(Some(object)) => object,
        Ok(None) => return Rest::UntilChange,
        Err(error) => {
            tracing::warn!(%error, "an object could not be read again");
            engine.base.metrics.erred(K::NAME, error.as_str());
            return Rest::For(UNREAD);
        }
    };
    let about = object.object_ref(&());
    let mut turn = Turn::begin(&engine, object);
    let outcome = drive(&mut turn).await;
    engine.teller.tell(about, turn.news()).await;
    let (ended, next) = match outcome {
        Ok(outcome) => (outcome.ended, outcome.next),
        Err(error) => (Ended::Erred, err(&turn, &engine, &error)),
    };
    if ended != Ended::Erred {
        turn.leave();
    }
    let cached = engine.store.get(&ObjectRef::from_obj(turn.object()));
    match cached.filter(|cached| uid(&**cached) == uid(turn.object())) {
        Some(cached) => engine.memory.caught_up(&cached),
        // It went during the pass, which may have kept something since.
        None => engine.memory.forget(turn.object()),
    }
    let now = engine.base.clock.now();
    engine
        .base
        .metrics
        .passed(K::NAME, ended, between(begun, now));
    if let Some(rest) = over::<K>(turn.object(), now) {
        return rest;
    }
    match next {
        Next::At(time) => Rest::For(between(now, time).max(SOONEST)),
        Next::OnChange => {
            let seed = jitter::seed(&(uid(turn.object()), now.as_second()));
            Rest::For(jitter::around(engine.base.options.sync_period, 10, seed))
        }
        Next::Never => Rest::UntilChange,
    }
}

/// What is done with an object that is over and has nothing due: nothing.
fn over<K: Kind>(object: &K::Object, now: Timestamp) -> Option<Rest> {
    match K::settled(object)? {
        Wake::OnChange => Some(Rest::UntilChange),
        Wake::At(time) if time > now => Some(Rest::For(between(now, time).max(SOONEST))),
        Wake::At(_) => None,
    }
}

/// The object with all that is in it: the cache may have kept a part. `None`: it is gone, or another one has its name.
async fn whole<K: Kind>(
    engine: &Engine<K>,
    known: Arc<K::Object>,
) -> Result<Option<Arc<K::Object>>, Error> {
    if !K::is_slim(&known) {
        return Ok(Some(known));
    }
    let (namespace, name) = (known.namespace().unwrap_or_default(), known.name_any());
    let api: Api<K::Object> = Api::namespaced(engine.base.client.clone(), &namespace);
    // By the right to list, which the cache needs; one to get there is not.
    let wish = ListParams::default().fields(&format!("metadata.name={name}"));
    let found = within("list one object", api.list(&wish)).await??;
    let same = |object: &K::Object| uid(object) == uid(&*known);
    let mut found = found.items.into_iter().filter(same);
    Ok(found.next().map(source::slim).map(Arc::new))
}

/// Trouble on our own side: the pass is dropped, what it knew is forgotten, and another one comes soon.
fn err<K: Kind>(turn: &Turn<'_, K>, engine: &Engine<K>, error: &Error) -> Next {
    let object = turn.object();
    engine.base.metrics.erred(K::NAME, error.as_str());
    match error {
        Error::Gone => {
            engine.memory.forget(object);
            return Next::Never;
        }
        Error::Stale => tracing::debug!("the object has changed; the pass is dropped"),
        Error::Shared(shared) if matches!(**shared, Error::Stale | Error::Gone) => {
            tracing::debug!("what the object needs has changed; the pass is dropped");
        }
        Error::Apiserver(_) | Error::Silent { .. } | Error::Shared(_) | Error::Bug(_) => {
            tracing::warn!(%error, "pass dropped");
        }
    }
    let tries = engine.memory.failed(object, error.as_str());
    turn.later(Class::Retryable, tries)
}

fn between(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or(Duration::ZERO)
}

/// Whether a change of an object is one for its own machine. A status is not: we wrote it. A finalizer that came
/// is not: we put it. One that was lost is, which shows in what the status remembers; so is that something is over, or
/// is not any more.
fn is_news<K: Kind>(change: &Change<'_, K::Object>) -> bool {
    let sign = |object: &K::Object| {
        let meta = object.meta();
        let ours: Vec<_> = object
            .annotations()
            .iter()
            .filter(|(key, _)| key.starts_with(concat!("spark.azureml.dev", "/")))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        let lost = !crate::finalizer::is_on(meta)
            && K::status(object).is_some_and(|s| K::Machine::holds(&K::Machine::recall(s)));
        let settled = K::settled(object).is_some();
        let meta = (meta.generation, meta.deletion_timestamp.clone());
        (meta, ours, lost, settled)
    };
    change.now.map(sign) != change.before.map(sign)
}

fn count_objects<K: Kind>(metrics: &Metrics, store: Store<K::Object>) {
    let told = metrics.clone();
    metrics.before_scrape(move || {
        let (mut ready, mut busy, mut stalled, mut silent) = (0, 0, 0, 0);
        for object in store.state() {
            let conditions = K::status(&object).map(K::conditions).unwrap_or_default();
            let holds = |kind: &str| {
                conditions
                    .iter()
                    .any(|c| c.type_ == kind && c.status == "True")
            };
            match () {
                () if holds("Stalled") => stalled += 1,
                () if holds("Ready") => ready += 1,
                () if holds("Reconciling") => busy += 1,
                () => silent += 1,
            }
        }
        for (state, count) in [
            ("ready", ready),
            ("reconciling", busy),
            ("stalled", stalled),
            ("unknown", silent),
        ] {
            told.objects(K::NAME, state, count);
        }
    });
}
