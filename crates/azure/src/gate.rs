//! Shut gates: after Azure asked for rest, nothing of that scope is sent until the time has come.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use url::Url;

use crate::request::Effect;

/// What Azure counts together: requests of one kind by one principal to one host, and within
/// Resource Manager to one subscription (contract §0.4).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scope {
    host: String,
    subscription: String,
    principal: String,
    effect: Effect,
}

impl Scope {
    /// The scope that a request falls into. `principal` is empty for requests without a token.
    pub fn of(url: &Url, principal: &str, effect: Effect) -> Self {
        let subscription = url
            .path_segments()
            .and_then(|mut segments| {
                segments.find(|segment| segment.eq_ignore_ascii_case("subscriptions"))?;
                segments.next()
            })
            .unwrap_or_default();
        Self {
            host: url.host_str().unwrap_or_default().to_owned(),
            subscription: subscription.to_ascii_lowercase(),
            principal: principal.to_owned(),
            effect,
        }
    }
}

/// All gates of a process. Clones share them; give the same to every [`Client`](crate::Client).
#[derive(Clone, Debug, Default)]
pub struct Gates(Arc<Mutex<HashMap<Scope, Timestamp>>>);

impl Gates {
    /// None shut.
    pub fn new() -> Self {
        Self::default()
    }

    /// When the scope opens, if it is shut at `now`.
    pub fn shut_until(&self, scope: &Scope, now: Timestamp) -> Option<Timestamp> {
        self.locked()
            .get(scope)
            .copied()
            .filter(|until| *until > now)
    }

    /// Shuts the scope; a later time that stands already stays.
    pub fn shut(&self, scope: Scope, until: Timestamp, now: Timestamp) {
        let mut gates = self.locked();
        gates.retain(|_, opens| *opens > now);
        let opens = gates.entry(scope).or_insert(until);
        *opens = until.max(*opens);
    }

    fn locked(&self) -> MutexGuard<'_, HashMap<Scope, Timestamp>> {
        // A map of times is whole after any panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn scope(path: &str, principal: &str, effect: Effect) -> Scope {
        Scope::of(
            &format!("https://management.azure.com{path}")
                .parse()
                .unwrap(),
            principal,
            effect,
        )
    }

    #[test]
    fn one_subscription_principal_and_effect_share_a_gate() {
        let gates = Gates::new();
        let shut = scope("/subscriptions/S1/resourceGroups/a/x", "me", Effect::Read);
        gates.shut(shut.clone(), at(10), at(0));
        for (other, is_shut) in [
            (
                scope("/subscriptions/s1/resourceGroups/b/y", "me", Effect::Read),
                true,
            ),
            (
                scope("/subscriptions/s2/resourceGroups/a/x", "me", Effect::Read),
                false,
            ),
            (
                scope("/subscriptions/s1/resourceGroups/a/x", "you", Effect::Read),
                false,
            ),
            (
                scope("/subscriptions/s1/resourceGroups/a/x", "me", Effect::Write),
                false,
            ),
            (
                scope("/subscriptions/s1/resourceGroups/a/x", "me", Effect::Delete),
                false,
            ),
        ] {
            assert_eq!(
                gates.shut_until(&other, at(5)).is_some(),
                is_shut,
                "{other:?}"
            );
        }
        assert_eq!(gates.shut_until(&shut, at(9)), Some(at(10)));
        assert_eq!(gates.shut_until(&shut, at(10)), None);
    }

    #[test]
    fn the_later_time_wins_and_old_gates_are_forgotten() {
        let gates = Gates::new();
        let a = scope("/subscriptions/a", "me", Effect::Read);
        gates.shut(a.clone(), at(20), at(0));
        gates.shut(a.clone(), at(10), at(1));
        assert_eq!(gates.shut_until(&a, at(2)), Some(at(20)));
        gates.shut(
            scope("/subscriptions/b", "me", Effect::Read),
            at(40),
            at(30),
        );
        assert_eq!(gates.locked().len(), 1);
    }
}
