//! What this API says of itself. The apiserver asks for the aggregated form of `/apis` first, and looks at the version's
//! own document to know that we live.

use axum::Json;
use axum::http::HeaderMap;
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use azureml_spark_api::logs::{GROUP, RESOURCE, SUBRESOURCE, VERSION};
use serde_json::{Value, json};

/// The media type of the aggregated form.
const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/// `/apis`
pub(super) async fn groups(headers: HeaderMap) -> Response {
    let mut accepted = headers.get_all(ACCEPT).into_iter();
    if accepted.any(|value| value.to_str().is_ok_and(|text| text.contains(AGGREGATED))) {
        return ([(CONTENT_TYPE, AGGREGATED)], aggregated().to_string()).into_response();
    }
    let list = json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": [described()]});
    Json(list).into_response()
}

/// `/apis/{group}`
pub(super) async fn group() -> Json<Value> {
    let mut group = described();
    if let Some(fields) = group.as_object_mut() {
        fields.insert("kind".to_owned(), "APIGroup".into());
        fields.insert("apiVersion".to_owned(), "v1".into());
    }
    Json(group)
}

/// `/apis/{group}/{version}`. Only the subresource: a second resource `sparkjobs` would stand in the way of
/// `kubectl get sparkjobs`.
pub(super) async fn version() -> Json<Value> {
    Json(json!({
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": format!("{GROUP}/{VERSION}"),
        "resources": [{
            "name": format!("{RESOURCE}/{SUBRESOURCE}"),
            "singularName": "",
            "namespaced": true,
            "kind": "SparkJobLog",
            "verbs": ["get"],
        }],
    }))
}

fn described() -> Value {
    let version = json!({"groupVersion": format!("{GROUP}/{VERSION}"), "version": VERSION});
    json!({"name": GROUP, "versions": [version], "preferredVersion": version})
}

/// A resource without a kind is there only for its subresources.
fn aggregated() -> Value {
    json!({
        "kind": "APIGroupDiscoveryList",
        "apiVersion": "apidiscovery.k8s.io/v2",
        "metadata": {},
        "items": [{
            "metadata": {"name": GROUP},
            "versions": [{
                "version": VERSION,
                "freshness": "Current",
                "resources": [{
                    "resource": RESOURCE,
                    "responseKind": {"group": "", "version": "", "kind": ""},
                    "scope": "Namespaced",
                    "singularResource": "",
                    "verbs": [],
                    "subresources": [{
                        "subresource": SUBRESOURCE,
                        "responseKind": {"group": GROUP, "version": VERSION, "kind": "SparkJobLog"},
                        "verbs": ["get"],
                    }],
                }],
            }],
        }],
    })
}
