//! The control plane behaves as a cluster where objects of ours depend on it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a panic in a test is a failed test with a place in it"
)]

use std::time::Duration;

use azureml_spark_testkit::control_plane::ControlPlane;
use azureml_spark_testkit::eventually::{eventually, until};
use azureml_spark_testkit::process::Identity;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, ServiceAccount};
use kube::api::{Api, DeleteParams, PostParams};
use serde_json::json;

const DEADLINE: Duration = Duration::from_mins(1);

#[tokio::test]
async fn owners_namespaces_and_accounts_behave_as_in_a_cluster() {
    let folder = tempfile::tempdir().unwrap();
    let plane = ControlPlane::start(folder.path()).await.unwrap();
    let client = plane.client().await.unwrap();
    let create = PostParams::default();

    let version = client.apiserver_version().await.unwrap();
    assert_eq!(version.major, "1", "kubectl and helm read this");

    let namespaces: Api<Namespace> = Api::all(client.clone());
    let team: Namespace = serde_json::from_value(json!({"metadata": {"name": "team"}})).unwrap();
    namespaces.create(&create, &team).await.unwrap();

    let accounts: Api<ServiceAccount> = Api::namespaced(client.clone(), "team");
    eventually(&accounts, "default", "exists", DEADLINE, |one| {
        one.is_some()
    })
    .await
    .unwrap();

    let maps: Api<ConfigMap> = Api::namespaced(client.clone(), "team");
    let owner: ConfigMap = serde_json::from_value(json!({"metadata": {"name": "owner"}})).unwrap();
    let owner = maps.create(&create, &owner).await.unwrap();
    let dependent = json!({"metadata": {"name": "owned", "ownerReferences": [{
        "apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner.metadata.uid}]}});
    maps.create(&create, &serde_json::from_value(dependent).unwrap())
        .await
        .unwrap();
    maps.delete("owner", &DeleteParams::default())
        .await
        .unwrap();
    eventually(&maps, "owned", "is collected", DEADLINE, |one| {
        one.is_none()
    })
    .await
    .unwrap();

    namespaces
        .delete("team", &DeleteParams::default())
        .await
        .unwrap();
    eventually(&namespaces, "team", "is gone", DEADLINE, |one| {
        one.is_none()
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn it_ends_when_it_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let plane = ControlPlane::start(folder.path()).await.unwrap();
    let identities = plane.processes().map(|process| process.identity().clone());
    assert!(identities.iter().all(Identity::is_running));
    tokio::task::spawn_blocking(move || drop(plane))
        .await
        .unwrap();
    until("all ended", DEADLINE, async || {
        Ok((!identities.iter().any(Identity::is_running)).then_some(()))
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_wait_that_fails_shows_what_was_last_seen() {
    let folder = tempfile::tempdir().unwrap();
    let plane = ControlPlane::start(folder.path()).await.unwrap();
    let namespaces: Api<Namespace> = Api::all(plane.client().await.unwrap());
    let never = eventually(
        &namespaces,
        "default",
        "is never",
        Duration::from_secs(1),
        |_| false,
    );
    let error = never.await.unwrap_err().to_string();
    for part in ["is never", "default", "kubernetes.io/metadata.name"] {
        assert!(error.contains(part), "{part} is not in: {error}");
    }
}
