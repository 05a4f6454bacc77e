//! Objects that are at rest when the process begins. A restart is nothing that happened to them: each keeps the pace at
//! which it is looked at, so that a restart costs Azure no more than running on, however many there are.

use std::time::Duration;

use azureml_spark_api::meta::{RECONCILE_AT, is_paused, sync_period};
use azureml_spark_core::Machine;
use kube::runtime::reflector::ObjectRef;
use kube::{Resource, ResourceExt};

use crate::controller::Engine;
use crate::finalizer;
use crate::jitter;
use crate::kind::{Kind, StatusOf};
use crate::memory::uid;
use crate::wakes::Wakes;

/// Somebody who is woken, and after how long.
type Due<K> = (ObjectRef<<K as Kind>::Object>, Duration);

/// Takes those who are at rest out of the first wakes, which every object has got that the first listing showed: they
/// come at some time of their period. Whoever is woken for another cause is looked at when he is, and what is over has
/// its own time.
pub(crate) fn put_off<K: Kind>(
    engine: &Engine<K>,
    wakes: &Wakes<ObjectRef<K::Object>>,
) -> Vec<Due<K>> {
    let period = engine.base.options.sync_period;
    let mut later = Vec::new();
    for key in wakes.drain() {
        match engine
            .store
            .get(&key)
            .filter(|object| is_at_rest::<K>(object))
        {
            Some(object) => later.push((key, wait(&*object, period))),
            None => wakes.wake(key),
        }
    }
    later
}

fn wait<O: Resource>(object: &O, period: Duration) -> Duration {
    let own = sync_period(object.annotations()).ok().flatten();
    let own = own.and_then(|own| Duration::try_from(own).ok());
    let period = own.map_or(period, |own| own.min(period));
    // At any time of it but its first tenth: then a process has enough to do with those who could not wait.
    jitter::within(period, 90, jitter::seed(&uid(object)))
}

fn is_at_rest<K: Kind>(object: &K::Object) -> bool {
    K::settled(object).is_none() && is_calm::<K>(object) && !may_have_been_touched::<K>(object)
}

/// Whether it is as its spec says, and said so of this spec.
fn is_calm<K: Kind>(object: &K::Object) -> bool {
    let meta = object.meta();
    let conditions = K::status(object).map_or(&[][..], K::conditions);
    let said = |kind: &str| conditions.iter().find(|one| one.type_ == kind);
    let ready = said("Ready")
        .is_some_and(|one| one.status == "True" && one.observed_generation == meta.generation);
    let paused = is_paused(object.annotations()) == said("Paused").is_some();
    ready && paused && meta.deletion_timestamp.is_none()
}

/// Whether somebody may have done something to it while no process ran: its finalizer was lost, whoever needed it has
/// gone, or a look was asked for (which look that was, nobody keeps).
fn may_have_been_touched<K: Kind>(object: &K::Object) -> bool {
    let holds = |status: &StatusOf<K>| K::Machine::holds(&K::Machine::recall(status));
    let held = K::status(object).is_some_and(holds);
    held != finalizer::is_on(object.meta()) || object.annotations().contains_key(RECONCILE_AT)
}

#[cfg(test)]
mod tests {
    use azureml_spark_api::meta::SYNC_PERIOD;
    use k8s_openapi::api::core::v1::ConfigMap;

    use super::*;

    fn object(number: u32, own: Option<&str>) -> ConfigMap {
        let mut object = ConfigMap::default();
        object.metadata.uid = Some(format!("uid-{number}"));
        let own = own.map(|own| (SYNC_PERIOD.to_owned(), own.to_owned()));
        object.metadata.annotations = Some(own.into_iter().collect());
        object
    }

    #[test]
    fn after_a_start_those_at_rest_come_at_any_time_of_their_period_but_its_first_tenth() {
        let hour = Duration::from_hours(1);
        for (own, period) in [
            (None, hour),
            (Some("10m"), hour / 6),
            (Some("2h"), hour),
            (Some("often"), hour),
        ] {
            let all: Vec<_> = (0..2_000).map(|n| wait(&object(n, own), hour)).collect();
            let share = |percent: u32| period * percent / 100;
            assert!(all.iter().all(|w| (share(10)..=share(100)).contains(w)));
            assert!(all.iter().any(|w| *w < share(12)), "{own:?}");
            assert!(all.iter().any(|w| *w > share(98)), "{own:?}");
        }
    }
}
