//! Two objects that want one compute.

use anyhow::Result;
use azureml_spark_testkit::manifest::Manifest;
use azureml_spark_testkit::portal::Portal;
use azureml_spark_testkit::scope::{Scope, message, reason};
use futures::future::try_join;
use serde_json::Value;

use crate::adoption::owner;
use crate::calm::{is_held, only_doubts, principal, writes};
use crate::{ATTACHMENT, becomes, pool, scenario};

/// The compute of a name under another name here.
fn under(manifest: &Manifest, name: String) -> Manifest {
    let azure_name = manifest.name().to_owned();
    manifest
        .clone()
        .with("/metadata/name", name)
        .with("/spec/azureName", azure_name)
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
            scope.look_at(ATTACHMENT, name, name).await?;
            scope.look_at(ATTACHMENT, second.name(), name).await?;
        }
        let written = writes(scope, since, &[name, principal(&taken)]).await?;
        assert!(written.0.is_empty(), "{written}");
        let calm = scope.get(ATTACHMENT, name).await?;
        assert_eq!(reason(&calm, "Ready"), "Conflict");

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
        away.look_at(ATTACHMENT, second.name(), name).await?;
        home.look_at(ATTACHMENT, name, name).await?;
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
