//! Against an apiserver of a few answers, over real HTTP.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, StatusCode, Uri};
use axum::response::Response;
use azureml_spark_api::spark_job::SourceKind;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tar::{Builder, Header};
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::*;

/// Answers by path; source-controller is on the same address.
#[derive(Clone, Default)]
struct World {
    answers: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
    asked: Arc<Mutex<Vec<String>>>,
    forbidden: Arc<Mutex<Option<String>>>,
    failing: Arc<Mutex<Option<String>>>,
    /// Whether archives come at all; while they do not, whoever asks for one waits.
    serves: watch::Sender<bool>,
    wakes: Wakes<Job>,
}

impl World {
    async fn start(&self) -> String {
        let world = self.clone();
        let routes = Router::new().fallback(async move |method: Method, uri: Uri| {
            assert_eq!(method, Method::GET, "nothing is written");
            let answer = world.answer(uri.path());
            if uri.path().ends_with(".tar.gz") {
                let mut serves = world.serves.subscribe();
                serves.wait_for(|serves| *serves).await.unwrap();
            }
            answer
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move { axum::serve(listener, routes).await });
        address
    }

    fn answer(&self, path: &str) -> Response {
        self.asked.lock().unwrap().push(path.to_owned());
        let mut answer = Response::new(Body::empty());
        if self.forbidden.lock().unwrap().as_deref() == Some(path) {
            *answer.status_mut() = StatusCode::FORBIDDEN;
        } else if self.failing.lock().unwrap().as_deref() == Some(path) {
            *answer.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        } else if let Some(found) = self.answers.lock().unwrap().get(path) {
            *answer.body_mut() = Body::from(found.clone());
        } else {
            // As an apiserver answers for a group that it does not have.
            *answer.status_mut() = StatusCode::NOT_FOUND;
            *answer.body_mut() = Body::from("404 page not found\n");
        }
        answer
    }

    fn put(&self, path: &str, answer: impl Into<Vec<u8>>) {
        let answer = answer.into();
        self.answers.lock().unwrap().insert(path.to_owned(), answer);
    }

    fn take(&self, path: &str) {
        self.answers.lock().unwrap().remove(path);
    }

    fn serve_version(&self, version: &str, plurals: &[&str]) {
        let resources: Vec<Value> = plurals
            .iter()
            .map(|plural| json!({"name": plural, "singularName": "", "namespaced": true, "kind": "X", "verbs": ["get"]}))
            .collect();
        let list = json!({"kind": "APIResourceList", "apiVersion": "v1",
            "groupVersion": format!("{GROUP}/{version}"), "resources": resources});
        self.put(&format!("{ROOT}/{version}"), list.to_string());
    }

    fn asked(&self, part: &str) -> usize {
        let asked = self.asked.lock().unwrap();
        asked.iter().filter(|path| path.contains(part)).count()
    }
}

const GROUP: &str = served::GROUP;
const ROOT: &str = "/apis/source.toolkit.fluxcd.io";
const REPOSITORY: &str = "/apis/source.toolkit.fluxcd.io/v1/namespaces/jobs/gitrepositories/app";

async fn start() -> (World, FluxSources, String) {
    let world = World::default();
    world.serves.send_replace(true);
    let address = world.start().await;
    let url = format!("http://{address}").parse().unwrap();
    let kube = kube::Client::try_from(kube::Config::new(url)).unwrap();
    let wakes = world.wakes.clone();
    let sources = FluxSources::new(kube, address.parse().unwrap(), wakes).unwrap();
    (world, sources, address)
}

fn job(name: &str) -> ObjectRef<SparkJob> {
    ObjectRef::new(name).within("jobs")
}

fn fetched() -> Source {
    Source::NotReady("its artifact is being fetched".to_owned())
}

async fn woken(world: &World) -> ObjectRef<SparkJob> {
    tokio::time::timeout(Duration::from_secs(20), world.wakes.next())
        .await
        .unwrap()
}

/// What the job has in the end.
async fn settled(world: &World, sources: &FluxSources, reference: &SourceRef) -> Source {
    loop {
        let found = sources.find("jobs", reference, &job("run")).await.unwrap();
        if found != fetched() {
            return found;
        }
        assert_eq!(woken(world).await, job("run"));
    }
}

fn app(kind: SourceKind) -> SourceRef {
    SourceRef {
        kind,
        name: "app".to_owned(),
        path: None,
    }
}

fn archive(text: &str) -> Vec<u8> {
    let mut builder = Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    let mut header = Header::new_gnu();
    header.set_size(text.len() as u64);
    builder
        .append_data(&mut header, "main.py", text.as_bytes())
        .unwrap();
    let mut encoder = builder.into_inner().unwrap();
    encoder.flush().unwrap();
    encoder.finish().unwrap()
}

/// Where source-controller serves a revision of the namespace's `app`.
fn path(kind: &str, revision: &str) -> String {
    format!("/{}/jobs/app/{revision}.tar.gz", kind.to_lowercase())
}

fn object(kind: &str, version: &str, address: &str, revision: &str, archive: &[u8]) -> String {
    json!({
        "apiVersion": format!("{GROUP}/{version}"), "kind": kind,
        "metadata": {"name": "app", "namespace": "jobs", "generation": 1},
        "status": {
            "observedGeneration": 1,
            "conditions": [{"type": "Ready", "status": "True", "reason": "Succeeded", "message": "",
                "lastTransitionTime": "2026-01-01T00:00:00Z"}],
            "artifact": {"url": format!("http://{address}{}", path(kind, revision)), "revision": revision,
                "digest": format!("sha256:{:x}", Sha256::digest(archive))},
        },
    })
    .to_string()
}

#[tokio::test]
async fn jobs_of_one_revision_fetch_it_once_and_a_new_one_is_another() {
    let (world, sources, address) = start().await;
    world.serve_version("v1", &["gitrepositories"]);
    let git = app(SourceKind::GitRepository);
    for (revision, text) in [("one", "print(1)"), ("two", "print(2)")] {
        let archive = archive(text);
        world.put(
            REPOSITORY,
            object("GitRepository", "v1", &address, revision, &archive),
        );
        world.put(&path("GitRepository", revision), archive.clone());
        let jobs: Vec<_> = (0..20).map(|index| job(&index.to_string())).collect();
        world.serves.send_replace(false);
        let finds = jobs.iter().map(|job| sources.find("jobs", &git, job));
        for found in futures::future::join_all(finds).await {
            assert_eq!(found.unwrap(), fetched());
        }
        world.serves.send_replace(true);
        for _ in &jobs {
            let found = sources.find("jobs", &git, &woken(&world).await).await;
            let Source::Ready(artifact) = found.unwrap() else {
                panic!("not ready");
            };
            assert_eq!(artifact.revision, revision);
            assert_eq!(
                artifact.digest,
                format!("sha256:{:x}", Sha256::digest(&archive))
            );
            let files: Vec<_> = artifact.folder.files().collect();
            assert_eq!(files, [("main.py", text.as_bytes())]);
        }
        assert_eq!(world.asked(&path("GitRepository", revision)), 1);
    }
    assert!(world.wakes.is_empty());
    assert_eq!(world.asked(REPOSITORY), 80);
}

#[tokio::test]
async fn a_cluster_without_flux_has_no_sources() {
    let (world, sources, _) = start().await;
    let found = settled(&world, &sources, &app(SourceKind::Bucket)).await;
    assert_eq!(found, Source::Missing);
    assert_eq!(world.asked("/buckets/"), 0);
    // It comes.
    world.serve_version("v1", &["gitrepositories"]);
    world.serve_version("v1beta2", &["gitrepositories", "buckets"]);
    let found = settled(&world, &sources, &app(SourceKind::Bucket)).await;
    assert_eq!(found, Source::Missing);
    assert_eq!(
        world.asked("/v1beta2/namespaces/jobs/buckets/app"),
        1,
        "as v1beta2, since v1 has none"
    );
}

#[tokio::test]
async fn the_version_is_learnt_once_and_again_when_it_goes() {
    let (world, sources, address) = start().await;
    let (oci, archive) = (app(SourceKind::OciRepository), archive("x"));
    world.put(&path("OCIRepository", "one"), archive.clone());
    for (version, other) in [("v1beta2", "v1"), ("v1", "v1beta2")] {
        let at = |version| format!("{ROOT}/{version}/namespaces/jobs/ocirepositories/app");
        world.take(&at(other));
        world.serve_version(version, &["ocirepositories"]);
        world.take(&format!("{ROOT}/{other}"));
        let object = object("OCIRepository", version, &address, "one", &archive);
        world.put(&at(version), object);
        for _ in 0..3 {
            let found = settled(&world, &sources, &oci).await;
            assert!(matches!(found, Source::Ready(_)), "{found:?}");
        }
    }
    let listed = world.asked.lock().unwrap();
    let listed = listed
        .iter()
        .filter(|path| [format!("{ROOT}/v1"), format!("{ROOT}/v1beta2")].contains(path));
    assert_eq!(listed.count(), 3, "both, then the one that was found first");
}

#[tokio::test]
async fn what_is_wrong_is_an_answer() {
    let (world, sources, address) = start().await;
    let git = app(SourceKind::GitRepository);
    world.serve_version("v1", &["gitrepositories"]);
    let (good, bad) = (archive("good"), archive("bad"));
    world.put(&path("GitRepository", "one"), bad);
    world.put(
        REPOSITORY,
        object("GitRepository", "v1", &address, "one", &good),
    );
    match settled(&world, &sources, &git).await {
        Source::Unusable(why) => assert!(why.contains("digest"), "{why}"),
        other => panic!("{other:?}"),
    }
    // What another namespace has, as somebody may write it who edits this one.
    let theirs = "/gitrepository/other/app/one.tar.gz";
    world.put(theirs, good.clone());
    let evil = object("GitRepository", "v1", &address, "one", &good)
        .replace(&path("GitRepository", "one"), theirs);
    world.put(REPOSITORY, evil);
    match settled(&world, &sources, &git).await {
        Source::Unusable(why) => assert!(why.contains("'/gitrepository/jobs/app/'"), "{why}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(world.asked(theirs), 0, "it is not even asked for");

    *world.forbidden.lock().unwrap() = Some(REPOSITORY.to_owned());
    match settled(&world, &sources, &git).await {
        Source::Unusable(why) => assert!(why.contains("let it get gitrepositories"), "{why}"),
        other => panic!("{other:?}"),
    }
    *world.forbidden.lock().unwrap() = Some(format!("{ROOT}/v1beta2"));
    let error = sources
        .find("jobs", &app(SourceKind::Bucket), &job("run"))
        .await;
    assert!(
        error.is_err(),
        "the apiserver's own trouble is none of the source's"
    );
}

#[tokio::test]
async fn without_hosts_nothing_is_asked() {
    let (world, mut sources, _) = start().await;
    sources.hosts = "".parse().unwrap();
    match settled(&world, &sources, &app(SourceKind::Bucket)).await {
        Source::Unusable(why) => assert!(why.contains("sources.flux.enabled"), "{why}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(world.asked(""), 0);
}

#[tokio::test]
async fn a_slow_host_keeps_nobody_who_does_not_need_it() {
    let (world, sources, address) = start().await;
    let git = app(SourceKind::GitRepository);
    world.serve_version("v1", &["gitrepositories"]);
    world.serves.send_replace(false);
    // More than are fetched at the same time.
    for revision in ["one", "two", "three", "four"] {
        let archive = archive(revision);
        world.put(
            REPOSITORY,
            object("GitRepository", "v1", &address, revision, &archive),
        );
        world.put(&path("GitRepository", revision), archive);
        // Whoever asks has his answer, and it is not the host's.
        let found = sources.find("jobs", &git, &job(revision)).await.unwrap();
        assert_eq!(found, fetched());
    }
    assert!(world.wakes.is_empty());
    world.serves.send_replace(true);
    let mut all = Vec::new();
    for _ in 0..4 {
        all.push(woken(&world).await.name);
    }
    all.sort();
    assert_eq!(all, ["four", "one", "three", "two"]);
}

#[tokio::test]
async fn a_failure_of_the_host_answers_for_all_that_it_serves() {
    let (world, sources, address) = start().await;
    let git = app(SourceKind::GitRepository);
    world.serve_version("v1", &["gitrepositories"]);
    *world.failing.lock().unwrap() = Some(path("GitRepository", "one"));
    for revision in ["one", "two"] {
        let archive = archive(revision);
        world.put(
            REPOSITORY,
            object("GitRepository", "v1", &address, revision, &archive),
        );
        world.put(&path("GitRepository", revision), archive);
        match settled(&world, &sources, &git).await {
            Source::NotReady(why) => assert!(why.contains("503"), "{why}"),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(world.asked(&path("GitRepository", "one")), 1);
    assert_eq!(world.asked(&path("GitRepository", "two")), 0);
}

#[tokio::test]
async fn nothing_is_asked_for_a_job_that_is_not_to_be_submitted() {
    let (world, sources, address) = start().await;
    world.serve_version("v1", &["gitrepositories"]);
    let archive = archive("x");
    let repository = object("GitRepository", "v1", &address, "one", &archive);
    world.put(REPOSITORY, repository);
    world.put(&path("GitRepository", "one"), archive);
    let with = |field: &str, value: Value| -> SparkJob {
        let mut object = json!({
            "apiVersion": "spark.azureml.dev/v1alpha1", "kind": "SparkJob",
            "metadata": {"name": "run", "namespace": "jobs"},
            "spec": {
                "workspaceRef": {"name": "w"}, "entry": {"file": "main.py"},
                "code": {"sourceRef": {"kind": "GitRepository", "name": "app"}},
                "compute": {"attachmentRef": {"name": "pool"}},
                "driver": {"cores": 1, "memory": "1g"}, "executor": {"cores": 1, "memory": "1g", "instances": 1},
            },
        });
        object["spec"][field] = value;
        serde_json::from_value(object).unwrap()
    };
    for field in ["suspend", "cancel"] {
        match sources.of(&with(field, json!(true))).await.unwrap() {
            Some(Source::NotReady(_)) => {}
            other => panic!("{field}: {other:?}"),
        }
    }
    assert_eq!(world.asked(""), 0);
    let elsewhere = with("code", json!({"asset": "azureml:code:1"}));
    assert_eq!(sources.of(&elsewhere).await.unwrap(), None);
    assert_eq!(world.asked(""), 0);

    let resumed = with("suspend", json!(false));
    assert_eq!(sources.of(&resumed).await.unwrap(), Some(fetched()));
    assert_eq!(woken(&world).await, job("run"));
    let found = sources.of(&resumed).await.unwrap();
    assert!(matches!(found, Some(Source::Ready(_))), "{found:?}");
}
