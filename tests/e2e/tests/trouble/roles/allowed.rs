//! Roles that this installation does not let anybody grant: `SynapseContributor` and `Reader`, by the chart's value.

use azureml_spark_testkit::manifest::Manifest;
use azureml_spark_testkit::scope::find_condition;
use serde_json::json;

use crate::stage::{principal, says};
use crate::{ATTACHMENT, LINK, scenario};

#[test]
fn a_role_outside_the_allow_list_is_stalled() {
    scenario("role-allow", async |stage| {
        let scope = &stage.scope;
        let account = stage.world().storage_account_id();
        let since = stage.emulator().now().await?;
        let in_synapse = |manifest: Manifest| {
            manifest.with(
                "/spec/grants/synapseRoles",
                json!(["SynapseComputeOperator", "SynapseContributor"]),
            )
        };
        let storage = stage.pool("blob").await?.with(
            "/spec/grants/storage",
            json!([{"accountId": account, "roles": ["StorageBlobDataReader", "Reader"]}]),
        );
        for (kind, manifest, field, role) in [
            (
                ATTACHMENT,
                in_synapse(stage.pool("pool").await?),
                "spec.grants.synapseRoles",
                "SynapseContributor",
            ),
            (ATTACHMENT, storage, "spec.grants.storage", "Reader"),
            (
                LINK,
                in_synapse(stage.link("link")),
                "spec.grants.synapseRoles",
                "SynapseContributor",
            ),
        ] {
            let name = manifest.name();
            scope.apply(&manifest).await?;
            let message = stage.stalled(kind, name, "RoleNotAllowed").await?;
            says(&message, &[field, role, "grants.allowedRoles"]);
            scope
                .reason(kind, name, "SpecAccepted", "False", "RoleNotAllowed")
                .await?;
            let seen = stage.scope.asked(since).await?;
            assert_eq!(seen.count("PUT", &[name]), 0, "{seen}");
        }

        // Another role mends it; and one that comes later does no harm to what was granted, nor to its end.
        let pool = stage.pool("pool").await?;
        let name = pool.name();
        scope.apply(&pool).await?;
        let ready = scope.condition(ATTACHMENT, name, "Ready", "True").await?;
        assert!(find_condition(&ready, "Stalled").is_none());
        let holder = principal(&ready);
        scope.apply(&in_synapse(pool.clone())).await?;
        stage.stalled(ATTACHMENT, name, "RoleNotAllowed").await?;
        assert_eq!(stage.portal.synapse_roles_of(holder).await?.len(), 1);
        scope.delete(ATTACHMENT, name).await?;
        stage.detached(name).await?;
        assert!(stage.portal.synapse_roles_of(holder).await?.is_empty());
        Ok(())
    });
}
