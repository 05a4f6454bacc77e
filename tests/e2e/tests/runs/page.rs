//! `docs/sparkjob.md`: its manifests are applied in the order of the page, and what it says of them is so.

use anyhow::{Context as _, Result, ensure};
use azureml_spark_testkit::manifest::Manifest;
use azureml_spark_testkit::portal::Portal;
use azureml_spark_testkit::repository;
use azureml_spark_testkit::scope::Scope;
use serde_json::Value;

use super::assets::address;
use super::code::uploaded;
use super::{asked, azure_name, ends_well, scenario, sent};
use crate::JOB;

/// The blocks of the page, all of them manifests or what a status tells of the manifest before it.
fn blocks() -> Result<Vec<Value>> {
    let text = std::fs::read_to_string(repository::root().join("docs/sparkjob.md"))?;
    let blocks: Vec<&str> = text
        .split("```yaml\n")
        .skip(1)
        .filter_map(|rest| Some(rest.split_once("\n```")?.0))
        .collect();
    let fences = text.matches("```").count();
    ensure!(
        fences == 2 * blocks.len(),
        "{fences} fences, {} blocks that are run",
        blocks.len()
    );
    blocks
        .into_iter()
        .map(|block| serde_norway::from_str(block).with_context(|| block.to_owned()))
        .collect()
}

/// Whether all that is expected is there, among other fields.
fn holds(found: &Value, expected: &Value) -> bool {
    match (found, expected) {
        (Value::Object(found), Value::Object(expected)) => expected
            .iter()
            .all(|(field, value)| found.get(field).is_some_and(|found| holds(found, value))),
        (Value::Array(found), Value::Array(expected)) => {
            found.len() == expected.len() && found.iter().zip(expected).all(|(f, e)| holds(f, e))
        }
        _ => found == expected,
    }
}

/// What the page takes as registered.
async fn registered(scope: &Scope<'_>, portal: &Portal<'_>) -> Result<()> {
    let emulator = scope.stack().emulator();
    for (code, file) in [
        ("titanic-jars", "count.jar"),
        ("titanic-scoring", "score.py"),
    ] {
        let folder = scope.unique(code);
        emulator.put_blob(&format!("{folder}/{file}"), file)?;
        let hash = format!("{code:->64}");
        portal
            .put_code(code, "1", &address(scope, &folder), &hash)
            .await?;
    }
    let place = "azureml://datastores/workspaceblobstore/paths/titanic/";
    portal
        .put_data("titanic-cabins", "1", "uri_folder", place)
        .await?;
    for version in ["1", "2"] {
        portal
            .put_model("titanic-model", version, "mlflow_model", place)
            .await?;
        let packages = format!("name: page-{version}\ndependencies: [python=3.10]\n");
        portal
            .put_environment("titanic-packages", version, &packages)
            .await?;
    }
    Ok(())
}

#[test]
fn what_the_page_shows_works() {
    scenario("page", async |scope, portal| {
        let since = scope.stack().emulator().now().await?;
        registered(scope, portal).await?;
        let (mut jobs, mut told) = (Vec::new(), Vec::new());
        for block in blocks()? {
            if let Some(status) = block.get("status") {
                told.push(status.clone());
                continue;
            }
            let object = Manifest(block);
            scope.apply(&object).await?;
            if object.kind() == JOB {
                jobs.push(object.name().to_owned());
            }
        }
        assert_eq!(jobs, ["wrangle", "count", "report", "score"]);
        let wrangle = ends_well(scope, "wrangle").await?;
        assert_eq!(told.len(), 1);
        let status = &wrangle["status"];
        assert!(holds(status, &told[0]), "{status}");
        // What it has registered may have been looked for too early.
        scope.reconcile(JOB, "score").await?;
        let mut ended = Vec::new();
        for name in &jobs {
            ended.push(ends_well(scope, name).await?);
        }
        let seen = asked(scope, since).await?;
        let [wrangle, count, report, score] = [0, 1, 2, 3].map(|index: usize| {
            let object = &ended[index];
            (object, sent(&seen, &azure_name(object)))
        });
        let code = wrangle.0["status"]["codeId"].as_str().unwrap();
        let code = code.split("/codes/").last().unwrap();
        let puts = seen.matching("PUT", &["/codes/", code]);
        let registered = &puts.bodies()[0]["properties"];
        assert!(uploaded(scope, registered, "lib/ages.py").is_some());
        assert_eq!(wrangle.1["inputs"]["oldest"]["value"], "80");
        assert_eq!(count.1["entry"]["className"], "com.example.Count");
        assert_eq!(
            report.0["status"]["resolved"]["inputs"]["rows"]["path"],
            wrangle.0["status"]["outputs"][0]["path"]
        );
        let ends = |value: &Value, end: &str| {
            let id = value.as_str().unwrap();
            assert!(id.ends_with(end), "{id} is not {end}");
        };
        let packages = report.1["environmentId"].as_str().unwrap();
        assert!(packages.contains("/spark-conda-"), "{packages}");
        let resolved = &score.0["status"]["resolved"];
        ends(&resolved["environmentId"], "/titanic-packages/versions/2");
        ends(&score.1["codeId"], "/titanic-scoring/versions/1");
        for (input, end) in [
            ("model", "/models/titanic-model/versions/2"),
            ("rows", "/data/titanic-wrangled/versions/1"),
        ] {
            ends(&resolved["inputs"][input]["path"], end);
            ends(&score.1["inputs"][input]["uri"], end);
        }
        Ok(())
    });
}
