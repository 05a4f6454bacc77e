//! Roles and identities that take their time to be known everywhere.

use azureml_spark_testkit::manifest;
use azureml_spark_testkit::portal::azure_role;
use azureml_spark_testkit::scope::{find_condition, message};
use serde_json::{Value, json};

use crate::stage::{principal, says};
use crate::{ATTACHMENT, Theme, changing};

#[test]
fn a_role_counts_once_it_has_an_effect() {
    changing(Theme::Roles, "role-effect", async |stage| {
        let scope = &stage.scope;
        stage.set(json!({"synapseRoleSeconds": 5})).await?;
        let pool = stage.pool("pool").await?;
        let name = pool.name();
        let since = stage.emulator().now().await?;
        scope.apply(&pool).await?;
        let waiting = scope
            .reason(ATTACHMENT, name, "AccessGranted", "False", "Spreading")
            .await?;
        let principal = principal(&waiting);
        says(message(&waiting, "AccessGranted"), &[principal]);
        assert_eq!(
            find_condition(&waiting, "Attached").unwrap()["status"],
            "True"
        );
        let ready = find_condition(&waiting, "Ready").unwrap();
        assert_eq!(
            (&ready["status"], &ready["reason"]),
            (&json!("False"), &json!("Spreading"))
        );
        assert!(find_condition(&waiting, "Reconciling").is_some());
        assert_eq!(stage.portal.synapse_roles_of(principal).await?.len(), 1);

        // Nobody asks for a look: the operator comes back by itself.
        scope
            .reason(ATTACHMENT, name, "AccessGranted", "True", "Granted")
            .await?;
        scope.condition(ATTACHMENT, name, "Ready", "True").await?;
        let seen = stage.scope.asked(since).await?;
        assert_eq!(
            seen.matching("PUT", &["/roleAssignments/"])
                .bodies()
                .iter()
                .filter(|body| body["principalId"] == principal)
                .count(),
            1,
            "{seen}"
        );
        Ok(())
    });
}

#[test]
fn a_fresh_identity_is_waited_for() {
    changing(Theme::Roles, "role-fresh", async |stage| {
        let scope = &stage.scope;
        stage
            .set(json!({"principalReplicationSeconds": 6, "namedPrincipal": "lookedUp"}))
            .await?;
        let account = stage.world().resource(&format!(
            "Microsoft.Storage/storageAccounts/{}",
            scope.unique("acct")
        ));
        stage.make(&account).await?;
        let pool = stage.pool("both").await?.with(
            "/spec/grants/storage",
            json!([{"accountId": account, "roles": ["StorageBlobDataContributor"]}]),
        );
        // In Azure alone, so that the words are not those of Synapse.
        let other = stage
            .pool("azure")
            .await?
            .with("/spec/grants/synapseRoles", json!([]))
            .with(
                "/spec/grants/storage",
                pool.0["spec"]["grants"]["storage"].clone(),
            );
        let since = stage.emulator().now().await?;
        for pool in [&pool, &other] {
            scope.apply(pool).await?;
        }
        for pool in [&pool, &other] {
            let waiting = scope
                .reason(ATTACHMENT, pool.name(), "Ready", "False", "Spreading")
                .await?;
            says(message(&waiting, "Ready"), &["PrincipalNotFound"]);
        }
        let mut principals = Vec::new();
        for pool in [&pool, &other] {
            let name = pool.name();
            let ready = scope.condition(ATTACHMENT, name, "Ready", "True").await?;
            principals.push(principal(&ready).to_owned());
            let held = stage
                .portal
                .azure_roles_of(&account, principal(&ready))
                .await?;
            assert_eq!(held.len(), 1, "{held:?}");
            let role = held[0]["properties"]["roleDefinitionId"].as_str().unwrap();
            assert!(role.ends_with(azure_role::STORAGE_BLOB_DATA_CONTRIBUTOR));
        }
        let seen = stage.scope.asked(since).await?;
        let asked = seen.matching("PUT", &["/roleAssignments/"]);
        let tried = asked.bodies();
        let is_ours = |body: &&&Value| principals.iter().any(|id| body.to_string().contains(id));
        let tried = tried.iter().filter(is_ours).count();
        assert!(tried <= 12, "asked again with patience:\n{seen}");
        Ok(())
    });
}

#[test]
fn an_effect_that_cannot_be_checked_is_believed() {
    changing(Theme::Roles, "role-check", async |stage| {
        let scope = &stage.scope;
        for word in ["forbidden", "notFound"] {
            stage
                .set(json!({"checkAccess": word, "synapseRoleSeconds": 3600}))
                .await?;
            let pool = stage.pool(&word[..3]).await?;
            let name = pool.name();
            scope.apply(&pool).await?;
            let ready = scope.condition(ATTACHMENT, name, "Ready", "True").await?;
            says(
                message(&ready, "AccessGranted"),
                &["granted; Synapse does not let us check the effect"],
            );
        }
        Ok(())
    });
}

#[test]
fn an_identity_that_is_given_to_a_pool_has_its_roles_before_a_job_runs() {
    changing(Theme::Roles, "role-job", async |stage| {
        let scope = &stage.scope;
        stage.set(json!({"synapseRoleSeconds": 3})).await?;
        let pool = stage.pool("pool").await?;
        scope
            .apply(&manifest::code("src", "main.py", "print('x')\n"))
            .await?;
        scope.apply(&pool).await?;
        let job = manifest::attached_job(
            &scope.unique("job"),
            azureml_spark_testkit::scope::WORKSPACE,
            "src",
            pool.name(),
        );
        scope.apply(&job).await?;
        // In the emulator a job fails whose identity cannot use the pool at its start.
        scope
            .condition("SparkJob", job.name(), "Complete", "True")
            .await?;
        Ok(())
    });
}

#[test]
fn a_right_to_grant_that_was_just_given_is_waited_for() {
    changing(Theme::Roles, "role-right", async |stage| {
        let scope = &stage.scope;
        let account = stage.world().resource(&format!(
            "Microsoft.Storage/storageAccounts/{}",
            scope.unique("acct")
        ));
        stage.make(&account).await?;
        let pool = stage.pool("pool").await?.with(
            "/spec/grants/storage",
            json!([{"accountId": account, "roles": ["StorageBlobDataContributor"]}]),
        );
        let denied = json!({"code": "AuthorizationFailed", "message": "may not write here"});
        stage
            .emulator()
            .inject(json!({
                "method": "PUT", "path": format!("{account}/providers/Microsoft.Authorization/"), "count": 1,
                "action": {"kind": "status", "status": 403, "body": {"error": denied}},
            }))
            .await?;
        scope.apply(&pool).await?;
        let waiting = scope
            .reason(ATTACHMENT, pool.name(), "Ready", "False", "Spreading")
            .await?;
        says(message(&waiting, "Ready"), &["AuthorizationFailed"]);
        assert!(find_condition(&waiting, "Stalled").is_none(), "{waiting}");
        let ready = scope
            .condition(ATTACHMENT, pool.name(), "Ready", "True")
            .await?;
        let held = stage
            .portal
            .azure_roles_of(&account, principal(&ready))
            .await?;
        assert_eq!(held.len(), 1, "{held:?}");
        Ok(())
    });
}
