//! Rules in the definitions: each refuses a wrong manifest with a message that names the field and the mend.

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

fn job(scope: &Scope<'_>) -> Manifest {
    manifest::serverless_job("job", "none", "none", scope.stack().emulator().world())
}

#[test]
fn sizes_and_places_of_jobs() {
    scenario("valid-size", async |scope| {
        let one_of = "exactly one of attachmentRef and serverless";
        let dynamic = |min: i32, max: i32| json!({"minExecutors": min, "maxExecutors": max});
        let rows = [
            (
                "/spec/identity",
                Value::Null,
                "spec.identity is needed on serverless compute",
            ),
            ("/spec/compute/attachmentRef/name", json!("pool"), one_of),
            ("/spec/compute/serverless", Value::Null, one_of),
            (
                "/spec/compute/serverless/runtimeVersion",
                json!("latest"),
                "runtimeVersion",
            ),
            (
                "/spec/executor/instances",
                Value::Null,
                "spec.executor.instances is needed",
            ),
            ("/spec/executor/cores", json!(0), "spec.executor.cores"),
            ("/spec/executor/memory", json!("2"), "spec.executor.memory"),
            ("/spec/driver/memory", json!("two"), "spec.driver.memory"),
            (
                "/spec/dynamicAllocation",
                dynamic(3, 2),
                "must not be greater",
            ),
            ("/spec/dynamicAllocation", dynamic(3, 4), "must lie between"),
            ("/spec/dynamicAllocation", dynamic(0, 4), "minExecutors"),
            (
                "/spec/identity/clientId",
                json!("c"),
                "clientId or resourceId, not both",
            ),
        ];
        refused(scope, &job(scope), &rows).await?;
        let user = json!({"type": "UserIdentity", "clientId": "c"});
        let user = job(scope)
            .with("/metadata/name", "user")
            .with("/spec/identity", user);
        assert!(scope.refusal(&user).await?.contains("go with type Managed"));
        Ok(())
    });
}

#[test]
fn code_and_data_of_jobs() {
    scenario("valid-data", async |scope| {
        let items = |path: &str| json!([{"key": "a", "path": path}]);
        let input = |path: &str, kind: &str| json!({"path": path, "type": kind});
        let key = "/spec/conf/fs.azure.account.key.a.blob.core.windows.net";
        let sas = "/spec/conf/spark.hadoop.fs.azure.sas.c.a.blob.core.windows.net";
        let both =
            json!({"path": "azureml://datastores/a/paths/b", "value": "1", "type": "uri_file"});
        let rows = [
            (
                "/spec/conf/spark.executor.cores",
                json!("4"),
                "fields of their own",
            ),
            (key, json!("k"), "account keys, client secrets or SAS"),
            (sas, json!("k"), "account keys, client secrets or SAS"),
            ("/spec/inputs/a", both, "either a value or a path"),
            (
                "/spec/inputs/a",
                json!({"path": "azureml:x"}),
                "needs a type",
            ),
            (
                "/spec/inputs/a",
                input("https://a/b", "uri_file"),
                "must begin with azureml:",
            ),
            (
                "/spec/inputs/a",
                input("abfss://c@a/b", "table"),
                "uri_file",
            ),
            (
                "/spec/outputs/a",
                input("https://a/b", "uri_folder"),
                "must begin with azureml:",
            ),
            ("/spec/code/configMaps", json!([]), "spec.code.configMaps"),
            (
                "/spec/code/configMaps/0/items",
                items("../a"),
                "path must be relative",
            ),
            (
                "/spec/code/configMaps/0/items",
                items("/a"),
                "path must be relative",
            ),
            (
                "/spec/code/configMaps/0/items",
                items("a//b"),
                "path must be relative",
            ),
            (
                "/spec/conf/spark.a",
                json!("x?sig=abc"),
                "account keys, client secrets or SAS",
            ),
            (
                "/spec/inputs/1a",
                json!({"value": "1"}),
                "names in spec.inputs",
            ),
            (
                "/spec/outputs/a-b",
                input("abfss://c@a/b", "uri_folder"),
                "names in spec.outputs",
            ),
            (
                "/spec/entry/file",
                json!("main.sh"),
                "entry.file must be the relative path",
            ),
            (
                "/spec/entry/file",
                json!("../main.py"),
                "entry.file must be the relative path",
            ),
            ("/spec/azureName", json!("a.b"), "spec.azureName"),
        ];
        refused(scope, &job(scope), &rows).await?;
        let named = scope
            .refusal(&job(scope).with("/spec/azureName", "late"))
            .await?;
        assert!(named.contains("spec.azureName is immutable"), "{named}");
        Ok(())
    });
}

#[test]
fn a_submitted_job_cannot_be_changed() {
    scenario("valid-late", async |scope| {
        scope.workspace().await?;
        scope
            .apply(&manifest::code("src", "main.py", "print(1)\n"))
            .await?;
        let job = manifest::serverless_job("job", "ml", "src", scope.stack().emulator().world());
        scope.apply(&job).await?;
        scope
            .condition("SparkJob", "job", "Submitted", "True")
            .await?;
        let message = scope.refusal(&job.with("/spec/driver/cores", 2)).await?;
        assert!(
            message.contains("spec is immutable once the run is submitted"),
            "{message}"
        );
        Ok(())
    });
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
        let applied = scope.apply(&job(scope)).await?;
        assert_eq!(applied.data["status"]["observedGeneration"], -1);
        Ok(())
    });
}
