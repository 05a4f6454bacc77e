//! What a scenario is measured on: release builds of operator and emulator, a real control plane, the chart's own values.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use azureml_spark_testkit::binaries::{self, Profile};
use azureml_spark_testkit::emulator::{self, Emulator, Runner};
use azureml_spark_testkit::manifest::Manifest;
use azureml_spark_testkit::operator::Operator;
use azureml_spark_testkit::process::Identity;
use azureml_spark_testkit::scope::Scope;
use azureml_spark_testkit::stack::{CLOUD, Options, Stack};
use azureml_spark_testkit::{control_plane, tools};
use futures::{StreamExt as _, TryStreamExt as _};
use kube::api::{
    Api, DeleteParams, DynamicObject, ListParams, ObjectMeta, PartialObjectMeta, PostParams,
};
use serde_json::{Value, json};

use super::apiserver::Audit;
use super::usage::Usage;

/// Requests of the bench in flight when it makes or deletes many objects: more do not make the apiserver quicker.
pub(super) const AT_ONCE: usize = 16;
/// More requests than anything here makes.
const UNLIMITED: f64 = 1e6;
/// How often the bench looks at how far things are.
const LOOK: Duration = Duration::from_millis(250);

/// How a stage differs from what an installation has by default.
#[derive(Debug, Clone)]
pub(super) struct Setting {
    /// The emulator's `--world`.
    pub(super) world: Value,
    /// The emulator's `--settings`.
    pub(super) azure: Value,
    /// Values of the chart.
    pub(super) values: Value,
}

impl Default for Setting {
    fn default() -> Self {
        Self {
            world: json!({}),
            azure: json!({}),
            values: json!({}),
        }
    }
}

impl Setting {
    /// Azure takes whatever comes, and the operator knows it: what is left is the operator's own speed. Runs leave no log,
    /// which nobody reads here.
    pub(super) fn unlimited() -> Self {
        let bucket = json!({"size": UNLIMITED, "perSecond": UNLIMITED});
        let limits = json!({"reads": bucket, "writes": bucket, "deletes": bucket});
        Self {
            azure: json!({"instantLog": "absent"}),
            values: json!({"clouds": {CLOUD: {"limits": limits}}}),
            ..Self::default()
        }
    }
}

/// Builds what is not built yet, and says so as it goes.
pub(super) fn prepare() -> Result<()> {
    control_plane::prepare()?;
    tools::helm()?;
    binaries::operator(Profile::Release)?;
    binaries::emulator(Profile::Release)?;
    Ok(())
}

/// A running stack of release builds.
pub(super) struct Stage {
    stack: Stack,
    audit: Audit,
}

impl Stage {
    pub(super) async fn set(setting: Setting) -> Result<Self> {
        let mut values = json!({
            // The chart's defaults, where tests have others.
            "pollSeconds": 10,
            "tellStatesAfterSeconds": 300,
            "logFormat": "json",
        });
        if let (Value::Object(values), Value::Object(own)) = (&mut values, setting.values) {
            values.extend(own);
        }
        let options = Options {
            profile: Profile::Release,
            emulator: emulator::Options {
                profile: Profile::Release,
                runner: Runner::Instant,
                world: setting.world,
                settings: setting.azure,
            },
            values,
            ..Options::default()
        };
        let stack = Stack::start(options).await?;
        let audit = Audit::of(stack.plane().audit_log());
        Ok(Self { stack, audit })
    }

    pub(super) fn stack(&self) -> &Stack {
        &self.stack
    }

    pub(super) fn emulator(&self) -> &Emulator {
        self.stack.emulator()
    }

    pub(super) fn operator(&self) -> &Operator {
        self.stack.operator()
    }

    /// The operator's requests to the apiserver.
    pub(super) fn audit(&self) -> &Audit {
        &self.audit
    }

    /// What the operator has used since its start.
    pub(super) fn usage(&self) -> Result<Usage> {
        Usage::of(&self.process()?)
    }

    /// The operator's process.
    pub(super) fn process(&self) -> Result<Identity> {
        self.operator()
            .identity()
            .context("the operator was never started")
    }

    /// Ends the operator in good order.
    pub(super) fn stop_operator(&self) -> Result<()> {
        tokio::task::block_in_place(|| self.operator().stop())
    }

    /// Ends all of it.
    pub(super) async fn end(self) -> Result<()> {
        Ok(tokio::task::spawn_blocking(move || drop(self)).await?)
    }
}

/// Makes objects, side by side: by POST, the quickest way there is.
pub(super) async fn create(scope: &Scope<'_>, manifests: &[Manifest]) -> Result<()> {
    futures::stream::iter(manifests)
        .map(async |manifest: &Manifest| create_one(scope, manifest).await.map(drop))
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await
}

/// Makes one, and returns it as it was stored.
pub(super) async fn create_one(scope: &Scope<'_>, manifest: &Manifest) -> Result<DynamicObject> {
    let client = scope.client().clone();
    let api: Api<DynamicObject> =
        Api::namespaced_with(client, scope.namespace(), &manifest.resource());
    let made = api
        .create(&PostParams::default(), &manifest.object()?)
        .await;
    made.with_context(|| format!("{} {}", manifest.kind(), manifest.name()))
}

/// Asks for the deletion of all objects of a kind in a namespace, by one request.
pub(super) async fn delete_all(scope: &Scope<'_>, kind: &str) -> Result<()> {
    let all = scope.objects(kind);
    all.delete_collection(&DeleteParams::default(), &ListParams::default())
        .await?;
    Ok(())
}

/// What the apiserver has of each object of a kind, without spec and status: from its cache, at little cost to it.
pub(super) async fn metadata(scope: &Scope<'_>, kind: &str) -> Result<Vec<ObjectMeta>> {
    let parameters = ListParams::default().match_any();
    let all = scope.objects(kind).list_metadata(&parameters).await?;
    let metadata = |one: PartialObjectMeta<DynamicObject>| one.metadata;
    Ok(all.items.into_iter().map(metadata).collect())
}

/// Looks until there is an answer; an error names `what` is not there when `within` has passed.
pub(super) async fn until<T>(
    what: &str,
    within: Duration,
    mut ask: impl AsyncFnMut() -> Result<Option<T>>,
) -> Result<T> {
    let begun = Instant::now();
    loop {
        if let Some(answer) = ask().await? {
            return Ok(answer);
        }
        anyhow::ensure!(
            begun.elapsed() < within,
            "not within {} s: {what}",
            within.as_secs()
        );
        tokio::time::sleep(LOOK).await;
    }
}
