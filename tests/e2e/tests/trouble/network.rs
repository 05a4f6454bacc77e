//! What the network around a pool lets jobs not reach: told, and no hindrance to attach.

use azureml_spark_testkit::manifest::{self, Manifest};
use azureml_spark_testkit::scope::{WORKSPACE, find_condition, message};
use serde_json::{Value, json};

use crate::stage::{Stage, says};
use crate::{ATTACHMENT, Theme, changing, scenario};

/// A pool of a Synapse workspace, attached under a name of the scenario's own.
async fn pool_of(stage: &Stage<'_>, synapse: &str) -> anyhow::Result<Manifest> {
    let pool = format!("{synapse}/bigDataPools/pool");
    stage.make(&pool).await?;
    let name = stage.scope.unique("pool");
    let manifest = manifest::attachment(&name, WORKSPACE, stage.world());
    Ok(manifest.with("/spec/pool/resourceId", pool))
}

/// Waits for a warning that names these and is silent of those, on an object that is ready all the same.
async fn warns(
    stage: &Stage<'_>,
    name: &str,
    these: &[&str],
    silent: &[&str],
) -> anyhow::Result<()> {
    let what = format!("warns of {these:?} alone");
    let lower = |text: &str| text.to_lowercase();
    let found = stage
        .scope
        .wait(ATTACHMENT, name, &what, |object| {
            let said = lower(message(object, "Warning"));
            these.iter().all(|one| said.contains(&lower(one)))
                && !silent.iter().any(|one| said.contains(&lower(one)))
                && is_ready(object)
        })
        .await?;
    let warning = find_condition(&found, "Warning").unwrap();
    assert_eq!(warning["reason"], "PrivateEndpointMissing", "{warning}");
    Ok(())
}

/// Waits until nothing is amiss any more.
async fn falls_silent(stage: &Stage<'_>, name: &str) -> anyhow::Result<()> {
    let silent = stage.scope.wait(ATTACHMENT, name, "has no Warning", |one| {
        find_condition(one, "Warning").is_none() && is_ready(one)
    });
    silent.await.map(drop)
}

fn is_ready(object: &Value) -> bool {
    find_condition(object, "Ready").is_some_and(|ready| ready["status"] == "True")
}

#[test]
fn a_missing_private_endpoint_is_named() {
    scenario("net-endpoint", async |stage| {
        let (scope, emulator) = (&stage.scope, stage.emulator());
        let synapse = stage.synapse("syn").await?;
        let network = json!({"properties": {"managedVirtualNetwork": "default"}});
        emulator.put_resource(&synapse, network).await?;
        let account = format!("Microsoft.Storage/storageAccounts/{}", scope.unique("acct"));
        let (own, account) = (
            stage.world().storage_account_id(),
            stage.world().resource(&account),
        );
        stage.make(&account).await?;
        let pool = pool_of(stage, &synapse).await?.with(
            "/spec/grants/storage",
            json!([{"accountId": account, "roles": ["StorageBlobDataContributor"]}]),
        );
        let name = pool.name();
        scope.apply(&pool).await?;
        scope.condition(ATTACHMENT, name, "Ready", "True").await?;
        warns(stage, name, &[&own, &account], &[]).await?;

        let endpoint = |name: &str| {
            format!("{synapse}/managedVirtualNetworks/default/managedPrivateEndpoints/{name}")
        };
        let leads_to = |account: &str| json!({"properties": {"privateLinkResourceId": account}});
        for (endpoint, account) in [(endpoint("own"), &own), (endpoint("other"), &account)] {
            emulator.put_resource(&endpoint, leads_to(account)).await?;
        }
        stage.scope.look(ATTACHMENT, name).await?;
        warns(stage, name, &[&own, &account], &[]).await?;

        let approved = json!({"properties": {"connectionState": {"status": "Approved"}}});
        emulator
            .put_resource(&endpoint("own"), approved.clone())
            .await?;
        scope.reconcile(ATTACHMENT, name).await?;
        warns(stage, name, &[&account], &[&own]).await?;

        emulator.put_resource(&endpoint("other"), approved).await?;
        scope.reconcile(ATTACHMENT, name).await?;
        falls_silent(stage, name).await
    });
}

fn access(word: &str) -> Value {
    json!({"properties": {"publicNetworkAccess": word}})
}

#[test]
fn closed_public_access_is_a_warning() {
    changing(Theme::Network, "net-closed", async |stage| {
        let (scope, emulator) = (&stage.scope, stage.emulator());
        let synapse = stage.synapse("syn").await?;
        emulator.put_resource(&synapse, access("Disabled")).await?;
        let pool = pool_of(stage, &synapse).await?;
        let name = pool.name();
        scope.apply(&pool).await?;
        let ready = scope.condition(ATTACHMENT, name, "Ready", "True").await?;
        let warning = find_condition(&ready, "Warning").unwrap();
        assert_eq!(warning["reason"], "PublicAccessDisabled", "{warning}");
        let syn = scope.unique("syn");
        says(message(&ready, "Warning"), &[&syn, "public network access"]);

        emulator.put_resource(&synapse, access("Enabled")).await?;
        scope.reconcile(ATTACHMENT, name).await?;
        falls_silent(stage, name).await
    });
}

#[test]
fn a_synapse_workspace_that_lets_us_not_in_says_so() {
    changing(Theme::Network, "net-out", async |stage| {
        let scope = &stage.scope;
        stage.set(json!({"closedSynapse": "refuses"})).await?;
        let synapse = stage.synapse("syn").await?;
        stage
            .emulator()
            .put_resource(&synapse, access("Disabled"))
            .await?;
        let pool = pool_of(stage, &synapse).await?;
        let name = pool.name();
        scope.apply(&pool).await?;
        let message = stage.stalled(ATTACHMENT, name, "Forbidden").await?;
        says(&message, &["PublicNetworkAccessDenied"]);

        stage
            .emulator()
            .put_resource(&synapse, access("Enabled"))
            .await?;
        scope.reconcile(ATTACHMENT, name).await?;
        scope.condition(ATTACHMENT, name, "Ready", "True").await?;
        Ok(())
    });
}
