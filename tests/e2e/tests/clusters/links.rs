//! One link, described by a `LinkedService` in each of two clusters: a link cannot be marked, so both keep it.

use azureml_spark_testkit::eventually::{PATIENCE, until};
use azureml_spark_testkit::manifest;
use azureml_spark_testkit::scope::{WORKSPACE, find_condition};

use crate::{LINK, scenario};

#[test]
fn both_converge_on_one_link_and_bring_it_back() {
    scenario("link", async |first, second, portal| {
        let name = first.scope.unique("link");
        let manifest = manifest::link(&name, WORKSPACE, first.emulator().world());
        let since = first.emulator().now().await?;
        tokio::try_join!(first.scope.apply(&manifest), second.scope.apply(&manifest))?;
        let (one, other) = tokio::try_join!(
            first.scope.condition(LINK, &name, "Ready", "True"),
            second.scope.condition(LINK, &name, "Ready", "True"),
        )?;
        let made = portal.link(&name).await?.unwrap();
        let path = format!("/linkedServices/{name}");
        for (cluster, object) in [(first, &one), (second, &other)] {
            assert_eq!(
                object["status"]["identity"]["principalId"],
                made["identity"]["principalId"]
            );
            let wrote = cluster.wrote(since).await?;
            for part in [path.as_str(), "/roleAssignments/"] {
                assert!(wrote.count("PUT", &[part]) <= 1, "{wrote}");
            }
        }
        assert_eq!(
            one["status"]["roleAssignments"],
            other["status"]["roleAssignments"]
        );
        let principal = made["identity"]["principalId"].as_str().unwrap();
        assert_eq!(portal.synapse_roles_of(principal).await?.len(), 1);

        // One does not need it any more; the other does, and sees at its next look that it is gone.
        first.scope.delete(LINK, &name).await?;
        first.scope.gone(LINK, &name).await?;
        assert_eq!(portal.link(&name).await?, None);
        let since = first.emulator().now().await?;
        second.scope.reconcile(LINK, &name).await?;
        let again = until("it is linked again", PATIENCE, async || {
            portal.link(&name).await
        })
        .await?;
        let identity = &again["identity"]["principalId"];
        second
            .scope
            .wait(LINK, &name, "is ready with the new identity", |object| {
                let status = &object["status"];
                let ready = find_condition(object, "Ready");
                ready.is_some_and(|ready| ready["status"] == "True")
                    && status["identity"]["principalId"] == *identity
                    && status["roleAssignments"]
                        .as_array()
                        .is_some_and(|all| all.iter().any(|one| one["principalId"] == *identity))
            })
            .await?;
        let wrote = second.wrote(since).await?;
        assert_eq!(wrote.count("PUT", &[&path]), 1, "{wrote}");
        let wrote = first.wrote(since).await?;
        assert!(wrote.0.is_empty(), "{wrote}");
        let identity = identity.as_str().unwrap();
        assert_eq!(portal.synapse_roles_of(identity).await?.len(), 1);
        Ok(())
    });
}
