//! The floor under `submit`: a bare loop that makes the writes which the operator made, and nothing else. It decides
//! nothing, reads nothing, watches nothing, and knows ahead what to write.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use azureml_spark_testkit::emulator::{Emulator, Entry};
use azureml_spark_testkit::manifest::{self, Manifest};
use azureml_spark_testkit::scope::Scope;
use azureml_spark_testkit::{control_plane, repository};
use futures::{StreamExt as _, TryStreamExt as _};
use jiff::Timestamp;
use kube::api::{Api, DynamicObject, Patch, PatchParams, PostParams};
use serde_json::{Value, json};
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinSet;

use super::apiserver::{Call, Calls};
use super::arrivals::Arrivals;
use super::figure::number;
use super::stage::{self, Stage};
use super::submit::{is_submission, jobs};

/// Field manager of the loop.
const MANAGER: &str = "floor";
/// Kinds of writes, in the order in which a job has them.
const OBJECT: (&str, &str) = ("patch", "sparkjobs");
const STATUS: (&str, &str) = ("patch", "sparkjobs/status");
const EVENT: (&str, &str) = ("create", "events");

/// How many writes of each kind there are for a number of jobs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Writes {
    of: usize,
    object: usize,
    status: usize,
    events: usize,
}

/// What is written: as the operator wrote it.
pub(super) struct Sample {
    /// A job that was submitted.
    pub(super) object: Value,
    /// An event about it.
    pub(super) event: Value,
    /// Its PUT.
    pub(super) submission: Entry,
}

impl Writes {
    /// Those of the operator.
    pub(super) fn of(calls: &Calls, jobs: usize) -> Self {
        let count = |(verb, resource): (&str, &str)| {
            let call = Call {
                verb: verb.to_owned(),
                resource: resource.to_owned(),
            };
            let refused = calls.refused.get(&call).copied().unwrap_or(0);
            calls.answered.get(&call).map_or(0, |count| count - refused)
        };
        Self {
            of: jobs,
            object: count(OBJECT),
            status: count(STATUS),
            events: count(EVENT),
        }
    }

    /// Those of one job: they differ by one at most, and all together are what they are.
    fn each(&self, job: usize) -> [usize; 3] {
        let of = self.of.max(1);
        [self.object, self.status, self.events].map(|all| (job + 1) * all / of - job * all / of)
    }
}

impl fmt::Display for Writes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let each = |count: usize| number(count) / number(self.of.max(1));
        write!(
            f,
            "1 create, {:.2} patches of the object, {:.2} of its status, {:.2} events and 1 PUT a job",
            each(self.object),
            each(self.status),
            each(self.events)
        )
    }
}

/// Jobs a second, from the first create to the last PUT. The operator must not run.
pub(super) async fn rate(
    stage: &Stage,
    count: usize,
    writes: &Writes,
    sample: &Sample,
) -> Result<f64> {
    let scope = stage.stack().scope("floor").await?;
    let code = manifest::code("src", "main.py", "print('one of many')\n");
    scope.apply(&code).await?;
    let line = Arc::new(Line::new(stage, &scope, writes, sample).await?);
    let manifests = jobs("job", "src", count, &scope);
    let workers = concurrency()?;

    let mut puts = Arrivals::from_now(stage.emulator(), is_submission).await?;
    let begun = Timestamp::now();
    let (sender, receiver) = mpsc::channel(count.max(1));
    let receiver = Arc::new(Mutex::new(receiver));
    let mut working = JoinSet::new();
    for _ in 0..workers {
        let (line, receiver) = (Arc::clone(&line), Arc::clone(&receiver));
        working.spawn(async move {
            loop {
                // The lock is let go before the work.
                let next = receiver.lock().await.recv().await;
                let Some((job, object)) = next else {
                    return anyhow::Ok(());
                };
                line.job(job, object).await?;
            }
        });
    }
    futures::stream::iter(manifests.iter().enumerate())
        .map(async |(job, manifest): (usize, &Manifest)| {
            let made = stage::create_one(&scope, manifest).await?;
            anyhow::Ok(sender.send((job, made)).await?)
        })
        .buffer_unordered(stage::AT_ONCE)
        .try_collect::<()>()
        .await?;
    drop(sender);
    while let Some(worker) = working.join_next().await {
        worker??;
    }
    ensure!(
        puts.count().await? == count,
        "not every job of the floor was submitted"
    );
    Ok(number(count) / puts.seconds_from(begun)?)
}

/// As many jobs at a time as the operator has passes.
fn concurrency() -> Result<usize> {
    let values = std::fs::read_to_string(repository::chart().join("values.yaml"))?;
    let values: BTreeMap<String, serde_norway::Value> = serde_norway::from_str(&values)?;
    let concurrency = values
        .get("concurrency")
        .and_then(serde_norway::Value::as_u64);
    Ok(usize::try_from(
        concurrency.context("the chart says no concurrency")?,
    )?)
}

/// What makes one job's writes.
struct Line {
    writes: Writes,
    jobs: Api<DynamicObject>,
    events: Api<DynamicObject>,
    finalizers: Value,
    status: Value,
    event: Value,
    http: reqwest::Client,
    token: String,
    /// Up to the run's name, and behind it.
    url: (String, String),
    body: Value,
}

impl Line {
    async fn new(
        stage: &Stage,
        scope: &Scope<'_>,
        writes: &Writes,
        sample: &Sample,
    ) -> Result<Self> {
        // As the operator's account, so that the apiserver does for it what it does for the operator.
        let client =
            control_plane::client(&stage.stack().folder().join("operator.kubeconfig")).await?;
        let api = |version: &str, kind: &str| {
            let resource = manifest::resource(version, kind);
            Api::namespaced_with(client.clone(), scope.namespace(), &resource)
        };
        let emulator = stage.emulator();
        let ca = reqwest::Certificate::from_pem(emulator.ca_pem().as_bytes())?;
        let http = reqwest::Client::builder()
            .tls_certs_only([ca])
            .no_proxy()
            .build()?;
        let path = &sample.submission.path;
        let at = path.find("/jobs/").context("the PUT names no job")? + "/jobs/".len();
        let (before, behind) = path.split_at(at);
        let query = behind
            .find('?')
            .map_or("", |at| behind.get(at..).unwrap_or_default());
        let part = |name: &str| sample.object.get(name).cloned().unwrap_or_default();
        let mut event = sample.event.clone();
        if let Some(event) = event.as_object_mut() {
            event.insert(
                "metadata".to_owned(),
                json!({"namespace": scope.namespace()}),
            );
        }
        if let Some(regarding) = event.get_mut("regarding").and_then(Value::as_object_mut) {
            regarding.insert("namespace".to_owned(), json!(scope.namespace()));
        }
        Ok(Self {
            writes: writes.clone(),
            jobs: api(manifest::API_VERSION, "SparkJob"),
            events: api("events.k8s.io/v1", "Event"),
            finalizers: sample
                .object
                .pointer("/metadata/finalizers")
                .cloned()
                .unwrap_or_default(),
            status: part("status"),
            event,
            token: token(emulator, &http).await?,
            http,
            url: (format!("{}{before}", emulator.url()), query.to_owned()),
            body: sample
                .submission
                .body
                .clone()
                .context("the PUT has no body")?,
        })
    }

    /// Half of the status writes come before the PUT, as an intent does, and the rest after it.
    async fn job(&self, job: usize, mut object: DynamicObject) -> Result<()> {
        let [patches, statuses, events] = self.writes.each(job);
        for number in 0..patches {
            object = self.patch(object, number).await?;
        }
        let before = statuses.div_ceil(2);
        for number in 0..before {
            object = self.apply_status(object, number).await?;
        }
        self.put(job).await?;
        for number in before..statuses {
            object = self.apply_status(object, number).await?;
        }
        for number in 0..events {
            self.tell(&object, number).await?;
        }
        Ok(())
    }

    /// The first puts the finalizer there; others change something else, since an equal one would be no write.
    async fn patch(&self, object: DynamicObject, number: usize) -> Result<DynamicObject> {
        let meta = &object.metadata;
        let mut metadata = json!({"uid": meta.uid, "resourceVersion": meta.resource_version, "finalizers": self.finalizers});
        if let Some(fields) = metadata.as_object_mut().filter(|_| number > 0) {
            fields.insert(
                "annotations".to_owned(),
                json!({"floor": number.to_string()}),
            );
        }
        let parameters = PatchParams {
            field_manager: Some(MANAGER.to_owned()),
            ..PatchParams::default()
        };
        let body = json!({"metadata": metadata});
        let name = meta.name.clone().unwrap_or_default();
        Ok(self
            .jobs
            .patch(&name, &parameters, &Patch::Merge(&body))
            .await?)
    }

    async fn apply_status(&self, object: DynamicObject, number: usize) -> Result<DynamicObject> {
        let meta = &object.metadata;
        let name = meta.name.clone().unwrap_or_default();
        let mut status = self.status.clone();
        if let Some(message) = status.pointer_mut("/conditions/0/message") {
            *message = json!(format!("write {number}"));
        }
        let body = json!({
            "apiVersion": manifest::API_VERSION,
            "kind": "SparkJob",
            "metadata": {
                "name": name,
                "namespace": meta.namespace,
                "uid": meta.uid,
                "resourceVersion": meta.resource_version,
            },
            "status": status,
        });
        let parameters = PatchParams::apply(MANAGER).force();
        Ok(self
            .jobs
            .patch_status(&name, &parameters, &Patch::Apply(&body))
            .await?)
    }

    async fn tell(&self, about: &DynamicObject, number: usize) -> Result<()> {
        let name = about.metadata.name.clone().unwrap_or_default();
        let mut event = self.event.clone();
        if let Some(metadata) = event.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.insert("name".to_owned(), json!(format!("{name}-{number}")));
        }
        if let Some(regarding) = event.get_mut("regarding").and_then(Value::as_object_mut) {
            regarding.insert("name".to_owned(), json!(name));
            regarding.insert("uid".to_owned(), json!(about.metadata.uid));
        }
        let event = serde_json::from_value(event)?;
        self.events.create(&PostParams::default(), &event).await?;
        Ok(())
    }

    async fn put(&self, job: usize) -> Result<()> {
        let (before, query) = &self.url;
        let answer = self
            .http
            .put(format!("{before}floor-{job}{query}"))
            .bearer_auth(&self.token)
            .json(&self.body)
            .send()
            .await?;
        answer.error_for_status()?.bytes().await?;
        Ok(())
    }
}

/// A token for the resource manager, of the operator's own client.
async fn token(emulator: &Emulator, http: &reqwest::Client) -> Result<String> {
    let world = emulator.world();
    let url = format!("{}/{}/oauth2/v2.0/token", emulator.url(), world.tenant);
    // All of them are letters, digits and signs that a form leaves as they are, but for those of the scope.
    let scope = format!("{}//.default", emulator.url())
        .replace(':', "%3A")
        .replace('/', "%2F");
    let form = format!(
        "grant_type=client_credentials&client_id={}&client_secret={}&scope={scope}",
        world.client_id, world.client_secret
    );
    let answer = http
        .post(url)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form)
        .send()
        .await?;
    let answer: Value = answer.error_for_status()?.json().await?;
    let token = answer.get("access_token").and_then(Value::as_str);
    Ok(token.context("the login gave no token")?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::Writes;

    #[test]
    fn all_writes_are_made_and_none_twice() {
        let writes = Writes {
            of: 7,
            object: 7,
            status: 17,
            events: 3,
        };
        let each: Vec<_> = (0..7).map(|job| writes.each(job)).collect();
        let sum = |kind: usize| each.iter().map(|one| one[kind]).sum::<usize>();
        assert_eq!([sum(0), sum(1), sum(2)], [7, 17, 3]);
        assert!(
            each.iter()
                .all(|one| one[0] == 1 && (2..=3).contains(&one[1]) && one[2] <= 1)
        );
    }
}
