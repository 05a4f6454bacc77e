use std::sync::Mutex;

use k8s_openapi::api::core::v1::ConfigMap;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::*;
use crate::controller::Options;

/// Versions before and after, `-` for none.
type Heard = Arc<Mutex<Vec<(String, String)>>>;

fn source() -> (Source<ConfigMap>, Heard) {
    let nowhere = kube::Config::new("http://127.0.0.1:1".parse().unwrap());
    let client = kube::Client::try_from(nowhere).unwrap();
    let base = Base::new(client, Options::default());
    let mut source = Source::new(&base);
    let heard = Heard::default();
    source.on_change({
        let heard = Arc::clone(&heard);
        move |change| {
            let version = |object: Option<&ConfigMap>| {
                let version = object.and_then(|o| o.metadata.resource_version.clone());
                version.unwrap_or("-".to_owned())
            };
            heard
                .lock()
                .unwrap()
                .push((version(change.before), version(change.now)));
        }
    });
    (source, heard)
}

fn object(name: &str, uid: &str, version: &str) -> ConfigMap {
    ConfigMap {
        metadata: ObjectMeta {
            name: Some(name.to_owned()),
            namespace: Some("n".to_owned()),
            uid: Some(uid.to_owned()),
            resource_version: Some(version.to_owned()),
            ..ObjectMeta::default()
        },
        ..ConfigMap::default()
    }
}

fn good(name: &str, uid: &str, version: &str) -> Guarded<ConfigMap> {
    Guarded(Ok(object(name, uid, version)))
}

fn bad(name: &str, uid: &str) -> Guarded<ConfigMap> {
    Guarded(Err(InvalidObject {
        error: "invalid type".to_owned(),
        metadata: object(name, uid, "1").metadata,
    }))
}

fn take_heard(heard: &Heard) -> Vec<(String, String)> {
    let mut all = std::mem::take(&mut *heard.lock().unwrap());
    all.sort();
    all
}

fn heard_of(before: &str, now: &str) -> (String, String) {
    (before.to_owned(), now.to_owned())
}

#[tokio::test]
async fn a_second_list_tells_only_what_is_other() {
    let (mut source, heard) = source();
    source.take(Event::Init).await;
    for name in ["a", "b", "c"] {
        source.take(Event::InitApply(good(name, name, "1"))).await;
    }
    assert!(
        take_heard(&heard).is_empty(),
        "nobody decides on half a list"
    );
    assert_eq!(source.base.caches.waiting_for(), ["ConfigMap"]);
    source.take(Event::InitDone).await;
    assert!(source.base.caches.waiting_for().is_empty());
    assert_eq!(take_heard(&heard), vec![heard_of("-", "1"); 3]);

    source.take(Event::Init).await;
    source.take(Event::InitApply(good("a", "a", "1"))).await;
    source.take(Event::InitApply(good("b", "b", "2"))).await;
    source.take(Event::InitDone).await;
    assert_eq!(
        take_heard(&heard),
        [heard_of("1", "-"), heard_of("1", "2")],
        "a is the same, b is other, c went while nobody watched"
    );
}

#[tokio::test]
async fn an_object_of_the_same_name_is_another_object() {
    let (mut source, heard) = source();
    source.take(Event::Apply(good("a", "first", "1"))).await;
    source.take(Event::Apply(good("a", "second", "9"))).await;
    source.take(Event::Delete(good("a", "second", "10"))).await;
    assert_eq!(
        take_heard(&heard),
        [
            heard_of("-", "1"),
            heard_of("-", "9"),
            heard_of("1", "-"),
            heard_of("9", "-"),
        ]
    );
    assert!(source.store().is_empty());
}

#[tokio::test]
async fn an_object_that_does_not_fit_is_counted_once_and_leaves_the_others() {
    let (mut source, heard) = source();
    source.take(Event::Init).await;
    source.take(Event::InitApply(bad("x", "x"))).await;
    source.take(Event::InitApply(good("a", "a", "1"))).await;
    source.take(Event::InitDone).await;
    source.take(Event::Apply(bad("x", "x"))).await;
    source.take(Event::Apply(good("b", "b", "1"))).await;
    // One that did fit is not kept as it was.
    source.take(Event::Apply(bad("b", "b"))).await;
    assert_eq!(
        take_heard(&heard),
        [heard_of("-", "1"), heard_of("-", "1"), heard_of("1", "-")]
    );
    let text = source.base.metrics.encode().unwrap();
    assert!(
        text.contains(r#"azureml_spark_unparsable_objects_total{kind="ConfigMap"} 2"#),
        "{text}"
    );
    // It is mended.
    source.take(Event::Apply(good("x", "x", "5"))).await;
    assert_eq!(source.store().len(), 2);
}

#[tokio::test]
async fn a_change_wakes_whom_it_concerns() {
    let (mut source, _) = source();
    let jobs = Wakes::<ObjectRef<ConfigMap>>::new();
    source.then_wake(jobs.clone(), |change| {
        let name = change.object().and_then(|o| o.metadata.name.clone());
        name.map(|name| ObjectRef::new(&format!("job-of-{name}")).within("n"))
    });
    source.take(Event::Apply(good("a", "a", "1"))).await;
    source.take(Event::Delete(good("a", "a", "1"))).await;
    assert_eq!(jobs.len(), 1);
    assert_eq!(jobs.next().await.name, "job-of-a");
}

/// An apiserver with one object, which refuses to stream lists.
async fn old_server(uri: axum::http::Uri) -> (axum::http::StatusCode, String) {
    use axum::http::StatusCode;
    let query = uri.query().unwrap_or_default();
    if query.contains("sendInitialEvents=true") {
        let refusal = serde_json::json!({
            "kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Invalid", "code": 422,
            "message": "sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled",
        });
        return (StatusCode::UNPROCESSABLE_ENTITY, refusal.to_string());
    }
    if query.contains("watch=true") {
        // A watch that lasts.
        return std::future::pending().await;
    }
    let list = serde_json::json!({
        "kind": "ConfigMapList", "apiVersion": "v1", "metadata": {"resourceVersion": "7"},
        "items": [object("a", "1", "7")],
    });
    (StatusCode::OK, list.to_string())
}

#[tokio::test]
async fn a_server_that_streams_no_lists_is_read_page_by_page() {
    let client = kube::Client::new(axum::Router::new().fallback(old_server), "n");
    let base = Base::new(client, Options::default());
    let source = Source::<ConfigMap>::new(&base);
    let (store, shutdown) = (source.store(), CancellationToken::new());
    let watch = tokio::spawn(source.run(shutdown.clone()));
    tokio::time::timeout(std::time::Duration::from_mins(1), base.caches.filled())
        .await
        .unwrap();
    assert_eq!(store.state().len(), 1);
    shutdown.cancel();
    watch.await.unwrap();
}

#[test]
fn who_wrote_what_and_the_manifest_once_more_are_not_kept() {
    let mut whole = object("a", "1", "7");
    whole.metadata.managed_fields = Some(Vec::new());
    let annotations = [(LAST_APPLIED, "{}"), ("example.com/note", "x")];
    let annotations = annotations.map(|(key, value)| (key.to_owned(), value.to_owned()));
    whole.metadata.annotations = Some(annotations.into());
    let kept = slim(whole).metadata;
    assert_eq!(kept.managed_fields, None);
    let keys: Vec<String> = kept.annotations.unwrap().into_keys().collect();
    assert_eq!(keys, ["example.com/note"]);
}
