//! The rows of the `SparkJob`, judged by the apiserver; `crates/api` judges the same without one.

use azureml_spark_api::verdict::{Judge, Row, Rows, SPARK_JOB_ROWS, patched, spec};
use azureml_spark_testkit::manifest::{self, Manifest};
use azureml_spark_testkit::scope::{Scope, WORKSPACE};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use kube::api::PostParams;
use serde_json::Value;

use crate::scenario;

const KIND: &str = "SparkJob";
/// Specs that are tried on the apiserver: half a minute.
const SPECS: u64 = 10_000;
/// Requests at a time.
const AT_A_TIME: usize = 8;

fn rows() -> anyhow::Result<Rows> {
    Ok(serde_norway::from_str(SPARK_JOB_ROWS)?)
}

fn job(name: &str, spec: Value) -> Manifest {
    Manifest::new(KIND, name, spec)
}

async fn judge(scope: &Scope<'_>, row: &Row, changed: &Manifest) -> anyhow::Result<()> {
    let said = scope.verdict(changed).await?;
    let right = match (&row.refused, &said) {
        (None, None) => true,
        (Some(part), Some(message)) => message.contains(part),
        (None, Some(_)) | (Some(_), None) => false,
    };
    assert!(
        right,
        "{}: expected {:?}, the apiserver says {said:?}",
        row.patch, row.refused
    );
    Ok(())
}

#[test]
fn what_is_first_written() {
    scenario("valid-new", async |scope| {
        let rows = rows()?;
        for row in &rows.create {
            let changed = job("new", patched(&rows.spec, &[&row.patch]));
            judge(scope, row, &changed).await?;
        }
        Ok(())
    });
}

#[test]
fn what_is_written_again() {
    scenario("valid-again", async |scope| {
        let rows = rows()?;
        for (at, row) in rows.update.iter().enumerate() {
            let name = format!("job-{at}");
            let before = patched(&rows.spec, &[&row.before]);
            scope.apply(&job(&name, before.clone())).await?;
            let changed = job(&name, patched(&before, &[&row.patch]));
            judge(scope, row, &changed).await?;
        }
        Ok(())
    });
}

#[test]
fn what_is_written_once_the_run_is_submitted() {
    scenario("valid-late", async |scope| {
        scope.workspace().await?;
        scope
            .apply(&manifest::code("src", "main.py", "print(1)\n"))
            .await?;
        let world = scope.stack().emulator().world();
        let job = manifest::serverless_job("job", WORKSPACE, "src", world);
        scope.apply(&job).await?;
        scope.condition(KIND, "job", "Submitted", "True").await?;
        for row in &rows()?.late {
            let changed = patched(&job.0["spec"], &[&row.patch]);
            judge(scope, row, &self::job("job", changed)).await?;
        }
        Ok(())
    });
}

#[test]
fn the_apiserver_says_what_is_said_of_it_without_one() {
    scenario("valid-many", async |scope| {
        let judge = Judge::of(KIND).map_err(anyhow::Error::msg)?;
        let parameters = PostParams {
            dry_run: true,
            ..PostParams::default()
        };
        let api = &scope.objects(KIND);
        let asked = stream::iter(0..SPECS).map(async |number| {
            let object = job("new", spec(number)).0;
            let said = api
                .create(&parameters, &serde_json::from_value(object.clone())?)
                .await;
            match said {
                Ok(_) => anyhow::Ok((number, object, None)),
                Err(kube::Error::Api(status)) => Ok((number, object, Some(status.message))),
                Err(other) => Err(other.into()),
            }
        });
        let mut asked = asked.buffer_unordered(AT_A_TIME);
        let mut accepted = 0;
        while let Some((number, object, refused)) = asked.try_next().await? {
            let faults = judge.faults(&object, None);
            assert_eq!(
                faults.is_empty(),
                refused.is_none(),
                "spec {number}: {refused:?}, and without the apiserver {faults:?}"
            );
            accepted += u64::from(refused.is_none());
        }
        assert!(
            (SPECS / 4..SPECS).contains(&accepted),
            "{accepted} accepted"
        );
        Ok(())
    });
}
