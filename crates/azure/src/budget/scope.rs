//! What Azure counts together.

use url::Url;

use crate::cloud::Cloud;
use crate::limits::Rate;
use crate::request::Effect;

/// Requests of one kind by one principal to one host, and within Resource Manager to one subscription (contract §0.4).
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

    pub(super) fn effect(&self) -> Effect {
        self.effect
    }
}

/// A scope, and what is known of its bucket.
#[derive(Clone, Debug)]
pub(crate) struct Lane {
    pub(super) scope: Scope,
    /// `None`: nobody has published how many requests there may be.
    pub(super) rate: Option<Rate>,
}

impl Lane {
    pub(crate) fn of(cloud: &Cloud, url: &Url, principal: &str, effect: Effect) -> Self {
        let counted = is_resource_manager(cloud, url);
        Self {
            scope: Scope::of(url, principal, effect),
            rate: counted.then(|| cloud.limits.of(effect)),
        }
    }
}

/// Paths of Resource Manager begin so (its API reference); other services of a test's cloud may share its host.
const BEGINNINGS: [&str; 2] = ["subscriptions", "providers"];

fn is_resource_manager(cloud: &Cloud, url: &Url) -> bool {
    let base = &cloud.resource_manager;
    let (path, below) = (url.path(), base.path().trim_end_matches('/'));
    let first = path
        .strip_prefix(below)
        .and_then(|rest| rest.trim_start_matches('/').split('/').next());
    url.host_str() == base.host_str()
        && url.port_or_known_default() == base.port_or_known_default()
        && first.is_some_and(|first| BEGINNINGS.iter().any(|b| first.eq_ignore_ascii_case(b)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(path: &str, principal: &str, effect: Effect) -> Scope {
        let url = format!("https://management.azure.com{path}");
        Scope::of(&url.parse().unwrap(), principal, effect)
    }

    #[test]
    fn one_subscription_principal_and_effect_share_a_scope() {
        let one = scope("/subscriptions/S1/resourceGroups/a/x", "me", Effect::Read);
        let rows = [
            (
                "/subscriptions/s1/resourceGroups/b/y",
                "me",
                Effect::Read,
                true,
            ),
            (
                "/subscriptions/s2/resourceGroups/a/x",
                "me",
                Effect::Read,
                false,
            ),
            (
                "/subscriptions/s1/resourceGroups/a/x",
                "you",
                Effect::Read,
                false,
            ),
            (
                "/subscriptions/s1/resourceGroups/a/x",
                "me",
                Effect::Write,
                false,
            ),
            (
                "/subscriptions/s1/resourceGroups/a/x",
                "me",
                Effect::Delete,
                false,
            ),
        ];
        for (path, principal, effect, same) in rows {
            let other = scope(path, principal, effect);
            assert_eq!(other == one, same, "{other:?}");
        }
    }

    #[test]
    fn only_resource_manager_has_published_numbers() {
        let cloud = Cloud::built_in("AzurePublic").unwrap();
        let rows = [
            ("https://management.azure.com/subscriptions/s/x", true),
            ("https://management.azure.com/providers/x", true),
            (
                "https://management.azure.com/history/v1.0/subscriptions/s",
                false,
            ),
            (
                "https://eastus.api.azureml.ms/history/v1.0/subscriptions/s",
                false,
            ),
            ("https://ws.dev.azuresynapse.net/subscriptions/s", false),
            ("https://management.azure.com:444/subscriptions/s", false),
        ];
        for (url, counted) in rows {
            let lane = Lane::of(&cloud, &url.parse().unwrap(), "me", Effect::Write);
            assert_eq!(lane.rate.is_some(), counted, "{url}");
        }
    }
}
