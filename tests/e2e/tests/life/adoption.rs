//! Whose a compute is: taken over, refused, taken from another object, only looked at, left while paused.

use anyhow::Result;
use azureml_spark_testkit::emulator::Requests;
use azureml_spark_testkit::manifest::Manifest;
use azureml_spark_testkit::portal::Portal;
use azureml_spark_testkit::scope::{Scope, find_condition, message};
use futures::future::try_join;
use serde_json::{Value, json};

use crate::calm::{is_held, look, look_at, only_doubts, principal, writes};
use crate::{ATTACHMENT, asked, becomes, pool, scenario};

const MARK: &str = "azureml-spark-operator";

/// The emulator's pool, attached by a person with these tags and this description.
async fn attached(
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

async fn puts(scope: &Scope<'_>, since: u64, name: &str) -> Result<Requests> {
    let seen = asked(scope, since).await?;
    Ok(seen.matching("PUT", &[&format!("/computes/{name}?")]))
}

/// The compute of a name under another name here.
fn under(manifest: &Manifest, name: String) -> Manifest {
    let azure_name = manifest.name().to_owned();
    manifest
        .clone()
        .with("/metadata/name", name)
        .with("/spec/azureName", azure_name)
}

fn ready_reason(object: &Value) -> &str {
    let ready = find_condition(object, "Ready");
    ready
        .and_then(|one| one["reason"].as_str())
        .unwrap_or_default()
}

/// Whose mark is on the compute, or none.
async fn owner(portal: &Portal<'_>, name: &str) -> Result<Option<String>> {
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
        look(scope, ATTACHMENT, name).await?;
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
fn always_takes_from_a_named_owner_once() {
    scenario("adopt-once", async |scope, portal| {
        let first = pool(scope).with("/spec/adoptionPolicy", "Always");
        let name = first.name();
        let second = under(&first, scope.unique("second"));
        scope.apply(&first).await?;
        let ours = scope.condition(ATTACHMENT, name, "Ready", "True").await?;

        scope.apply(&second).await?;
        let taken = scope
            .condition(ATTACHMENT, second.name(), "Ready", "True")
            .await?;
        scope.reconcile(ATTACHMENT, name).await?;
        let refused = scope
            .reason(ATTACHMENT, name, "Stalled", "True", "Conflict")
            .await?;
        let said = message(&refused, "Ready");
        let uid = taken["metadata"]["uid"].as_str().unwrap();
        let title = format!("{}/{}", scope.namespace(), second.name());
        for part in [uid, &title, "taken over"] {
            assert!(said.contains(part), "{said}");
        }
        let mark = owner(portal, name).await?;
        assert_eq!(mark, Some(format!("{uid} {title}")));
        assert_eq!(principal(&taken), principal(&ours), "the same compute");

        // And there it rests, however often both look.
        let since = scope.stack().emulator().now().await?;
        for _ in 0..2 {
            look_at(scope, ATTACHMENT, name, name).await?;
            look_at(scope, ATTACHMENT, second.name(), name).await?;
        }
        let written = writes(scope, since, &[name, principal(&taken)]).await?;
        assert!(written.0.is_empty(), "{written}");
        let calm = scope.get(ATTACHMENT, name).await?;
        assert_eq!(ready_reason(&calm), "Conflict");

        // The former owner goes and takes nothing along.
        scope.delete(ATTACHMENT, name).await?;
        only_doubts(scope, name).await?;
        assert_eq!(owner(portal, name).await?, mark);
        assert_eq!(portal.synapse_roles_of(principal(&taken)).await?.len(), 1);
        let written = writes(scope, since, &[name, principal(&taken)]).await?;
        assert!(written.0.is_empty(), "{written}");
        scope
            .condition(ATTACHMENT, second.name(), "Ready", "True")
            .await?;
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
        look(scope, ATTACHMENT, name).await?;
        assert_eq!(portal.compute(name).await?, Some(theirs.clone()));
        let holder = theirs["identity"]["principalId"].as_str().unwrap();
        let written = writes(scope, since, &[name, holder]).await?;
        assert!(written.0.is_empty(), "{written}");

        // Once the name is free, there is nothing to take over.
        portal.detach(name).await?;
        scope.reconcile(ATTACHMENT, name).await?;
        scope.condition(ATTACHMENT, name, "Ready", "True").await?;
        look(scope, ATTACHMENT, name).await?;
        let ours = scope.get(ATTACHMENT, name).await?;
        assert_eq!(ready_reason(&ours), "Ready", "its own is not another's");
        Ok(())
    });
}

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
        look(scope, ATTACHMENT, name).await?;
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
                ready_reason(o) == "Observed" && !is_held(o)
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

/// Two objects, perhaps in two namespaces, that want the same compute.
async fn claimed_twice(
    winner: (&Scope<'_>, &Manifest),
    loser: (&Scope<'_>, &Manifest),
    portal: &Portal<'_>,
) -> Result<()> {
    let ((home, first), (away, second)) = (winner, loser);
    let name = first.name();
    home.apply(first).await?;
    let ready = home.condition(ATTACHMENT, name, "Ready", "True").await?;
    let since = home.stack().emulator().now().await?;
    away.apply(second).await?;
    let refused = away
        .reason(ATTACHMENT, second.name(), "Stalled", "True", "Conflict")
        .await?;
    let title = format!("{}/{name}", home.namespace());
    assert!(message(&refused, "Ready").contains(&title), "{refused}");
    for _ in 0..2 {
        look_at(away, ATTACHMENT, second.name(), name).await?;
        look_at(home, ATTACHMENT, name, name).await?;
    }
    assert!(!is_held(&away.get(ATTACHMENT, second.name()).await?));
    let written = writes(home, since, &[name, principal(&ready)]).await?;
    assert!(written.0.is_empty(), "{written}");

    home.delete(ATTACHMENT, name).await?;
    becomes("the winner has detached it", async || {
        Ok(owner(portal, name)
            .await?
            .is_none_or(|mark| !mark.contains(&title)))
    })
    .await?;
    away.reconcile(ATTACHMENT, second.name()).await?;
    let taken = away
        .condition(ATTACHMENT, second.name(), "Ready", "True")
        .await?;
    home.gone(ATTACHMENT, name).await?;
    let title = format!("{}/{}", away.namespace(), second.name());
    let mark = owner(portal, name).await?.unwrap();
    assert!(mark.ends_with(&title), "{mark}");
    let (new, old) = (principal(&taken), principal(&ready));
    assert_eq!(portal.synapse_roles_of(new).await?.len(), 1);
    assert_eq!(portal.synapse_roles_of(old).await?, Vec::<Value>::new());
    Ok(())
}

#[test]
fn two_objects_that_claim_one_compute_do_not_fight() {
    scenario("adopt-two", async |scope, portal| {
        let elsewhere = scope.stack().scope("adopt-two-too").await?;
        elsewhere.workspace().await?;
        let near = pool(scope);
        let far = pool(scope).with("/metadata/name", scope.unique("far"));
        let second = under(&near, scope.unique("second"));
        // The other namespace does not even know that the name is taken.
        let unaware = far.clone();
        try_join(
            claimed_twice((scope, &near), (scope, &second), portal),
            claimed_twice((scope, &far), (&elsewhere, &unaware), portal),
        )
        .await
        .map(drop)
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
        assert_eq!(ready_reason(&still), "Ready", "all is as it should be");
        scope
            .apply(&manifest.clone().with("/spec/tags/team", "b"))
            .await?;
        let waiting = scope.condition(ATTACHMENT, name, "Ready", "False").await?;
        assert!(message(&waiting, "Ready").contains("paused"), "{waiting}");
        assert_eq!(
            waiting["status"]["drift"],
            json!([{"field": "tags.team", "desired": "b", "observed": "a"}])
        );
        look(scope, ATTACHMENT, name).await?;
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
                |o| ready_reason(o) == "Detaching" && find_condition(o, "Paused").is_some(),
            )
            .await?;
        look(scope, ATTACHMENT, name).await?;
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
