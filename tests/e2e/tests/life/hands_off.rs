//! Only looked at, or paused: nothing is touched.

use azureml_spark_testkit::scope::{find_condition, message, reason};
use serde_json::{Value, json};

use crate::adoption::{attached, owner};
use crate::calm::{is_held, principal, writes};
use crate::{ATTACHMENT, becomes, pool, scenario};

#[test]
fn observe_only_reports_and_touches_nothing() {
    scenario("adopt-look", async |scope, portal| {
        let manifest = pool(scope)
            .with("/spec/tags/team", "a")
            .with("/spec/managementPolicy", "ObserveOnly");
        let name = manifest.name();
        let since = scope.stack().emulator().now().await?;
        scope.apply(&manifest).await?;
        scope
            .reason(ATTACHMENT, name, "Stalled", "True", "NotFound")
            .await?;

        let theirs = attached(scope, portal, name, "theirs", json!({"team": "b"})).await?;
        scope.reconcile(ATTACHMENT, name).await?;
        let seen = scope
            .reason(ATTACHMENT, name, "Ready", "True", "Observed")
            .await?;
        let holder = theirs["identity"]["principalId"].as_str().unwrap();
        assert_eq!(principal(&seen), holder);
        assert_eq!(seen["status"]["provisioningState"], "Succeeded");
        let drift = seen["status"]["drift"].as_array().unwrap();
        let difference = json!({"field": "tags.team", "desired": "a", "observed": "b"});
        assert!(drift.contains(&difference), "{drift:?}");
        scope.look(ATTACHMENT, name).await?;
        assert!(!is_held(&scope.get(ATTACHMENT, name).await?));
        scope.delete(ATTACHMENT, name).await?;
        scope.gone(ATTACHMENT, name).await?;
        assert_eq!(portal.compute(name).await?, Some(theirs.clone()));
        let written = writes(scope, since, &[name, holder]).await?;
        assert!(written.0.is_empty(), "{written}");
        Ok(())
    });
}

#[test]
fn what_was_only_observed_may_be_managed_and_back() {
    scenario("adopt-turn", async |scope, portal| {
        let managed = pool(scope);
        let observed = managed
            .clone()
            .with("/spec/managementPolicy", "ObserveOnly");
        let name = managed.name();
        let world = scope.stack().emulator().world();
        portal.attach(name, &world.pool_id(&world.pool)).await?;
        scope.apply(&observed).await?;
        scope
            .reason(ATTACHMENT, name, "Ready", "True", "Observed")
            .await?;
        assert_eq!(owner(portal, name).await?, None);

        scope.apply(&managed).await?;
        let ready = scope
            .reason(ATTACHMENT, name, "Ready", "True", "Ready")
            .await?;
        assert!(is_held(&ready), "{ready}");
        assert!(owner(portal, name).await?.is_some());

        // What was managed and is only looked at from now on is left as it is, to the end.
        let since = scope.stack().emulator().now().await?;
        scope.apply(&observed).await?;
        scope
            .wait(ATTACHMENT, name, "is let go", |o| {
                reason(o, "Ready") == "Observed" && !is_held(o)
            })
            .await?;
        let ours = portal.compute(name).await?;
        let roles = portal.synapse_roles_of(principal(&ready)).await?;
        assert_eq!(roles.len(), 1, "{roles:?}");
        scope.delete(ATTACHMENT, name).await?;
        scope.gone(ATTACHMENT, name).await?;
        assert_eq!(portal.compute(name).await?, ours);
        assert_eq!(portal.synapse_roles_of(principal(&ready)).await?, roles);
        let written = writes(scope, since, &[name, principal(&ready)]).await?;
        assert!(written.0.is_empty(), "{written}");
        Ok(())
    });
}

#[test]
fn a_paused_object_is_left_as_it_is() {
    scenario("adopt-pause", async |scope, portal| {
        let emulator = scope.stack().emulator();
        let manifest = pool(scope).with("/spec/tags/team", "a");
        let name = manifest.name();
        scope.apply(&manifest).await?;
        scope.condition(ATTACHMENT, name, "Ready", "True").await?;
        let before = portal.compute(name).await?.unwrap();

        // What the user changes waits.
        let since = emulator.now().await?;
        scope.annotate(ATTACHMENT, name, "paused", "true").await?;
        let still = scope.condition(ATTACHMENT, name, "Paused", "True").await?;
        assert_eq!(reason(&still, "Ready"), "Ready", "all is as it should be");
        scope
            .apply(&manifest.clone().with("/spec/tags/team", "b"))
            .await?;
        let waiting = scope.condition(ATTACHMENT, name, "Ready", "False").await?;
        assert!(message(&waiting, "Ready").contains("paused"), "{waiting}");
        assert_eq!(
            waiting["status"]["drift"],
            json!([{"field": "tags.team", "desired": "b", "observed": "a"}])
        );
        scope.look(ATTACHMENT, name).await?;
        assert_eq!(portal.compute(name).await?, Some(before));
        let role = waiting["status"]["roleAssignments"][0]["id"]
            .as_str()
            .unwrap();
        let about = [name, role];
        let written = writes(scope, since, &about).await?;
        assert!(written.0.is_empty(), "{written}");

        scope
            .annotate(ATTACHMENT, name, "paused", Value::Null)
            .await?;
        let ready = scope.condition(ATTACHMENT, name, "Ready", "True").await?;
        assert_eq!(find_condition(&ready, "Paused"), None);
        let changed = portal.compute(name).await?.unwrap();
        assert_eq!(changed["tags"]["team"], "b");

        // Deletion waits as well.
        scope.annotate(ATTACHMENT, name, "paused", "true").await?;
        scope.condition(ATTACHMENT, name, "Paused", "True").await?;
        let since = emulator.now().await?;
        scope.delete(ATTACHMENT, name).await?;
        scope
            .wait(
                ATTACHMENT,
                name,
                "says that it is leaving, and waits",
                |o| reason(o, "Ready") == "Detaching" && find_condition(o, "Paused").is_some(),
            )
            .await?;
        scope.look(ATTACHMENT, name).await?;
        assert!(is_held(&scope.get(ATTACHMENT, name).await?));
        assert_eq!(portal.compute(name).await?, Some(changed));
        let written = writes(scope, since, &about).await?;
        assert!(written.0.is_empty(), "{written}");
        scope
            .annotate(ATTACHMENT, name, "paused", Value::Null)
            .await?;
        becomes("its role is taken back", async || {
            let held = portal.synapse_roles_of(principal(&ready)).await?;
            Ok(held.is_empty())
        })
        .await
    });
}
