//! The same manifests applied to a new cluster: a run of a chosen name is this job's, or it is not, and is never made
//! twice.

use azureml_spark_testkit::manifest::Manifest;
use azureml_spark_testkit::scope::{Scope, find_condition, message};
use serde_json::json;

use super::{asked, ends_well, in_state, job, scenario, sent, stuck};
use crate::JOB;

/// As if the cluster had been lost: the object goes, and nothing is asked of Azure about it.
async fn lose(scope: &Scope<'_>, manifest: &Manifest) -> anyhow::Result<()> {
    scope
        .apply(&manifest.clone().with("/spec/deletionPolicy", "Leave"))
        .await?;
    in_state(scope, "nightly", "Running").await?;
    scope.delete(JOB, "nightly").await?;
    scope.gone(JOB, "nightly").await
}

#[test]
fn an_identical_run_is_followed_on() {
    scenario("adopt", async |scope, _| {
        let emulator = scope.stack().emulator();
        let since = emulator.now().await?;
        let run = scope.unique("nightly");
        let nightly = stuck(scope, "nightly", "Running").with("/spec/azureName", run.clone());
        lose(scope, &nightly).await?;
        scope.apply(&nightly).await?;
        in_state(scope, "nightly", "Running").await?;
        emulator.set_run(&run, "Completed").await?;
        let done = ends_well(scope, "nightly").await?;
        assert_eq!(done["status"]["azureName"], run.as_str());
        // Even when all is over, it is not made again.
        scope.delete(JOB, "nightly").await?;
        scope.gone(JOB, "nightly").await?;
        scope.apply(&nightly).await?;
        ends_well(scope, "nightly").await?;
        sent(&asked(scope, since).await?, &run);
        Ok(())
    });
}

#[test]
fn another_run_is_taken_over_only_if_that_is_allowed() {
    scenario("adopt-other", async |scope, _| {
        let emulator = scope.stack().emulator();
        let since = emulator.now().await?;
        let run = scope.unique("nightly");
        let nightly = stuck(scope, "nightly", "Running").with("/spec/azureName", run.clone());
        lose(scope, &nightly).await?;
        let never = nightly.clone().with("/spec/adoptionPolicy", "Never");
        scope.apply(&never).await?;
        let told = scope
            .reason(JOB, "nightly", "Stalled", "True", "Conflict")
            .await?;
        assert!(message(&told, "Stalled").contains(&run), "{told}");
        scope.delete(JOB, "nightly").await?;
        scope.gone(JOB, "nightly").await?;
        let other = job(scope, "other")
            .with("/spec/azureName", run.clone())
            .with("/spec/args", "--other");
        scope.apply(&other).await?;
        scope
            .reason(JOB, "other", "Stalled", "True", "Conflict")
            .await?;
        let always = json!({"spec": {"adoptionPolicy": "Always"}});
        scope.patch(JOB, "other", always).await?;
        let told = scope
            .reason(JOB, "other", "Warning", "True", "Conflict")
            .await?;
        assert_eq!(
            find_condition(&told, "Submitted").unwrap()["status"],
            "True"
        );
        emulator.set_run(&run, "Completed").await?;
        ends_well(scope, "other").await?;
        sent(&asked(scope, since).await?, &run);
        Ok(())
    });
}
