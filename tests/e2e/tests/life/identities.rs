//! The identity of an attached pool, changed in place: the roles follow, and jobs that run do not notice.

use std::collections::BTreeSet;

use anyhow::Result;
use azureml_spark_testkit::manifest::{self, Manifest};
use azureml_spark_testkit::portal::synapse_role;
use azureml_spark_testkit::scope::{Scope, WORKSPACE, find_condition};
use serde_json::{Value, json};

use crate::{ATTACHMENT, JOB, asked, pool, scenario};

/// With these user-assigned identities, the first of which submits jobs.
fn assigned(pool: &Manifest, ids: &[&str]) -> Manifest {
    let ids: Vec<_> = ids.iter().map(|id| json!({"resourceId": id})).collect();
    pool.clone().with(
        "/spec/identity",
        json!({"type": "UserAssigned", "userAssignedIdentities": ids}),
    )
}

/// Applies it and waits until these principals, or the compute's own identity, hold the roles alone.
async fn settled(scope: &Scope<'_>, pool: &Manifest, principals: Option<&[&str]>) -> Result<Value> {
    let applied = scope.apply(pool).await?;
    let generation = applied.metadata.generation;
    scope
        .wait(
            ATTACHMENT,
            pool.name(),
            "has the roles of its identity alone",
            |o| {
                let own = o["status"]["identity"]["principalId"].as_str();
                let wanted: BTreeSet<&str> = match principals {
                    Some(principals) => principals.iter().copied().collect(),
                    None => own.into_iter().collect(),
                };
                find_condition(o, "Ready").is_some_and(|ready| {
                    ready["status"] == "True" && ready["observedGeneration"].as_i64() == generation
                }) && !wanted.is_empty()
                    && holders(o) == wanted
            },
        )
        .await
}

/// Who holds a role on record.
fn holders(object: &Value) -> BTreeSet<&str> {
    let roles = object["status"]["roleAssignments"].as_array();
    let held = roles.into_iter().flatten();
    held.filter_map(|role| role["principalId"].as_str())
        .collect()
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

        let own = settled(scope, &pool, None).await?;
        let own_principal = own["status"]["identity"]["principalId"].as_str().unwrap();
        assert_eq!(own["status"]["defaultIdentity"], "SystemAssigned");
        let since = emulator.now().await?;

        // From the compute's own identity to one that exists.
        let first = settled(scope, &assigned(&pool, &[&one]), Some(&[one_principal])).await?;
        assert_eq!(first["status"]["defaultIdentity"], one.as_str());
        let seen = asked(scope, since).await?;
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
        assert_eq!(
            portal.synapse_roles_of(own_principal).await?,
            Vec::<Value>::new()
        );
        let held = portal.synapse_roles_of(one_principal).await?;
        assert_eq!(held.len(), 1, "{held:?}");
        assert_eq!(held[0]["roleDefinitionId"], synapse_role::ADMINISTRATOR);
        assert_eq!(held[0]["scope"], world.pool_scope(&world.pool));

        // To several: the first submits jobs, and who was there before keeps their role.
        let both = [two_principal, one_principal];
        let several = settled(scope, &assigned(&pool, &[&two, &one]), Some(&both)).await?;
        assert_eq!(several["status"]["defaultIdentity"], two.as_str());
        assert_eq!(
            portal.synapse_roles_of(one_principal).await?,
            held,
            "untouched"
        );

        // And back: the compute gets an identity of its own again, another one.
        let back = settled(scope, &pool, None).await?;
        let new_principal = back["status"]["identity"]["principalId"].as_str().unwrap();
        assert_ne!(new_principal, own_principal);
        assert_eq!(back["status"]["defaultIdentity"], "SystemAssigned");
        for principal in both {
            let held = portal.synapse_roles_of(principal).await?;
            assert_eq!(held, Vec::<Value>::new());
        }

        let seen = asked(scope, since).await?;
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
            compute["properties"]["createdOn"], own["status"]["createdOn"],
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
        let running = scope
            .wait(JOB, "long", "runs", |o| o["status"]["state"] == "Running")
            .await?;
        let run = running["status"]["azureName"].as_str().unwrap();

        let since = emulator.now().await?;
        let (one, principal) = emulator.make_identity(&scope.unique("one")).await?;
        settled(scope, &assigned(&pool, &[&one]), Some(&[&principal])).await?;
        scope.reconcile(JOB, "long").await?;
        assert_eq!(emulator.run_status(run).await?.as_deref(), Some("Running"));
        emulator.set_run(run, "Completed").await?;
        let done = scope.condition(JOB, "long", "Complete", "True").await?;
        assert_eq!(done["status"]["azureName"], run);
        assert_eq!(
            done["status"]["effectiveIdentity"], running["status"]["effectiveIdentity"],
            "it runs as it was submitted"
        );
        let seen = asked(scope, since).await?;
        assert_eq!(seen.count("PUT", &["/jobs/"]), 0, "{seen}");
        assert_eq!(seen.count("POST", &["/jobs/", run, "/cancel"]), 0, "{seen}");
        let runs = portal.runs().await?;
        let of_ours = runs.iter().filter(|found| found["name"] == run);
        assert_eq!(of_ours.count(), 1);
        Ok(())
    });
}

#[test]
fn a_job_on_several_identities_says_which() {
    scenario("id-which", async |scope, _| {
        let emulator = scope.stack().emulator();
        code(scope).await?;
        // The first by name is the second in the list: what counts is the list.
        let (one, one_principal) = emulator.make_identity(&scope.unique("a")).await?;
        let (two, two_principal) = emulator.make_identity(&scope.unique("b")).await?;
        let pool = assigned(&pool(scope), &[&two, &one]);
        settled(scope, &pool, Some(&[&one_principal, &two_principal])).await?;

        let since = emulator.now().await?;
        let job = manifest::attached_job("job", WORKSPACE, "src", pool.name());
        scope.apply(&job).await?;
        let done = scope.condition(JOB, "job", "Complete", "True").await?;
        let name = done["status"]["azureName"].as_str().unwrap();
        assert_eq!(
            done["status"]["effectiveIdentity"],
            json!({"type": "Managed", "resourceId": two})
        );
        let seen = asked(scope, since).await?;
        let puts = seen.matching("PUT", &["/jobs/", name]);
        assert_eq!(puts.0.len(), 1, "{seen}");
        assert_eq!(
            puts.bodies()[0]["properties"]["identity"],
            json!({"identityType": "Managed", "resourceId": two})
        );
        Ok(())
    });
}
