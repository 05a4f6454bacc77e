//! How often each kind of request was made: what a measurement asks for, since it costs the same after any number.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;

/// What alike requests have in common.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Asked {
    /// Application id of the token.
    pub caller: Option<String>,
    /// `GET`, `PUT`, …
    pub method: String,
    /// The path with `*` in place of names, from its namespace on where it has one.
    pub what: String,
}

#[derive(Debug, Clone, Deserialize)]
struct Line {
    #[serde(flatten)]
    asked: Asked,
    count: u64,
    throttled: u64,
    refused: u64,
}

/// The emulator's answer.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Summary {
    last: u64,
    requests: Vec<Line>,
}

/// How many of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// All of them.
    pub made: u64,
    /// Of these, answered with 429.
    pub throttled: u64,
    /// Of these, answered with another error.
    pub refused: u64,
}

/// How many of each kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Number of the latest request.
    pub last: u64,
    /// By what they are.
    pub tallies: BTreeMap<Asked, Tally>,
}

impl From<Summary> for Counts {
    fn from(summary: Summary) -> Self {
        let tally = |line: Line| {
            let tally = Tally {
                made: line.count,
                throttled: line.throttled,
                refused: line.refused,
            };
            (line.asked, tally)
        };
        Self {
            last: summary.last,
            tallies: summary.requests.into_iter().map(tally).collect(),
        }
    }
}

/// Namespaces of the resource manager begin so.
const NAMESPACE: &str = "Microsoft.";

impl Asked {
    /// Whether it goes to the resource manager: not to the login, the data plane of Synapse, run history or blobs.
    pub fn is_of_resource_manager(&self) -> bool {
        self.what.starts_with(NAMESPACE)
    }

    /// Whether it changes nothing.
    pub fn is_read(&self) -> bool {
        self.method == "GET" || self.method == "HEAD"
    }
}

impl Counts {
    /// What came since an earlier moment.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let left = |(asked, now): (&Asked, &Tally)| {
            let before = earlier.tallies.get(asked).copied().unwrap_or_default();
            let tally = Tally {
                made: now.made.saturating_sub(before.made),
                throttled: now.throttled.saturating_sub(before.throttled),
                refused: now.refused.saturating_sub(before.refused),
            };
            (tally.made > 0).then(|| (asked.clone(), tally))
        };
        Self {
            last: self.last,
            tallies: self.tallies.iter().filter_map(left).collect(),
        }
    }

    /// Those for which `holds`.
    #[must_use]
    pub fn only(&self, holds: impl Fn(&Asked) -> bool) -> Self {
        let tallies = self.tallies.iter().filter(|(asked, _)| holds(asked));
        Self {
            last: self.last,
            tallies: tallies
                .map(|(asked, tally)| (asked.clone(), *tally))
                .collect(),
        }
    }

    /// How many in all.
    pub fn made(&self) -> u64 {
        self.tallies.values().map(|tally| tally.made).sum()
    }

    /// How many were answered with 429.
    pub fn throttled(&self) -> u64 {
        self.tallies.values().map(|tally| tally.throttled).sum()
    }
}

/// Most first: `12 GET workspaces/*/jobs, 3 POST token`.
impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut kinds = BTreeMap::<(&str, &str), u64>::new();
        for (asked, tally) in &self.tallies {
            let what = asked.what.split_once('/');
            let what = match what {
                Some((namespace, rest)) if namespace.starts_with(NAMESPACE) => rest,
                _ => &asked.what,
            };
            *kinds.entry((&asked.method, what)).or_default() += tally.made;
        }
        let mut kinds: Vec<_> = kinds.into_iter().collect();
        kinds.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        for (index, ((method, what), count)) in kinds.into_iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{count} {method} {what}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Counts, Summary, Tally};

    fn counts(jobs: u64, throttled: u64) -> Counts {
        let ml = "Microsoft.MachineLearningServices/workspaces/*";
        let line = |method: &str, what: &str, count: u64, throttled: u64| json!({"caller": "me", "method": method, "what": what, "count": count, "throttled": throttled, "refused": 0});
        let summary: Summary = serde_json::from_value(json!({"last": 20, "requests": [
            line("GET", &format!("{ml}/jobs"), jobs, throttled),
            line("PUT", &format!("{ml}/jobs/*"), 2, 0),
            line("GET", &format!("history/{ml}/runs/*/details"), 1, 0),
            line("POST", "token", 4, 0),
        ]}))
        .unwrap();
        summary.into()
    }

    #[test]
    fn a_difference_holds_what_came_since() {
        let since = counts(12, 3).since(&counts(5, 1));
        assert_eq!(since.to_string(), "7 GET workspaces/*/jobs");
        let tallies: Vec<_> = since.tallies.into_values().collect();
        let expected = Tally {
            made: 7,
            throttled: 2,
            refused: 0,
        };
        assert_eq!(tallies, [expected]);
    }

    #[test]
    fn the_resource_managers_are_told_apart() {
        let all = counts(12, 3);
        let arm = all.only(super::Asked::is_of_resource_manager);
        assert_eq!((arm.made(), arm.throttled(), all.made()), (14, 3, 19));
        assert_eq!(arm.only(super::Asked::is_read).made(), 12);
        assert_eq!(
            all.to_string(),
            "12 GET workspaces/*/jobs, 4 POST token, 2 PUT workspaces/*/jobs/*, \
             1 GET history/Microsoft.MachineLearningServices/workspaces/*/runs/*/details"
        );
    }
}
