//! The README is run: its manifests are applied and its commands carried out, as a reader would.

mod reader;

use anyhow::{Context as _, Result};
use azureml_spark_testkit::emulator::Requests;
use azureml_spark_testkit::eventually::PATIENCE;
use azureml_spark_testkit::manifest::{self, Manifest};
use azureml_spark_testkit::repository;
use azureml_spark_testkit::scope::{Scope, find_condition};
use azureml_spark_testkit::stack::CLOUD;
use serde_json::Value;

use crate::scenario;
use reader::{Reader, blocks, commands};

/// Beginnings of commands that this scenario does not carry out, and why that is right.
const ELSEWHERE: [(&str, &str); 8] = [
    ("cargo xtask demo", "the tests of xtask run it"),
    ("az ", "Azure's own tool against a real subscription"),
    ("IDENTITY=", "the same"),
    (
        "docker build",
        "no container engine is asked for by the tests",
    ),
    (
        "helm upgrade --install",
        "carried out below, as a dry run by the apiserver",
    ),
    (
        "kubectl -n azureml-spark-system rollout",
        "there is no kubelet here: pods never run",
    ),
    (
        "kubectl -n azureml-spark-system logs",
        "there is no kubelet here: pods have no logs",
    ),
    (
        "kubectl azureml import workspace",
        "the scenario of the import carries it out",
    ),
];

const JOB: &str = "SparkJob";
const POOL: (&str, &str) = ("SynapseSparkAttachment", "my-spark-pool");
/// The job that runs until the test ends it.
const STEERED: &str = "titanic-report";

#[test]
fn what_it_shows_works() {
    scenario("readme", async |scope| {
        let reader = Reader::new(scope)?;
        reader.does("kubectl create secret generic azure")?;
        reader.writes("titanic.py", "print('wrangled')\n")?;
        reader.does("kubectl create configmap titanic-src")?;
        reader.writes("titanic.yaml", &manifests(scope)?)?;
        let applied = reader.does("kubectl apply")?;
        assert_eq!(applied.lines().count(), 5, "one of each kind: {applied}");

        // The README's own patience is longer than a test's.
        scope.condition(JOB, "titanic", "Complete", "True").await?;
        reader.does("kubectl wait")?;
        let log = reader.does("kubectl azureml logs")?;
        let run = scope.get(JOB, "titanic").await?;
        let run = run["status"]["azureName"].as_str().context("a name")?;
        assert!(log.contains(run), "the log of {run}: {log}");
        steering(scope, &reader).await?;
        looking(scope, &reader).await?;
        annotations(scope, &reader).await?;

        let elsewhere = |command: &str| {
            let mut beginnings = ELSEWHERE.iter();
            beginnings.any(|(beginning, _)| command.starts_with(beginning))
        };
        let mut left = reader.left();
        left.retain(|command| !elsewhere(command));
        assert!(left.is_empty(), "nobody carries out: {left:#?}");
        Ok(())
    });
}

/// The manifests of the README with the emulator's cloud and subscription, as one file.
fn manifests(scope: &Scope<'_>) -> Result<String> {
    let world = scope.stack().emulator().world();
    let mut documents = Vec::new();
    for block in blocks("yaml")? {
        let text = block.replace("6560575d-fa06-4e7d-95fb-f962e74efd7a", &world.subscription);
        let mut object = Manifest(serde_norway::from_str::<Value>(&text)?);
        if object.kind() == "AzureMLWorkspace" {
            object = object.with("/spec/cloud", CLOUD);
        }
        if object.name() == STEERED {
            object = object.with("/spec/tags/emulator-instant-stuck", "Running");
        }
        documents.push(serde_norway::to_string(&object.0)?);
    }
    Ok(documents.join("---\n"))
}

/// The second job reads what the first has written, is held, and is cancelled.
async fn steering(scope: &Scope<'_>, reader: &Reader) -> Result<()> {
    let runs = scope
        .wait(JOB, STEERED, "runs", |o| o["status"]["state"] == "Running")
        .await?;
    let reads = &runs["status"]["resolved"]["inputs"]["rows"]["path"];
    let path = reads.as_str().context("the path that it reads")?;
    assert!(path.contains("wrangled"), "{path}");
    let change = format!("kubectl patch sparkjob {STEERED} --type merge --patch '{{\"spec\": {{");
    reader.does(&format!("{change}\"suspend\": true"))?;
    scope.condition(JOB, STEERED, "Suspended", "True").await?;
    reader.does(&format!("{change}\"suspend\": false"))?;
    let second = |o: &Value| o["status"]["attempt"] == 2 && o["status"]["state"] == "Running";
    scope.wait(JOB, STEERED, "runs anew", second).await?;
    reader.does(&format!("{change}\"cancel\": true"))?;
    scope
        .reason(JOB, STEERED, "Failed", "True", "Canceled")
        .await?;
    Ok(())
}

/// Where to look when something is stuck.
async fn looking(scope: &Scope<'_>, reader: &Reader) -> Result<()> {
    for beginning in ["kubectl get azureml", "kubectl describe sparkjob"] {
        let said = reader.does(beginning)?;
        assert!(said.contains("titanic"), "{beginning}: {said}");
    }
    let tail = "kubectl get sparkjob titanic --output";
    assert_eq!(reader.does(tail)?, "", "titanic did not fail");
    let world = scope.stack().emulator().world();
    let failing = manifest::serverless_job("failing", "ml", "titanic-src", world)
        .with("/spec/entry/file", "titanic.py")
        .with("/spec/tags/emulator-instant-outcome", "Failed");
    scope.apply(&failing).await?;
    scope.condition(JOB, "failing", "Failed", "True").await?;
    let failed = reader.tries(&reader.finds(tail)?.replace("titanic", "failing"))?;
    assert!(!failed.is_empty(), "the end of the driver's log is shown");
    Ok(())
}

/// Each annotation that the README sets does what it says there.
async fn annotations(scope: &Scope<'_>, reader: &Reader) -> Result<()> {
    let (kind, name) = POOL;
    let annotate = |about: &str| {
        let said = reader.does(&format!("kubectl annotate ssa {name} {about}"))?;
        assert!(said.contains("annotated"), "{about}: {said}");
        anyhow::Ok(())
    };
    scope.condition(kind, name, "Ready", "True").await?;
    annotate("spark.azureml.dev/paused=true")?;
    scope.condition(kind, name, "Paused", "True").await?;
    annotate("spark.azureml.dev/paused-")?;
    scope
        .wait(kind, name, "is paused no more", |object| {
            find_condition(object, "Paused").is_none()
        })
        .await?;
    annotate("spark.azureml.dev/sync-period")?;
    let since = scope.stack().emulator().now().await?;
    annotate("--overwrite spark.azureml.dev/reconcile-at")?;
    let looks = |seen: &Requests| seen.count("GET", &["/computes/", name]) > 0;
    scope
        .stack()
        .emulator()
        .wait_for_requests(since, "the operator looks", PATIENCE, looks)
        .await?;
    let calm = scope.condition(kind, name, "Ready", "True").await?;
    assert_eq!(find_condition(&calm, "Warning"), None, "{calm}");
    reader.does("kubectl annotate sparkjob titanic spark.azureml.dev/force-release=true")?;
    scope.delete(JOB, "titanic").await?;
    scope.gone(JOB, "titanic").await
}

#[test]
fn what_is_carried_out_elsewhere_is_still_in_it() -> Result<()> {
    let commands = commands()?;
    for (beginning, why) in ELSEWHERE {
        let known = commands
            .iter()
            .any(|command| command.starts_with(beginning));
        assert!(known, "no '{beginning}' in the README ({why})");
    }
    Ok(())
}

#[test]
fn the_chart_takes_the_values_that_it_shows() {
    scenario("readme-chart", async |scope| {
        let chart = repository::chart();
        let reader = Reader::new(scope)?;
        let command = reader
            .finds("helm upgrade --install")?
            .replace(
                "charts/azureml-spark-operator",
                chart.to_str().context("a path in UTF-8")?,
            )
            .replace("\"$IMAGE\"", "registry.example/operator")
            .replace("\"$IDENTITY\"", "c")
            .replace('"', "");
        let mut arguments: Vec<&str> = command.split_whitespace().skip(1).collect();
        arguments.push("--dry-run=server");
        let rendered = scope.stack().helm().run(&arguments, None)?;
        for part in [
            "registry.example/operator:",
            "azure.workload.identity/client-id: \"c\"",
            "data-team",
        ] {
            assert!(rendered.contains(part), "no {part} in: {rendered}");
        }
        Ok(())
    });
}
