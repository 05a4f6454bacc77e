//! One compute, claimed by a `SynapseSparkAttachment` in each of two clusters.

use anyhow::Result;
use azureml_spark_testkit::eventually::{PATIENCE, until};
use azureml_spark_testkit::manifest::{self, Manifest};
use azureml_spark_testkit::portal::Portal;
use azureml_spark_testkit::scope::{WORKSPACE, message};
use serde_json::Value;

use crate::cluster::Cluster;
use crate::{ATTACHMENT, scenario, scenario_alone};

/// What both clusters apply.
fn claim(cluster: &Cluster<'_>) -> Manifest {
    let name = cluster.scope.unique("pool");
    manifest::attachment(&name, WORKSPACE, cluster.emulator().world())
}

fn uid(object: &Value) -> &str {
    object["metadata"]["uid"].as_str().unwrap()
}

/// The compute, and the roles of its own identity.
async fn in_azure(portal: &Portal<'_>, name: &str) -> Result<(Value, Vec<Value>)> {
    let compute = portal.compute(name).await?.unwrap();
    let principal = compute["identity"]["principalId"].as_str().unwrap();
    let roles = portal.synapse_roles_of(principal).await?;
    Ok((compute, roles))
}

#[test]
fn the_second_says_whose_it_is_and_writes_nothing() {
    scenario("claim", async |first, second, portal| {
        let manifest = claim(first);
        let name = manifest.name();
        first.scope.apply(&manifest).await?;
        let winner = first
            .scope
            .condition(ATTACHMENT, name, "Ready", "True")
            .await?;
        let before = in_azure(portal, name).await?;
        assert_eq!(before.1.len(), 1, "{before:?}");

        let since = first.emulator().now().await?;
        second.scope.apply(&manifest).await?;
        let loser = second
            .scope
            .reason(ATTACHMENT, name, "Stalled", "True", "Conflict")
            .await?;
        let told = message(&loser, "Ready");
        for part in [&first.full_name(name), uid(&winner)] {
            assert!(told.contains(part), "no {part} in: {told}");
        }
        assert_eq!(
            loser.pointer("/metadata/finalizers"),
            None,
            "nothing in Azure is its own"
        );
        second.scope.look(ATTACHMENT, name).await?;

        // It may go at once, and takes nothing with it.
        second.scope.delete(ATTACHMENT, name).await?;
        second.scope.gone(ATTACHMENT, name).await?;
        first.scope.look(ATTACHMENT, name).await?;
        assert_eq!(in_azure(portal, name).await?, before);
        for cluster in [first, second] {
            let wrote = cluster.wrote(since).await?;
            assert!(wrote.0.is_empty(), "{wrote}");
        }
        let calm = first.scope.get(ATTACHMENT, name).await?;
        assert_eq!(calm["status"], winner["status"]);
        Ok(())
    });
}

#[test]
fn a_lost_cluster_is_succeeded_once() {
    scenario_alone("heir", async |first, second, portal| {
        // Both are ready to take it over: it must not go to and fro.
        let manifest = claim(first).with("/spec/adoptionPolicy", "Always");
        let name = manifest.name();
        let path = format!("/computes/{name}");
        first.scope.apply(&manifest).await?;
        first
            .scope
            .condition(ATTACHMENT, name, "Ready", "True")
            .await?;
        let (_, roles) = in_azure(portal, name).await?;
        first.scope.stack().operator().kill()?;

        let since = first.emulator().now().await?;
        second.scope.apply(&manifest).await?;
        let heir = second
            .scope
            .condition(ATTACHMENT, name, "Ready", "True")
            .await?;
        second.scope.look(ATTACHMENT, name).await?;
        let wrote = second.wrote(since).await?;
        assert_eq!(wrote.0.len(), 1, "{wrote}");
        assert_eq!(wrote.count("PUT", &[&path]), 1, "{wrote}");
        let after = in_azure(portal, name).await?;
        let mark = format!("{} {}", uid(&heir), second.full_name(name));
        assert_eq!(after.0["tags"]["azureml-spark-operator"], mark.as_str());
        assert_eq!(after.1, roles, "the identity and its roles are the same");

        // The lost one comes back: it says whose the compute is by now, and neither takes it nor detaches it.
        let since = first.emulator().now().await?;
        first.scope.stack().operator().start().await?;
        // What was at rest keeps its pace through a restart: it is asked to look now.
        first.scope.reconcile(ATTACHMENT, name).await?;
        let lost = first
            .scope
            .reason(ATTACHMENT, name, "Stalled", "True", "Conflict")
            .await?;
        let told = message(&lost, "Ready");
        for part in [&second.full_name(name), uid(&heir)] {
            assert!(told.contains(part), "no {part} in: {told}");
        }
        first.scope.look(ATTACHMENT, name).await?;
        let wrote = first.wrote(since).await?;
        assert!(wrote.0.is_empty(), "{wrote}");

        // When it goes it takes back the role that it made, since it knows of no other cluster. The heir sees that at
        // its next look.
        first.scope.delete(ATTACHMENT, name).await?;
        first.scope.gone(ATTACHMENT, name).await?;
        let wrote = first.wrote(since).await?;
        assert_eq!(wrote.count("DELETE", &["/roleAssignments/"]), 1, "{wrote}");
        assert_eq!(wrote.0.len(), 1, "{wrote}");
        // What a look finds is done in a pass after it, and `Ready` stays true meanwhile: the role itself is waited for.
        second.scope.reconcile(ATTACHMENT, name).await?;
        until("the heir has made the role again", PATIENCE, async || {
            let (_, roles) = in_azure(portal, name).await?;
            Ok((!roles.is_empty()).then_some(()))
        })
        .await?;
        second.scope.look(ATTACHMENT, name).await?;
        second
            .scope
            .condition(ATTACHMENT, name, "Ready", "True")
            .await?;
        let wrote = second.wrote(since).await?;
        assert_eq!(wrote.count("PUT", &["/roleAssignments/"]), 1, "{wrote}");
        assert_eq!(wrote.0.len(), 1, "{wrote}");
        let (compute, roles) = in_azure(portal, name).await?;
        assert_eq!(compute, after.0);
        assert_eq!(roles.len(), 1, "{roles:?}");
        Ok(())
    });
}
