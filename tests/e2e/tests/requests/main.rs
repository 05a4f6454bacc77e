//! The operator's requests beside those of Microsoft's SDK for the same attachment, code and job: same path, same
//! query, same JSON. What differs is listed with a reason; a difference that is not listed fails, and so does a
//! listed one that is gone. Versions of the API are each side's own choice.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test with a place in it"
)]

mod comparison;
mod wishes;

use anyhow::Result;
use azureml_spark_testkit::emulator::{self, Requests};
use azureml_spark_testkit::eventually::PATIENCE;
use azureml_spark_testkit::scope::Scope;
use azureml_spark_testkit::stack::{Options, Stack};
use serde_json::json;

use crate::comparison::Comparison;

const JOB: &str = "SparkJob";
const ATTACHMENT: &str = "SynapseSparkAttachment";

/// The names of the SDK's wishes, so that paths can be equal; a workspace has at least three letters.
fn world() -> serde_json::Value {
    json!({
        "subscription": "00000000-0000-0000-0000-000000000000",
        "resourceGroup": "rg",
        "workspace": comparison::WORKSPACE,
        "synapseWorkspace": "syn",
        "pool": "pool",
        "storageAccount": "acct",
        "userAssignedIdentity": "u1",
    })
}

#[tokio::test]
async fn the_operator_asks_what_the_sdk_asks() -> Result<()> {
    let options = Options {
        emulator: emulator::Options {
            world: world(),
            // Runs end when the test says so.
            settings: json!({"operationSeconds": 0, "cancelSeconds": 0.1, "instantSeconds": 36_000}),
            ..emulator::Options::default()
        },
        ..Options::default()
    };
    let stack = Stack::start(options).await?;
    let scope = stack.scope("sdk").await?;
    let mut comparison = Comparison::default();
    workspace(&scope, &mut comparison).await?;
    attach_and_submit(&scope, &mut comparison).await?;
    serverless(&scope, &mut comparison).await?;
    detached(&scope, &mut comparison).await?;
    comparison.every_listed_difference_was_found();
    Ok(())
}

async fn workspace(scope: &Scope<'_>, comparison: &mut Comparison) -> Result<()> {
    scope.workspace().await?;
    let seen = scope.stack().emulator().requests_since(0).await?;
    comparison.of(
        "workspace.get",
        &seen.matching("GET", &["/workspaces/sdk?"]),
        "workspace-get",
        &[],
    );
    Ok(())
}

async fn attach_and_submit(scope: &Scope<'_>, comparison: &mut Comparison) -> Result<()> {
    let emulator = scope.stack().emulator();
    let since = emulator.now().await?;
    let world = emulator.world();
    scope.apply(&wishes::system_assigned(world)).await?;
    scope
        .condition(ATTACHMENT, "synspark", "Ready", "True")
        .await?;
    scope.apply(&wishes::code()).await?;
    scope.apply(&wishes::attached("job1")).await?;
    scope.condition(JOB, "job1", "Submitted", "True").await?;
    emulator
        .wait_for_requests(since, "a look at the workspace", PATIENCE, |seen| {
            seen.count("GET", &["/jobs?"]) > 0
        })
        .await?;
    emulator.set_run("job1", "Failed").await?;
    scope.condition(JOB, "job1", "Failed", "True").await?;
    let seen = emulator.requests_since(since).await?;

    let compute = |method| seen.matching(method, &["/computes/synspark"]);
    comparison.of("compute.put", &compute("PUT"), "compute-attach-system", &[]);
    comparison.of("compute.get", &compute("GET"), "compute-get", &[]);
    let wish = "spark-attached";
    comparison.of(
        "code.find",
        &seen.matching("GET", &["/versions?"]),
        wish,
        &[],
    );
    comparison.of(
        "code.startPendingUpload",
        &seen.matching("POST", &["/startPendingUpload"]),
        wish,
        &[],
    );
    comparison.of(
        "blob.put",
        &seen.matching("PUT", &["/src/main.py"]),
        wish,
        &[],
    );
    comparison.of(
        "blob.putMetadata",
        &seen.matching("PUT", &["comp=metadata"]),
        wish,
        &[],
    );
    comparison.of("code.put", &seen.matching("PUT", &["/codes/"]), wish, &[]);
    comparison.of("job.put", &seen.matching("PUT", &["/jobs/"]), wish, &[]);
    comparison.of(
        "job.get",
        &seen.matching("GET", &["/jobs/job1"]),
        "job-stream",
        &[],
    );
    comparison.of(
        "job.list",
        &seen.matching("GET", &["/jobs?"]),
        "job-list",
        &[],
    );
    comparison.of(
        "run.discover",
        &seen.matching("GET", &["/discovery"]),
        "job-stream",
        &[],
    );
    comparison.of(
        "run.details",
        &seen.matching("GET", &["/details"]),
        "job-stream",
        &[],
    );

    scope.delete(JOB, "job1").await?;
    scope.delete(ATTACHMENT, "synspark").await?;
    Ok(())
}

/// Two jobs without an attachment, and another attachment beside them.
async fn serverless(scope: &Scope<'_>, comparison: &mut Comparison) -> Result<()> {
    let emulator = scope.stack().emulator();
    let since = emulator.now().await?;
    let world = emulator.world();
    let ml = scope.get("AzureMLWorkspace", "ml").await?;
    let client = ml["status"]["identity"]["userAssigned"][0]["clientId"]
        .as_str()
        .unwrap();

    scope
        .apply(&wishes::user_assigned("synother", world))
        .await?;
    scope
        .condition(ATTACHMENT, "synother", "Ready", "True")
        .await?;
    let (managed, user) = ("cool_garlic_v6vrh91rpm", "mighty_vase_03hkwjkfhq");
    scope
        .apply(&wishes::managed("managed", managed, client))
        .await?;
    scope.apply(&wishes::as_user("as-user", user)).await?;
    for object in ["managed", "as-user"] {
        scope.condition(JOB, object, "Submitted", "True").await?;
    }
    for object in ["managed", "as-user"] {
        scope.delete(JOB, object).await?;
        scope.gone(JOB, object).await?;
    }
    let seen = emulator.requests_since(since).await?;
    let identity = (
        "/subscriptions/s/",
        format!("/subscriptions/{}/", world.subscription),
    );
    comparison.of(
        "compute.put",
        &seen.matching("PUT", &["/computes/synother"]),
        "compute-attach-user-assigned",
        &[("synspark", "synother".to_owned()), identity],
    );
    let client = [("\"cid\"", format!("\"{client}\""))];
    comparison.of(
        "job.put",
        &seen.matching("PUT", &["/jobs/", managed]),
        "spark-serverless-managed",
        &client,
    );
    comparison.of(
        "job.put",
        &seen.matching("PUT", &["/jobs/", user]),
        "spark-serverless-user-identity",
        &[],
    );
    let cancel = [("job1", managed.to_owned())];
    comparison.of(
        "job.cancel",
        &seen.matching("POST", &[managed, "/cancel"]),
        "job-cancel",
        &cancel,
    );
    Ok(())
}

/// The pool whose object was deleted before.
async fn detached(scope: &Scope<'_>, comparison: &mut Comparison) -> Result<()> {
    let all = |seen: &Requests| seen.matching("DELETE", &["/computes/synspark"]);
    let emulator = scope.stack().emulator();
    let seen = emulator
        .wait_for_requests(0, "the pool is detached", PATIENCE, |seen| {
            !all(seen).0.is_empty()
        })
        .await?;
    comparison.of("compute.detach", &all(&seen), "compute-detach", &[]);
    Ok(())
}
