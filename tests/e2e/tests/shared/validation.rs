//! Rules in the definitions: each refuses a wrong manifest with a message that names the field and the mend.

mod jobs;

use azureml_spark_testkit::manifest::{self, Manifest};
use azureml_spark_testkit::scope::Scope;
use serde_json::{Value, json};

use crate::scenario;

/// A change of a valid manifest, and a part of what the apiserver says to it.
type Row = (&'static str, Value, &'static str);

async fn refused(scope: &Scope<'_>, valid: &Manifest, rows: &[Row]) -> anyhow::Result<()> {
    for (pointer, value, part) in rows {
        let wrong = if value.is_null() {
            valid.clone().without(pointer)
        } else {
            valid.clone().with(pointer, value.clone())
        };
        let message = scope.refusal(&wrong).await?;
        assert!(
            message.contains(part),
            "{pointer}: expected '{part}' in: {message}"
        );
    }
    scope.apply(valid).await?;
    Ok(())
}

#[test]
fn attachments() {
    scenario("valid-at", async |scope| {
        let world = scope.stack().emulator().world();
        let valid = manifest::attachment("pool", "none", world);
        let identities = |count: usize| {
            let ids = (0..count).map(|one| world.identity_id(&format!("identity-{one}")));
            let ids: Vec<Value> = ids.map(|id| json!({"resourceId": id})).collect();
            json!({"type": "UserAssigned", "userAssignedIdentities": ids})
        };
        let rows = [
            (
                "/metadata/name",
                json!("a-name-of-more-than-sixteen"),
                "2 to 16 letters",
            ),
            ("/metadata/name", json!("with.dot"), "2 to 16 letters"),
            ("/spec/azureName", json!("1pool"), "spec.azureName"),
            (
                "/spec/pool/resourceId",
                json!("/subscriptions/x"),
                "spec.pool.resourceId",
            ),
            (
                "/spec/identity",
                json!({"type": "UserAssigned"}),
                "userAssignedIdentities is needed",
            ),
            (
                "/spec/identity",
                json!({"type": "SystemAssigned", "userAssignedIdentities": [{"resourceId": "/x"}]}),
                "only there",
            ),
            (
                "/spec/identity",
                identities(11),
                "must have at most 10 items",
            ),
            ("/spec/identity", json!({"type": "Both"}), "SystemAssigned"),
            (
                "/spec/grants/synapseRoles",
                json!(["Owner"]),
                "SynapseAdministrator",
            ),
            (
                "/spec/grants/synapseRoles",
                json!(["SynapseContributor", "SynapseContributor"]),
                "duplicate entries",
            ),
        ];
        refused(scope, &valid, &rows).await?;
        let ten = valid.clone().with("/spec/identity", identities(10));
        scope.apply(&ten).await?;
        for (pointer, value, part) in [
            (
                "/spec/pool/resourceId",
                world.pool_id("other"),
                "spec.pool is immutable",
            ),
            (
                "/spec/workspaceRef/name",
                "other".to_owned(),
                "spec.workspaceRef is immutable",
            ),
            (
                "/spec/azureName",
                "other".to_owned(),
                "spec.azureName is immutable",
            ),
        ] {
            let message = scope.refusal(&valid.clone().with(pointer, value)).await?;
            assert!(message.contains(part), "{pointer}: {message}");
        }
        Ok(())
    });
}

#[test]
fn workspaces() {
    scenario("valid-ws", async |scope| {
        let valid = manifest::workspace("ws", "none", scope.stack().emulator().world());
        let rows = [
            ("/spec/subscriptionId", json!("mine"), "spec.subscriptionId"),
            ("/spec/resourceGroup", json!(""), "spec.resourceGroup"),
            ("/spec/workspaceName", json!("a"), "spec.workspaceName"),
            (
                "/spec/credentials/servicePrincipalSecretRef",
                Value::Null,
                "servicePrincipalSecretRef",
            ),
        ];
        refused(scope, &valid, &rows).await?;
        for (pointer, part) in [
            ("/spec/resourceGroup", "spec.resourceGroup is immutable"),
            ("/spec/workspaceName", "spec.workspaceName is immutable"),
            ("/spec/cloud", "spec.cloud is immutable"),
            (
                "/spec/credentials/servicePrincipalSecretRef/name",
                "spec.credentials is immutable",
            ),
        ] {
            let message = scope.refusal(&valid.clone().with(pointer, "other")).await?;
            assert!(message.contains(part), "{pointer}: {message}");
        }
        Ok(())
    });
}

#[test]
fn an_object_is_not_healthy_before_the_first_look() {
    scenario("valid-first", async |scope| {
        let world = scope.stack().emulator().world();
        let job = manifest::serverless_job("job", "none", "none", world);
        let applied = scope.apply(&job).await?;
        assert_eq!(applied.data["status"]["observedGeneration"], -1);
        Ok(())
    });
}
