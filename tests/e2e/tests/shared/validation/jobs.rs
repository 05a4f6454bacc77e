//! The rows of the `SparkJob`, judged by the apiserver; `crates/api` judges the same without one.

use azureml_spark_api::verdict::{Row, Rows, SPARK_JOB_ROWS, patched};
use azureml_spark_testkit::manifest::{self, Manifest};
use azureml_spark_testkit::scope::{Scope, WORKSPACE};
use serde_json::Value;

use crate::scenario;

const KIND: &str = "SparkJob";

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
