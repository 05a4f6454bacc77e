//! Who asks, in the headers of the front proxy, whose certificate was verified before a header is read.

use std::collections::BTreeMap;

use axum::http::HeaderMap;
use percent_encoding::percent_decode_str;

use super::front_proxy::Headers;

/// A caller, as the apiserver knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Caller {
    pub(super) user: String,
    pub(super) uid: Option<String>,
    pub(super) groups: Vec<String>,
    pub(super) extra: BTreeMap<String, Vec<String>>,
}

impl Caller {
    /// `None`: nobody is named.
    pub(super) fn of(headers: &HeaderMap, names: &Headers) -> Option<Self> {
        let values = |names: &[String]| -> Vec<String> {
            names
                .iter()
                .flat_map(|name| headers.get_all(name.as_str()))
                .filter_map(|value| value.to_str().ok())
                .map(str::to_owned)
                .collect()
        };
        let first = |names: &[String]| values(names).into_iter().find(|value| !value.is_empty());
        let mut extra: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in headers {
            let key = names
                .extra
                .iter()
                .find_map(|prefix| name.as_str().strip_prefix(prefix.as_str()));
            if let (Some(key), Ok(value)) = (key, value.to_str()) {
                let key = percent_decode_str(key).decode_utf8_lossy().into_owned();
                extra.entry(key).or_default().push(value.to_owned());
            }
        }
        Some(Self {
            user: first(&names.user)?,
            uid: first(&names.uid),
            groups: values(&names.group),
            extra,
        })
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in pairs {
            map.append(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
        }
        map
    }

    #[test]
    fn a_caller_is_read_with_groups_and_extras() {
        let sent = headers(&[
            ("x-remote-user", "ann"),
            ("x-remote-uid", "7"),
            ("x-remote-group", "team-a"),
            ("x-remote-group", "system:authenticated"),
            (
                "x-remote-extra-authentication.kubernetes.io%2fpod-name",
                "p",
            ),
            ("authorization", "never"),
        ]);
        let caller = Caller::of(&sent, &Headers::default()).unwrap();
        assert_eq!(
            (caller.user.as_str(), caller.uid.as_deref()),
            ("ann", Some("7"))
        );
        assert_eq!(caller.groups, ["team-a", "system:authenticated"]);
        let extra = (
            "authentication.kubernetes.io/pod-name".to_owned(),
            vec!["p".to_owned()],
        );
        assert_eq!(caller.extra, BTreeMap::from([extra]));
    }

    #[test]
    fn groups_without_a_user_are_nobody() {
        let sent = headers(&[("x-remote-user", ""), ("x-remote-group", "system:masters")]);
        assert_eq!(Caller::of(&sent, &Headers::default()), None);
    }
}
