//! The operator's own identity: open to the namespaces that the installation lists, and never lent to a job.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test with a place in it"
)]

use anyhow::Result;
use azureml_spark_testkit::eventually::{PATIENCE, eventually};
use azureml_spark_testkit::manifest::{self, Manifest};
use azureml_spark_testkit::scope::find_condition;
use azureml_spark_testkit::stack::{Options, Stack};
use k8s_openapi::api::core::v1::Namespace;
use kube::api::{Api, DynamicObject, Patch, PatchParams, PostParams};
use serde_json::json;

/// The one namespace that the installation lists.
const OPEN: &str = "open";

async fn apply(client: &kube::Client, manifest: &Manifest) -> Result<()> {
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), OPEN, &manifest.resource());
    api.patch(
        manifest.name(),
        &PatchParams::apply("a-person"),
        &Patch::Apply(&manifest.0),
    )
    .await?;
    Ok(())
}

/// Waits until the object's `Ready` has a status and a reason.
async fn ready(
    client: &kube::Client,
    manifest: &Manifest,
    status: &str,
    reason: &str,
) -> Result<()> {
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), OPEN, &manifest.resource());
    let what = format!("has Ready={status} for {reason}");
    eventually(&api, manifest.name(), &what, PATIENCE, |object| {
        let object = object.and_then(|object| serde_json::to_value(object).ok());
        object
            .as_ref()
            .and_then(|object| find_condition(object, "Ready"))
            .is_some_and(|found| {
                found["status"] == status && found["reason"].as_str() == Some(reason)
            })
    })
    .await?;
    Ok(())
}

#[tokio::test]
async fn a_listed_namespace_uses_it_for_all_but_user_identity() -> Result<()> {
    let values = json!({"operatorIdentity": {"namespaces": [OPEN]}});
    let stack = Stack::start(Options {
        values,
        start_operator: false,
        ..Options::default()
    })
    .await?;
    let world = stack.emulator().world().clone();
    let own = [
        ("AZURE_TENANT_ID", &world.tenant),
        ("AZURE_CLIENT_ID", &world.client_id),
        ("AZURE_CLIENT_SECRET", &world.client_secret),
    ];
    stack.operator().start_with(
        &own.map(|(key, value)| (key.to_owned(), value.clone()))
            .into(),
    )?;
    let client = stack.plane().client().await?;
    let namespace = serde_json::from_value(json!({"metadata": {"name": OPEN}}))?;
    Api::<Namespace>::all(client.clone())
        .create(&PostParams::default(), &namespace)
        .await?;

    let workspace = manifest::workspace("ml", "none", &world).without("/spec/credentials");
    apply(&client, &workspace).await?;
    ready(&client, &workspace, "True", "Ready").await?;
    apply(&client, &manifest::code("src", "main.py", "print(1)\n")).await?;
    let job = manifest::serverless_job("managed", "ml", "src", &world);
    apply(&client, &job).await?;
    ready(&client, &job, "True", "Completed").await?;
    let lent = manifest::serverless_job("lent", "ml", "src", &world)
        .with("/spec/identity", json!({"type": "UserIdentity"}));
    apply(&client, &lent).await?;
    ready(&client, &lent, "False", "IdentityNotAllowed").await?;

    let seen = stack.emulator().requests_since(0).await?;
    let callers: Vec<_> = seen
        .matching("PUT", &["/jobs/"])
        .0
        .into_iter()
        .filter_map(|e| e.caller)
        .collect();
    assert_eq!(callers, [world.client_id], "one run, as the operator");
    let scope = stack.scope("closed").await?;
    scope.apply(&workspace).await?;
    scope
        .reason(
            "AzureMLWorkspace",
            "ml",
            "Stalled",
            "True",
            "IdentityNotAllowed",
        )
        .await?;
    Ok(())
}
