//! Studio's index of runs, which filters by state on the server and costs nothing of Resource Manager's budget.
//!
//! Undocumented ("experimental, might change"); a fleet client of Microsoft's own uses it (contract §13). Which field
//! carries the run's name is not known, so every field that may is read.

use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::aml::job::JobStatus;
use crate::request::{Address, Audience, Call, Effect, Request, path};
use crate::resource_id::WorkspaceId;
use crate::response::{Refusal, Response};
use crate::tolerant;

/// The index's words for states in which a run may still change (contract §13).
pub const LIVE: [&str; 10] = [
    "Cancel requested",
    "Finalizing",
    "Not started",
    "Paused",
    "Preparing",
    "Queued",
    "Running",
    "Starting",
    "Validating",
    "Waiting",
];

/// More on a page is refused (contract §13).
const PAGE: u32 = 100;

/// `POST {index}/{location}/index/v1.0{workspace}/entities`, with a token for the index; 200. The runs of the workspace in
/// these states, the latest first; archived ones are left out. `continuation` is that of the page before. Changes nothing.
/// Under load the answer is HTML with 503. Contract §13.
pub fn runs(
    workspace: &WorkspaceId,
    location: &str,
    states: &[&str],
    continuation: Option<&str>,
) -> Call<Found> {
    let mut segments = path(&[location, "index", "v1.0"], &workspace.segments());
    segments.push("entities".to_owned());
    let equal = |field, values| Filter {
        field,
        operator: "eq",
        values,
    };
    let mut request = Request::to("index.runs", Method::POST, Address::StudioIndex(segments))
        .header("accept", "application/json")
        .json(&Body {
            filters: [
                equal("type", &["runs"]),
                equal("annotations/archived", &["false"]),
                equal("annotations/status", states),
            ],
            order: [Order {
                field: "properties/creationContext/createdTime",
                direction: "Desc",
            }],
            page_size: PAGE,
            continuation_token: continuation,
            include_total_result_count: true,
            free_text_search: "",
            search_builder: "AppendPrefix",
        });
    request.effect = Effect::Read;
    request.audience = Audience::StudioIndex;
    request.parsed_by(found)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    filters: [Filter<'a>; 3],
    order: [Order; 1],
    page_size: u32,
    continuation_token: Option<&'a str>,
    include_total_result_count: bool,
    free_text_search: &'static str,
    search_builder: &'static str,
}

#[derive(Serialize)]
struct Filter<'a> {
    field: &'static str,
    operator: &'static str,
    values: &'a [&'a str],
}

#[derive(Serialize)]
struct Order {
    field: &'static str,
    direction: &'static str,
}

/// One page of the index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The runs, in the index's order.
    pub entries: Vec<Entry>,
    /// How many could not be read.
    pub unreadable: usize,
    /// What the next page is asked for with, if there is one.
    pub continuation: Option<String>,
}

/// A run in the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What may be its name: one of them is, or none. Names that people choose to show are not among them.
    pub names: Vec<String>,
    /// How far it is.
    pub status: JobStatus,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw {
    #[serde(default, deserialize_with = "tolerant::or_none")]
    entity_object_id: Option<String>,
    #[serde(default, deserialize_with = "tolerant::or_none")]
    entity_id: Option<String>,
    #[serde(default, deserialize_with = "tolerant::or_none")]
    entity_resource_name: Option<String>,
    #[serde(default, deserialize_with = "tolerant::or_none")]
    name: Option<String>,
    #[serde(default, deserialize_with = "tolerant::or_none")]
    id: Option<String>,
    #[serde(default, deserialize_with = "tolerant::or_default")]
    properties: RawProperties,
    annotations: RawAnnotations,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RawProperties {
    #[serde(deserialize_with = "tolerant::or_none")]
    run_id: Option<String>,
    #[serde(deserialize_with = "tolerant::or_none")]
    run_name: Option<String>,
    #[serde(deserialize_with = "tolerant::or_none")]
    name: Option<String>,
    #[serde(deserialize_with = "tolerant::or_none")]
    id: Option<String>,
}

#[derive(Deserialize)]
struct RawAnnotations {
    status: String,
}

impl From<Raw> for Entry {
    fn from(raw: Raw) -> Self {
        let properties = raw.properties;
        let all = [
            raw.entity_object_id,
            raw.entity_id,
            raw.entity_resource_name,
            raw.name,
            raw.id,
            properties.run_id,
            properties.run_name,
            properties.name,
            properties.id,
        ];
        let mut names: Vec<String> = all.iter().flatten().filter_map(|text| name(text)).collect();
        names.dedup();
        // "Not started" is NotStarted elsewhere.
        let word: String = raw.annotations.status.split_whitespace().collect();
        Self {
            names,
            status: JobStatus::parse(&word),
        }
    }
}

/// The name in an id: what stands last in `azureml://…/objectId/dcid.name`, `dcid.name` or `name`.
fn name(id: &str) -> Option<String> {
    let last = id.rsplit('/').next().unwrap_or(id);
    let name = last.strip_prefix("dcid.").unwrap_or(last);
    (!name.is_empty()).then(|| name.to_owned())
}

/// Success that is no list of runs, such as a page of HTML, is no answer: absence is told by what is not in it.
fn found(response: &Response) -> Result<Found, Refusal> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Envelope<'a> {
        #[serde(borrow)]
        value: Vec<&'a RawValue>,
        #[serde(default)]
        continuation_token: Option<String>,
    }
    let envelope: Envelope<'_> = serde_json::from_slice(&response.body)
        .map_err(|error| Refusal::Unreadable(error.to_string()))?;
    let total = envelope.value.len();
    let entries: Vec<Entry> = envelope
        .value
        .into_iter()
        .filter_map(|item| serde_json::from_str::<Raw>(item.get()).ok())
        .map(Entry::from)
        .collect();
    Ok(Found {
        unreadable: total - entries.len(),
        entries,
        continuation: envelope
            .continuation_token
            .filter(|token| !token.is_empty()),
    })
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use reqwest::header::HeaderMap;

    use super::*;

    fn read(body: &str) -> Result<Found, Refusal> {
        found(&Response {
            status: 200,
            headers: HeaderMap::new(),
            body: Bytes::copy_from_slice(body.as_bytes()),
        })
    }

    #[test]
    fn the_name_is_read_wherever_it_may_stand() {
        for item in [
            r#""entityObjectId":"dcid.run-1""#,
            r#""entityId":"azureml://location/eastus/workspaceId/1/type/runs/objectId/dcid.run-1""#,
            r#""entityResourceName":"run-1""#,
            r#""name":"run-1""#,
            r#""id":"run-1""#,
            r#""properties":{"runId":"run-1"}"#,
            r#""properties":{"runName":"run-1"}"#,
            r#""properties":{"name":"run-1"}"#,
            r#""properties":{"id":"run-1","experimentId":7}"#,
            r#""name":"run-1","properties":{"name":{"not":"a name"}}"#,
        ] {
            let body = format!(
                r#"{{"value":[{{{item},"annotations":{{"status":"Cancel requested","displayName":"shown"}}}}],"continuationToken":null}}"#
            );
            let page = read(&body).unwrap();
            let [entry] = page.entries.as_slice() else {
                panic!("{item}: {page:?}");
            };
            assert_eq!(entry.names, ["run-1"], "{item}");
            assert_eq!(entry.status, JobStatus::CancelRequested);
        }
    }

    #[test]
    fn a_run_without_a_name_is_told_from_one_that_cannot_be_read() {
        let page = read(
            r#"{"value":[{"annotations":{"status":"Running","displayName":"shown"},"properties":null},
                         {"annotations":{}},7],"continuationToken":"next","totalCount":3}"#,
        )
        .unwrap();
        assert_eq!(page.unreadable, 2);
        assert_eq!(
            page.entries,
            [Entry {
                names: Vec::new(),
                status: JobStatus::Running
            }]
        );
        assert_eq!(page.continuation.as_deref(), Some("next"));
    }

    #[test]
    fn what_is_no_list_of_runs_does_not_read_as_an_empty_one() {
        for body in [
            "<html>Service Unavailable</html>",
            "{}",
            "[]",
            r#"{"value":null}"#,
            "",
        ] {
            assert!(read(body).is_err(), "{body}");
        }
        assert_eq!(
            read(r#"{"value":[],"continuationToken":""}"#),
            Ok(Found::default())
        );
    }

    #[test]
    fn every_live_word_is_live_where_it_is_known() {
        for word in LIVE {
            let word: String = word.split_whitespace().collect();
            assert!(!JobStatus::parse(&word).is_terminal(), "{word}");
        }
    }
}
