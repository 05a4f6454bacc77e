//! What was asked of the emulator.

use std::fmt;

use serde::Deserialize;
use serde_json::Value;

/// One request, without its secrets.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// Counts from 1 for as long as the emulator runs.
    pub number: u64,
    /// When it arrived, RFC 3339.
    pub time: String,
    /// `GET`, `PUT`, …
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Of the answer; none while there is none, and for ever when the connection was dropped.
    pub status: Option<u16>,
    /// Application id of the token.
    pub caller: Option<String>,
    /// `api-version` of the query.
    pub api_version: Option<String>,
    /// The body, of JSON requests only.
    pub body: Option<Value>,
}

/// Requests, in order.
#[derive(Debug, Clone)]
pub struct Requests(pub Vec<Entry>);

impl Requests {
    /// Those of a method whose path and query contain all of `parts`, ignoring case.
    pub fn matching(&self, method: &str, parts: &[&str]) -> Self {
        let holds = |entry: &&Entry| {
            let path = entry.path.to_ascii_lowercase();
            entry.method == method
                && parts
                    .iter()
                    .all(|part| path.contains(&part.to_ascii_lowercase()))
        };
        Self(self.0.iter().filter(holds).cloned().collect())
    }

    /// Those of a client, by its application id.
    pub fn of(&self, client_id: &str) -> Self {
        let holds = |entry: &&Entry| entry.caller.as_deref() == Some(client_id);
        Self(self.0.iter().filter(holds).cloned().collect())
    }

    /// How many of a method have a path and query that contain all of `parts`.
    pub fn count(&self, method: &str, parts: &[&str]) -> usize {
        self.matching(method, parts).0.len()
    }

    /// Their bodies.
    pub fn bodies(&self) -> Vec<&Value> {
        self.0
            .iter()
            .filter_map(|entry| entry.body.as_ref())
            .collect()
    }
}

/// One line a request: number, method, path, status.
impl fmt::Display for Requests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for entry in &self.0 {
            let status = entry
                .status
                .map_or_else(|| "–".to_owned(), |status| status.to_string());
            writeln!(
                f,
                "{} {} {} {status}",
                entry.number, entry.method, entry.path
            )?;
        }
        Ok(())
    }
}
