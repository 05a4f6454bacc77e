//! The emulator, the file that describes it as a cloud, and the program.

use std::collections::BTreeMap;
use std::process::Output;
use std::time::Duration;

use azureml_emulator::{Config, Emulator, Link, Runner, World};
use azureml_spark_azure::arm::compute::{self, Compute, ComputeIdentity, SynapseSpark};
use azureml_spark_azure::{Client, Clouds, Credential, Options, SparkPoolId, WorkspaceId};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::process::Command;
use url::Url;

pub(crate) struct Stage {
    pub(crate) emulator: Emulator,
    pub(crate) client: Client,
    pub(crate) workspace: WorkspaceId,
    folder: tempfile::TempDir,
}

impl Stage {
    /// An emulator whose workspace has these links, with these settings.
    pub(crate) async fn new(links: &[&str], settings: Value) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let links = links.iter().map(|name| Link {
            name: (*name).to_owned(),
            linked_service_resource_id: None,
        });
        let config = Config {
            data_dir: folder.path().join("data"),
            runner: Runner::Instant,
            world: World {
                links: links.collect(),
                ..World::default()
            },
            settings: serde_json::from_value(settings).unwrap(),
            ..Config::default()
        };
        let emulator = Emulator::start(config).await.unwrap();
        let ca_file = folder.path().join("ca.pem");
        std::fs::write(&ca_file, emulator.ca_pem()).unwrap();
        let url = emulator.url();
        let port = url.parse::<Url>().unwrap().port().unwrap();
        let clouds = json!({"emulator": {
            "resourceManager": url,
            "resourceManagerAudience": format!("{url}/"),
            "activeDirectory": url,
            "machineLearningAudience": format!("{url}/aml"),
            "synapseAudience": format!("https://dev.azuresynapse.localhost:{port}"),
            "synapseSuffix": format!("dev.azuresynapse.localhost:{port}"),
            "studio": "https://ml.azure.com",
            "hosts": [format!("localhost:{port}"), format!(".localhost:{port}")],
            "caFile": ca_file,
        }});
        let file = folder.path().join("clouds.yaml");
        std::fs::write(&file, serde_norway::to_string(&clouds).unwrap()).unwrap();
        let clouds = Clouds::load(Some(&file)).unwrap();
        let transport = clouds.get("emulator").unwrap();
        let world = emulator.world();
        let secret = world.client_secret.as_str().into();
        let credential =
            Credential::client_secret(transport, &world.tenant, &world.client_id, &secret).unwrap();
        let client = Client::new(transport.clone(), credential, Options::default());
        let (subscription, group) = (&world.subscription, &world.resource_group);
        Self {
            workspace: WorkspaceId::new(subscription, group, &world.workspace).unwrap(),
            client,
            emulator,
            folder,
        }
    }

    /// Attaches the emulator's pool as somebody else would have.
    pub(crate) async fn attach(
        &self,
        name: &str,
        identity: ComputeIdentity,
        tags: &[(&str, &str)],
        description: Option<&str>,
    ) -> Compute {
        let world = self.emulator.world();
        let pool = SparkPoolId::new(
            &world.subscription,
            &world.resource_group,
            &world.synapse_workspace,
            &world.pool,
        );
        let tags = tags
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        let wish = SynapseSpark {
            location: world.location.clone(),
            pool: pool.unwrap(),
            description: description.map(str::to_owned),
            identity,
            tags: tags.collect(),
        };
        let call = compute::put(&self.workspace, name, &wish);
        self.client.send(call).await.unwrap();
        self.attached(name).await
    }

    async fn attached(&self, name: &str) -> Compute {
        let looked = tokio::time::timeout(Duration::from_secs(20), async {
            let mut ticks = tokio::time::interval(Duration::from_millis(50));
            loop {
                ticks.tick().await;
                let call = compute::get(&self.workspace, name);
                let compute = self.client.send(call).await.unwrap();
                if compute.properties.provisioning_state.is_final() {
                    return compute;
                }
            }
        });
        looked.await.expect("the pool is attached within 20 s")
    }

    /// Runs `kubectl-azureml import workspace` on the emulator's workspace.
    pub(crate) async fn import(&self, more: &[&str]) -> Output {
        let world = self.emulator.world();
        self.import_as(&world.client_id, &world.workspace, more)
            .await
    }

    /// The same as another application, on another workspace.
    pub(crate) async fn import_as(
        &self,
        client_id: &str,
        workspace: &str,
        more: &[&str],
    ) -> Output {
        let world = self.emulator.world();
        let mut program = Command::new(env!("CARGO_BIN_EXE_kubectl-azureml"));
        program.args(["import", "workspace"]);
        if !more.contains(&"--cloud") {
            program.args(["--cloud", "emulator"]);
        }
        program
            .arg("--clouds")
            .arg(self.folder.path().join("clouds.yaml"))
            .args(["--subscription", &world.subscription])
            .args(["--resource-group", &world.resource_group])
            .args(["--workspace-name", workspace])
            .args(more)
            .env("AZURE_TENANT_ID", &world.tenant)
            .env("AZURE_CLIENT_ID", client_id)
            .env("AZURE_CLIENT_SECRET", &world.client_secret)
            .kill_on_drop(true)
            .output()
            .await
            .unwrap()
    }
}

/// What the program said on its two ways out, when it ended well.
pub(crate) fn said(output: &Output) -> (String, String) {
    let (out, notes) = both(output);
    assert!(output.status.success(), "{notes}");
    (out, notes)
}

/// The same when it failed.
pub(crate) fn refused(output: &Output) -> (String, String) {
    let (out, notes) = both(output);
    assert!(!output.status.success(), "{out}");
    (out, notes)
}

fn both(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr))
}

/// Objects by kind and name.
pub(crate) fn objects(text: &str) -> BTreeMap<(String, String), serde_norway::Value> {
    serde_norway::Deserializer::from_str(text)
        .map(|document| serde_norway::Value::deserialize(document).unwrap())
        .map(|object| {
            let word = |value: &serde_norway::Value| value.as_str().unwrap().to_owned();
            let key = (word(&object["kind"]), word(&object["metadata"]["name"]));
            (key, object)
        })
        .collect()
}
