//! A compute that is there already: taken over, or left to whom it belongs.

use anyhow::Result;
use azureml_spark_testkit::portal::Portal;
use azureml_spark_testkit::scope::{Scope, message, reason};
use serde_json::{Value, json};

use crate::calm::{is_held, principal, puts, writes};
use crate::{ATTACHMENT, becomes, pool, scenario};

const MARK: &str = "azureml-spark-operator";

/// The emulator's pool, attached by a person with these tags and this description.
pub(crate) async fn attached(
    scope: &Scope<'_>,
    portal: &Portal<'_>,
    name: &str,
    description: &str,
    tags: Value,
) -> Result<Value> {
    let world = scope.stack().emulator().world();
    portal.attach(name, &world.pool_id(&world.pool)).await?;
    portal
        .change_compute(name, |body| {
            body["tags"] = tags;
            body["properties"]["description"] = json!(description);
        })
        .await
}

/// Whose mark is on the compute, or none.
pub(crate) async fn owner(portal: &Portal<'_>, name: &str) -> Result<Option<String>> {
    let compute = portal.compute(name).await?.unwrap_or_default();
    Ok(compute["tags"][MARK].as_str().map(str::to_owned))
}

#[test]
fn an_identical_compute_is_taken_over() {
    scenario("adopt-same", async |scope, portal| {
        let manifest = pool(scope)
            .with("/spec/tags/team", "a")
            .with("/spec/description", "as it is");
        let name = manifest.name();
        let tags = json!({"team": "a", "costCenter": "42"});
        let theirs = attached(scope, portal, name, "as it is", tags).await?;
        let since = scope.stack().emulator().now().await?;
        scope.apply(&manifest).await?;
        let ready = scope.condition(ATTACHMENT, name, "Ready", "True").await?;
        let uid = ready["metadata"]["uid"].as_str().unwrap();
        assert!(is_held(&ready), "{ready}");
        assert_eq!(ready["status"]["drift"], Value::Null);

        // One write, of which nothing but the mark is new.
        let put = puts(scope, since, name).await?;
        assert_eq!(put.0.len(), 1, "{put}");
        let mark = format!("{uid} {}/{name}", scope.namespace());
        assert_eq!(
            put.bodies()[0]["tags"],
            json!({"team": "a", "costCenter": "42", MARK: mark})
        );
        let ours = portal.compute(name).await?.unwrap();
        assert_eq!(ours["identity"], theirs["identity"]);
        for field in ["createdOn", "resourceId", "description"] {
            assert_eq!(ours["properties"][field], theirs["properties"][field]);
        }
        assert_eq!(portal.synapse_roles_of(principal(&ready)).await?.len(), 1);

        // It is this object's from then on, and so it begins to take it back.
        scope.delete(ATTACHMENT, name).await?;
        becomes("its role is taken back", async || {
            let held = portal.synapse_roles_of(principal(&ready)).await?;
            Ok(held.is_empty())
        })
        .await
    });
}

#[test]
fn a_different_compute_is_a_conflict_with_its_differences() {
    scenario("adopt-other", async |scope, portal| {
        let manifest = pool(scope)
            .with("/spec/tags/team", "a")
            .with("/spec/description", "ours");
        let name = manifest.name();
        let theirs = attached(scope, portal, name, "theirs", json!({"team": "b"})).await?;
        let since = scope.stack().emulator().now().await?;
        scope.apply(&manifest).await?;
        let refused = scope
            .reason(ATTACHMENT, name, "Stalled", "True", "Conflict")
            .await?;
        let said = message(&refused, "Ready");
        for part in ["description", "tags.team", "adoptionPolicy"] {
            assert!(said.contains(part), "{said}");
        }
        let drift = refused["status"]["drift"].as_array().unwrap();
        for difference in [
            json!({"field": "description", "desired": "ours", "observed": "theirs"}),
            json!({"field": "tags.team", "desired": "a", "observed": "b"}),
        ] {
            assert!(drift.contains(&difference), "{drift:?}");
        }
        scope.look(ATTACHMENT, name).await?;
        assert!(!is_held(&scope.get(ATTACHMENT, name).await?));
        assert_eq!(portal.compute(name).await?, Some(theirs.clone()));

        // Deleted, it leaves what never was its own, with its roles.
        scope.delete(ATTACHMENT, name).await?;
        scope.gone(ATTACHMENT, name).await?;
        assert_eq!(portal.compute(name).await?, Some(theirs.clone()));
        let holder = theirs["identity"]["principalId"].as_str().unwrap();
        let written = writes(scope, since, &[name, holder]).await?;
        assert!(written.0.is_empty(), "{written}");

        // Described as it is, it is taken over.
        let mended = manifest
            .clone()
            .with("/spec/tags/team", "b")
            .with("/spec/description", "theirs");
        scope.apply(&mended).await?;
        scope.condition(ATTACHMENT, name, "Ready", "True").await?;
        assert_eq!(puts(scope, since, name).await?.0.len(), 1);
        Ok(())
    });
}

#[test]
fn always_takes_over_and_corrects() {
    scenario("adopt-always", async |scope, portal| {
        let manifest = pool(scope)
            .with("/spec/tags/team", "a")
            .with("/spec/description", "ours")
            .with("/spec/adoptionPolicy", "Always");
        let name = manifest.name();
        let emulator = scope.stack().emulator();
        let (identity, _) = emulator.make_identity(&scope.unique("theirs")).await?;
        let tags = json!({"team": "b", "costCenter": "42"});
        attached(scope, portal, name, "theirs", tags).await?;
        let theirs = portal
            .change_compute(name, |body| {
                body["identity"] = json!({"type": "UserAssigned",
                    "userAssignedIdentities": {identity.as_str(): {}}});
            })
            .await?;
        let since = emulator.now().await?;
        scope.apply(&manifest).await?;
        let ready = scope.condition(ATTACHMENT, name, "Ready", "True").await?;
        let ours = portal.compute(name).await?.unwrap();
        assert_eq!(ours["tags"]["team"], "a");
        assert_eq!(ours["tags"]["costCenter"], "42");
        assert_eq!(ours["properties"]["description"], "ours");
        assert_eq!(ours["identity"]["type"], "SystemAssigned");
        assert_eq!(
            ours["properties"]["createdOn"], theirs["properties"]["createdOn"],
            "the same compute"
        );
        assert_eq!(portal.synapse_roles_of(principal(&ready)).await?.len(), 1);
        assert_eq!(puts(scope, since, name).await?.0.len(), 1);
        Ok(())
    });
}

#[test]
fn never_leaves_it() {
    scenario("adopt-never", async |scope, portal| {
        let manifest = pool(scope).with("/spec/adoptionPolicy", "Never");
        let name = manifest.name();
        let world = scope.stack().emulator().world();
        let theirs = portal.attach(name, &world.pool_id(&world.pool)).await?;
        let since = scope.stack().emulator().now().await?;
        scope.apply(&manifest).await?;
        let refused = scope
            .reason(ATTACHMENT, name, "Stalled", "True", "Conflict")
            .await?;
        assert!(message(&refused, "Ready").contains("Never"), "{refused}");
        scope.look(ATTACHMENT, name).await?;
        assert_eq!(portal.compute(name).await?, Some(theirs.clone()));
        let holder = theirs["identity"]["principalId"].as_str().unwrap();
        let written = writes(scope, since, &[name, holder]).await?;
        assert!(written.0.is_empty(), "{written}");

        // Once the name is free, there is nothing to take over.
        portal.detach(name).await?;
        scope.reconcile(ATTACHMENT, name).await?;
        scope.condition(ATTACHMENT, name, "Ready", "True").await?;
        scope.look(ATTACHMENT, name).await?;
        let ours = scope.get(ATTACHMENT, name).await?;
        assert_eq!(reason(&ours, "Ready"), "Ready", "its own is not another's");
        Ok(())
    });
}
