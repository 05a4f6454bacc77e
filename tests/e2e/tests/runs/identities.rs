//! As whom a run runs: what Azure is told, and what is said before it is asked.

use anyhow::Result;
use azureml_spark_testkit::manifest::{self, Manifest};
use azureml_spark_testkit::scope::{Scope, WORKSPACE, message};
use serde_json::{Value, json};

use super::{asked, azure_name, ends_well, job, scenario, sent};
use crate::JOB;

const ATTACHMENT: &str = "SynapseSparkAttachment";

/// An attachment of the emulator's pool with these user-assigned identities.
fn pool(scope: &Scope<'_>, ids: &[&str]) -> Manifest {
    let world = scope.stack().emulator().world();
    let ids: Vec<Value> = ids.iter().map(|id| json!({"resourceId": id})).collect();
    manifest::attachment(&scope.unique("pool"), WORKSPACE, world).with(
        "/spec/identity",
        json!({"type": "UserAssigned", "userAssignedIdentities": ids}),
    )
}

/// Waits until a job is held up because its identity is not there, and returns what is said.
async fn not_attached(scope: &Scope<'_>, name: &str) -> Result<String> {
    let reason = "IdentityNotAttached";
    let told = scope
        .reason(JOB, name, "ReferencesResolved", "False", reason)
        .await?;
    let says = message(&told, "Stalled").to_owned();
    assert_eq!(says, message(&told, "Ready"), "{told}");
    Ok(says)
}

fn says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "no '{part}' in: {text}");
    }
}

#[test]
fn an_identity_reaches_azure_as_it_is_named() {
    scenario("identities", async |scope, portal| {
        let world = scope.stack().emulator().world();
        let since = scope.stack().emulator().now().await?;
        let id = world.identity_id(&world.user_assigned_identity);
        let workspace = portal.workspace().await?;
        let assigned = workspace["identity"]["userAssignedIdentities"]
            .as_object()
            .unwrap();
        let (_, ours) = assigned
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(&id))
            .unwrap();
        let client = ours["clientId"].as_str().unwrap();
        let rows = [
            (
                "by-client",
                json!({"type": "Managed", "clientId": client}),
                json!({"identityType": "Managed", "clientId": client}),
            ),
            (
                "by-resource",
                json!({"type": "Managed", "resourceId": id}),
                json!({"identityType": "Managed", "resourceId": id}),
            ),
            (
                "unnamed",
                json!({"type": "Managed"}),
                json!({"identityType": "Managed"}),
            ),
            (
                "user",
                json!({"type": "UserIdentity"}),
                json!({"identityType": "UserIdentity"}),
            ),
        ];
        for (name, identity, _) in &rows {
            let job = job(scope, name).with("/spec/identity", identity.clone());
            scope.apply(&job).await?;
        }
        for (name, identity, body) in &rows {
            let done = ends_well(scope, name).await?;
            let seen = asked(scope, since).await?;
            assert_eq!(sent(&seen, &azure_name(&done))["identity"], *body, "{name}");
            assert_eq!(done["status"]["effectiveIdentity"], *identity, "{name}");
        }
        Ok(())
    });
}

#[test]
fn on_a_pool_with_several_identities_any_of_them_can_be_named() {
    scenario("id-several", async |scope, portal| {
        let emulator = scope.stack().emulator();
        let since = emulator.now().await?;
        // The list counts, not the order of the names.
        let (first, _) = emulator.make_identity(&scope.unique("b")).await?;
        let (second, _) = emulator.make_identity(&scope.unique("a")).await?;
        let (third, _) = emulator.make_identity(&scope.unique("c")).await?;
        let pool = pool(scope, &[&first, &second]);
        scope.apply(&pool).await?;
        scope
            .condition(ATTACHMENT, pool.name(), "Ready", "True")
            .await?;
        let compute = portal.compute(pool.name()).await?.unwrap();
        let assigned = compute["identity"]["userAssignedIdentities"]
            .as_object()
            .unwrap();
        let (_, known) = assigned
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(&second))
            .unwrap();
        let client = known["clientId"].as_str().unwrap();
        let on_pool = |name: &str, identity: Option<Value>| {
            let job = manifest::attached_job(name, WORKSPACE, "src", pool.name());
            match identity {
                Some(identity) => job.with("/spec/identity", identity),
                None => job,
            }
        };
        let rows = [
            (
                "default",
                None,
                json!({"identityType": "Managed", "resourceId": first}),
            ),
            (
                "by-resource",
                Some(json!({"type": "Managed", "resourceId": second})),
                json!({"identityType": "Managed", "resourceId": second}),
            ),
            (
                "by-client",
                Some(json!({"type": "Managed", "clientId": client})),
                json!({"identityType": "Managed", "clientId": client}),
            ),
        ];
        for (name, identity, _) in &rows {
            scope.apply(&on_pool(name, identity.clone())).await?;
        }
        let other = json!({"type": "Managed", "resourceId": third});
        scope.apply(&on_pool("foreign", Some(other))).await?;
        for (name, _, body) in &rows {
            let done = ends_well(scope, name).await?;
            let seen = asked(scope, since).await?;
            assert_eq!(sent(&seen, &azure_name(&done))["identity"], *body, "{name}");
            let told = &done["status"]["effectiveIdentity"];
            assert_eq!(told["resourceId"], body["resourceId"], "{name}: {told}");
            assert_eq!(told["clientId"], body["clientId"], "{name}: {told}");
        }

        // One that is not there is told with the others, and with what brings it there; which is all it takes.
        let text = not_attached(scope, "foreign").await?;
        let [a, b, c] = ["a", "b", "c"].map(|name| scope.unique(name));
        says(
            &text,
            &[
                "spec.identity.resourceId",
                &a,
                &b,
                &c,
                "spec.identity.userAssignedIdentities",
                pool.name(),
            ],
        );
        let seen = asked(scope, since).await?;
        assert_eq!(seen.count("PUT", &["/jobs/foreign-"]), 0, "{seen}");
        scope
            .apply(&self::pool(scope, &[&first, &second, &third]))
            .await?;
        let done = ends_well(scope, "foreign").await?;
        let seen = asked(scope, since).await?;
        assert_eq!(
            sent(&seen, &azure_name(&done))["identity"]["resourceId"],
            third.as_str()
        );
        Ok(())
    });
}

#[test]
fn an_identity_that_the_workspace_lacks_is_attached_as_the_message_says() {
    scenario("id-attach", async |scope, _| {
        let emulator = scope.stack().emulator();
        let since = emulator.now().await?;
        let (id, _) = emulator.make_identity(&scope.unique("new")).await?;
        let unknown = "22222222-2222-4222-8222-00000000dead";
        let by_resource = job(scope, "lacks").with(
            "/spec/identity",
            json!({"type": "Managed", "resourceId": id}),
        );
        let by_client = job(scope, "unknown").with(
            "/spec/identity",
            json!({"type": "Managed", "clientId": unknown}),
        );
        for job in [&by_resource, &by_client] {
            scope.apply(job).await?;
        }
        let mend = "spec.attachUserAssignedIdentities of AzureMLWorkspace 'ml'";
        let text = not_attached(scope, "lacks").await?;
        says(&text, &["spec.identity.resourceId", &id, mend]);
        let text = not_attached(scope, "unknown").await?;
        says(&text, &["spec.identity.clientId", unknown, mend]);
        scope
            .patch(
                "AzureMLWorkspace",
                WORKSPACE,
                json!({"spec": {"attachUserAssignedIdentities": [id]}}),
            )
            .await?;
        let done = ends_well(scope, "lacks").await?;
        let seen = asked(scope, since).await?;
        assert_eq!(
            sent(&seen, &azure_name(&done))["identity"],
            json!({"identityType": "Managed", "resourceId": id})
        );
        assert_eq!(seen.count("PUT", &["/jobs/unknown-"]), 0, "{seen}");
        Ok(())
    });
}

#[test]
fn on_a_pool_of_others_with_several_identities_one_must_be_named() {
    scenario("id-others", async |scope, portal| {
        let emulator = scope.stack().emulator();
        let world = emulator.world();
        let since = emulator.now().await?;
        let (one, principal) = emulator.make_identity(&scope.unique("one")).await?;
        let (two, _) = emulator.make_identity(&scope.unique("two")).await?;
        let compute = scope.unique("other");
        portal.attach(&compute, &world.pool_id(&world.pool)).await?;
        let identity = json!({"type": "UserAssigned", "userAssignedIdentities": {one.as_str(): {}, two.as_str(): {}}});
        portal
            .change_compute(&compute, |body| body["identity"] = identity)
            .await?;
        let role = azureml_spark_testkit::portal::synapse_role::ADMINISTRATOR;
        portal
            .put_synapse_role(role, &principal, &world.pool_scope(&world.pool))
            .await?;
        let unnamed = job(scope, "whose")
            .without("/spec/compute/serverless")
            .without("/spec/identity")
            .with("/spec/compute/name", compute.as_str());
        scope.apply(&unnamed).await?;
        let text = not_attached(scope, "whose").await?;
        let names = ["one", "two"].map(|name| scope.unique(name));
        says(
            &text,
            &[
                "by chance",
                &names[0],
                &names[1],
                "spec.identity.resourceId",
            ],
        );
        let seen = asked(scope, since).await?;
        assert_eq!(seen.count("PUT", &["/jobs/whose-"]), 0, "{seen}");
        // Nothing was submitted: it is mended in place.
        scope
            .apply(&unnamed.with(
                "/spec/identity",
                json!({"type": "Managed", "resourceId": one}),
            ))
            .await?;
        let done = ends_well(scope, "whose").await?;
        let seen = asked(scope, since).await?;
        assert_eq!(
            sent(&seen, &azure_name(&done))["identity"],
            json!({"identityType": "Managed", "resourceId": one})
        );
        Ok(())
    });
}
