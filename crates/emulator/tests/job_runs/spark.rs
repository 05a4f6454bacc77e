//! Real Spark. The Python with PySpark is named by `EMULATOR_PYTHON`; `cargo xtask test` sets it.

use std::path::PathBuf;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::azure::Azure;

/// A cold JVM on a busy machine with two cores.
const PATIENCE: Duration = Duration::from_mins(3);

const WRANGLE: &str = r#"
import argparse
import os
import sys

from pyspark.sql import SparkSession
from pyspark.sql import functions as f

from lib.words import GREETING

parser = argparse.ArgumentParser()
parser.add_argument("--data")
parser.add_argument("--out")
parser.add_argument("--n", type=int)
arguments = parser.parse_args()

print(GREETING, arguments.n, os.environ["MARK"])
print("to stderr", file=sys.stderr)
spark = SparkSession.builder.getOrCreate()
print("partitions", spark.conf.get("spark.sql.shuffle.partitions"))
frame = spark.read.csv(arguments.data, header=True, inferSchema=True)
frame.where(f.col("Age") >= arguments.n).coalesce(1).write.csv(arguments.out, header=True)
"#;

async fn azure() -> Azure {
    let python = std::env::var_os("EMULATOR_PYTHON").map_or_else(|| {
        panic!(
            "EMULATOR_PYTHON is not set: it names a Python with PySpark 3.5, numpy, pandas and \
             pyarrow. `cargo xtask test` makes one and sets it; by hand: python3 -m venv DIR && \
             DIR/bin/pip install -r tests/pyspark/requirements.txt, then EMULATOR_PYTHON=DIR/bin/python"
        )
    }, PathBuf::from);
    Azure::start_with(python, json!({"runner": "spark", "operationSeconds": 0})).await
}

impl Azure {
    fn container_folder(&self) -> PathBuf {
        let world = self.world();
        self.emulator
            .data_dir()
            .join(&world.storage_account)
            .join(&world.container)
    }

    async fn log(&self, job: &str, file: &str) -> String {
        let details = self.details(job).await;
        let url = details["logFiles"][file]
            .as_str()
            .unwrap_or_else(|| panic!("{details}"));
        self.blob(Method::GET, url, &[], b"")
            .await
            .text()
            .await
            .unwrap()
    }
}

/// The whole way: code from blobs, an input and an output of two kinds of URI, Python files, conf,
/// variables, logs; a second job waits for its turn; and a script that raises.
#[tokio::test]
async fn scripts_are_run_one_after_the_other() {
    let azure = azure().await;
    let compute = azure.attach("synspark").await;
    azure.grant_pool(&compute).await;
    let folder = azure.container_folder();
    std::fs::create_dir_all(folder.join("in put")).unwrap();
    std::fs::write(
        folder.join("in put/people.csv"),
        "Name,Age\nAnn,30\nBob,4\nCy,51\n",
    )
    .unwrap();
    let files = [
        ("main.py", WRANGLE),
        ("lib/__init__.py", ""),
        ("lib/words.py", "GREETING = 'greetings'\n"),
        (
            "raise.py",
            "print('so far so good')\nraise KeyError('no such column')\n",
        ),
    ];
    let code = azure.code("wrangle", &files).await;
    let (account, container) = (&azure.world().storage_account, &azure.world().container);
    let mut body = azure.attached_body(&code, "synspark");
    let fields = &mut body["properties"];
    fields["args"] = json!("--data ${{inputs.data}} --out \"${{outputs.out}}\" --n ${{inputs.n}}");
    fields["inputs"] = json!({
        "n": {"jobInputType": "literal", "value": "5"},
        "data": {
            "jobInputType": "uri_file",
            "uri": "azureml://datastores/workspaceblobstore/paths/in put/people.csv",
            "mode": "Direct",
        },
    });
    fields["outputs"] = json!({"out": {
        "jobOutputType": "uri_folder",
        "uri": format!("abfss://{container}@{account}.dfs.core.windows.net/wrangled"),
        "mode": "Direct",
    }});
    fields["pyFiles"] = json!(["lib/words.py"]);
    fields["environmentVariables"] = json!({"MARK": "marked"});
    fields["conf"]["spark.sql.shuffle.partitions"] = json!("7");
    fields["conf"]["spark.driver.memory"] = json!("28g");
    azure.submit("wrangle", body.clone()).await;
    body["properties"]["entry"]["file"] = json!("raise.py");
    azure.submit("raise", body).await;
    azure.reaches("wrangle", "Running", PATIENCE).await;
    assert_eq!(azure.status("raise").await, "Queued");
    azure.reaches("wrangle", "Completed", PATIENCE).await;

    let log = azure.log("wrangle", "user_logs/std_log.txt").await;
    for words in ["greetings 5 marked", "to stderr", "partitions 7"] {
        assert!(log.contains(words), "no {words:?} in {log}");
    }
    // spark-submit itself joins Python's two streams; its own words go to the other file.
    assert!(
        azure
            .log("wrangle", "logs/azureml/driver/stdout")
            .await
            .contains("to stderr")
    );
    assert!(
        !azure
            .log("wrangle", "logs/azureml/driver/stderr")
            .await
            .contains("greetings")
    );
    let parts: Vec<_> = std::fs::read_dir(folder.join("wrangled"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(parts.iter().all(|name| !name.contains(".crc")), "{parts:?}");
    let part = parts.iter().find(|name| name.starts_with("part-")).unwrap();
    let rows = std::fs::read_to_string(folder.join("wrangled").join(part)).unwrap();
    assert_eq!(rows, "Name,Age\nAnn,30\nCy,51\n");

    wait_for_end(&azure, "raise", "Failed").await;
    let details = azure.details("raise").await;
    assert_eq!(
        details["error"]["error"]["message"],
        "KeyError: 'no such column'"
    );
    assert!(
        azure
            .log("raise", "user_logs/std_log.txt")
            .await
            .contains("so far so good")
    );
    let scratch = azure.emulator.data_dir().join(".scratch");
    assert_eq!(
        std::fs::read_dir(scratch).unwrap().count(),
        0,
        "copies of the code stay"
    );
}

/// A cancellation ends the process; so does the end of the emulator; and what waited never starts.
#[tokio::test]
async fn nothing_runs_on() {
    let azure = azure().await;
    let script = "import os, time\nprint('pid', os.getpid(), flush=True)\ntime.sleep(600)\n";
    let code = azure.code("sleeper", &[("main.py", script)]).await;
    let mut body = Azure::job_body(&code);
    body["properties"]["args"] = Value::Null;
    for name in ["first", "waiting", "second"] {
        azure.submit(name, body.clone()).await;
    }
    let first = python_of(&azure, "first").await;
    azure.post("jobs/waiting/cancel", None).await;
    wait_for_end(&azure, "waiting", "Canceled").await;
    azure.post("jobs/first/cancel", None).await;
    wait_for_end(&azure, "first", "Canceled").await;
    assert!(
        is_gone(first),
        "process {first} runs on after its cancellation"
    );
    let second = python_of(&azure, "second").await;
    azure.emulator.stop().await;
    assert!(
        is_gone(second),
        "process {second} runs on after the emulator's end"
    );
}

/// A class of Scala or Java, with the jars that the job brings: an archive without entries, and a class that
/// Spark itself has.
#[tokio::test]
async fn classes_are_run() {
    let azure = azure().await;
    let empty = format!("PK\u{5}\u{6}{}", "\0".repeat(18));
    let code = azure.code("scala", &[("lib/app.jar", &empty)]).await;
    let mut body = Azure::job_body(&code);
    let fields = &mut body["properties"];
    fields["entry"] = json!({
        "sparkJobEntryType": "SparkJobScalaEntry", "className": "org.apache.hadoop.util.VersionInfo",
    });
    fields["jars"] = json!(["lib/app.jar"]);
    fields["args"] = Value::Null;
    azure.submit("scala", body).await;
    wait_for_end(&azure, "scala", "Completed").await;
    let log = azure.log("scala", "user_logs/std_log.txt").await;
    assert!(log.contains("Hadoop 3."), "{log}");
}

/// What goes wrong before a script starts is told in the error and in the log.
#[tokio::test]
async fn a_job_that_cannot_start_says_why() {
    let azure = azure().await;
    let code = azure.some_code().await;
    let rows = [
        (
            "entry",
            json!({"sparkJobEntryType": "SparkJobPythonEntry", "file": "nope.py"}),
            "nope.py",
        ),
        ("args", json!("${{inputs.nope}}"), "inputs.nope"),
        (
            "inputs",
            json!({"n": {"jobInputType": "uri_file", "uri": "azureml://datastores/none/paths/x"}}),
            "none",
        ),
    ];
    for (index, (field, value, words)) in rows.into_iter().enumerate() {
        let mut body = Azure::job_body(&code);
        body["properties"][field] = value;
        let name = format!("run-{index}");
        azure.submit(&name, body).await;
        wait_for_end(&azure, &name, "Failed").await;
        let details = azure.details(&name).await;
        let message = details["error"]["error"]["message"].as_str().unwrap();
        assert!(message.contains(words), "{message}");
        assert!(
            azure
                .log(&name, "user_logs/std_log.txt")
                .await
                .contains(message)
        );
    }
}

async fn wait_for_end(azure: &Azure, job: &str, wanted: &str) {
    azure.reaches(job, wanted, PATIENCE).await;
}

/// The process id that the script printed.
async fn python_of(azure: &Azure, job: &str) -> u32 {
    azure.reaches(job, "Running", PATIENCE).await;
    let deadline = std::time::Instant::now() + PATIENCE;
    loop {
        let log = azure.log(job, "user_logs/std_log.txt").await;
        let line = log.lines().find_map(|line| line.strip_prefix("pid "));
        if let Some(id) = line.and_then(|id| id.trim().parse().ok()) {
            return id;
        }
        assert!(
            std::time::Instant::now() < deadline,
            "the script says nothing: {log}"
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Gone, or dead and not collected by its parent yet.
fn is_gone(process: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    stat.is_empty() || stat.contains(") Z ")
}
