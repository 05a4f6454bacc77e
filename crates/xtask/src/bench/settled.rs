//! An installation with a history: jobs that have ended, and attachments that are as they should be.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use azureml_spark_testkit::emulator::Counts;
use azureml_spark_testkit::manifest::{self, Manifest};
use azureml_spark_testkit::scope::{Scope, WORKSPACE, find_condition};
use futures::{StreamExt as _, TryStreamExt as _};
use kube::ResourceExt as _;
use kube::api::{DynamicObject, ListParams, Patch, PatchParams};
use serde_json::{Value, json};

use super::Bench;
use super::apiserver::Calls;
use super::stage::{self, AT_ONCE, Setting, Stage};
use super::usage::Usage;

const JOB: &str = "SparkJob";
const ATTACHMENT: &str = "SynapseSparkAttachment";
/// The job that is really run; all others are its copies.
const FIRST: &str = "job-00000";
/// Who writes statuses, copies' too.
const OPERATOR: &str = "azureml-spark-operator";

/// How often it is looked whether anything still moves.
const LOOK: Duration = Duration::from_millis(250);
/// Nothing has moved for so long: it rests.
const QUIET: Duration = Duration::from_secs(10);
/// What does not rest by then is reported as it is.
const PATIENCE: Duration = Duration::from_mins(5);
/// Less processor time between two looks is no sign of work: a probe, the lease, the runtime's own.
const IDLE_CPU_SECONDS: f64 = 0.03;

/// The installation, with an operator that was started again with all of it there, and rests.
pub(super) struct Settled {
    pub(super) stage: Stage,
    pub(super) jobs: usize,
    pub(super) attachments: usize,
    /// What the operator used when there was nothing.
    pub(super) bare: Usage,
    pub(super) restart: Restart,
}

/// What a start with everything there took.
pub(super) struct Restart {
    /// Until it said that it is ready.
    pub(super) ready_seconds: f64,
    /// Until the last thing happened before it rested.
    pub(super) steady_seconds: f64,
    pub(super) usage: Usage,
    pub(super) azure: Counts,
    pub(super) apiserver: Calls,
}

/// Keeps one from a scenario to the next that wants the same.
#[derive(Clone, Default)]
pub(super) struct Shelf {
    kept: Arc<Mutex<Option<Settled>>>,
}

impl Shelf {
    pub(super) fn put(&self, settled: Settled) {
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(settled);
    }

    pub(super) fn take(&self) -> Option<Settled> {
        self.kept
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }
}

impl Settled {
    /// Makes one, of the size that the scenarios have.
    pub(super) async fn build(bench: &Bench) -> Result<Self> {
        let setting = Setting {
            azure: json!({"instantSeconds": 1, "instantLog": "absent"}),
            ..Setting::default()
        };
        let stage = Stage::set(setting).await?;
        let bare = stage.usage()?;
        let (jobs, attachments) = (bench.size(10_000), bench.size(200));
        {
            let scope = stage.stack().scope("history").await?;
            scope.workspace().await?;
            attach(&scope, attachments).await?;
            bench.say(&format!("{attachments} attachments are ready"));
            let first = one_job(&scope).await?;
            stage.stop_operator()?;
            copies(&scope, &first, jobs).await?;
            bench.say(&format!("{jobs} jobs have ended"));
        }
        let restart = restart(bench, &stage).await?;
        Ok(Self {
            stage,
            jobs,
            attachments,
            bare,
            restart,
        })
    }
}

async fn attach(scope: &Scope<'_>, count: usize) -> Result<()> {
    let world = scope.stack().emulator().world();
    let all: Vec<Manifest> = (0..count)
        .map(|number| manifest::attachment(&format!("pool-{number:03}"), WORKSPACE, world))
        .collect();
    stage::create(scope, &all).await?;
    let is_ready = |object: &DynamicObject| {
        let ready = serde_json::to_value(object).ok().and_then(|object| {
            let found = find_condition(&object, "Ready")?;
            Some(found.get("status")? == "True")
        });
        ready == Some(true)
    };
    let api = scope.objects(ATTACHMENT);
    let parameters = ListParams::default().match_any();
    let within = Duration::from_mins(10);
    stage::until("every attachment is ready", within, async || {
        let listed = api.list(&parameters).await?;
        let ready = listed.items.iter().filter(|one| is_ready(one)).count();
        Ok((ready >= count).then_some(()))
    })
    .await
}

/// A job as people write them, run to its end, as it is when the operator is through with it.
async fn one_job(scope: &Scope<'_>) -> Result<DynamicObject> {
    let world = scope.stack().emulator().world();
    let code = manifest::code("src", "main.py", "print('one of many')\n");
    scope.apply(&code).await?;
    let job = manifest::serverless_job(FIRST, WORKSPACE, "src", world)
        .with(
            "/metadata/labels",
            json!({"team": "numbers", "app.kubernetes.io/part-of": "nightly"}),
        )
        .with("/spec/args", "--date 2025-05-01 --partitions 200")
        .with("/spec/conf/spark.sql.shuffle.partitions", "200")
        .with("/spec/conf/spark.sql.adaptive.enabled", "true");
    stage::create(scope, &[job]).await?;
    scope.condition(JOB, FIRST, "Complete", "True").await?;
    let api = scope.objects(JOB);
    let mut seen = (String::new(), Instant::now());
    let within = Duration::from_mins(2);
    stage::until("an ended job is left alone", within, async || {
        let now = api.get(FIRST).await?;
        let version = now.resource_version().unwrap_or_default();
        if seen.0 != version {
            seen = (version, Instant::now());
        }
        let is_left = seen.1.elapsed() > Duration::from_secs(5);
        Ok(is_left.then_some(now))
    })
    .await
}

/// Copies of it with names, uids and runs of their own, written with the operator's hand.
async fn copies(scope: &Scope<'_>, first: &DynamicObject, jobs: usize) -> Result<()> {
    let text = |pointer: &str| -> Result<String> {
        let found = first.data.pointer(pointer).and_then(Value::as_str);
        Ok(found.with_context(|| format!("no {pointer}"))?.to_owned())
    };
    let run = text("/status/azureName")?;
    let uid = first.uid().context("no uid")?;
    let status = first.data.get("status").context("no status")?.to_string();
    let api = scope.objects(JOB);
    let hand = PatchParams::apply(OPERATOR).force();
    futures::stream::iter(1..jobs)
        .map(async |number: usize| {
            let name = format!("job-{number:05}");
            let mut job = Manifest::new(JOB, &name, json!({}))
                .with("/spec", first.data.get("spec").cloned().unwrap_or_default());
            for (field, value) in [
                ("/metadata/labels", json!(first.labels())),
                ("/metadata/annotations", json!(first.annotations())),
                ("/metadata/finalizers", json!(first.finalizers())),
            ] {
                job = job.with(field, value);
            }
            let made = stage::create_one(scope, &job).await?;
            let status = status
                .replace(&uid, &made.uid().unwrap_or_default())
                .replace(&run, &format!("{name}-{number:010x}-1"));
            let status: Value = serde_json::from_str(&status)?;
            let body = json!({
                "apiVersion": manifest::API_VERSION, "kind": JOB,
                "metadata": {"name": name}, "status": status,
            });
            api.patch_status(&name, &hand, &Patch::Apply(body)).await?;
            anyhow::Ok(())
        })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await
}

/// Starts the operator, and looks until it rests.
async fn restart(bench: &Bench, stage: &Stage) -> Result<Restart> {
    let mark = stage.audit().mark();
    let before = stage.emulator().counts().await?;
    let begun = Instant::now();
    stage.operator().start_with(&BTreeMap::new())?;
    stage.operator().wait_until_ready().await?;
    let ready_seconds = begun.elapsed().as_secs_f64();
    bench.say("the operator is ready again");
    let mut seen = (0, 0);
    let mut usage = stage.usage()?;
    let mut busy_until = begun.elapsed();
    loop {
        tokio::time::sleep(LOOK).await;
        let azure = stage.emulator().counts().await?.since(&before);
        let apiserver = stage.audit().since(mark)?;
        let now = (
            azure.made(),
            apiserver.writes() + apiserver.events() + apiserver.reads(),
        );
        let used = stage.usage()?;
        if now != seen || used.cpu_seconds - usage.cpu_seconds > IDLE_CPU_SECONDS {
            busy_until = begun.elapsed();
        }
        (seen, usage) = (now, used);
        if begun.elapsed() >= busy_until + QUIET || begun.elapsed() > PATIENCE {
            bench.say("it rests");
            return Ok(Restart {
                ready_seconds,
                steady_seconds: busy_until.as_secs_f64(),
                usage,
                azure,
                apiserver,
            });
        }
    }
}
