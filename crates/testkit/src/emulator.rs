//! The emulator of Azure as a process, and its control interface.

mod counts;
mod ledger;
mod resources;
mod world;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use reqwest::Method;
use serde_json::{Value, json};

use crate::binaries::Profile;
use crate::process::Process;
use crate::{binaries, tools};

pub use counts::{Asked, Counts, Tally};
pub use ledger::{Entry, Requests};
pub use world::{DENIED_CLIENT_ID, PERSON_CLIENT_ID, World};

/// How long it may take to answer; it takes 0.1 s.
const READY_WITHIN: Duration = Duration::from_mins(1);
const LOOK: Duration = Duration::from_millis(50);

/// How submitted jobs are run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runner {
    /// By real `PySpark`: seconds a job, one at a time.
    Spark,
    /// Not at all: they end after a set time with a set outcome.
    Instant,
}

/// How to start one.
#[derive(Debug, Clone)]
pub struct Options {
    /// How it is built.
    pub profile: Profile,
    /// How jobs are run.
    pub runner: Runner,
    /// What exists at the start, over the emulator's defaults (its `--world`).
    pub world: Value,
    /// Settings at the start (its `--settings`).
    pub settings: Value,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            profile: Profile::default(),
            runner: Runner::Instant,
            world: json!({}),
            settings: json!({}),
        }
    }
}

/// A running emulator. Dropping it ends it.
#[derive(Debug)]
pub struct Emulator {
    process: Process,
    world: World,
    ca_pem: String,
    ca_file: PathBuf,
    http: reqwest::Client,
}

impl Emulator {
    /// Starts one with its data in `folder/data` and its certificate in `folder`.
    pub async fn start(folder: &Path, options: &Options) -> Result<Self> {
        let (profile, runner) = (options.profile, options.runner);
        let (program, python) = tokio::task::spawn_blocking(move || {
            let python = match runner {
                Runner::Spark => Some(tools::spark_python()?),
                Runner::Instant => None,
            };
            anyhow::Ok((binaries::emulator(profile)?, python))
        })
        .await??;
        std::fs::create_dir_all(folder.join("logs"))?;
        let folder = folder.canonicalize()?;
        let scratch = folder.join("emulator");
        std::fs::create_dir_all(&scratch)?;

        let mut command = Command::new(program);
        command.args(["serve", "--listen", "127.0.0.1:0"]);
        command.arg("--data-dir").arg(folder.join("data"));
        command.arg("--ca-dir").arg(&folder);
        command.arg("--env-file").arg(scratch.join("env"));
        for (flag, content) in [
            ("--world", &with_person(&options.world)),
            ("--settings", &options.settings),
        ] {
            // JSON is YAML.
            let file = scratch.join(format!("{}.yaml", flag.trim_start_matches('-')));
            std::fs::write(&file, content.to_string())?;
            command.arg(flag).arg(file);
        }
        command.args([
            "--runner",
            if python.is_some() { "spark" } else { "instant" },
        ]);
        if let Some(python) = python {
            command.arg("--python").arg(python);
        }
        let mut process = Process::start("emulator", command, &folder.join("logs/emulator.log"))?;
        wait_until_ready(&mut process).await?;

        let ca_file = folder.join("ca.pem");
        let ca_pem = std::fs::read_to_string(&ca_file)?;
        let http = reqwest::Client::builder()
            .tls_certs_only([reqwest::Certificate::from_pem(ca_pem.as_bytes())?])
            .no_proxy()
            // Tests have a runtime each; a connection kept by one would be dead for the next.
            .pool_max_idle_per_host(0)
            .build()?;
        let world = World::read(&scratch.join("env"))?;
        Ok(Self {
            process,
            world,
            ca_pem,
            ca_file,
            http,
        })
    }

    /// Its address, `https://localhost:PORT`.
    pub fn url(&self) -> &str {
        &self.world.url
    }

    /// The certificate authority that clients have to trust.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// The file that holds it.
    pub fn ca_file(&self) -> &Path {
        &self.ca_file
    }

    /// What exists in it.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// Its process.
    pub fn process(&self) -> &Process {
        &self.process
    }

    pub(crate) fn process_mut(&mut self) -> &mut Process {
        &mut self.process
    }

    /// A client that trusts it, for requests of a test's own.
    pub fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// It as a cloud, as the chart's value `clouds` describes one.
    pub fn cloud(&self) -> Value {
        let authority = self.url().trim_start_matches("https://");
        let url = self.url();
        json!({
            "resourceManager": url,
            "resourceManagerAudience": format!("{url}/"),
            "activeDirectory": url,
            "machineLearningAudience": format!("{url}/aml"),
            "synapseAudience": format!("https://dev.azuresynapse.{authority}"),
            "synapseSuffix": format!("dev.azuresynapse.{authority}"),
            "studio": "https://ml.azure.com",
            "studioIndex": format!("https://ml.azure.{authority}/api"),
            "hosts": [authority, format!(".dev.azuresynapse.{authority}")],
            "storageHosts": [format!(".blob.core.{authority}")],
            "caCertificate": self.ca_pem,
        })
    }

    /// Where a blob's file is: plain files, to put inputs and to look at outputs.
    pub fn blob(&self, path: &str) -> PathBuf {
        let world = &self.world;
        world
            .data_dir
            .join(&world.storage_account)
            .join(&world.container)
            .join(path)
    }

    /// Puts a blob into the container behind `workspaceblobstore`.
    pub fn put_blob(&self, path: &str, content: impl AsRef<[u8]>) -> Result<()> {
        let file = self.blob(path);
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(&file, content).with_context(|| format!("{} not written", file.display()))
    }

    /// All requests with a higher number.
    pub async fn requests_since(&self, number: u64) -> Result<Requests> {
        let answer = self
            .control(Method::GET, &format!("requests?since={number}"), None)
            .await?;
        Ok(Requests(serde_json::from_value(answer)?))
    }

    /// The number of the latest request: where a test begins to count.
    pub async fn now(&self) -> Result<u64> {
        Ok(self.counts().await?.last)
    }

    /// How many requests of each kind there were since its start.
    pub async fn counts(&self) -> Result<Counts> {
        let answer = self.control(Method::GET, "requests/summary", None).await?;
        Ok(serde_json::from_value::<counts::Summary>(answer)?.into())
    }

    /// Waits until the requests since `number` satisfy `holds`, and returns them.
    pub async fn wait_for_requests(
        &self,
        number: u64,
        what: &str,
        deadline: Duration,
        holds: impl Fn(&Requests) -> bool,
    ) -> Result<Requests> {
        let seen = crate::eventually::until(what, deadline, async || {
            Ok(Some(self.requests_since(number).await?).filter(&holds))
        });
        match seen.await {
            Ok(requests) => Ok(requests),
            Err(error) => bail!(
                "{error:#}\nrequests:\n{}",
                self.requests_since(number).await?
            ),
        }
    }

    /// Lays settings over the present ones (`PUT /_emulator/settings`).
    pub async fn set(&self, settings: Value) -> Result<()> {
        self.control(Method::PUT, "settings", Some(settings))
            .await
            .map(drop)
    }

    /// Adds a fault rule, or a list of them (`POST /_emulator/faults`).
    pub async fn inject(&self, rules: Value) -> Result<()> {
        self.control(Method::POST, "faults", Some(rules))
            .await
            .map(drop)
    }

    /// Removes all fault rules.
    pub async fn clear_faults(&self) -> Result<()> {
        self.control(Method::DELETE, "faults", None).await.map(drop)
    }

    /// Removes the fault rules that were made for this path: others may have theirs.
    pub async fn clear_faults_of(&self, path: &str) -> Result<()> {
        self.control(Method::DELETE, &format!("faults?path={path}"), None)
            .await
            .map(drop)
    }

    /// Puts everything back to the start.
    pub async fn reset(&self) -> Result<()> {
        self.control(Method::POST, "reset", None).await.map(drop)
    }

    /// The state of a run, or `None` if there is no run of that name.
    pub async fn run_status(&self, name: &str) -> Result<Option<String>> {
        let url = format!("{}/_emulator/jobs/{name}", self.url());
        let answer = self.http.get(&url).send().await?;
        if answer.status() == reqwest::StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let run: Value = answer.error_for_status()?.json().await?;
        Ok(run.get("status").and_then(Value::as_str).map(str::to_owned))
    }

    /// Puts a run into a state, from which only a cancellation or the next call takes it.
    pub async fn set_run(&self, name: &str, state: &str) -> Result<()> {
        let body = json!({"status": state});
        self.control(Method::POST, &format!("jobs/{name}"), Some(body))
            .await
            .map(drop)
    }

    /// Ends a run as a failure of the service does, with the code and words for it.
    pub async fn fail_run(&self, name: &str) -> Result<()> {
        let body = json!({"ending": "service"});
        self.control(Method::POST, &format!("jobs/{name}"), Some(body))
            .await
            .map(drop)
    }

    /// Takes a run away with its history, as if it had never been.
    pub async fn remove_run(&self, name: &str) -> Result<()> {
        self.control(Method::DELETE, &format!("jobs/{name}"), None)
            .await
            .map(drop)
    }

    /// Adds to the log of a run, as if its driver had written it to `stdout` or `stderr`
    /// (`POST /_emulator/jobs/{run}/log`).
    pub async fn write_log(&self, run: &str, stream: &str, text: &str) -> Result<()> {
        let body = json!({"stream": stream, "text": text});
        self.control(Method::POST, &format!("jobs/{run}/log"), Some(body))
            .await
            .map(drop)
    }

    /// Adds runs of other people that ended long ago (`POST /_emulator/seed-runs`), and says how many.
    pub async fn seed_runs(&self, seed: Value) -> Result<u64> {
        let answer = self.control(Method::POST, "seed-runs", Some(seed)).await?;
        let added = answer.get("added").and_then(Value::as_u64);
        added.context("it does not say how many were added")
    }

    async fn control(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value> {
        let url = format!("{}/_emulator/{path}", self.url());
        let mut request = self.http.request(method.clone(), &url);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await?;
        let status = answer.status();
        let text = answer.text().await?;
        if !status.is_success() {
            bail!("{method} {url}: {status} {text}");
        }
        if text.is_empty() {
            Ok(Value::Null)
        } else {
            Ok(serde_json::from_str(&text)?)
        }
    }
}

/// A world in which the person of [`crate::portal::Portal`] may do everything.
fn with_person(world: &Value) -> Value {
    let mut world = world.clone();
    if let Some(fields) = world.as_object_mut() {
        let principals = fields.entry("principals").or_insert_with(|| json!([]));
        if let Some(principals) = principals.as_array_mut() {
            principals.push(json!({"clientId": PERSON_CLIENT_ID, "access": "all"}));
        }
    }
    world
}

async fn wait_until_ready(process: &mut Process) -> Result<()> {
    let begun = Instant::now();
    // Tests read a log that holds this one start only: its folder is new.
    while !std::fs::read_to_string(process.log())?
        .lines()
        .any(|line| line.starts_with("ready "))
    {
        process.must_run()?;
        if begun.elapsed() > READY_WITHIN {
            bail!("the emulator is not ready:\n{}", process.log_tail(30));
        }
        tokio::time::sleep(LOOK).await;
    }
    Ok(())
}
