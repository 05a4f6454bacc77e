//! The identity of an attached pool, changed in place: the roles follow, and jobs that run do not notice.

use anyhow::Result;
use azureml_spark_testkit::manifest::{self, Manifest};
use azureml_spark_testkit::portal::{Portal, synapse_role};
use azureml_spark_testkit::scope::{Scope, WORKSPACE, message};
use serde_json::{Value, json};

use crate::{ATTACHMENT, JOB, becomes, pool, scenario};

/// With these user-assigned identities, the first of which submits jobs.
fn assigned(pool: &Manifest, ids: &[&str]) -> Manifest {
    let ids: Vec<_> = ids.iter().map(|id| json!({"resourceId": id})).collect();
    pool.clone().with(
        "/spec/identity",
        json!({"type": "UserAssigned", "userAssignedIdentities": ids}),
    )
}

/// Applies it and waits until it is ready, and until these principals hold no role any more.
async fn settled(
    scope: &Scope<'_>,
    portal: &Portal<'_>,
    pool: &Manifest,
    former: &[&str],
) -> Result<Value> {
    scope.apply(pool).await?;
    let ready = scope
        .condition(ATTACHMENT, pool.name(), "Ready", "True")
        .await?;
    for principal in former {
        becomes("a former identity's role is taken back", async || {
            Ok(portal.synapse_roles_of(principal).await?.is_empty())
        })
        .await?;
    }
    Ok(ready)
}

/// The id of the role assignment of a principal on record.
fn role_of<'a>(object: &'a Value, principal: &str) -> &'a str {
    let roles = object["status"]["roleAssignments"].as_array().unwrap();
    let role = roles.iter().find(|role| role["principalId"] == principal);
    role.unwrap()["id"].as_str().unwrap()
}

#[test]
fn the_identity_changes_in_place_and_the_roles_follow() {
    scenario("id-change", async |scope, portal| {
        let emulator = scope.stack().emulator();
        let world = emulator.world();
        let (one, one_principal) = emulator.make_identity(&scope.unique("one")).await?;
        let (two, two_principal) = emulator.make_identity(&scope.unique("two")).await?;
        let (one_principal, two_principal) = (one_principal.as_str(), two_principal.as_str());
        let pool = pool(scope).with("/spec/tags/team", "a");
        let name = pool.name();

        let own = settled(scope, portal, &pool, &[]).await?;
        let own_principal = own["status"]["identity"]["principalId"].as_str().unwrap();
        assert_eq!(own["status"]["defaultIdentity"], "SystemAssigned");
        let made = portal.compute(name).await?.unwrap();
        let since = emulator.now().await?;

        // From the compute's own identity to one that exists.
        let first = settled(scope, portal, &assigned(&pool, &[&one]), &[own_principal]).await?;
        assert_eq!(first["status"]["defaultIdentity"], one.as_str());
        let seen = scope.asked(since).await?;
        let granted = seen.matching(
            "PUT",
            &["/roleAssignments/", role_of(&first, one_principal)],
        );
        let revoked = seen.matching(
            "DELETE",
            &["/roleAssignments/", role_of(&own, own_principal)],
        );
        assert_eq!((granted.0.len(), revoked.0.len()), (1, 1), "{seen}");
        assert!(granted.0[0].number < revoked.0[0].number, "{seen}");
        let held = portal.synapse_roles_of(one_principal).await?;
        assert_eq!(held.len(), 1, "{held:?}");
        assert_eq!(held[0]["roleDefinitionId"], synapse_role::ADMINISTRATOR);
        assert_eq!(held[0]["scope"], world.pool_scope(&world.pool));

        // To several: the first submits jobs, and who was there before keeps their role.
        let both = [two_principal, one_principal];
        let several = settled(scope, portal, &assigned(&pool, &[&two, &one]), &[]).await?;
        assert_eq!(several["status"]["defaultIdentity"], two.as_str());
        assert_eq!(
            portal.synapse_roles_of(one_principal).await?,
            held,
            "untouched"
        );

        // Another order is another default, and nothing to tell Azure, whose map has none.
        let since_several = emulator.now().await?;
        scope.apply(&assigned(&pool, &[&one, &two])).await?;
        scope
            .wait(ATTACHMENT, name, "has the other default", |o| {
                o["status"]["defaultIdentity"] == one.as_str()
            })
            .await?;
        scope.condition(ATTACHMENT, name, "Ready", "True").await?;
        let seen = scope.asked(since_several).await?;
        assert_eq!(seen.count("PUT", &["/computes/", name]), 0, "{seen}");

        // And back: the compute gets an identity of its own again, another one.
        let back = settled(scope, portal, &pool, &both).await?;
        let new_principal = back["status"]["identity"]["principalId"].as_str().unwrap();
        assert_ne!(new_principal, own_principal);
        assert_eq!(back["status"]["defaultIdentity"], "SystemAssigned");
        let seen = scope.asked(since).await?;
        let puts = seen.matching("PUT", &["/computes/", name]);
        let mut assigned_both = serde_json::Map::new();
        assigned_both.insert(one.clone(), json!({}));
        assigned_both.insert(two.clone(), json!({}));
        let identities: Vec<&Value> = puts.bodies().iter().map(|body| &body["identity"]).collect();
        assert_eq!(
            identities,
            [
                &json!({"type": "UserAssigned", "userAssignedIdentities": {one.as_str(): {}}}),
                &json!({"type": "UserAssigned", "userAssignedIdentities": assigned_both}),
                &json!({"type": "SystemAssigned"}),
            ]
        );
        for body in puts.bodies() {
            assert_eq!(body["tags"]["team"], "a", "the full wish: {body}");
            let id = body["properties"]["resourceId"].as_str().unwrap();
            assert!(id.eq_ignore_ascii_case(&world.pool_id(&world.pool)));
        }
        let granted = seen.matching("PUT", &["/roleAssignments/", role_of(&back, new_principal)]);
        for principal in both {
            let role = role_of(&several, principal);
            let revoked = seen.matching("DELETE", &["/roleAssignments/", role]);
            assert_eq!((granted.0.len(), revoked.0.len()), (1, 1), "{seen}");
            assert!(granted.0[0].number < revoked.0[0].number, "{seen}");
        }
        assert_eq!(seen.count("DELETE", &["/computes/", name]), 0, "in place");
        let compute = portal.compute(name).await?.unwrap();
        assert_eq!(
            compute["properties"]["createdOn"], made["properties"]["createdOn"],
            "the same compute"
        );
        Ok(())
    });
}

async fn code(scope: &Scope<'_>) -> Result<()> {
    let text = format!("print('{}')\n", scope.namespace());
    let code = manifest::code("src", "main.py", &text);
    scope.apply(&code).await.map(drop)
}

/// A job that runs until somebody ends it.
fn long(name: &str, attachment: &str) -> Manifest {
    manifest::attached_job(name, WORKSPACE, "src", attachment)
        .with("/spec/tags/emulator-instant-seconds", "3600")
}

#[test]
fn a_running_job_is_untouched_by_a_change_of_identity() {
    scenario("id-job", async |scope, portal| {
        let emulator = scope.stack().emulator();
        code(scope).await?;
        let pool = pool(scope);
        scope.apply(&pool).await?;
        scope.apply(&long("long", pool.name())).await?;
        let submitted = scope.condition(JOB, "long", "Submitted", "True").await?;
        let run = submitted["status"]["azureName"].as_str().unwrap();
        emulator.set_run(run, "Running").await?;
        let running = scope
            .wait(JOB, "long", "runs", |o| o["status"]["state"] == "Running")
            .await?;

        let since = emulator.now().await?;
        let (one, _) = emulator.make_identity(&scope.unique("one")).await?;
        let compute = portal.compute(pool.name()).await?.unwrap();
        let own = compute["identity"]["principalId"].as_str().unwrap();
        settled(scope, portal, &assigned(&pool, &[&one]), &[]).await?;
        scope
            .wait(ATTACHMENT, pool.name(), "names the job", |o| {
                message(o, "AccessGranted").ends_with("have ended: SparkJob long")
            })
            .await?;
        scope.reconcile(ATTACHMENT, pool.name()).await?;
        scope.reconcile(JOB, "long").await?;
        let held = portal.synapse_roles_of(own).await?;
        assert_eq!(held.len(), 1, "the job may run by it: {held:?}");
        assert_eq!(emulator.run_status(run).await?.as_deref(), Some("Running"));
        emulator.set_run(run, "Completed").await?;
        let done = scope.condition(JOB, "long", "Complete", "True").await?;
        assert_eq!(done["status"]["azureName"], run);
        assert_eq!(
            done["status"]["effectiveIdentity"], running["status"]["effectiveIdentity"],
            "it runs as it was submitted"
        );
        becomes("the former identity's role is taken back", async || {
            Ok(portal.synapse_roles_of(own).await?.is_empty())
        })
        .await?;
        let seen = scope.asked(since).await?;
        // Its name without the attempt.
        let (name, _) = run.rsplit_once('-').unwrap();
        assert_eq!(seen.count("PUT", &["/jobs/", name]), 0, "{seen}");
        assert_eq!(seen.count("POST", &["/jobs/", run, "/cancel"]), 0, "{seen}");
        let runs = portal.runs().await?;
        let of_ours = runs.iter().filter(|found| found["name"] == run);
        assert_eq!(of_ours.count(), 1);
        Ok(())
    });
}

#[test]
fn a_job_on_several_identities_says_which() {
    scenario("id-which", async |scope, portal| {
        let emulator = scope.stack().emulator();
        code(scope).await?;
        // The first by name is the second in the list: what counts is the list.
        let (one, one_principal) = emulator.make_identity(&scope.unique("a")).await?;
        let (two, two_principal) = emulator.make_identity(&scope.unique("b")).await?;
        let pool = assigned(&pool(scope), &[&two, &one]);
        settled(scope, portal, &pool, &[]).await?;
        for principal in [one_principal, two_principal] {
            assert_eq!(portal.synapse_roles_of(&principal).await?.len(), 1);
        }

        let since = emulator.now().await?;
        let job = manifest::attached_job("job", WORKSPACE, "src", pool.name());
        scope.apply(&job).await?;
        let done = scope.condition(JOB, "job", "Complete", "True").await?;
        let name = done["status"]["azureName"].as_str().unwrap();
        assert_eq!(
            done["status"]["effectiveIdentity"],
            json!({"type": "Managed", "resourceId": two})
        );
        let seen = scope.asked(since).await?;
        let puts = seen.matching("PUT", &["/jobs/", name]);
        assert_eq!(puts.0.len(), 1, "{seen}");
        assert_eq!(
            puts.bodies()[0]["properties"]["identity"],
            json!({"identityType": "Managed", "resourceId": two})
        );
        Ok(())
    });
}
