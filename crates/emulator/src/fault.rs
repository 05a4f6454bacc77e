//! Rules that make requests go wrong on purpose.

use std::sync::{Mutex, PoisonError};

use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use regex::Regex;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::error::Refusal;

/// One rule: which requests, and what happens to them.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Rule {
    /// Only this method; any when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    method: Option<String>,
    /// A part of path and query as they were sent, or a regular expression that matches in it.
    #[serde(default)]
    path: String,
    /// Only this host (a part of it); any when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    host: Option<String>,
    /// So many matching requests go through first.
    #[serde(default)]
    skip: u64,
    /// So many are hit after that.
    #[serde(default = "once")]
    count: u64,
    action: Action,
    #[serde(skip)]
    pattern: Option<Regex>,
}

fn once() -> u64 {
    1
}

/// What happens to a request that is hit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", deny_unknown_fields)]
pub(crate) enum Action {
    /// It is answered at once, without an effect.
    #[serde(rename_all = "camelCase")]
    Status {
        status: u16,
        #[serde(default)]
        body: Option<Value>,
        #[serde(default)]
        retry_after: Option<u64>,
    },
    /// It waits; before the effect (which does not happen if the client leaves meanwhile) or after it.
    Delay {
        seconds: f64,
        #[serde(default)]
        when: When,
    },
    /// Its connection is closed without an answer; before the effect or after it.
    Drop {
        #[serde(default)]
        when: When,
    },
    /// A read is answered with the state before the latest write.
    Stale,
}

/// On which side of the effect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum When {
    #[default]
    Before,
    After,
}

/// All rules, in the order in which they came.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    rules: Mutex<Vec<Rule>>,
}

impl Faults {
    /// Adds one rule or a list of them.
    pub(crate) fn add(&self, rules: Value) -> Result<(), serde_json::Error> {
        let mut rules: Vec<Rule> = match rules {
            list @ Value::Array(_) => serde_json::from_value(list)?,
            one => vec![serde_json::from_value(one)?],
        };
        for rule in &mut rules {
            // What is no regular expression can still be a part of a path.
            rule.pattern = Regex::new(&rule.path).ok();
        }
        self.rules
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(rules);
        Ok(())
    }

    /// What is left of the rules.
    pub(crate) fn left(&self) -> Vec<Rule> {
        self.rules
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// No rules any more.
    pub(crate) fn clear(&self) {
        self.rules
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    /// None of those any more that were made for this path.
    pub(crate) fn clear_path(&self, path: &str) {
        self.rules
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|rule| rule.path != path);
    }

    /// What happens to this request: the first rule that matches counts it, and the first that is not
    /// skipping any more acts.
    pub(crate) fn hit(&self, method: &str, host: &str, path_and_query: &str) -> Option<Action> {
        let mut rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        let mut hit = None;
        for rule in rules.iter_mut() {
            if !rule.matches(method, host, path_and_query) {
                continue;
            }
            if rule.skip > 0 {
                rule.skip -= 1;
            } else if rule.count > 0 {
                rule.count -= 1;
                hit = Some(rule.action.clone());
                break;
            }
        }
        rules.retain(|rule| rule.count > 0);
        hit
    }
}

impl Rule {
    fn matches(&self, method: &str, host: &str, path_and_query: &str) -> bool {
        let method_fits = self
            .method
            .as_deref()
            .is_none_or(|wanted| wanted.eq_ignore_ascii_case(method));
        let host_fits = self
            .host
            .as_deref()
            .is_none_or(|wanted| host.contains(wanted));
        method_fits
            && host_fits
            && (path_and_query.contains(&self.path)
                || self
                    .pattern
                    .as_ref()
                    .is_some_and(|pattern| pattern.is_match(path_and_query)))
    }
}

/// The answer of [`Action::Status`].
pub(crate) fn status_answer(status: u16, body: Option<Value>, retry_after: Option<u64>) -> Refusal {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = body.unwrap_or_else(|| {
        let code = match status.as_u16() {
            401 => "InvalidAuthenticationToken",
            403 => "AuthorizationFailed",
            404 => "ResourceNotFound",
            409 => "Conflict",
            429 => "TooManyRequests",
            503 => "ServiceUnavailable",
            504 => "GatewayTimeout",
            _ => "InternalServerError",
        };
        json!({"error": {"code": code, "message": "A fault rule asked for this answer."}})
    });
    let refusal = Refusal::with_body(status, body);
    match retry_after {
        Some(seconds) => refusal.header(RETRY_AFTER, &seconds.to_string()),
        None => refusal,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Action, Faults, When};

    #[test]
    fn a_rule_skips_counts_and_goes() {
        let faults = Faults::default();
        faults
            .add(
                json!({"method": "PUT", "path": "/jobs/", "skip": 1, "count": 2,
                "action": {"kind": "drop", "when": "after"}}),
            )
            .unwrap();
        let hit = |method| faults.hit(method, "localhost", "/a/jobs/b?api-version=1");
        assert_eq!(hit("PUT"), None);
        assert_eq!(hit("GET"), None);
        assert_eq!(hit("put"), Some(Action::Drop { when: When::After }));
        assert_eq!(hit("PUT"), Some(Action::Drop { when: When::After }));
        assert_eq!(hit("PUT"), None);
        assert!(faults.left().is_empty());
    }

    #[test]
    fn a_path_is_a_part_or_a_pattern() {
        let faults = Faults::default();
        faults
            .add(json!([
                {"path": "computes/[a-z]+\\?", "count": 1, "action": {"kind": "stale"}},
                {"path": "list?x=(", "count": 1, "action": {"kind": "delay", "seconds": 1}},
            ]))
            .unwrap();
        assert_eq!(
            faults.hit("GET", "h", "/computes/abc?v"),
            Some(Action::Stale)
        );
        assert_eq!(
            faults.hit("GET", "h", "/list?x=("),
            Some(Action::Delay {
                seconds: 1.0,
                when: When::Before
            })
        );
    }

    #[test]
    fn what_is_no_rule_is_refused() {
        let faults = Faults::default();
        assert!(
            faults
                .add(json!({"path": "/", "action": {"kind": "explode"}}))
                .is_err()
        );
        assert!(
            faults
                .add(json!({"paht": "/", "action": {"kind": "stale"}}))
                .is_err()
        );
    }
}
