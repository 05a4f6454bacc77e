//! A thousand live runs among the history of ten workspaces: what following them costs, and how soon an end is told.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use azureml_spark_testkit::emulator::{Asked, Counts};
use azureml_spark_testkit::manifest::{self, Manifest};
use azureml_spark_testkit::scope::{SECRET, Scope};
use futures::{StreamExt as _, TryStreamExt as _};
use kube::ResourceExt as _;
use kube::api::DynamicObject;
use kube::runtime::{WatchStreamExt as _, watcher};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::Bench;
use super::figure::{Figure, number, percentile};
use super::memory::made;
use super::stage::{self, AT_ONCE, Setting, Stage};

const JOB: &str = "SparkJob";
const WORKSPACES: usize = 10;
/// Of a workspace: runs of other people, and ended ones of ours, which carry our tag.
const OLD: (usize, usize) = (4_000, 1_000);
/// How long the requests for live runs are counted.
const COUNTED: Duration = Duration::from_mins(1);
/// The ends are spread over so long: several ticks.
const ENDS: Duration = Duration::from_secs(45);
/// A tick of the chart's default, in seconds, and the second that an end may take beside it.
const MOST: f64 = 11.0;
/// ARM's reads in a minute: 25 a second (contract §0.4).
const READS: f64 = 1_500.0;

pub(super) async fn measure(bench: &Bench) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for source in ["list", "index"] {
        let names: Vec<String> = (0..WORKSPACES).map(|n| format!("ml-ws-{n}")).collect();
        let setting = Setting {
            world: json!({"otherWorkspaces": names}),
            azure: json!({"instantSeconds": 2, "instantStuck": "Running", "instantLog": "absent", "ledgerSize": 1_000}),
            values: json!({"follow": source}),
        };
        let stage = Stage::set(setting).await?;
        bench.say(&format!("by {source}: everything answers"));
        let followed = follow(bench, &stage, &names).await;
        stage.end().await?;
        figures.extend(followed?.figures(source));
    }
    Ok(figures)
}

/// What one source cost and gave.
struct Followed {
    live: usize,
    /// While all were live.
    counted: Counts,
    seconds: f64,
    /// Azure's end to the condition, in seconds.
    delays: Vec<f64>,
}

impl Followed {
    fn figures(&self, source: &str) -> Vec<Figure> {
        let arm = self.counted.only(Asked::is_of_resource_manager);
        let reads = arm.only(Asked::is_read);
        let elsewhere = self.counted.only(|asked| !asked.is_of_resource_manager());
        let a_minute = |counts: &Counts| {
            let made = usize::try_from(counts.made()).unwrap_or(usize::MAX);
            number(made) * 60.0 / self.seconds
        };
        let figure = |what: &str, value: f64, unit: &str| {
            Figure::new(&format!("by {source}: {what}"), value, unit)
        };
        let delay = |percent: f64| percentile(&self.delays, percent);
        vec![
            made(figure("ARM reads", a_minute(&reads), "a minute"), &reads)
                .beside("ARM gives", READS),
            made(
                figure("other requests to Azure", a_minute(&elsewhere), "a minute"),
                &elsewhere,
            ),
            figure("end to condition, p50", delay(50.0), "s").note(format!("{} ends", self.live)),
            figure("end to condition, p99", delay(99.0), "s").at_most(MOST),
            figure("end to condition, the last", delay(100.0), "s"),
        ]
    }
}

async fn follow(bench: &Bench, stage: &Stage, names: &[String]) -> Result<Followed> {
    let emulator = stage.emulator();
    for workspace in names {
        let (others, ours) = (bench.size(OLD.0), bench.size(OLD.1));
        for (count, prefix, tags) in [
            (others, "theirs", json!({})),
            (
                ours,
                "ours",
                json!({"azureml-spark-operator": "an-old-uid old/job"}),
            ),
        ] {
            let seed = json!({
                "workspace": workspace, "count": count, "prefix": prefix, "tags": tags, "jobType": "Spark",
            });
            emulator.seed_runs(seed).await?;
        }
    }
    let scope = stage.stack().scope("follow").await?;
    workspaces(&scope, names).await?;
    bench.say("ten workspaces with their history are ready");
    let live = bench.size(1_000);
    stage::create(&scope, &jobs(&scope, names, live)).await?;
    let ends = Ends::default();
    let watching = ends.watch(&scope);
    let all_live = Duration::from_mins(20);
    stage::until("every run is live", all_live, async || {
        anyhow::ensure!(!watching.is_finished(), "the watch has ended");
        Ok((ends.running() >= live).then_some(()))
    })
    .await?;
    bench.say(&format!("{live} runs are live"));
    let (before, begun) = (emulator.counts().await?, Instant::now());
    tokio::time::sleep(COUNTED).await;
    let counted = emulator.counts().await?.since(&before);
    let seconds = begun.elapsed().as_secs_f64();
    bench.say("the ends come");
    let ended = end(emulator, &ends.runs(), live).await?;
    let all_told = Duration::from_mins(5);
    let told = stage::until("every end is told", all_told, async || {
        let told = ends.told();
        Ok((told.len() >= live).then_some(told))
    })
    .await?;
    watching.abort();
    let delay = |(job, at): (&String, &Instant)| {
        let told = told.get(job)?;
        Some(told.saturating_duration_since(*at).as_secs_f64())
    };
    Ok(Followed {
        live,
        counted,
        seconds,
        delays: ended.iter().filter_map(delay).collect(),
    })
}

/// One `AzureMLWorkspace` for each of Azure's, with one Secret.
async fn workspaces(scope: &Scope<'_>, names: &[String]) -> Result<()> {
    let world = scope.stack().emulator().world();
    scope.apply(&manifest::credentials(SECRET, world)).await?;
    let code = manifest::code("src", "main.py", "print('one of many')\n");
    scope.apply(&code).await?;
    for name in names {
        let workspace =
            manifest::workspace(name, SECRET, world).with("/spec/workspaceName", name.as_str());
        scope.apply(&workspace).await?;
    }
    for name in names {
        scope
            .condition("AzureMLWorkspace", name, "Ready", "True")
            .await?;
    }
    Ok(())
}

fn jobs(scope: &Scope<'_>, names: &[String], count: usize) -> Vec<Manifest> {
    let world = scope.stack().emulator().world();
    let job = |(number, workspace): (usize, &String)| {
        let name = format!("job-{number:04}");
        manifest::serverless_job(&name, workspace, "src", world)
    };
    (0..count).zip(names.iter().cycle()).map(job).collect()
}

/// What the bench's own watch has seen: each job's run, and when its end was told.
#[derive(Clone, Default)]
struct Ends {
    seen: Arc<Mutex<BTreeMap<String, Seen>>>,
}

#[derive(Clone, Default)]
struct Seen {
    run: Option<String>,
    is_running: bool,
    told: Option<Instant>,
}

impl Ends {
    fn watch(&self, scope: &Scope<'_>) -> JoinHandle<()> {
        let events = watcher(scope.objects(JOB), watcher::Config::default());
        let ends = self.clone();
        tokio::spawn(async move {
            let mut objects = std::pin::pin!(events.default_backoff().applied_objects());
            while let Some(object) = objects.next().await {
                // A watch that breaks begins again by itself.
                if let Ok(object) = object {
                    ends.saw(&object, Instant::now());
                }
            }
        })
    }

    fn saw(&self, object: &DynamicObject, now: Instant) {
        let status = |field: &str| object.data.pointer(&format!("/status/{field}"));
        let has_ended = status("conditions")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .any(|one| {
                let is = |field: &str, word: &str| one.get(field).is_some_and(|kept| kept == word);
                is("type", "Complete") && is("status", "True")
            });
        let mut all = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = all.entry(object.name_any()).or_default();
        let run = status("azureName").and_then(Value::as_str);
        seen.run = run.map(str::to_owned);
        seen.is_running = status("state").is_some_and(|state| state == "Running");
        if has_ended {
            seen.told.get_or_insert(now);
        }
    }

    fn all(&self) -> BTreeMap<String, Seen> {
        let all = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        all.clone()
    }

    fn running(&self) -> usize {
        self.all().values().filter(|seen| seen.is_running).count()
    }

    /// Jobs with their runs.
    fn runs(&self) -> Vec<(String, String)> {
        let run = |(job, seen): (String, Seen)| Some((job, seen.run?));
        self.all().into_iter().filter_map(run).collect()
    }

    fn told(&self) -> BTreeMap<String, Instant> {
        let told = |(job, seen): (String, Seen)| Some((job, seen.told?));
        self.all().into_iter().filter_map(told).collect()
    }
}

/// Lets the runs end one after the other, and says when each did: just before the emulator was told.
async fn end(
    emulator: &azureml_spark_testkit::emulator::Emulator,
    runs: &[(String, String)],
    live: usize,
) -> Result<BTreeMap<String, Instant>> {
    anyhow::ensure!(runs.len() == live, "{} of {live} have a run", runs.len());
    let begun = Instant::now();
    let ends: Vec<(String, Instant)> = futures::stream::iter(runs.iter().enumerate())
        .map(async |(index, (job, run)): (usize, &(String, String))| {
            let due = begun + ENDS.mul_f64(number(index) / number(live));
            tokio::time::sleep_until(due.into()).await;
            let at = Instant::now();
            let ended = emulator.set_run(run, "Completed").await;
            ended.with_context(|| format!("the end of {run}"))?;
            anyhow::Ok((job.clone(), at))
        })
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    Ok(ends.into_iter().collect())
}
