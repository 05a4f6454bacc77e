//! `AzureMLWorkspace`: what it publishes, and how it says what is wrong.

use azureml_spark_testkit::emulator::DENIED_CLIENT_ID;
use azureml_spark_testkit::manifest::{self, Manifest};
use azureml_spark_testkit::scope::Scope;
use serde_json::json;

use crate::scenario;

const KIND: &str = "AzureMLWorkspace";

fn named_ml(scope: &Scope<'_>) -> Manifest {
    manifest::workspace("ml", "azure", scope.stack().emulator().world())
}

fn secret(scope: &Scope<'_>) -> Manifest {
    manifest::credentials("azure", scope.stack().emulator().world())
}

#[test]
fn a_workspace_says_what_it_is() {
    scenario("ws-facts", async |scope| {
        scope.workspace().await?;
        let found = scope.get(KIND, "ml").await?;
        let status = &found["status"];
        let world = scope.stack().emulator().world();
        assert_eq!(status["location"], "eastus");
        assert_eq!(status["tenantId"], world.tenant.as_str());
        assert_eq!(status["azureName"], world.workspace.as_str());
        assert_eq!(status["observedGeneration"], 1);
        assert!(
            status["storageAccountId"]
                .as_str()
                .unwrap()
                .ends_with(&world.storage_account),
            "{status}"
        );
        let identities = status["identity"]["userAssigned"].as_array().unwrap();
        assert!(identities[0]["principalId"].is_string(), "{status}");
        let finalizers = found.pointer("/metadata/finalizers");
        assert_eq!(finalizers, None, "nothing in Azure needs it");
        Ok(())
    });
}

#[test]
fn wrong_credentials_no_access_and_no_workspace_are_told_apart() {
    scenario("ws-wrong", async |scope| {
        scope
            .apply(&secret(scope).with("/stringData/AZURE_CLIENT_SECRET", "wrong"))
            .await?;
        scope.apply(&named_ml(scope)).await?;
        let wrong = scope
            .reason(KIND, "ml", "Stalled", "True", "CredentialsRejected")
            .await?;
        assert!(
            message(&wrong).contains("AADSTS7000215"),
            "{}",
            message(&wrong)
        );

        let denied = secret(scope)
            .with("/metadata/name", "denied")
            .with("/stringData/AZURE_CLIENT_ID", DENIED_CLIENT_ID);
        scope.apply(&denied).await?;
        scope
            .apply(&manifest::workspace(
                "denied",
                "denied",
                scope.stack().emulator().world(),
            ))
            .await?;
        let denied = scope
            .reason(KIND, "denied", "Stalled", "True", "Forbidden")
            .await?;
        assert!(
            message(&denied).contains("AuthorizationFailed"),
            "{}",
            message(&denied)
        );

        scope
            .apply(&secret(scope).with("/metadata/name", "right"))
            .await?;
        let absent = manifest::workspace("absent", "right", scope.stack().emulator().world())
            .with("/spec/workspaceName", "no-such-workspace");
        scope.apply(&absent).await?;
        let absent = scope
            .reason(KIND, "absent", "Stalled", "True", "AzureWorkspaceNotFound")
            .await?;
        assert!(
            message(&absent).contains("no-such-workspace"),
            "{}",
            message(&absent)
        );
        Ok(())
    });
}

#[test]
fn a_missing_secret_or_key_is_named_and_waited_for() {
    scenario("ws-secret", async |scope| {
        scope.apply(&named_ml(scope)).await?;
        let missing = scope
            .reason(KIND, "ml", "Stalled", "True", "SecretNotFound")
            .await?;
        assert!(
            message(&missing).contains("'azure'"),
            "{}",
            message(&missing)
        );
        scope
            .apply(&secret(scope).without("/stringData/AZURE_CLIENT_SECRET"))
            .await?;
        let lacking = scope
            .reason(KIND, "ml", "Stalled", "True", "SecretInvalid")
            .await?;
        assert!(
            message(&lacking).contains("AZURE_CLIENT_SECRET"),
            "{}",
            message(&lacking)
        );
        scope.apply(&secret(scope)).await?;
        scope.condition(KIND, "ml", "Ready", "True").await?;
        Ok(())
    });
}

#[test]
fn the_operators_own_identity_and_unknown_clouds_are_refused() {
    scenario("ws-own", async |scope| {
        scope
            .apply(&named_ml(scope).without("/spec/credentials"))
            .await?;
        let own = scope
            .reason(KIND, "ml", "Stalled", "True", "IdentityNotAllowed")
            .await?;
        assert!(
            message(&own).contains("operatorIdentity.namespaces"),
            "{}",
            message(&own)
        );
        let elsewhere = named_ml(scope)
            .with("/metadata/name", "elsewhere")
            .with("/spec/cloud", "Moon");
        scope.apply(&elsewhere).await?;
        let unknown = scope
            .reason(KIND, "elsewhere", "Stalled", "True", "CloudNotFound")
            .await?;
        assert!(
            message(&unknown).contains("'Moon'"),
            "{}",
            message(&unknown)
        );
        assert_eq!(
            unknown.pointer("/status/conditions/0/status"),
            Some(&json!("False"))
        );
        Ok(())
    });
}

fn message(object: &serde_json::Value) -> &str {
    azureml_spark_testkit::scope::find_condition(object, "Ready").unwrap()["message"]
        .as_str()
        .unwrap()
}
