//! How the log of a `SparkJob` is asked for: an API of its own, aggregated into the cluster's, that the operator serves.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::SparkJobStatus;

/// The API group.
pub const GROUP: &str = "logs.spark.azureml.dev";
/// Its version.
pub const VERSION: &str = "v1alpha1";
/// The resource and its subresource, as a role names them: `sparkjobs/log`, verb `get`.
pub const RESOURCE: &str = "sparkjobs";
/// The subresource.
pub const SUBRESOURCE: &str = "log";
/// The media type that asks for [`Frame`]s, one JSON a line, in place of plain text.
pub const FRAMES: &str = "application/x-ndjson";

/// How often something is said, at least. A connection without a word for three times as long is dead.
pub const BEAT: Duration = Duration::from_secs(30);

/// Where the log of a job is served.
pub fn path(namespace: &str, name: &str) -> String {
    format!("/apis/{GROUP}/{VERSION}/namespaces/{namespace}/{RESOURCE}/{name}/{SUBRESOURCE}")
}

/// One piece of an answer. An answer that ends without [`Frame::End`] or [`Frame::Error`] was broken off: who asks again
/// for the attempt of the last [`Frame::Begin`], with the position of the last [`Frame::Lines`] as `offset`, goes on
/// behind it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum Frame {
    /// Nothing runs yet.
    Waiting {
        /// What for.
        message: String,
    },
    /// Whose log follows.
    Begin {
        /// Which attempt, from 1.
        attempt: i32,
        /// Its name in Azure.
        run: String,
    },
    /// Some of the log: whole lines.
    Lines {
        /// Where to go on behind them.
        position: String,
        /// The lines, with their ends.
        text: String,
    },
    /// There is nothing to say; see [`BEAT`].
    Alive,
    /// Everything was said: the run has ended, or was not to be followed.
    End {
        /// Azure's word for the state of the run.
        state: String,
    },
    /// It goes no further.
    Error {
        /// Why.
        message: String,
        /// Whether it may go on later.
        retry: bool,
    },
}

/// Which runs of a job have a log: number of the attempt and name in Azure, oldest first. A name that is only meant to
/// be, or that turned out to be another's, is none of them.
pub fn runs(status: &SparkJobStatus) -> Vec<(i32, &str)> {
    let mut runs: Vec<(i32, &str)> = status
        .attempts
        .iter()
        .map(|attempt| (attempt.attempt, attempt.azure_name.as_str()))
        .collect();
    let is_past = |name: &str| runs.iter().any(|(_, past)| *past == name);
    let name = status.azure_name.as_deref();
    let current = name.filter(|name| status.azure_id.is_some() && !is_past(name));
    let next = runs.last().map_or(1, |(number, _)| number + 1);
    runs.extend(current.map(|name| (status.attempt.unwrap_or(next), name)));
    runs
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn ended(attempt: i32, name: &str) -> Value {
        json!({"attempt": attempt, "azureName": name, "state": "Failed", "endTime": "2026-01-01T00:00:00Z", "reason": "NoCapacity"})
    }

    #[test]
    fn a_run_has_a_log_once_azure_has_it() {
        let both = [ended(2, "a-2"), ended(3, "a-3")];
        for (status, expected) in [
            (json!({}), &[][..]),
            (json!({"azureName": "a-1", "attempt": 1}), &[]),
            (json!({"azureName": "a-1", "azureId": "/x"}), &[(1, "a-1")]),
            (
                json!({"azureName": "a-4", "azureId": "/x", "attempt": 4, "attempts": both}),
                &[(2, "a-2"), (3, "a-3"), (4, "a-4")],
            ),
            // The next one is waited for, under its own name or still under the last one's.
            (
                json!({"azureName": "a-4", "attempt": 4, "attempts": both}),
                &[(2, "a-2"), (3, "a-3")],
            ),
            (
                json!({"azureName": "a-3", "azureId": "/x", "attempt": 3, "attempts": both}),
                &[(2, "a-2"), (3, "a-3")],
            ),
        ] {
            let said = status.to_string();
            let status: SparkJobStatus = serde_json::from_value(status).unwrap();
            assert_eq!(runs(&status), expected, "{said}");
        }
    }

    #[test]
    fn frames_are_written_so() {
        let frame = Frame::Lines {
            position: "both:4".to_owned(),
            text: "one\n".to_owned(),
        };
        let text = serde_json::to_string(&frame).unwrap();
        assert_eq!(
            text,
            r#"{"type":"lines","position":"both:4","text":"one\n"}"#
        );
    }
}
