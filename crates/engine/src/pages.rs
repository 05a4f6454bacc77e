//! All objects of a kind by the apiserver's word, page by page and each as its own text: whoever looks for a few among
//! many thousands makes nothing of the others, and never has more than a page of them in memory.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ListMeta;
use kube::api::{ListParams, Request};
use kube::{Client, Resource};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::deadline::within;
use crate::error::Error;

/// Objects in a page: what kubectl asks for at once, a few MB of text.
const PAGE: u32 = 500;

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(default)]
    metadata: ListMeta,
    /// May be null, but is said: an answer of another kind must not read as a list of nothing.
    #[serde(borrow, deserialize_with = "Option::deserialize")]
    items: Option<Vec<&'a RawValue>>,
}

/// Hands over the text of each, of one namespace or of all. All pages are of one moment, which is after the call.
pub async fn each<O: Resource<DynamicType = ()>>(
    client: &Client,
    namespace: Option<&str>,
    op: &'static str,
    mut take: impl FnMut(&str) -> Result<(), Error>,
) -> Result<(), Error> {
    let request = Request::new(O::url_path(&(), namespace));
    let mut wish = ListParams::default().limit(PAGE);
    loop {
        let asked = request.list(&wish).map_err(kube::Error::BuildRequest)?;
        let text = within(op, client.request_text(asked)).await??;
        let page: Page<'_> = serde_json::from_str(&text).map_err(kube::Error::SerdeError)?;
        for object in page.items.unwrap_or_default() {
            take(object.get())?;
        }
        match page.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => wish = wish.continue_token(&token),
            None => return Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use axum::extract::Request;
    use axum::routing::get;
    use axum::{Json, Router};
    use k8s_openapi::api::core::v1::ConfigMap;
    use serde_json::json;

    use super::*;

    #[tokio::test]
    async fn an_answer_without_a_list_is_no_empty_list() {
        let all = async |answer: serde_json::Value| {
            let router = Router::new().fallback(async move || Json(answer));
            let client = Client::new(router, "team");
            each::<ConfigMap>(&client, None, "list", |_| Ok(())).await
        };
        all(json!({"metadata": {}, "items": null})).await.unwrap();
        for strange in [json!({}), json!({"metadata": {}}), json!({"items": {}})] {
            all(strange).await.unwrap_err();
        }
    }

    #[tokio::test]
    async fn every_object_of_every_page_is_handed_over() {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&asked);
        let answer = async move |request: Request| {
            let query = request.uri().query().unwrap_or_default().to_owned();
            let last = query.contains("continue=");
            noted.lock().unwrap().push(query);
            Json(if last {
                json!({"metadata": {"continue": ""}, "items": [{"c": 3}]})
            } else {
                json!({"metadata": {"continue": "t&1"}, "items": [{"a": 1}, {"b": [2.0]}]})
            })
        };
        let router = Router::new().route("/api/v1/namespaces/team/configmaps", get(answer));
        let client = Client::new(router, "team");
        let mut seen = Vec::new();
        each::<ConfigMap>(&client, Some("team"), "list", |text| {
            seen.push(text.to_owned());
            Ok(())
        })
        .await
        .unwrap();
        assert_eq!(seen, [r#"{"a":1}"#, r#"{"b":[2.0]}"#, r#"{"c":3}"#]);
        let asked = asked.lock().unwrap();
        assert_eq!(*asked, ["&limit=500", "&limit=500&continue=t%261"]);
    }
}
