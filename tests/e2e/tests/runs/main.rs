//! What runs are made of, how they are steered, and how they end, on one stack as in `shared`: a real control plane, the
//! chart, the operator, and the emulator, whose runs end as their tags say (docs/fidelity.md).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test with a place in it"
)]

mod adoption;
mod assets;
mod backoff;
mod cancels;
mod chain;
mod code;
mod data;
mod definition;
mod edits;
mod endings;
mod environments;
mod identities;
mod kubectl;
mod latest;
mod once;
mod page;
mod retries;
mod roles;
mod sizes;
mod steering;
mod suspension;

use anyhow::Result;
use azureml_spark_testkit::emulator::Requests;
use azureml_spark_testkit::manifest::{self, Manifest};
use azureml_spark_testkit::portal::Portal;
use azureml_spark_testkit::scenario::play;
use azureml_spark_testkit::scope::{Scope, WORKSPACE, find_condition};
use azureml_spark_testkit::stack::Stack;
use serde_json::{Value, json};

const JOB: &str = "SparkJob";

/// Runs a scenario on the shared stack, in a namespace of its own with a workspace that is ready and code in `src`.
fn scenario(name: &str, story: impl AsyncFnOnce(&Scope<'_>, &Portal<'_>) -> Result<()>) {
    play(async {
        let stack = Stack::shared().await?;
        let scope = stack.scope(name).await?;
        let portal = Portal::new(stack.emulator())?;
        scope.workspace().await?;
        let text = format!("print('{}')\n", scope.namespace());
        scope
            .apply(&manifest::code("src", "main.py", &text))
            .await?;
        story(&scope, &portal).await
    });
}

/// A job that ends well after a second.
fn job(scope: &Scope<'_>, name: &str) -> Manifest {
    manifest::serverless_job(name, WORKSPACE, "src", scope.stack().emulator().world())
}

/// A job that stays in a state until somebody ends it.
fn stuck(scope: &Scope<'_>, name: &str, state: &str) -> Manifest {
    job(scope, name).with("/spec/tags/emulator-instant-stuck", state)
}

/// Waits until Azure shows the run in a state, as the status tells it, and says its name.
async fn in_state(scope: &Scope<'_>, name: &str, state: &str) -> Result<String> {
    let what = format!("is {state}");
    let found = scope
        .wait(JOB, name, &what, |object| {
            object["status"]["state"] == state
        })
        .await?;
    Ok(azure_name(&found))
}

/// Waits until a job has ended otherwise than well, for this reason.
async fn fails(scope: &Scope<'_>, name: &str, reason: &str) -> Result<Value> {
    let failed = scope.reason(JOB, name, "Failed", "True", reason).await?;
    let ready = find_condition(&failed, "Ready").unwrap();
    assert_eq!(
        (&ready["status"], &ready["reason"]),
        (&json!("False"), &json!(reason)),
        "{failed}"
    );
    assert_eq!(find_condition(&failed, "Complete"), None, "{failed}");
    assert_eq!(find_condition(&failed, "Reconciling"), None, "{failed}");
    assert_eq!(failed["status"]["endReason"], reason, "{failed}");
    has_its_page(&failed);
    Ok(failed)
}

/// Waits until a job has ended well.
async fn ends_well(scope: &Scope<'_>, name: &str) -> Result<Value> {
    let done = scope.condition(JOB, name, "Complete", "True").await?;
    has_its_page(&done);
    Ok(done)
}

/// An end says where the run can be looked at in Studio, if there was one.
fn has_its_page(ended: &Value) {
    let submitted = find_condition(ended, "Submitted").unwrap();
    let page = ended["status"]["studioUrl"].as_str();
    if submitted["status"] == "True" {
        let run = format!("/runs/{}?", azure_name(ended));
        assert!(page.is_some_and(|page| page.contains(&run)), "{ended}");
    }
}

/// Changes fields of a job's spec.
async fn set(scope: &Scope<'_>, name: &str, fields: Value) -> Result<()> {
    scope.patch(JOB, name, json!({"spec": fields})).await?;
    Ok(())
}

/// Name of the current run in Azure.
fn azure_name(object: &Value) -> String {
    object["status"]["azureName"].as_str().unwrap().to_owned()
}

/// Name of another attempt's run.
fn attempt(name: &str, number: u32) -> String {
    let (rest, _) = name.rsplit_once('-').unwrap();
    format!("{rest}-{number}")
}

/// What the operator has asked of Azure since then, without what the person has.
async fn asked(scope: &Scope<'_>, since: u64) -> Result<Requests> {
    scope.asked(since).await
}

/// The properties of a job as they were sent, once.
fn sent<'r>(seen: &'r Requests, name: &str) -> &'r Value {
    let puts = seen
        .0
        .iter()
        .filter(|entry| entry.method == "PUT" && entry.path.contains(&format!("/jobs/{name}")));
    let bodies: Vec<&Value> = puts.filter_map(|entry| entry.body.as_ref()).collect();
    assert_eq!(bodies.len(), 1, "{name}: {seen}");
    &bodies[0]["properties"]
}
