//! The client against the emulator, which shares no type with it: a whole life of an attachment and
//! of a job. Neither is judged by itself: requests are compared with the SDK's elsewhere.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a panic in a test is a failed test with a place in it"
)]

use std::collections::BTreeMap;
use std::time::Duration;

use azureml_emulator::{Config, Emulator, Runner, Settings, World};
use azureml_spark_azure::aml::code::{Source, SourceFile};
use azureml_spark_azure::aml::job::{
    self, Driver, Entry, Executor, JobIdentity, JobStatus, Size, SparkJob, Target,
};
use azureml_spark_azure::aml::{log, run, upload::upload};
use azureml_spark_azure::arm::compute::{self, Compute, ComputeIdentity, SynapseSpark};
use azureml_spark_azure::arm::provisioning::ProvisioningState;
use azureml_spark_azure::arm::{pool, role_assignment, workspace};
use azureml_spark_azure::operation::{self, Deletion, Progress};
use azureml_spark_azure::synapse::rbac;
use azureml_spark_azure::{
    ArmId, Class, Client, Cloud, Credential, Options, SparkPoolId, Transport, WorkspaceId,
};
use url::Url;

/// Synapse Administrator (contract §7).
const ADMINISTRATOR: &str = "6e4bf58a-b8e1-4cc3-bbf9-d73143322b78";

fn pool_scope(pool: &SparkPoolId) -> String {
    format!(
        "workspaces/{}/bigDataPools/{}",
        pool.workspace().name(),
        pool.pool()
    )
}

/// Jobs and operations that end at once.
fn quick() -> Settings {
    Settings {
        runner: Runner::Instant,
        instant_seconds: 0.2,
        operation_seconds: 0.2,
        ..Settings::default()
    }
}

struct Stage {
    emulator: Emulator,
    cloud: Cloud,
    client: Client,
    workspace: WorkspaceId,
    pool: SparkPoolId,
    _folder: tempfile::TempDir,
}

impl Stage {
    async fn new(settings: Settings) -> Self {
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

    fn attachment(&self, identity: ComputeIdentity) -> SynapseSpark {
        SynapseSpark {
            location: self.emulator.world().location.clone(),
            pool: self.pool.clone(),
            description: None,
            identity,
            tags: BTreeMap::from([("team".to_owned(), "a".to_owned())]),
        }
    }

    async fn attach(&self, name: &str) -> Compute {
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

    async fn grant(&self, principal: &str) -> rbac::Assignment {
        let synapse = self.pool.workspace().name();
        let scope = pool_scope(&self.pool);
        let wish = rbac::NewAssignment::to_service_principal(ADMINISTRATOR, principal, &scope);
        let id = uuid::Uuid::new_v4();
        self.client
            .send(rbac::put(synapse, id, &wish))
            .await
            .unwrap()
    }

    async fn code(&self) -> ArmId {
        let file = SourceFile {
            path: "main.py".to_owned(),
            content: "print(1)\n".into(),
        };
        let source = Source::new([file]).unwrap();
        upload(&self.client, &self.workspace, &source)
            .await
            .unwrap()
    }

    async fn ended(&self, name: &str) -> job::Job {
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

fn client(cloud: &Cloud, world: &World, client_id: &str, secret: &str) -> Client {
    let transport = Transport::new(cloud.clone()).unwrap();
    let credential =
        Credential::client_secret(&transport, &world.tenant, client_id, &secret.into()).unwrap();
    Client::new(transport, credential, Options::default())
}

async fn eventually<T>(what: &str, look: impl AsyncFn() -> Option<T>) -> T {
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

fn spark_job(code: ArmId, target: Target, identity: Option<JobIdentity>) -> SparkJob {
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

fn serverless() -> Target {
    let resources = job::Resources {
        instance_type: "standard_e4s_v3".to_owned(),
        runtime_version: "3.4".to_owned(),
    };
    Target::Serverless { resources }
}

#[tokio::test]
async fn an_attachment_from_its_wish_to_its_end() {
    let stage = Stage::new(quick()).await;
    let (client, ws) = (&stage.client, &stage.workspace);
    assert_eq!(
        client.find(compute::get(ws, "my-pool")).await.unwrap(),
        None
    );
    let compute = stage.attach("my-pool").await;
    assert!(compute.is_synapse_spark());
    assert_eq!(
        compute.properties.provisioning_state,
        ProvisioningState::Succeeded
    );
    assert_eq!(compute.properties.resource_id, Some(stage.pool.to_arm_id()));
    assert_eq!(compute.tags["team"], "a");
    let facts = client
        .send(pool::get(&stage.pool))
        .await
        .unwrap()
        .properties;
    assert_eq!(
        compute.properties.properties.spark_version,
        facts.spark_version
    );
    assert!(facts.spark_version.is_some());

    let principal = compute
        .identity
        .principal_id
        .expect("a system-assigned identity");
    let synapse = stage.pool.workspace().name();
    let scope = pool_scope(&stage.pool);
    let roles = client.send(rbac::role_definitions(synapse)).await.unwrap();
    assert!(roles.iter().any(|role| role.id == ADMINISTRATOR));
    let made = stage.grant(&principal).await;
    let filter = rbac::Filter {
        principal_id: Some(&principal),
        ..rbac::Filter::default()
    };
    let listed = client
        .send(rbac::list(synapse, &filter, None))
        .await
        .unwrap()
        .value;
    assert!(
        listed
            .iter()
            .any(|one| one.role_definition_id == ADMINISTRATOR
                && one.principal_id == principal
                && one.scope == scope),
        "{listed:?}"
    );
    assert_eq!(
        client
            .send(rbac::delete(synapse, &made.id, &scope))
            .await
            .unwrap(),
        Deletion::Done
    );
    assert_eq!(
        client
            .send(rbac::delete(synapse, &made.id, &scope))
            .await
            .unwrap(),
        Deletion::Done
    );

    client.send(compute::detach(ws, "my-pool")).await.unwrap();
    eventually("the compute is gone", async || {
        client
            .find(compute::get(ws, "my-pool"))
            .await
            .unwrap()
            .is_none()
            .then_some(())
    })
    .await;
    assert_eq!(
        client.send(compute::detach(ws, "my-pool")).await.unwrap(),
        Deletion::Done
    );
}

#[tokio::test]
async fn an_identity_given_in_another_casing_is_the_same() {
    let stage = Stage::new(quick()).await;
    let world = stage.emulator.world();
    let id = ArmId::new(world.identity_arm_id(&world.user_assigned_identity));
    let wish = stage.attachment(ComputeIdentity::UserAssigned(vec![id.clone()]));
    let call = compute::put(&stage.workspace, "uai-pool", &wish);
    stage.client.send(call).await.unwrap();
    let compute = stage
        .client
        .send(compute::get(&stage.workspace, "uai-pool"))
        .await
        .unwrap();
    assert!(
        compute.identity.user_assigned_identities.contains_key(&id),
        "{:?}",
        compute.identity
    );
}

#[tokio::test]
async fn a_job_on_a_pool_from_its_code_to_its_log() {
    let stage = Stage::new(quick()).await;
    let (client, ws) = (&stage.client, &stage.workspace);
    let principal = stage.attach("my-pool").await.identity.principal_id.unwrap();
    stage.grant(&principal).await;
    let code = stage.code().await;
    assert_eq!(stage.code().await, code, "known code is found by its hash");

    let target = Target::Attached {
        compute_id: ws.compute("my-pool"),
    };
    let identity = JobIdentity::Managed {
        client_id: None,
        resource_id: None,
    };
    let job = spark_job(code, target, Some(identity));
    assert_eq!(client.find(job::get(ws, "titanic-1")).await.unwrap(), None);
    client.send(job::put(ws, "titanic-1", &job)).await.unwrap();
    let repeated = client
        .send(job::put(ws, "titanic-1", &job))
        .await
        .unwrap_err();
    assert!(repeated.is_job_exists(), "{repeated:?}");

    let ended = stage.ended("titanic-1").await;
    assert_eq!(ended.properties.status, JobStatus::Completed);
    assert_eq!(ended.properties.properties["definition"], "d");
    assert!(ended.studio_url().unwrap().contains("titanic-1"));
    let filter = job::Filter {
        job_type: Some("Spark"),
        tag: Some("spark-azureml-dev-uid"),
    };
    let page = client.send(job::list(ws, filter)).await.unwrap();
    assert_eq!(
        page.items
            .iter()
            .map(|job| job.name.as_str())
            .collect::<Vec<_>>(),
        ["titanic-1"]
    );

    let workspace = client.send(workspace::get(ws)).await.unwrap();
    let api = client
        .send(run::discover(workspace.properties.discovery_url.unwrap()))
        .await
        .unwrap();
    let details = client
        .send(run::details(&api, ws, "titanic-1"))
        .await
        .unwrap();
    assert_eq!(details.status, JobStatus::Completed);
    let (_, best) = log::ranked(&details.log_files)[0];
    let tail = log::tail(client, best).await.unwrap();
    assert!(!tail.is_empty() && tail.len() <= 16 * 1024, "{tail:?}");
}

#[tokio::test]
async fn a_failed_job_tells_why() {
    let stage = Stage::new(Settings {
        instant_outcome: "Failed".to_owned(),
        ..quick()
    })
    .await;
    let world = stage.emulator.world();
    let client_id = Some(world.identity_client_id(&world.user_assigned_identity));
    let identity = JobIdentity::Managed {
        client_id,
        resource_id: None,
    };
    let job = spark_job(stage.code().await, serverless(), Some(identity));
    stage
        .client
        .send(job::put(&stage.workspace, "fails", &job))
        .await
        .unwrap();
    assert_eq!(
        stage.ended("fails").await.properties.status,
        JobStatus::Failed
    );
    let workspace = stage
        .client
        .send(workspace::get(&stage.workspace))
        .await
        .unwrap();
    let discovery = workspace.properties.discovery_url.unwrap();
    let api = stage.client.send(run::discover(discovery)).await.unwrap();
    let details = stage
        .client
        .send(run::details(&api, &stage.workspace, "fails"))
        .await
        .unwrap();
    assert!(
        !details
            .error
            .expect("a failed run has an error")
            .message
            .is_empty()
    );
}

#[tokio::test]
async fn a_cancelled_job_ends() {
    let stage = Stage::new(Settings {
        instant_seconds: 3600.0,
        cancel_seconds: 0.1,
        ..quick()
    })
    .await;
    let world = stage.emulator.world();
    let client_id = Some(world.identity_client_id(&world.user_assigned_identity));
    let identity = JobIdentity::Managed {
        client_id,
        resource_id: None,
    };
    let job = spark_job(stage.code().await, serverless(), Some(identity));
    stage
        .client
        .send(job::put(&stage.workspace, "long", &job))
        .await
        .unwrap();
    stage
        .client
        .send(job::cancel(&stage.workspace, "long"))
        .await
        .unwrap();
    assert_eq!(
        stage.ended("long").await.properties.status,
        JobStatus::Canceled
    );
}

#[tokio::test]
async fn a_serverless_job_as_its_submitter_carries_the_second_token() {
    let stage = Stage::new(quick()).await;
    let job = spark_job(
        stage.code().await,
        serverless(),
        Some(JobIdentity::UserIdentity),
    );
    stage
        .client
        .send(job::put(&stage.workspace, "me", &job))
        .await
        .unwrap();
    assert_eq!(
        stage.ended("me").await.properties.status,
        JobStatus::Completed
    );
    let nobody = spark_job(stage.code().await, serverless(), None);
    let error = stage
        .client
        .send(job::put(&stage.workspace, "nobody", &nobody))
        .await
        .unwrap_err();
    assert_eq!((error.class, error.status), (Class::Terminal, Some(404)));
    assert_eq!(error.innermost_code(), "UserAssignedIdentityNotFound");
}

#[tokio::test]
async fn wrong_credentials_no_access_and_no_workspace_are_three_things() {
    let stage = Stage::new(quick()).await;
    let world = stage.emulator.world();
    let wrong = client(&stage.cloud, world, &world.client_id, "wrong");
    let error = wrong
        .send(workspace::get(&stage.workspace))
        .await
        .unwrap_err();
    assert_eq!(
        (error.class, error.code.as_str()),
        (Class::Credential, "AADSTS7000215")
    );
    let denied = client(
        &stage.cloud,
        world,
        &world.denied_client_id,
        &world.client_secret,
    );
    let error = denied
        .send(workspace::get(&stage.workspace))
        .await
        .unwrap_err();
    assert_eq!(
        (error.class, error.code.as_str()),
        (Class::Forbidden, "AuthorizationFailed")
    );
    let absent = WorkspaceId::new(&world.subscription, &world.resource_group, "absent").unwrap();
    let error = stage
        .client
        .send(workspace::get(&absent))
        .await
        .unwrap_err();
    assert_eq!(
        (error.class, error.code.as_str()),
        (Class::Absent, "ResourceNotFound")
    );
}

#[tokio::test]
async fn a_storage_role_is_given_once_and_taken_back() {
    let stage = Stage::new(quick()).await;
    let world = stage.emulator.world();
    let scope = ArmId::new(world.storage_arm_id());
    let role = ArmId::new(format!(
        "/subscriptions/{}/providers/Microsoft.Authorization/roleDefinitions/ba92f5b4-2d11-453d-a403-e96b0029c9fe",
        world.subscription
    ));
    let principal = world.identity_principal_id(&world.user_assigned_identity);
    let id = role_assignment::id(&scope, &principal, &role);
    let wish = role_assignment::NewRoleAssignment::to_service_principal(role.clone(), &principal);
    for _ in 0..2 {
        stage
            .client
            .send(role_assignment::put(&scope, id, &wish))
            .await
            .unwrap();
    }
    let other = uuid::Uuid::new_v4();
    let error = stage
        .client
        .send(role_assignment::put(&scope, other, &wish))
        .await
        .unwrap_err();
    assert!(error.is_role_assignment_exists(), "{error:?}");
    let page = stage
        .client
        .send(role_assignment::list(&scope, &principal))
        .await
        .unwrap();
    assert!(
        page.items
            .iter()
            .any(|one| one.name.eq_ignore_ascii_case(&id.to_string()))
    );
    let gone = stage
        .client
        .send(role_assignment::delete(&scope, &id.to_string()))
        .await
        .unwrap();
    assert_eq!(gone, Deletion::Done);
}
