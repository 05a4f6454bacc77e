//! A thousand jobs at once, Azure without limits: how quickly they are submitted, and what each costs in its whole life.

use std::time::Duration;

use anyhow::{Context as _, Result};
use azureml_spark_testkit::emulator::{Entry, Requests};
use azureml_spark_testkit::manifest::{self, Manifest};
use azureml_spark_testkit::scope::{Scope, WORKSPACE};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Bench;
use super::apiserver::Calls;
use super::arrivals::Arrivals;
use super::azure;
use super::figure::{Figure, each, number};
use super::floor::{self, Sample};
use super::stage::{self, Setting, Stage};

const JOB: &str = "SparkJob";
const JOBS: usize = 1_000;
/// Jobs before those that count: certificates, tokens and the apiserver's first look at the definitions are behind us.
const WARM: usize = 20;
/// How long a run takes: longer than all submissions, so that those are not disturbed by ends.
const RUN_SECONDS: f64 = 60.0;
/// Nothing takes so long, unless something is broken.
const WITHIN: Duration = Duration::from_mins(15);

pub(super) async fn measure(bench: &Bench) -> Result<Vec<Figure>> {
    let stage = Stage::set(Setting::unlimited()).await?;
    bench.say("everything answers");
    let figures = on(bench, &stage).await;
    stage.end().await?;
    figures
}

async fn on(bench: &Bench, stage: &Stage) -> Result<Vec<Figure>> {
    let count = bench.size(JOBS);
    let scope = stage.stack().scope("submit").await?;
    scope.workspace().await?;
    warm(stage, &scope).await?;
    bench.say(&format!("{WARM} jobs have come and gone"));

    let code = manifest::code("src", "main.py", "print('one of many')\n");
    scope.apply(&code).await?;
    stage
        .emulator()
        .set(json!({"instantSeconds": run_seconds(bench)}))
        .await?;
    let before = stage.usage()?;
    let mark = stage.audit().mark();
    let mut puts = Arrivals::from_now(stage.emulator(), is_submission).await?;
    let since = puts.start();
    let begun = Timestamp::now();
    stage::create(&scope, &jobs("job", "src", count, &scope)).await?;
    bench.say(&format!("{count} jobs are created"));
    stage::until("every job is submitted", WITHIN, async || {
        Ok((puts.count().await? >= count).then_some(()))
    })
    .await?;
    let rate = number(count) / puts.seconds_from(begun)?;
    let submitting = stage.audit().since(mark)?;
    bench.say(&format!("all are submitted, {rate:.0} a second"));
    let submitted = scope.condition(JOB, "job-0", "Submitted", "True").await?;

    stage::until("every finalizer is gone", WITHIN, async || {
        let all = stage::metadata(&scope, JOB).await?;
        Ok(all.iter().all(|one| one.finalizers.is_none()).then_some(()))
    })
    .await?;
    bench.say("all have ended");
    stage::delete_all(&scope, JOB).await?;
    stage::until("every job is gone", WITHIN, async || {
        Ok(stage::metadata(&scope, JOB).await?.is_empty().then_some(()))
    })
    .await?;
    bench.say("all are deleted");
    let after = stage.usage()?;
    let life = stage.audit().since(mark)?;
    let asked = stage.emulator().requests_since(since).await?;

    stage.stop_operator()?;
    let sample = Sample {
        submission: first_submission(&asked)?,
        event: event_of(&scope).await?,
        object: submitted,
    };
    let writes = floor::Writes::of(&submitting, count);
    bench.say(&format!("the floor: {writes}"));
    let floor = floor::rate(stage, count, &writes, &sample).await?;
    bench.say(&format!("the floor is {floor:.0} a second"));

    let mut figures = vec![
        Figure::new("submitted", rate, "jobs/s")
            .beside("floor", floor)
            .at_least(95.0)
            .note(format!(
                "from the first create to Azure's last PUT; the floor is a bare loop of {writes}"
            )),
        Figure::new("share of the floor", rate / floor * 100.0, "%").at_least(60.0),
    ];
    let cpu = after.cpu_seconds - before.cpu_seconds;
    figures.push(
        Figure::new("operator's CPU", cpu * 1e3 * each(1, count), "ms a job")
            .at_most(4.0)
            .note("user and system, from apply until the deleted objects are gone"),
    );
    figures.extend(costs(&asked, &life, count));
    figures.push(Figure::new("operator's peak", after.peak_mb, "MB resident"));
    Ok(figures)
}

/// What a job costs Azure and the apiserver in its whole life.
fn costs(asked: &Requests, life: &Calls, count: usize) -> [Figure; 6] {
    let on_jobs = life.writes_to("sparkjobs");
    [
        Figure::new("ARM writes", each(azure::writes(asked), count), "a job")
            .beside("limit", 1.0)
            .at_most(1.01),
        Figure::count("ARM reads", azure::reads(asked)).note(azure::kinds(asked)),
        Figure::new("apiserver writes", each(life.writes(), count), "a job")
            .at_most(6.0)
            .note(life.to_string()),
        Figure::new("of them on the job itself", each(on_jobs, count), "a job")
            .note("the others: finalizers of what all jobs need, the workspace and its Secret"),
        Figure::new("events", each(life.events(), count), "a job").at_most(3.0),
        Figure::new("apiserver reads", each(life.reads(), count), "a job"),
    ]
}

/// A few jobs are submitted sooner.
fn run_seconds(bench: &Bench) -> f64 {
    (RUN_SECONDS * bench.part).max(5.0)
}

/// Jobs that run and end, and are deleted.
async fn warm(stage: &Stage, scope: &Scope<'_>) -> Result<()> {
    stage.emulator().set(json!({"instantSeconds": 1})).await?;
    scope
        .apply(&manifest::code("warm", "main.py", "print('first')\n"))
        .await?;
    let all = jobs("warm", "warm", WARM, scope);
    stage::create(scope, &all).await?;
    for job in &all {
        scope.condition(JOB, job.name(), "Complete", "True").await?;
    }
    stage::delete_all(scope, JOB).await?;
    for job in &all {
        scope.gone(JOB, job.name()).await?;
    }
    Ok(())
}

/// Serverless jobs that share their code.
pub(super) fn jobs(name: &str, code: &str, count: usize, scope: &Scope<'_>) -> Vec<Manifest> {
    let world = scope.stack().emulator().world();
    (0..count)
        .map(|number| manifest::serverless_job(&format!("{name}-{number}"), WORKSPACE, code, world))
        .collect()
}

/// A PUT of a job: what Azure's bucket for writes is there for.
pub(super) fn is_submission(entry: &Entry) -> bool {
    entry.method == "PUT" && entry.path.contains("/jobs/")
}

fn first_submission(asked: &Requests) -> Result<Entry> {
    let found = asked.0.iter().find(|entry| is_submission(entry));
    found.cloned().context("no job was submitted")
}

/// One of the events that the operator wrote about the first job.
async fn event_of(scope: &Scope<'_>) -> Result<Value> {
    let resource = manifest::resource("events.k8s.io/v1", "Event");
    let api: kube::Api<kube::api::DynamicObject> =
        kube::Api::namespaced_with(scope.client().clone(), scope.namespace(), &resource);
    let all = api.list(&kube::api::ListParams::default().limit(1)).await?;
    let event = all.items.first().context("no event was written")?;
    Ok(serde_json::to_value(event)?)
}
