//! What one job costs the apiserver, from `kubectl apply` to the end of its finalizer, and what it costs to look at
//! things that are as they should be.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use azureml_spark_testkit::emulator::Requests;
use azureml_spark_testkit::eventually::{PATIENCE, until};
use azureml_spark_testkit::manifest;
use azureml_spark_testkit::scope::{Scope, WORKSPACE};
use azureml_spark_testkit::stack::{Options, Stack};
use serde_json::{Value, json};

use crate::looks;

const JOB: &str = "SparkJob";
const ATTACHMENT: &str = "SynapseSparkAttachment";
const POOL: &str = "costspool";
/// Finalizer, intent, submitted, running, ended, finalizer gone.
const WRITES: usize = 6;
/// Submitted, running, ended.
const EVENTS: usize = 3;

/// What the operator changed in a namespace, and how often, by resource.
fn writes(audit_log: &Path, namespace: &str) -> Result<BTreeMap<String, usize>> {
    let mut all = BTreeMap::new();
    for line in std::fs::read_to_string(audit_log)?.lines() {
        let event: Value = serde_json::from_str(line)?;
        let word = |at: &str| {
            event
                .pointer(at)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let writes = ["create", "update", "patch", "delete"].contains(&word("/verb"));
        if writes && word("/objectRef/namespace") == namespace {
            *all.entry(word("/objectRef/resource").to_owned())
                .or_default() += 1;
        }
    }
    Ok(all)
}

/// Waits until the operator has looked at the runs anew, twice: what the first look found has been told by then, or has
/// not.
async fn looked_at(scope: &Scope<'_>) -> Result<()> {
    let emulator = scope.stack().emulator();
    let since = emulator.now().await?;
    let enough = |seen: &Requests| looks::of(seen).len() > 2;
    emulator
        .wait_for_requests(since, "two looks at the runs", PATIENCE, enough)
        .await
        .map(drop)
}

/// What no step changes is asked for once in each pass; the compute once more, where it was attached and not where a role
/// was granted.
fn nothing_is_asked_twice_in_a_pass(seen: &Requests) {
    let computes = seen.count("GET", &["/computes/", POOL]);
    let pools = seen.count("GET", &["/Microsoft.Synapse/", "/bigDataPools/"]);
    let around = seen.count("GET", &["/Microsoft.Synapse/"]) - pools;
    assert!(pools < computes && around < computes, "{seen}");
    let mut rest = seen.0.iter();
    let grant = |path: &str| path.contains("/roleAssignments");
    assert!(rest.any(|one| one.method == "PUT" && grant(&one.path)));
    let next = rest.find(|one| grant(&one.path) || one.path.contains("/computes/"));
    assert!(next.is_some_and(|one| grant(&one.path)), "{seen}");
}

/// A job whose run goes where the test sends it; its run's name.
async fn submitted(scope: &Scope<'_>, name: &str) -> Result<String> {
    let world = scope.stack().emulator().world();
    let job = manifest::serverless_job(name, WORKSPACE, "src", world);
    scope.apply(&job).await?;
    let object = scope.condition(JOB, name, "Submitted", "True").await?;
    Ok(object["status"]["azureName"].as_str().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_costs_six_writes_and_three_events_and_a_look_costs_none() -> Result<()> {
    let options = Options {
        values: json!({"tellStatesAfterSeconds": 300}),
        ..Options::default()
    };
    let stack = Stack::start(options).await?;
    let emulator = stack.emulator();
    emulator.set(json!({"instantStuck": "Starting"})).await?;
    let scope = stack.scope("costs").await?;
    scope.workspace().await?;
    scope
        .apply(&manifest::code("src", "main.py", "print('one')\n"))
        .await?;
    // They hold the workspace and its Secret: those are not held for the sake of each job.
    let pool = manifest::attachment(POOL, WORKSPACE, emulator.world());
    let since = emulator.now().await?;
    scope.apply(&pool).await?;
    scope.condition(ATTACHMENT, POOL, "Ready", "True").await?;
    nothing_is_asked_twice_in_a_pass(&emulator.requests_since(since).await?);
    submitted(&scope, "another").await?;
    looked_at(&scope).await?;

    let audit_log = stack.plane().audit_log();
    let before = writes(audit_log, scope.namespace())?;
    let run = submitted(&scope, "one").await?;
    for state in ["Preparing", "Queued", "Starting", "Running", "Finalizing"] {
        emulator.set_run(&run, state).await?;
        looked_at(&scope).await?;
        if state == "Running" {
            let running = |object: &Value| object["status"]["state"] == "Running";
            scope.wait(JOB, "one", "runs", running).await?;
        }
    }
    emulator.set_run(&run, "Completed").await?;
    scope.condition(JOB, "one", "Complete", "True").await?;
    let free = |object: &Value| object["metadata"]["finalizers"].is_null();
    scope.wait(JOB, "one", "is free", free).await?;
    // Its last event comes after that.
    until("its end is told", PATIENCE, async || {
        let events = scope.events(JOB, "one").await?;
        Ok(events
            .iter()
            .any(|(_, reason, _)| reason == "Completed")
            .then_some(()))
    })
    .await?;
    let mut cost = writes(audit_log, scope.namespace())?;
    for (resource, count) in &before {
        *cost.get_mut(resource).unwrap() -= count;
    }
    cost.retain(|_, count| *count > 0);
    let told = cost.remove("events").unwrap_or_default();
    assert!(told <= EVENTS, "{told} events");
    let written = cost.remove("sparkjobs").unwrap_or_default();
    assert!(written <= WRITES, "{written} writes");
    assert_eq!(cost, BTreeMap::new(), "nothing else is written");

    // Looks at what is as it should be: at the live one by the list, and at both by themselves.
    let before = writes(audit_log, scope.namespace())?;
    scope.reconcile(JOB, "another").await?;
    scope.look(ATTACHMENT, POOL).await?;
    looked_at(&scope).await?;
    assert_eq!(writes(audit_log, scope.namespace())?, before);
    Ok(())
}
