//! How many requests Azure still takes, as an answer tells it.

use crate::request::Effect;
use crate::response::Response;

/// What ARM counts for one principal, for all principals of a subscription, and for a tenant (contract §0.4). The name of
/// the second is unverified; a header that is not there says nothing.
const COUNTERS: [&str; 3] = ["subscription", "subscription-global", "tenant"];

/// The least that any counter says is left for this kind of request.
pub(super) fn remaining(response: &Response, effect: Effect) -> Option<f64> {
    let kind = match effect {
        Effect::Read => "reads",
        Effect::Write => "writes",
        Effect::Delete => "deletes",
    };
    let told = COUNTERS.iter().filter_map(|counter| {
        let name = format!("x-ms-ratelimit-remaining-{counter}-{kind}");
        let left: f64 = response.header(&name)?.trim().parse().ok()?;
        (left >= 0.0).then_some(left)
    });
    told.reduce(f64::min)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn the_scarcest_counter_of_the_same_kind_counts() {
        let left = |headers: &[(&'static str, &'static str)], effect| {
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                let name = format!("x-ms-ratelimit-remaining-{name}");
                let name = HeaderName::try_from(name).unwrap();
                map.insert(name, HeaderValue::from_static(value));
            }
            let response = Response {
                status: 200,
                headers: map,
                body: Bytes::new(),
            };
            remaining(&response, effect)
        };
        let both = [
            ("subscription-writes", "17"),
            ("subscription-global-writes", "5"),
        ];
        assert_eq!(left(&both, Effect::Write), Some(5.0));
        assert_eq!(left(&both[..1], Effect::Write), Some(17.0));
        assert_eq!(left(&both, Effect::Read), None);
        assert_eq!(left(&[("tenant-deletes", "0")], Effect::Delete), Some(0.0));
        for unread in ["", "many", "-1", "NaN"] {
            assert_eq!(left(&[("subscription-reads", unread)], Effect::Read), None);
        }
    }
}
