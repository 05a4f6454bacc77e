//! One control plane for all tests of this binary; a namespace, a world and an engine for each test.

use std::path::Path;
use std::time::Duration;

use azureml_spark_core::{Class, Fault};
use azureml_spark_engine::{Base, CancellationToken, Options, Source, Wakes, run};
use azureml_spark_testkit::control_plane::ControlPlane;
use azureml_spark_testkit::eventually::{eventually, until};
use k8s_openapi::api::core::v1::Namespace;
use k8s_openapi::api::events::v1::Event;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{DeleteParams, Patch, PatchParams, PostParams};
use kube::runtime::reflector::ObjectRef;
use kube::{Api, CustomResourceExt, ResourceExt};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::toy::{Nursery, State, Step, Toy};

pub const PATIENCE: Duration = Duration::from_mins(1);

static PLANE: OnceCell<ControlPlane> = OnceCell::const_new();

async fn plane() -> &'static ControlPlane {
    PLANE
        .get_or_init(|| async {
            let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("engine-passes");
            let _ = std::fs::remove_dir_all(&folder);
            std::fs::create_dir_all(&folder).unwrap();
            let plane = ControlPlane::start(&folder).await.unwrap();
            let client = plane.client().await.unwrap();
            let all: Api<CustomResourceDefinition> = Api::all(client);
            all.create(&PostParams::default(), &Toy::crd())
                .await
                .unwrap();
            eventually(&all, Toy::crd_name(), "is served", PATIENCE, |crd| {
                let conditions = crd.and_then(|c| c.status.as_ref()?.conditions.as_ref());
                conditions.is_some_and(|all| {
                    all.iter()
                        .any(|c| c.type_ == "Established" && c.status == "True")
                })
            })
            .await
            .unwrap();
            plane
        })
        .await
}

/// A namespace with a world of its own.
pub struct House {
    pub nursery: Nursery,
    pub namespace: String,
    pub toys: Api<Toy>,
    pub base: Base,
    running: Option<Running>,
}

struct Running {
    wakes: Wakes<ObjectRef<Toy>>,
    shutdown: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

impl House {
    /// With an engine that runs.
    pub async fn new() -> Self {
        let mut house = Self::asleep().await;
        house.start();
        house
    }

    /// Without one.
    pub async fn asleep() -> Self {
        let client = plane().await.client().await.unwrap();
        let namespaces: Api<Namespace> = Api::all(client.clone());
        let namespace: Namespace =
            serde_json::from_value(json!({"metadata": {"generateName": "house-"}})).unwrap();
        let namespace = namespaces
            .create(&PostParams::default(), &namespace)
            .await
            .unwrap()
            .name_any();
        Self {
            nursery: Nursery::new(client.clone()),
            toys: Api::namespaced(client.clone(), &namespace),
            namespace,
            base: Base::new(client, Options::default()),
            running: None,
        }
    }

    pub fn start(&mut self) {
        let client = self.base.client.clone();
        let base = Base::new(client, self.base.options);
        let source = Source::within(&base, &self.namespace);
        self.nursery.world().wakes = Some(source.wakes());
        let shutdown = CancellationToken::new();
        self.base = base.clone();
        self.running = Some(Running {
            wakes: source.wakes(),
            shutdown: shutdown.clone(),
            task: tokio::spawn(run(self.nursery.clone(), source, base, shutdown)),
        });
    }

    /// Asks for an orderly end; the task ends when the passes have.
    pub fn shut_down(&mut self) -> tokio::task::JoinHandle<()> {
        let running = self.running.take().unwrap();
        running.shutdown.cancel();
        running.task
    }

    pub async fn stop(&mut self) {
        tokio::time::timeout(PATIENCE, self.shut_down())
            .await
            .expect("an orderly end takes no time")
            .unwrap();
    }

    pub fn wake(&self, name: &str) {
        let key = ObjectRef::new(name).within(&self.namespace);
        self.running.as_ref().unwrap().wakes.wake(key);
    }

    /// Wakes until as many more passes as that have begun, and ended but for the last.
    pub async fn pass(&self, name: &str, times: usize) {
        for _ in 0..times {
            let before = self.looks(name);
            self.wake(name);
            until("another look", PATIENCE, async || {
                Ok((self.looks(name) > before).then_some(()))
            })
            .await
            .unwrap();
        }
    }

    pub fn looks(&self, name: &str) -> usize {
        self.nursery.world().looks.get(name).copied().unwrap_or(0)
    }

    pub async fn create(&self, name: &str, extra: Value) -> Toy {
        let mut object = json!({
            "apiVersion": "test.azureml.dev/v1", "kind": "Toy",
            "metadata": {"name": name}, "spec": {"size": 1},
        });
        json_patch(&mut object, extra);
        let body = serde_json::to_vec(&object).unwrap();
        let path = format!(
            "/apis/test.azureml.dev/v1/namespaces/{}/toys",
            self.namespace
        );
        let request = http::Request::post(path)
            .header("content-type", "application/json")
            .body(body)
            .unwrap();
        let made: Value = self.base.client.request(request).await.unwrap();
        serde_json::from_value(made.clone()).unwrap_or_else(|_| {
            let mut made = made;
            made["spec"]["size"] = json!(0);
            serde_json::from_value(made).unwrap()
        })
    }

    pub async fn patch(&self, name: &str, body: Value) -> Toy {
        let patch = Patch::Merge(&body);
        self.toys
            .patch(name, &PatchParams::default(), &patch)
            .await
            .unwrap()
    }

    pub async fn delete(&self, name: &str) {
        self.toys
            .delete(name, &DeleteParams::default())
            .await
            .unwrap();
    }

    /// Waits until the object is so, and returns it.
    pub async fn sees(&self, name: &str, what: &str, holds: impl Fn(&Toy) -> bool) -> Toy {
        eventually(&self.toys, name, what, PATIENCE, |toy| {
            toy.is_some_and(&holds)
        })
        .await
        .unwrap()
        .unwrap()
    }

    pub async fn sees_gone(&self, name: &str) {
        eventually(&self.toys, name, "is gone", PATIENCE, |toy| toy.is_none())
            .await
            .unwrap();
    }

    pub async fn sees_running(&self, name: &str) -> Toy {
        self.sees(name, "runs", |toy| reason(toy, "Reconciling") == "Running")
            .await
    }

    /// The remote thing ends by itself, and somebody says so.
    pub fn end_thing(&self, toy: &Toy) {
        let mut world = self.nursery.world();
        world.things.insert(toy.uid().unwrap(), State::Ended);
        drop(world);
        self.wake(&toy.name_any());
    }

    pub fn steps(&self, name: &str) -> Vec<Step> {
        let world = self.nursery.world();
        let mine = world.effects.iter().filter(|e| e.name == name);
        mine.map(|e| e.step).collect()
    }

    /// Type and reason of the events about an object, oldest first.
    pub async fn events(&self, name: &str) -> Vec<(String, String)> {
        let api: Api<Event> = Api::namespaced(self.base.client.clone(), &self.namespace);
        let mut events = api
            .list(&kube::api::ListParams::default())
            .await
            .unwrap()
            .items;
        events.retain(|e| e.regarding.as_ref().and_then(|r| r.name.as_deref()) == Some(name));
        events.sort_by_key(|e| e.event_time.clone().map(|t| t.0));
        events
            .into_iter()
            .map(|e| (e.type_.unwrap_or_default(), e.reason.unwrap_or_default()))
            .collect()
    }

    pub async fn sees_event(&self, name: &str, reason: &str) {
        until("the event", PATIENCE, async || {
            let told = self.events(name).await.iter().any(|(_, r)| r == reason);
            Ok(told.then_some(()))
        })
        .await
        .unwrap();
    }

    /// One number of the metrics.
    pub fn counted(&self, row: &str) -> u64 {
        let text = self.base.metrics.encode().unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(row));
        line.map_or(0, |rest| rest.trim().parse().unwrap())
    }
}

/// The reason of a condition that holds, or nothing.
pub fn reason(toy: &Toy, kind: &str) -> String {
    let conditions = toy.status.iter().flat_map(|status| &status.conditions);
    conditions
        .filter(|c| c.type_ == kind && c.status == "True")
        .map(|c| c.reason.clone())
        .collect()
}

pub fn fault(class: Class) -> Fault {
    Fault {
        class,
        code: "Toy".to_owned(),
        op: "make the thing",
        text: "not now".to_owned(),
        request_id: None,
        retry_after: None,
    }
}

pub fn held(toy: &Toy) -> bool {
    azureml_spark_engine::finalizer::is_on(&toy.metadata)
}

fn json_patch(target: &mut Value, patch: Value) {
    match (target, patch) {
        (Value::Object(target), Value::Object(patch)) => {
            for (key, value) in patch {
                json_patch(target.entry(key).or_insert(Value::Null), value);
            }
        }
        (target, patch) => *target = patch,
    }
}
