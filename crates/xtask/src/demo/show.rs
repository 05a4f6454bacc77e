//! What became of it: conditions, logs, rows.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use azureml_spark_testkit::manifest::Manifest;
use azureml_spark_testkit::scope::{Scope, find_condition};
use serde_json::Value;

use super::follow::{ours, title};

const LOG_LINES: usize = 12;
const ROWS: usize = 6;
/// How paths on the default datastore begin.
const DATASTORE: &str = "azureml://datastores/workspaceblobstore/paths/";

/// A table of the conditions of all objects.
pub(super) async fn conditions(scope: &Scope<'_>, objects: &[Manifest]) -> Result<()> {
    let mut rows = vec![["OBJECT", "CONDITION", "STATUS", "REASON", "MESSAGE"].map(str::to_owned)];
    for object in objects.iter().filter(|object| ours(object)) {
        let found = scope.get(object.kind(), object.name()).await?;
        let conditions = found
            .pointer("/status/conditions")
            .and_then(Value::as_array)
            .cloned();
        for condition in conditions.unwrap_or_default() {
            let word = |field| {
                condition
                    .get(field)
                    .and_then(Value::as_str)
                    .unwrap_or_default()
                    .to_owned()
            };
            rows.push([
                title(object),
                word("type"),
                word("status"),
                word("reason"),
                word("message"),
            ]);
        }
    }
    let widths: [usize; 5] = std::array::from_fn(|column| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or(0)
    });
    for row in rows {
        let cells = row
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("{cell:<width$}"));
        println!("{}", cells.collect::<Vec<_>>().join("  ").trim_end());
    }
    Ok(())
}

/// The end of the driver's log, as Azure keeps it with the run.
pub(super) async fn driver_log(scope: &Scope<'_>, job: &Manifest) -> Result<()> {
    let object = scope.get(job.kind(), job.name()).await?;
    let run = object
        .pointer("/status/azureName")
        .and_then(Value::as_str)
        .context("no azureName")?;
    let data = &scope.stack().emulator().world().data_dir;
    println!("\nDriver's log of {} ({run}), the end:", job.name());
    let log = find(data, &|path| {
        let text = path.to_string_lossy();
        text.contains(run) && text.contains("user_logs/std_log")
    });
    let text = std::fs::read_to_string(log.with_context(|| format!("no log of {run}"))?)?;
    let lines: Vec<&str> = text.lines().collect();
    for line in lines
        .get(lines.len().saturating_sub(LOG_LINES)..)
        .unwrap_or_default()
    {
        println!("  {line}");
    }
    Ok(())
}

/// The first rows of the job's output.
pub(super) fn output(scope: &Scope<'_>, job: &Manifest) -> Result<()> {
    let path = job
        .0
        .pointer("/spec/outputs/wrangled_data/path")
        .and_then(Value::as_str);
    let path = path
        .and_then(|path| path.strip_prefix(DATASTORE))
        .context("no known output")?;
    let folder = scope.stack().emulator().blob(path);
    let part = find(&folder, &|path| {
        path.extension().is_some_and(|kind| kind == "csv")
    });
    let part = part.with_context(|| format!("nothing was written to {path}"))?;
    println!("\nOutput of {}, {path}:", job.name());
    for row in std::fs::read_to_string(part)?.lines().take(ROWS) {
        println!("  {row}");
    }
    Ok(())
}

/// An error that names every object that is not Ready.
pub(super) async fn must_be_complete(scope: &Scope<'_>, objects: &[Manifest]) -> Result<()> {
    let mut failed = Vec::new();
    for object in objects.iter().filter(|object| ours(object)) {
        let found = scope.get(object.kind(), object.name()).await?;
        let ready = find_condition(&found, "Ready").and_then(|one| one.get("status"));
        if ready.and_then(Value::as_str) != Some("True") {
            failed.push(title(object));
        }
    }
    if !failed.is_empty() {
        bail!("not Ready: {}", failed.join(", "));
    }
    Ok(())
}

/// The first file below a folder, by name, that is wanted.
fn find(folder: &Path, wanted: &dyn Fn(&Path) -> bool) -> Option<PathBuf> {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder)
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    entries.sort();
    entries.into_iter().find_map(|path| {
        if path.is_dir() {
            find(&path, wanted)
        } else {
            wanted(&path).then_some(path)
        }
    })
}
