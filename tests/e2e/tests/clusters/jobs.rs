//! One run, asked for by a `SparkJob` in each of two clusters: the same manifests applied to a second one.

use anyhow::Result;
use azureml_spark_testkit::emulator::Requests;
use azureml_spark_testkit::eventually::{PATIENCE, until};
use azureml_spark_testkit::manifest::{self, Manifest};
use azureml_spark_testkit::portal::Portal;
use azureml_spark_testkit::scope::{WORKSPACE, find_condition, message};
use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::{JOB, scenario, scenario_alone};

/// A job that runs until somebody ends it.
fn job(cluster: &Cluster<'_>, name: &str) -> Manifest {
    manifest::serverless_job(name, WORKSPACE, "src", cluster.emulator().world())
        .with("/spec/tags/emulator-instant-stuck", "Running")
}

/// The same under a chosen name, which is returned, too.
fn named(cluster: &Cluster<'_>, name: &str) -> (Manifest, String) {
    let run = cluster.scope.unique(name);
    (job(cluster, name).with("/spec/azureName", run.clone()), run)
}

async fn apply(cluster: &Cluster<'_>, manifests: &[&Manifest]) -> Result<()> {
    let code = manifest::code("src", "main.py", "print('the same')\n");
    cluster.scope.apply(&code).await?;
    for manifest in manifests {
        cluster.scope.apply(manifest).await?;
    }
    Ok(())
}

/// Waits until a run of that name runs, as the job says.
async fn follows(cluster: &Cluster<'_>, name: &str, run: &str) -> Result<Value> {
    let what = format!("follows {run}");
    let follows = cluster.scope.wait(JOB, name, &what, |object| {
        object["status"]["azureName"] == run && object["status"]["state"] == "Running"
    });
    follows.await
}

async fn conflicts(cluster: &Cluster<'_>, name: &str, run: &str) -> Result<Value> {
    let object = cluster
        .scope
        .reason(JOB, name, "Stalled", "True", "Conflict")
        .await?;
    assert!(message(&object, "Stalled").contains(run), "{object}");
    // A finalizer that was put on for a submission goes when that has met somebody else's run.
    cluster
        .scope
        .wait(JOB, name, "is not held", |object| {
            object.pointer("/metadata/finalizers").is_none()
        })
        .await
}

async fn ends_well(cluster: &Cluster<'_>, name: &str) -> Result<Value> {
    cluster.scope.condition(JOB, name, "Complete", "True").await
}

/// How often a cluster has submitted a run, or one whose name begins so.
async fn submitted(cluster: &Cluster<'_>, run: &str) -> Result<usize> {
    let wrote = cluster.wrote(0).await?;
    Ok(wrote.count("PUT", &[&format!("/jobs/{run}")]))
}

/// The owners of all runs whose names begin so, by the uids of their objects.
async fn owners(portal: &Portal<'_>, name: &str) -> Result<Vec<String>> {
    let begins = |run: &Value| {
        run["name"]
            .as_str()
            .is_some_and(|run| run.starts_with(name))
    };
    let owner =
        |run: &Value| run["properties"]["properties"]["azureml-spark-operator.owner"].clone();
    let runs = portal.runs().await?;
    let ours = runs.iter().filter(|run| begins(run)).map(owner);
    Ok(ours
        .map(|uid| uid.as_str().unwrap_or_default().to_owned())
        .collect())
}

fn uid(object: &Value) -> String {
    object["metadata"]["uid"].as_str().unwrap().to_owned()
}

#[test]
fn a_lost_cluster_is_succeeded_without_a_second_run() {
    scenario_alone("lost", async |first, second, portal| {
        let emulator = first.emulator();
        let (nightly, run) = named(first, "nightly");
        let (over, over_run) = named(first, "over");
        let (tried, tried_run) = named(first, "tried");
        let retry = json!({"maxAttempts": 2, "backoffSeconds": 1});
        let tried = tried.with("/spec/retry", retry);
        let plain_name = first.scope.unique("plain");
        let plain = job(first, &plain_name);
        let all = [&nightly, &over, &tried, &plain];
        apply(first, &all).await?;
        follows(first, "over", &over_run).await?;
        emulator.set_run(&over_run, "Completed").await?;
        ends_well(first, "over").await?;
        follows(first, "tried", &tried_run).await?;
        emulator.fail_run(&tried_run).await?;
        let again = format!("{tried_run}-2");
        follows(first, "tried", &again).await?;
        let owner = follows(first, "nightly", &run).await?;
        let lost = first
            .scope
            .condition(JOB, &plain_name, "Submitted", "True")
            .await?;
        first.scope.stack().operator().kill()?;

        apply(second, &all).await?;
        follows(second, "nightly", &run).await?;
        let done = ends_well(second, "over").await?;
        assert_eq!(done["status"]["azureName"], over_run.as_str());
        let heir = follows(second, "tried", &again).await?;
        assert_eq!(heir["status"]["attempt"], 2);
        assert_eq!(
            heir["status"]["attempts"][0]["azureName"],
            tried_run.as_str()
        );
        let new = second
            .scope
            .condition(JOB, &plain_name, "Submitted", "True")
            .await?;
        for name in [&run, &again] {
            emulator.set_run(name, "Completed").await?;
        }
        for name in ["nightly", "tried"] {
            let done = ends_well(second, name).await?;
            let warning = find_condition(&done, "Warning");
            assert_eq!(warning, None, "it is what the manifest says");
        }

        // The lost one comes back, and finds what it had asked for at its end.
        first.scope.stack().operator().start().await?;
        for name in ["nightly", "over", "tried"] {
            ends_well(first, name).await?;
        }
        for name in [&run, &over_run, &tried_run] {
            assert_eq!(submitted(second, name).await?, 0, "{name}");
        }
        assert_eq!(owners(portal, &run).await?, [uid(&owner)]);
        assert_eq!(owners(portal, &over_run).await?.len(), 1);
        assert_eq!(
            owners(portal, &tried_run).await?.len(),
            2,
            "one for each attempt"
        );
        // Without a name that both know it is another run.
        let mut both = owners(portal, &plain_name).await?;
        let mut expected = [uid(&lost), uid(&new)];
        both.sort();
        expected.sort();
        assert_eq!(both, expected);
        for cluster in [first, second] {
            assert_eq!(submitted(cluster, &plain_name).await?, 1);
        }
        Ok(())
    });
}

#[test]
fn another_definition_is_another_run_and_never_is_never() {
    scenario("other", async |first, second, portal| {
        let emulator = first.emulator();
        let (nightly, run) = named(first, "nightly");
        apply(first, &[&nightly]).await?;
        let owner = follows(first, "nightly", &run).await?;

        let never = nightly.clone().with("/spec/adoptionPolicy", "Never");
        apply(second, &[&never]).await?;
        conflicts(second, "nightly", &run).await?;
        second.scope.delete(JOB, "nightly").await?;
        second.scope.gone(JOB, "nightly").await?;

        let retry = json!({"maxAttempts": 3, "backoffSeconds": 1});
        let other = nightly
            .clone()
            .with("/spec/args", "--other")
            .with("/spec/retry", retry);
        apply(second, &[&other]).await?;
        conflicts(second, "nightly", &run).await?;
        second
            .scope
            .apply(&other.with("/spec/adoptionPolicy", "Always"))
            .await?;
        let taken = follows(second, "nightly", &run).await?;
        let warning = find_condition(&taken, "Warning").unwrap();
        assert_eq!(warning["reason"], "Conflict", "{warning}");
        assert_eq!(emulator.run_status(&run).await?.as_deref(), Some("Running"));

        // Its end is the end: what failed is not what this spec would run.
        emulator.fail_run(&run).await?;
        let failed = second
            .scope
            .condition(JOB, "nightly", "Failed", "True")
            .await?;
        assert_eq!(failed["status"]["attempt"], 1, "{failed}");
        first
            .scope
            .condition(JOB, "nightly", "Failed", "True")
            .await?;
        assert_eq!(submitted(second, &run).await?, 0);
        assert_eq!(owners(portal, &run).await?, [uid(&owner)]);
        Ok(())
    });
}

/// Both look before either has submitted, and then both submit. Tells who of them made the run.
async fn race<'c, 'a>(
    name: &str,
    [one, other]: [(&'c Cluster<'a>, &Manifest); 2],
) -> Result<[&'c Cluster<'a>; 2]> {
    let emulator = one.0.emulator();
    let path = format!("/jobs/{name}");
    let late = json!({"kind": "delay", "seconds": 3, "when": "before"});
    let rule = json!({"method": "PUT", "path": path, "count": 2, "action": late});
    emulator.inject(json!([rule])).await?;
    let (first, second) = ([one.1], [other.1]);
    tokio::try_join!(apply(one.0, &first), apply(other.0, &second))?;
    let answer = async |cluster: &Cluster<'_>| {
        let what = format!("both have submitted {name}");
        until(&what, PATIENCE, async || {
            let all: Requests = cluster.wrote(0).await?;
            let first = all.matching("PUT", &[&path]).0.into_iter().next();
            Ok(first.and_then(|entry| entry.status))
        })
        .await
    };
    match (answer(one.0).await?, answer(other.0).await?) {
        (201, 400) => Ok([one.0, other.0]),
        (400, 201) => Ok([other.0, one.0]),
        both => panic!("{name}: {both:?}"),
    }
}

#[test]
fn two_at_the_same_moment_make_one_run() {
    scenario("race", async |first, second, portal| {
        let emulator = first.emulator();
        let (same, same_run) = named(first, "same");
        let (never, never_run) = named(first, "never");
        let never = never.with("/spec/adoptionPolicy", "Never");
        let (always, always_run) = named(first, "always");
        let retry = json!({"maxAttempts": 3, "backoffSeconds": 1});
        let always = always
            .with("/spec/adoptionPolicy", "Always")
            .with("/spec/retry", retry);
        let another = always.clone().with("/spec/args", "--another");

        race(&same_run, [(first, &same), (second, &same)]).await?;
        for cluster in [first, second] {
            follows(cluster, "same", &same_run).await?;
        }
        emulator.set_run(&same_run, "Completed").await?;
        for cluster in [first, second] {
            ends_well(cluster, "same").await?;
        }

        let [winner, loser] = race(&never_run, [(first, &never), (second, &never)]).await?;
        follows(winner, "never", &never_run).await?;
        conflicts(loser, "never", &never_run).await?;
        loser.scope.delete(JOB, "never").await?;
        loser.scope.gone(JOB, "never").await?;
        assert_eq!(
            emulator.run_status(&never_run).await?.as_deref(),
            Some("Running")
        );
        emulator.set_run(&never_run, "Completed").await?;
        ends_well(winner, "never").await?;

        let [winner, loser] = race(&always_run, [(first, &always), (second, &another)]).await?;
        follows(winner, "always", &always_run).await?;
        let taken = follows(loser, "always", &always_run).await?;
        let warning = find_condition(&taken, "Warning").unwrap();
        assert_eq!(warning["reason"], "Conflict", "{warning}");
        emulator.fail_run(&always_run).await?;
        // What it followed was not its own to repeat.
        let failed = loser
            .scope
            .condition(JOB, "always", "Failed", "True")
            .await?;
        assert_eq!(failed["status"]["attempt"], 1, "{failed}");
        let again = format!("{always_run}-2");
        follows(winner, "always", &again).await?;
        emulator.set_run(&again, "Completed").await?;
        ends_well(winner, "always").await?;

        for (run, attempts) in [(same_run, 1), (never_run, 1), (always_run, 2)] {
            let owners = owners(portal, &run).await?;
            assert_eq!(owners.len(), attempts, "{run}");
            assert!(owners.iter().all(|one| *one == owners[0]), "{owners:?}");
        }
        Ok(())
    });
}
