//! Ours beside theirs, part by part.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use azureml_spark_testkit::emulator::{Entry, Requests};
use azureml_spark_testkit::repository;
use reqwest::Url;
use serde_json::Value;

/// The captured requests went to a workspace `ws`, which is too short for a real one.
pub(crate) const WORKSPACE: &str = "sdk";

/// (operation, what differs, why).
const DIFFERENCES: &[(&str, &str, &str)] = &[
    (
        "compute.put",
        "body:/tags/azureml-spark-operator",
        "says which object the compute belongs to",
    ),
    (
        "code.find",
        "path",
        "the SDK's asset name is random, ours is made from the content's hash, so that registering twice is registering once",
    ),
    ("code.startPendingUpload", "path", "same name as above"),
    ("code.put", "path", "same name as above"),
    (
        "code.put",
        "body:/properties/codeUri",
        "the container is the service's choice",
    ),
    (
        "code.put",
        "body:/properties/properties/hash_version",
        "the SDK sends a number where the model has a map of strings; recorded traffic has the string",
    ),
    (
        "job.put",
        "body:/properties/codeId",
        "the asset's name, as above",
    ),
    (
        "job.put",
        "body:/properties/tags",
        "the SDK's is empty, ours tells whose run it is",
    ),
    (
        "job.put",
        "body:/properties/tags/azureml-spark-operator",
        "what a listing is narrowed to",
    ),
    (
        "job.put",
        "body:/properties/properties",
        "the SDK's is empty, ours tells three things",
    ),
    (
        "job.put",
        "body:/properties/properties/azureml-spark-operator.owner",
        "the uid of the object",
    ),
    (
        "job.put",
        "body:/properties/properties/azureml-spark-operator.definition",
        "what was submitted, since Azure's answer cannot be compared with it",
    ),
    (
        "job.put",
        "body:/properties/properties/azureml-spark-operator.attempt",
        "which attempt of the object it is",
    ),
    (
        "job.list",
        "query:jobType",
        "other people's runs of other types are not wanted",
    ),
    (
        "job.list",
        "query:tag",
        "other people's runs are not wanted",
    ),
];

/// Which requests were compared, and what differed.
#[derive(Debug, Default)]
pub(crate) struct Comparison {
    found: BTreeSet<(String, String)>,
}

impl Comparison {
    /// Compares our first request with the SDK's of the same kind in the capture `wish`, in which the names in
    /// `translated` have other values.
    pub(crate) fn of(
        &mut self,
        operation: &str,
        ours: &Requests,
        wish: &str,
        translated: &[(&str, String)],
    ) {
        let ours = ours
            .0
            .first()
            .unwrap_or_else(|| panic!("{operation}: we did not ask"));
        let theirs = theirs(operation, wish, translated);
        let (ours_parts, theirs_parts) = (our_parts(ours), their_parts(&theirs));
        let all: BTreeSet<&String> = ours_parts.keys().chain(theirs_parts.keys()).collect();
        for part in all {
            // Each side's choice.
            if part == "query:api-version" || ours_parts.get(part) == theirs_parts.get(part) {
                continue;
            }
            let listed = DIFFERENCES
                .iter()
                .any(|(op, listed, _)| *op == operation && listed == part);
            assert!(
                listed,
                "{operation} ({wish}) differs in {part}\nours:   {ours_parts:#?}\ntheirs: {theirs_parts:#?}"
            );
            self.found.insert((operation.to_owned(), part.clone()));
        }
    }

    pub(crate) fn every_listed_difference_was_found(&self) {
        for (operation, part, why) in DIFFERENCES {
            let found = self
                .found
                .contains(&((*operation).to_owned(), (*part).to_owned()));
            assert!(
                found,
                "{operation} does not differ in {part} any more ({why})"
            );
        }
    }
}

/// The SDK's request of that kind.
fn theirs(operation: &str, wish: &str, translated: &[(&str, String)]) -> Value {
    let file: PathBuf = repository::root().join(format!("crates/azure/tests/data/sdk/{wish}.json"));
    let text = std::fs::read_to_string(file).unwrap();
    let mut text = text.replace("/workspaces/ws", &format!("/workspaces/{WORKSPACE}"));
    for (name, value) in translated {
        text = text.replace(name, value);
    }
    let (method, part) = match operation {
        "workspace.get" => ("GET", "/workspaces/sdk?"),
        "compute.put" => ("PUT", "/computes/"),
        "compute.get" => ("GET", "/computes/"),
        "compute.detach" => ("DELETE", "/computes/"),
        "code.find" => ("GET", "/versions?"),
        "code.startPendingUpload" => ("POST", "/startPendingUpload"),
        "code.put" => ("PUT", "/codes/"),
        "blob.put" => ("PUT", "/src/main.py?sv"),
        "blob.putMetadata" => ("PUT", "comp=metadata"),
        "job.put" => ("PUT", "/jobs/"),
        "job.get" => ("GET", "/jobs/job1?"),
        "job.list" => ("GET", "/jobs?"),
        "job.cancel" => ("POST", "/cancel"),
        "run.discover" => ("GET", "/discovery"),
        "run.details" => ("GET", "/details"),
        other => panic!("which request of theirs is a {other}?"),
    };
    let all: Vec<Value> = serde_json::from_str(&text).unwrap();
    let found = all
        .into_iter()
        .find(|one| one["method"] == method && one["url"].as_str().unwrap().contains(part));
    found.unwrap_or_else(|| panic!("no {method} …{part}… in {wish}"))
}

fn our_parts(entry: &Entry) -> BTreeMap<String, String> {
    // The ledger holds path and query; which host they went to is the emulator's affair.
    let url: Url = format!("https://here{}", entry.path).parse().unwrap();
    let is_blob = url.path().contains("/src/");
    parts(&entry.method, &url, is_blob, entry.body.as_ref())
}

fn their_parts(request: &Value) -> BTreeMap<String, String> {
    let url: Url = request["url"].as_str().unwrap().parse().unwrap();
    let is_blob = url.host_str().unwrap().contains(".blob.");
    let body = Some(&request["body"]).filter(|body| body.is_object());
    parts(request["method"].as_str().unwrap(), &url, is_blob, body)
}

fn parts(method: &str, url: &Url, is_blob: bool, body: Option<&Value>) -> BTreeMap<String, String> {
    let mut parts = BTreeMap::from([("method".to_owned(), method.to_owned())]);
    // The container and its signature are the service's choice.
    let path = match url.path().split_once("/src/") {
        Some((_, file)) if is_blob => format!("src/{file}"),
        _ => url.path().to_owned(),
    };
    parts.insert("path".to_owned(), path);
    for (name, value) in url.query_pairs() {
        if !is_blob || name == "comp" {
            parts.insert(format!("query:{name}"), value.into_owned());
        }
    }
    if let Some(body) = body {
        flatten("body:", body, &mut parts);
    }
    parts
}

fn flatten(at: &str, value: &Value, into: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (key, inner) in map {
                flatten(&format!("{at}/{key}"), inner, into);
            }
        }
        other => drop(into.insert(at.to_owned(), other.to_string())),
    }
}
