//! Who is asked which runs are live: Studio's index alone, the list where the index fails, and nobody about a run that has
//! ended. A stack for each source; scenarios of one stack one after another, as they count requests and change what the
//! emulator's index is like.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test with a place in it"
)]

mod ended;
mod index;
mod restart;

use anyhow::Result;
use azureml_spark_testkit::emulator::{self, Requests};
use azureml_spark_testkit::manifest;
use azureml_spark_testkit::scenario::play;
use azureml_spark_testkit::scope::{Scope, WORKSPACE};
use azureml_spark_testkit::stack::{Options, Stack};
use serde_json::{Value, json};
use tokio::sync::{Mutex, OnceCell};

const JOB: &str = "SparkJob";

/// The stacks of this binary, by the source that is asked first. They end with the process.
static INDEX: Turns = Turns::new("index");
static LIST: Turns = Turns::new("list");

struct Turns {
    source: &'static str,
    stack: OnceCell<Stack>,
    turn: Mutex<()>,
}

impl Turns {
    const fn new(source: &'static str) -> Self {
        Self {
            source,
            stack: OnceCell::const_new(),
            turn: Mutex::const_new(()),
        }
    }

    /// Plays a scenario when nobody else does on this stack, in a namespace of its own with a workspace and code.
    fn play(&self, name: &str, story: impl AsyncFnOnce(&Scope<'_>) -> Result<()>) {
        play(async {
            let _turn = self.turn.lock().await;
            let options = Options {
                // They end when the test says so.
                emulator: emulator::Options {
                    settings: json!({"instantSeconds": 36_000}),
                    ..emulator::Options::default()
                },
                values: json!({"follow": self.source}),
                ..Options::default()
            };
            let stack = self.stack.get_or_try_init(|| Stack::start(options)).await?;
            let scope = stack.scope(name).await?;
            scope.workspace().await?;
            let code = manifest::code("src", "main.py", "print('live')\n");
            scope.apply(&code).await?;
            story(&scope).await
        });
    }
}

/// Submits a job; the name of its run.
async fn submitted(scope: &Scope<'_>, name: &str) -> Result<String> {
    let world = scope.stack().emulator().world();
    let job = manifest::serverless_job(name, WORKSPACE, "src", world);
    scope.apply(&job).await?;
    let object = scope.condition(JOB, name, "Submitted", "True").await?;
    Ok(object["status"]["azureName"].as_str().unwrap().to_owned())
}

/// Puts a run into a state, and waits until its object tells so.
async fn reaches(scope: &Scope<'_>, name: &str, run: &str, state: &str) -> Result<()> {
    scope.stack().emulator().set_run(run, state).await?;
    let told = |object: &Value| object["status"]["state"] == state;
    scope.wait(JOB, name, state, told).await.map(drop)
}

/// Ends a run well, and waits until its object is done with it.
async fn ends(scope: &Scope<'_>, name: &str, run: &str) -> Result<()> {
    scope.stack().emulator().set_run(run, "Completed").await?;
    let done = |object: &Value| {
        let complete = azureml_spark_testkit::scope::find_condition(object, "Complete");
        complete.is_some_and(|complete| complete["status"] == "True")
            && object["metadata"]["finalizers"] == Value::Null
    };
    scope.wait(JOB, name, "is done", done).await.map(drop)
}

/// Lists of jobs.
fn lists(seen: &Requests) -> usize {
    let path = |path: &str| {
        path.split('?')
            .next()
            .is_some_and(|path| path.ends_with("/jobs"))
    };
    let list = |entry: &&emulator::Entry| entry.method == "GET" && path(&entry.path);
    seen.0.iter().filter(list).count()
}

/// Questions to the index.
fn questions(seen: &Requests) -> usize {
    seen.count("POST", &["/index/v1.0/", "/entities"])
}
