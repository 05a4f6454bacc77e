//! The README is run: its manifests are applied and its commands carried out, as a reader would.

use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use azureml_spark_testkit::emulator::Requests;
use azureml_spark_testkit::eventually::PATIENCE;
use azureml_spark_testkit::manifest::{self, Manifest};
use azureml_spark_testkit::repository;
use azureml_spark_testkit::scope::{Scope, find_condition};
use serde_json::Value;

use crate::scenario;

/// Commands that are not carried out here, and why that is right.
const ELSEWHERE: [(&str, &str); 13] = [
    (
        "docker build",
        "no container engine is asked for by the tests",
    ),
    ("cargo xtask demo", "the suite of xtask runs it"),
    ("az ", "Azure's own tool against a real subscription"),
    ("helm upgrade --install", "carried out below, as a dry run"),
    (
        "kubectl -n azureml-spark-system rollout",
        "there is no kubelet here: pods never run",
    ),
    (
        "kubectl -n azureml-spark-system logs",
        "there is no kubelet here: pods have no logs",
    ),
    (
        "kubectl create secret generic azure",
        "carried out below, before the manifests need it",
    ),
    (
        "kubectl get sparkjob titanic --output",
        "carried out below, on a run that failed",
    ),
    ("kubectl wait", "carried out below, once the job is there"),
    ("kubectl azureml logs", "the scenarios of logs carry it out"),
    (
        "kubectl patch",
        "carried out below, each with what follows from it",
    ),
    (
        "kubectl annotate",
        "carried out below, each with what follows from it",
    ),
    (
        "kubectl azureml import workspace",
        "the scenario of the import carries it out",
    ),
];

const JOB: &str = "SparkJob";
/// The job that runs until the test ends it.
const STEERED: &str = "titanic-report";

/// The fenced blocks of one language.
fn blocks(language: &str) -> Result<Vec<String>> {
    let text = std::fs::read_to_string(repository::root().join("README.md"))?;
    let opening = format!("```{language}\n");
    Ok(text
        .split(&opening)
        .skip(1)
        .filter_map(|rest| rest.split_once("\n```"))
        .map(|(block, _)| block.to_owned())
        .collect())
}

/// The commands of the README, continued lines joined.
fn commands() -> Result<Vec<String>> {
    let joined = blocks("sh")?.join("\n").replace("\\\n", " ");
    let commands = joined
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    Ok(commands.filter(|line| !line.is_empty()).collect())
}

/// Carries a command out in a shell, in this scope's namespace.
fn shell(scope: &Scope<'_>, command: &str) -> Result<String> {
    let world = scope.stack().emulator().world();
    let kubectl = format!("kubectl --namespace {}", scope.namespace());
    let output = Command::new("sh")
        .args(["-euc", &command.replacen("kubectl", &kubectl, 1)])
        .env("KUBECONFIG", scope.stack().plane().kubeconfig())
        .env("TENANT", &world.tenant)
        .env("CLIENT_ID", &world.client_id)
        .env("CLIENT_SECRET", &world.client_secret)
        .output()?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure!(
        output.status.success(),
        "{command}: {said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(said)
}

fn the(commands: &[String], beginning: &str) -> Result<String> {
    let found = commands
        .iter()
        .find(|command| command.starts_with(beginning));
    found
        .cloned()
        .with_context(|| format!("the README has no '{beginning}'"))
}

#[test]
fn what_it_shows_works() {
    scenario("readme", async |scope| {
        let commands = commands()?;
        shell(
            scope,
            &the(&commands, "kubectl create secret generic azure")?,
        )?;
        scope
            .apply(&manifest::code(
                "titanic-src",
                "titanic.py",
                "print('wrangled')\n",
            ))
            .await?;
        let world = scope.stack().emulator().world();
        for block in blocks("yaml")? {
            let text = block.replace("6560575d-fa06-4e7d-95fb-f962e74efd7a", &world.subscription);
            let mut object = Manifest(serde_norway::from_str::<Value>(&text)?);
            if object.kind() == "AzureMLWorkspace" {
                object = object.with("/spec/cloud", azureml_spark_testkit::stack::CLOUD);
            }
            if object.name() == STEERED {
                object = object.with("/spec/tags/emulator-instant-stuck", "Running");
            }
            scope.apply(&object).await?;
        }
        shell(scope, &the(&commands, "kubectl wait")?)?;
        for command in &commands {
            if !ELSEWHERE
                .iter()
                .any(|(beginning, _)| command.starts_with(beginning))
            {
                let said = shell(scope, command)?;
                assert!(said.contains("titanic"), "{command}: {said}");
            }
        }
        let failing = manifest::serverless_job("failing", "ml", "titanic-src", world)
            .with("/spec/entry/file", "titanic.py")
            .with("/spec/tags/emulator-instant-outcome", "Failed");
        scope.apply(&failing).await?;
        scope
            .condition("SparkJob", "failing", "Failed", "True")
            .await?;
        let tail =
            the(&commands, "kubectl get sparkjob titanic --output")?.replace("titanic", "failing");
        assert!(
            !shell(scope, &tail)?.is_empty(),
            "the end of the driver's log is shown"
        );
        steering(scope, &commands).await?;
        annotations(scope, &commands).await
    });
}

/// Carries out the one command of the README that begins so and is about this.
fn carry_out(
    scope: &Scope<'_>,
    commands: &[String],
    beginning: &str,
    about: &str,
) -> Result<String> {
    let found = commands
        .iter()
        .find(|command| command.starts_with(beginning) && command.contains(about));
    let command = found.with_context(|| format!("no '{beginning}' of the README is on {about}"))?;
    shell(scope, command)
}

/// The second job reads what the first has written, is held, and is cancelled.
async fn steering(scope: &Scope<'_>, commands: &[String]) -> Result<()> {
    let runs = scope
        .wait(JOB, STEERED, "runs", |o| o["status"]["state"] == "Running")
        .await?;
    let reads = &runs["status"]["resolved"]["inputs"]["rows"]["path"];
    let path = reads.as_str().context("the path that it reads")?;
    assert!(path.contains("wrangled"), "{path}");
    carry_out(scope, commands, "kubectl patch", "suspend")?;
    scope.condition(JOB, STEERED, "Suspended", "True").await?;
    carry_out(scope, commands, "kubectl patch", "cancel")?;
    scope
        .reason(JOB, STEERED, "Failed", "True", "Canceled")
        .await?;
    Ok(())
}

/// Each annotation that the README sets does what it says there.
async fn annotations(scope: &Scope<'_>, commands: &[String]) -> Result<()> {
    let (kind, name) = ("SynapseSparkAttachment", "my-spark-pool");
    let carry_out = |about: &str| {
        let said = carry_out(scope, commands, "kubectl annotate", about)?;
        ensure!(said.contains("annotated"), "{about}: {said}");
        anyhow::Ok(())
    };
    scope.condition(kind, name, "Ready", "True").await?;
    carry_out("paused=true")?;
    scope.condition(kind, name, "Paused", "True").await?;
    carry_out("paused-")?;
    scope
        .wait(kind, name, "is paused no more", |object| {
            find_condition(object, "Paused").is_none()
        })
        .await?;
    carry_out("sync-period")?;
    let since = scope.stack().emulator().now().await?;
    carry_out("reconcile-at")?;
    let looks = |seen: &Requests| seen.count("GET", &["/computes/", name]) > 0;
    scope
        .stack()
        .emulator()
        .wait_for_requests(since, "the operator looks", PATIENCE, looks)
        .await?;
    let calm = scope.condition(kind, name, "Ready", "True").await?;
    assert_eq!(find_condition(&calm, "Warning"), None, "{calm}");
    carry_out("force-release")?;
    scope.delete("SparkJob", "titanic").await?;
    scope.gone("SparkJob", "titanic").await
}

#[test]
fn every_command_is_known() -> Result<()> {
    for command in commands()? {
        let carried_out = ["kubectl get azureml", "kubectl describe sparkjob"];
        let known = ELSEWHERE
            .iter()
            .map(|(beginning, _)| *beginning)
            .chain(carried_out);
        assert!(
            known
                .into_iter()
                .any(|beginning| command.starts_with(beginning)),
            "nobody runs: {command}"
        );
    }
    Ok(())
}

#[test]
fn the_chart_takes_the_values_that_it_shows() {
    scenario("readme-chart", async |scope| {
        let chart = repository::chart();
        let command = the(&commands()?, "helm upgrade --install")?
            .replace(
                "charts/azureml-spark-operator",
                chart.to_str().context("a path in UTF-8")?,
            )
            .replace("\"$IMAGE\"", "registry.example/operator")
            .replace("\"$CLIENT_ID\"", "c")
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
