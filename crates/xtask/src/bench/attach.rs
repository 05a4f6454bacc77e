//! A hundred attachments, and a change of identity for each.

use std::time::{Duration, Instant};

use anyhow::Result;
use azureml_spark_testkit::manifest::{self, Manifest};
use azureml_spark_testkit::scope::{Scope, WORKSPACE, find_condition};
use futures::{StreamExt as _, TryStreamExt as _};
use kube::api::ListParams;
use serde_json::{Value, json};

use super::Bench;
use super::azure;
use super::figure::{Figure, each};
use super::stage::{self, Setting, Stage};

const KIND: &str = "SynapseSparkAttachment";
const ATTACHMENTS: usize = 100;
const WITHIN: Duration = Duration::from_mins(15);

pub(super) async fn measure(bench: &Bench) -> Result<Vec<Figure>> {
    let stage = Stage::set(Setting::unlimited()).await?;
    bench.say("everything answers");
    let figures = on(bench, &stage).await;
    stage.end().await?;
    figures
}

async fn on(bench: &Bench, stage: &Stage) -> Result<Vec<Figure>> {
    let count = bench.size(ATTACHMENTS);
    let scope = stage.stack().scope("attach").await?;
    scope.workspace().await?;
    let world = stage.emulator().world();
    let (identity, _) = stage.emulator().make_identity("another").await?;
    let attachments: Vec<Manifest> = (0..count)
        .map(|number| manifest::attachment(&format!("pool-{number}"), WORKSPACE, world))
        .collect();
    let mut figures = Vec::new();
    figures.extend(
        step(stage, &scope, count, "attached", async || {
            stage::create(&scope, &attachments).await
        })
        .await?,
    );
    bench.say(&format!("{count} pools are attached"));
    let changed = json!({"spec": {"identity": {
        "type": "UserAssigned", "userAssignedIdentities": [{"resourceId": identity}],
    }}});
    figures.extend(
        step(stage, &scope, count, "identity changed", async || {
            futures::stream::iter(&attachments)
                .map(async |one: &Manifest| {
                    scope
                        .patch(KIND, one.name(), changed.clone())
                        .await
                        .map(drop)
                })
                .buffer_unordered(stage::AT_ONCE)
                .try_collect()
                .await
        })
        .await?,
    );
    bench.say("all have another identity");
    Ok(figures)
}

/// What it costs until all of them are ready again.
async fn step(
    stage: &Stage,
    scope: &Scope<'_>,
    count: usize,
    what: &str,
    act: impl AsyncFnOnce() -> Result<()>,
) -> Result<Vec<Figure>> {
    let since = stage.emulator().now().await?;
    let mark = stage.audit().mark();
    let before = stage.usage()?;
    let begun = Instant::now();
    act().await?;
    stage::until("every attachment is ready", WITHIN, async || {
        let all = scope.objects(KIND).list(&ListParams::default()).await?;
        let ready = all.iter().map(serde_json::to_value);
        let ready = ready
            .collect::<Result<Vec<_>, _>>()?
            .iter()
            .filter(|one| is_ready(one))
            .count();
        Ok((ready == count).then_some(()))
    })
    .await?;
    let seconds = begun.elapsed().as_secs_f64();
    let used = stage.usage()?.cpu_seconds - before.cpu_seconds;
    let asked = stage.emulator().requests_since(since).await?;
    let calls = stage.audit().since(mark)?;
    let figure =
        |name: &str, value: f64, unit: &str| Figure::new(&format!("{what}: {name}"), value, unit);
    Ok(vec![
        figure("all of them after", seconds, "s"),
        figure("ARM writes", each(azure::writes(&asked), count), "each").note(azure::kinds(&asked)),
        figure("ARM reads", each(azure::reads(&asked), count), "each"),
        figure(
            "requests elsewhere",
            each(azure::elsewhere(&asked), count),
            "each",
        ),
        figure("apiserver writes", each(calls.writes(), count), "each").note(calls.to_string()),
        figure("events", each(calls.events(), count), "each"),
        figure("operator's CPU", used * 1e3 * each(1, count), "ms each"),
    ])
}

/// Ready as it is described now.
fn is_ready(object: &Value) -> bool {
    let generation = object.pointer("/metadata/generation");
    find_condition(object, "Ready").is_some_and(|ready| {
        ready.get("status").and_then(Value::as_str) == Some("True")
            && ready.get("observedGeneration") == generation
    })
}
