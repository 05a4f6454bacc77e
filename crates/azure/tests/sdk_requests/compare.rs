//! What a request of ours and one of the SDK's have in common, part by part.

use std::collections::{BTreeMap, BTreeSet};

use azureml_spark_azure::{Audience, Cloud, Request, UserToken, WorkspaceId};
use serde_json::Value;
use url::Url;

pub(crate) const SUBSCRIPTION: &str = "00000000-0000-0000-0000-000000000000";

/// (operation, what differs, why).
const DIFFERENCES: &[(&str, &str, &str)] = &[
    (
        "code.find",
        "path",
        "the SDK's asset name is random, ours is made from the content's hash, so that registering twice is registering once",
    ),
    ("code.startPendingUpload", "path", "same name as above"),
    ("code.put", "path", "same name as above"),
    (
        "code.put",
        "body:/properties/properties/hash_version",
        "the SDK sends a number where the model has a map of strings; recorded traffic has the string",
    ),
    (
        "blob.put",
        "header:content-md5",
        "lets storage check what arrived; not among the headers that were captured",
    ),
    (
        "blob.put",
        "header:x-ms-version",
        "an older version that every cloud and stand-in knows",
    ),
    (
        "blob.putMetadata",
        "header:x-ms-meta-name",
        "the asset's name, as above",
    ),
    (
        "blob.putMetadata",
        "header:x-ms-version",
        "as for the upload",
    ),
    (
        "job.cancel",
        "header:accept",
        "the SDK takes anything; errors are JSON",
    ),
    ("compute.detach", "header:accept", "as for cancel"),
    ("run.discover", "header:accept", "the document is JSON"),
];

pub(crate) fn workspace_id() -> WorkspaceId {
    WorkspaceId::new(SUBSCRIPTION, "rg", "ws").unwrap()
}

fn requests(wish: &str) -> Vec<Value> {
    let path = format!("{}/tests/data/sdk/{wish}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The SDK's request of that method whose address holds the text.
pub(crate) fn sdk(wish: &str, method: &str, part: &str) -> Value {
    let mut found = requests(wish).into_iter().filter(|request| {
        request["method"] == method && request["url"].as_str().unwrap().contains(part)
    });
    let first = found
        .next()
        .unwrap_or_else(|| panic!("no {method} …{part}… in {wish}"));
    assert!(
        found.next().is_none(),
        "more than one {method} …{part}… in {wish}"
    );
    first
}

/// The segment behind another one in the path of the SDK's request.
pub(crate) fn name_in(theirs: &Value, behind: &str) -> String {
    let url: Url = theirs["url"].as_str().unwrap().parse().unwrap();
    let mut segments = url.path_segments().unwrap();
    segments.find(|segment| *segment == behind).unwrap();
    segments.next().unwrap().to_owned()
}

pub(crate) fn assert_same(ours: &Request, theirs: &Value) {
    let cloud = Cloud::built_in("AzurePublic").unwrap();
    let ours_parts = our_parts(ours, &cloud);
    let theirs_parts = their_parts(theirs);
    let keys: BTreeSet<&String> = ours_parts.keys().chain(theirs_parts.keys()).collect();
    let differing: BTreeSet<&str> = keys
        .into_iter()
        .filter(|key| ours_parts.get(*key) != theirs_parts.get(*key))
        .map(String::as_str)
        .collect();
    let listed: BTreeSet<&str> = DIFFERENCES
        .iter()
        .filter(|(op, ..)| *op == ours.op)
        .map(|(_, part, _)| *part)
        .collect();
    assert_eq!(
        differing, listed,
        "{}\nours:   {ours_parts:#?}\ntheirs: {theirs_parts:#?}",
        ours.op
    );
}

fn our_parts(request: &Request, cloud: &Cloud) -> BTreeMap<String, String> {
    let mut parts = url_parts(&request.url(cloud).unwrap());
    parts.insert("method".into(), request.method.to_string());
    parts.insert(
        "arm_auth".into(),
        (request.audience == Audience::ResourceManager).to_string(),
    );
    for (name, value) in &request.headers {
        parts.insert(format!("header:{name}"), value.clone());
    }
    if request.user_token == UserToken::Sent {
        let audience = &cloud.machine_learning_audience;
        parts.insert(
            "header:x-azureml-token".into(),
            format!("<AAD token aud={audience}>"),
        );
    }
    if let Some(body) = &request.body {
        match serde_json::from_slice(body) {
            Ok(json @ Value::Object(_)) => flatten("body:", &json, &mut parts),
            _ => drop(parts.insert("body:".into(), String::from_utf8(body.to_vec()).unwrap())),
        }
    }
    parts
}

fn their_parts(request: &Value) -> BTreeMap<String, String> {
    let mut parts = url_parts(&request["url"].as_str().unwrap().parse().unwrap());
    parts.insert("method".into(), request["method"].as_str().unwrap().into());
    parts.insert("arm_auth".into(), request["arm_auth"].to_string());
    for (name, value) in request["headers"].as_object().unwrap() {
        let name = name.to_ascii_lowercase();
        parts.insert(format!("header:{name}"), value.as_str().unwrap().into());
    }
    match &request["body"] {
        Value::Null => {}
        Value::String(text) => drop(parts.insert("body:".into(), text.clone())),
        json => flatten("body:", json, &mut parts),
    }
    parts
}

fn url_parts(url: &Url) -> BTreeMap<String, String> {
    let mut parts = BTreeMap::from([
        (
            "host".to_owned(),
            format!("{}://{}", url.scheme(), url.host_str().unwrap()),
        ),
        ("path".to_owned(), url.path().to_owned()),
    ]);
    for (name, value) in url.query_pairs() {
        parts.insert(format!("query:{name}"), value.into_owned());
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

#[test]
fn every_listed_difference_has_a_reason() {
    for (op, part, reason) in DIFFERENCES {
        assert!(reason.len() > 10, "{op} {part}");
    }
}
