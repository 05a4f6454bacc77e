//! A list of passengers, wrangled on the attached pool.

use azureml_spark_testkit::manifest;
use azureml_spark_testkit::scope::{WORKSPACE, find_condition};
use serde_json::json;

use crate::{ATTACHMENT, ended, scenario};

/// Two ages are missing; the mean of the others is 30. One passenger embarked nowhere.
const PASSENGERS: &str = "\
PassengerId,Name,Age,Cabin,Embarked
1,Ada,20,C85,S
2,Ben,40,,S
3,Cleo,,,Q
4,Dan,30,E46,
5,Eve,,B5,C
";

const WRANGLED: [&str; 4] = [
    "1,Ada,20.0,C85,S",
    "2,Ben,40.0,None,S",
    "3,Cleo,30.0,None,Q",
    "5,Eve,30.0,B5,C",
];

const MAIN: &str = r#"
import argparse

from pyspark.sql import SparkSession
from wrangle import wrangle

parser = argparse.ArgumentParser()
parser.add_argument("--passengers")
parser.add_argument("--wrangled")
parser.add_argument("--cabin")
args = parser.parse_args()

spark = SparkSession.builder.getOrCreate()
print("partitions of a shuffle:", spark.conf.get("spark.sql.shuffle.partitions"))
wrangle(spark, args.passengers, args.cabin).coalesce(1).write.csv(args.wrangled, header=True, mode="overwrite")
print("wrote", args.wrangled)
"#;

const WRANGLE: &str = r#"
from pyspark.sql import functions as F


def wrangle(spark, passengers, cabin):
    frame = spark.read.csv(passengers, header=True, inferSchema=True)
    mean = frame.agg(F.mean("Age")).first()[0]
    return frame.fillna({"Cabin": cabin}).withColumn("Age", F.coalesce("Age", F.lit(mean))).dropna().orderBy("PassengerId")
"#;

#[test]
fn a_script_on_the_pool_writes_what_it_should() {
    scenario("wrangling", async |scope| {
        let emulator = scope.stack().emulator();
        let here = scope.namespace();
        emulator.put_blob(&format!("{here}/passengers.csv"), PASSENGERS)?;
        let pool = scope.unique("pool");
        let attachment = manifest::attachment(&pool, WORKSPACE, emulator.world());
        scope.apply(&attachment).await?;
        scope.condition(ATTACHMENT, &pool, "Ready", "True").await?;

        let code = manifest::code("src", "main.py", MAIN).with("/data/wrangle", WRANGLE);
        scope.apply(&code).await?;
        let items = json!([{"key": "main.py", "path": "main.py"}, {"key": "wrangle", "path": "wrangle.py"}]);
        let store = "azureml://datastores/workspaceblobstore/paths";
        let job = manifest::attached_job("titanic", WORKSPACE, "src", &pool)
            .with("/spec/code/configMaps/0/items", items)
            .with("/spec/conf/spark.sql.shuffle.partitions", "3")
            .with("/spec/inputs/passengers", json!({"type": "uri_file", "path": format!("{store}/{here}/passengers.csv")}))
            .with("/spec/inputs/cabin/value", "None")
            .with("/spec/outputs/wrangled", json!({"type": "uri_folder", "path": format!("{store}/{here}/wrangled/")}))
            .with(
                "/spec/args",
                "--passengers ${{inputs.passengers}} --wrangled ${{outputs.wrangled}} --cabin ${{inputs.cabin}}",
            );
        scope.apply(&job).await?;
        let done = ended(scope, "titanic").await?;
        let complete = find_condition(&done, "Complete");
        assert_eq!(
            complete.map(|c| &c["status"]),
            Some(&json!("True")),
            "{done:#}"
        );
        assert_eq!(done["status"]["state"], "Completed");
        assert!(done["status"]["startTime"].is_string(), "{done:#}");
        assert!(done["status"]["duration"].is_string(), "{done:#}");

        let mut rows = Vec::new();
        for file in std::fs::read_dir(emulator.blob(&format!("{here}/wrangled")))? {
            let file = file?.path();
            if file.extension().is_some_and(|kind| kind == "csv") {
                rows.extend(std::fs::read_to_string(file)?.lines().map(str::to_owned));
            }
        }
        assert_eq!(rows.first().unwrap(), "PassengerId,Name,Age,Cabin,Embarked");
        assert_eq!(rows[1..], WRANGLED);
        Ok(())
    });
}
