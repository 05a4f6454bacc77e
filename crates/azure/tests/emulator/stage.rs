//! The client, the emulator, and what every story needs.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::time::Duration;

use azureml_emulator::{Config, Emulator, Runner, Settings, World};
use azureml_spark_azure::aml::code::{Source, SourceFile};
use azureml_spark_azure::aml::job::{
    self, Driver, Entry, Executor, JobIdentity, Size, SparkJob, Target,
};
use azureml_spark_azure::aml::upload::upload;
use azureml_spark_azure::arm::compute::{self, Compute, ComputeIdentity, SynapseSpark};
use azureml_spark_azure::operation::{self, Progress};
use azureml_spark_azure::synapse::rbac;
use azureml_spark_azure::{
    ArmId, Client, Cloud, Credential, Options, SparkPoolId, Transport, WorkspaceId,
};
use reqwest::Method;
use serde_json::Value;
use url::Url;

/// Synapse Administrator (contract §7).
pub(crate) const ADMINISTRATOR: &str = "6e4bf58a-b8e1-4cc3-bbf9-d73143322b78";

pub(crate) fn pool_scope(pool: &SparkPoolId) -> String {
    format!(
        "workspaces/{}/bigDataPools/{}",
        pool.workspace().name(),
        pool.pool()
    )
}

/// Jobs and operations that end at once.
pub(crate) fn quick() -> Settings {
    Settings {
        runner: Runner::Instant,
        instant_seconds: 0.2,
        operation_seconds: 0.2,
        ..Settings::default()
    }
}

pub(crate) struct Stage {
    pub(crate) emulator: Emulator,
    pub(crate) cloud: Cloud,
    pub(crate) client: Client,
    pub(crate) workspace: WorkspaceId,
    pub(crate) pool: SparkPoolId,
    pub(crate) _folder: tempfile::TempDir,
}

impl Stage {
    pub(crate) async fn new(settings: Settings) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = Config {
            data_dir: folder.path().join("data"),
            runner: Runner::Instant,
            settings,
            ..Config::default()
        };
        let emulator = Emulator::start(config).await.unwrap();
        let ca_file = folder.path().join("ca.pem");
        std::fs::write(&ca_file, emulator.ca_pem()).unwrap();
        let url = emulator.url();
        let port = url.parse::<Url>().unwrap().port().unwrap();
        let cloud: Cloud = serde_json::from_value(serde_json::json!({
            "name": "emulator",
            "resourceManager": url,
            "resourceManagerAudience": format!("{url}/"),
            "activeDirectory": url,
            "machineLearningAudience": format!("{url}/aml"),
            "synapseAudience": format!("https://dev.azuresynapse.localhost:{port}"),
            "synapseSuffix": format!("dev.azuresynapse.localhost:{port}"),
            "studio": "https://ml.azure.com",
            "studioIndex": format!("https://ml.azure.localhost:{port}/api"),
            "hosts": [format!("localhost:{port}"), format!(".localhost:{port}")],
            "caFile": ca_file,
        }))
        .unwrap();
        let world = emulator.world();
        let (subscription, group) = (&world.subscription, &world.resource_group);
        let workspace = WorkspaceId::new(subscription, group, &world.workspace).unwrap();
        let pool =
            SparkPoolId::new(subscription, group, &world.synapse_workspace, &world.pool).unwrap();
        let client = client(&cloud, world, &world.client_id, &world.client_secret);
        Self {
            client,
            cloud,
            workspace,
            pool,
            emulator,
            _folder: folder,
        }
    }

    /// Lays these settings over the emulator's.
    pub(crate) async fn set(&self, settings: Value) {
        self.control(Method::PUT, "settings", settings).await;
    }

    /// Changes what stands in the resource group: a merge patch of what a GET is answered with.
    pub(crate) async fn change(&self, id: impl Display, patch: Value) {
        self.control(Method::PUT, &format!("resources{id}"), patch)
            .await;
    }

    /// Puts a run into a state by hand.
    pub(crate) async fn set_run(&self, name: &str, status: &str) {
        let body = serde_json::json!({"status": status});
        self.control(Method::POST, &format!("jobs/{name}"), body)
            .await;
    }

    async fn control(&self, method: Method, what: &str, body: Value) {
        let pem = self.emulator.ca_pem().as_bytes();
        let certificates = reqwest::Certificate::from_pem_bundle(pem).unwrap();
        let https = reqwest::Client::builder()
            .tls_certs_merge(certificates)
            .no_proxy()
            .build()
            .unwrap();
        let url = format!("{}/_emulator/{what}", self.emulator.url());
        let answer = https.request(method, url).json(&body).send().await.unwrap();
        assert!(answer.status().is_success(), "{answer:?}");
    }

    pub(crate) fn attachment(&self, identity: ComputeIdentity) -> SynapseSpark {
        SynapseSpark {
            location: self.emulator.world().location.clone(),
            pool: self.pool.clone(),
            description: None,
            identity,
            tags: BTreeMap::from([("team".to_owned(), "a".to_owned())]),
        }
    }

    pub(crate) async fn attach(&self, name: &str) -> Compute {
        let wish = self.attachment(ComputeIdentity::SystemAssigned);
        let started = self
            .client
            .send(compute::put(&self.workspace, name, &wish))
            .await
            .unwrap();
        let operation = started.operation.expect("an attachment is an operation");
        eventually("the attachment's operation ends", async || {
            let progress = self
                .client
                .send(operation::poll(operation.url.clone()))
                .await
                .unwrap();
            (progress == Progress::Succeeded).then_some(())
        })
        .await;
        self.client
            .send(compute::get(&self.workspace, name))
            .await
            .unwrap()
    }

    pub(crate) async fn grant(&self, principal: &str) -> rbac::Assignment {
        let synapse = self.pool.workspace().name();
        let scope = pool_scope(&self.pool);
        let wish = rbac::NewAssignment::to_service_principal(ADMINISTRATOR, principal, &scope);
        let id = uuid::Uuid::new_v4();
        self.client
            .send(rbac::put(synapse, id, &wish))
            .await
            .unwrap()
    }

    pub(crate) async fn code(&self) -> ArmId {
        let file = SourceFile {
            path: "main.py".to_owned(),
            content: "print(1)\n".into(),
        };
        let source = Source::new([file]).unwrap();
        upload(&self.client, &self.workspace, &source)
            .await
            .unwrap()
    }

    pub(crate) async fn ended(&self, name: &str) -> job::Job {
        eventually("the job ends", async || {
            let job = self
                .client
                .send(job::get(&self.workspace, name))
                .await
                .unwrap();
            job.properties.status.is_terminal().then_some(job)
        })
        .await
    }
}

pub(crate) fn client(cloud: &Cloud, world: &World, client_id: &str, secret: &str) -> Client {
    let transport = Transport::new(cloud.clone()).unwrap();
    let credential =
        Credential::client_secret(&transport, &world.tenant, client_id, &secret.into()).unwrap();
    Client::new(transport, credential, Options::default())
}

pub(crate) async fn eventually<T>(what: &str, look: impl AsyncFn() -> Option<T>) -> T {
    let seen = tokio::time::timeout(Duration::from_secs(20), async {
        let mut ticks = tokio::time::interval(Duration::from_millis(50));
        loop {
            ticks.tick().await;
            if let Some(seen) = look().await {
                return seen;
            }
        }
    });
    seen.await
        .unwrap_or_else(|_| panic!("not within 20 s: {what}"))
}

pub(crate) fn spark_job(code: ArmId, target: Target, identity: Option<JobIdentity>) -> SparkJob {
    let size = Size {
        driver: Driver {
            cores: 1,
            memory: "1g".to_owned(),
        },
        executor: Executor {
            cores: 1,
            memory: "1g".to_owned(),
            instances: Some(1),
        },
        dynamic_allocation: None,
    };
    SparkJob {
        display_name: None,
        experiment_name: None,
        description: None,
        tags: BTreeMap::from([("spark-azureml-dev-uid".to_owned(), "u".to_owned())]),
        properties: BTreeMap::from([("definition".to_owned(), "d".to_owned())]),
        is_archived: false,
        code_id: code,
        entry: Entry::Python {
            file: "main.py".to_owned(),
        },
        py_files: Vec::new(),
        jars: Vec::new(),
        files: Vec::new(),
        archives: Vec::new(),
        identity,
        conf: size.conf(&BTreeMap::new()),
        inputs: BTreeMap::new(),
        outputs: BTreeMap::new(),
        args: None,
        environment_id: None,
        target,
    }
}

pub(crate) fn serverless() -> Target {
    let resources = job::Resources {
        instance_type: "standard_e4s_v3".to_owned(),
        runtime_version: "3.4".to_owned(),
    };
    Target::Serverless { resources }
}
