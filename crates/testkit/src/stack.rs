//! Everything together: control plane, emulator, chart, operator.

mod run_folder;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Result;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::binaries::Profile;
use crate::control_plane::ControlPlane;
use crate::emulator::{self, Emulator};
use crate::flux::Artifacts;
use crate::helm::Helm;
use crate::operator::{Launch, Operator};
use crate::ports::free_ports;
use crate::process::Identity;
use crate::scope::Scope;
use crate::{binaries, eventually, repository};

pub use run_folder::RunFolder;

/// The name for `spec.cloud` under which the chart knows the emulator.
pub const CLOUD: &str = "emulator";
/// Release, Deployment and `ServiceAccount` of the operator.
pub const RELEASE: &str = "azureml-spark-operator";
/// The namespace that the chart is installed in.
pub const NAMESPACE: &str = "azureml-spark-system";

/// How to start a stack.
#[derive(Debug, Clone)]
pub struct Options {
    /// How the operator is built.
    pub profile: Profile,
    /// The emulator.
    pub emulator: emulator::Options,
    /// An emulator that runs already, for a second cluster on the same Azure; `emulator` is not looked at then, and who
    /// started it ends it.
    pub beside: Option<Arc<Emulator>>,
    /// Values of the chart, over those that make it know the emulator.
    pub values: Value,
    /// Whether the operator is started, or left for the test to start.
    pub start_operator: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            profile: Profile::default(),
            emulator: emulator::Options::default(),
            beside: None,
            values: json!({}),
            start_operator: true,
        }
    }
}

/// A running stack. Dropping it ends it.
#[derive(Debug)]
pub struct Stack {
    // Fields drop in order: clients before their servers.
    operator: Operator,
    emulator: Arc<Emulator>,
    artifacts: Artifacts,
    plane: ControlPlane,
    helm: Helm,
    folder: PathBuf,
    // Last: the folder goes when nothing writes into it any more.
    run: Option<RunFolder>,
}

impl Stack {
    /// The one stack that the tests of a binary share, with the instant runner. It ends with the process.
    pub async fn shared() -> Result<&'static Self> {
        static SHARED: OnceCell<Stack> = OnceCell::const_new();
        SHARED
            .get_or_try_init(|| Self::start(Options::default()))
            .await
    }

    /// Starts one in a folder of its own under `target/testkit`.
    pub async fn start(options: Options) -> Result<Self> {
        let run = RunFolder::new(&repository::runs())?;
        let mut stack = Self::start_in(run.path(), options).await?;
        stack.run = Some(run);
        Ok(stack)
    }

    /// Starts one with its files in `folder`.
    pub async fn start_in(folder: &Path, options: Options) -> Result<Self> {
        std::fs::create_dir_all(folder)?;
        let folder = folder.canonicalize()?;
        let (plane, emulator) =
            tokio::try_join!(ControlPlane::start(&folder), emulator_of(&folder, &options),)?;
        let (helm, program) = tokio::task::spawn_blocking({
            let (home, kubeconfig) = (folder.join("helm"), plane.kubeconfig().to_path_buf());
            let profile = options.profile;
            move || {
                let helm = Helm::connected(&home, &kubeconfig)?;
                anyhow::Ok((helm, binaries::operator(profile)?))
            }
        })
        .await??;
        let [probe, logs] = free_ports()?;
        let artifacts = Artifacts::start().await?;
        let mut values = json!({
            "clouds": {CLOUD: emulator.cloud()},
            "probe": {"host": "127.0.0.1", "port": probe},
            // The operator runs beside the cluster, not in it.
            "logs": {"host": "127.0.0.1", "port": logs, "externalName": "localhost"},
            "sources": {"artifactHosts": [artifacts.address().to_string()]},
            // A test waits for it; Azure is here.
            "pollSeconds": 1,
            // And every state may be what it waits for.
            "tellStatesAfterSeconds": 0,
            "logLevel": "info",
            "logFormat": "text",
        });
        lay_over(&mut values, &options.values);
        tokio::task::spawn_blocking({
            let helm = helm.clone();
            move || helm.install(RELEASE, NAMESPACE, &repository::chart(), &values)
        })
        .await??;
        let operator = Operator::new(
            program,
            Launch::prepare(&plane, NAMESPACE, RELEASE, &folder).await?,
            &folder,
        )?;
        let stack = Self {
            operator,
            emulator,
            artifacts,
            plane,
            helm,
            folder,
            run: None,
        };
        stack.wait_for_definitions().await?;
        if options.start_operator {
            stack.operator.start().await?;
        }
        Ok(stack)
    }

    /// The control plane.
    pub fn plane(&self) -> &ControlPlane {
        &self.plane
    }

    /// The emulator of Azure.
    pub fn emulator(&self) -> &Emulator {
        &self.emulator
    }

    /// What stands for Flux's source-controller; nothing is in it.
    pub fn artifacts(&self) -> &Artifacts {
        &self.artifacts
    }

    /// The operator.
    pub fn operator(&self) -> &Operator {
        &self.operator
    }

    /// Helm, for this cluster.
    pub fn helm(&self) -> &Helm {
        &self.helm
    }

    /// Where its data and logs are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Its processes.
    pub fn identities(&self) -> Vec<Identity> {
        let others = [self.emulator.process()]
            .into_iter()
            .chain(self.plane.processes());
        self.operator
            .identity()
            .into_iter()
            .chain(others.map(|one| one.identity().clone()))
            .collect()
    }

    /// Lets it outlive us, and says what to end later, in that order.
    pub fn detach(mut self) -> Result<Vec<(String, Identity)>> {
        let mut processes = vec![("operator".to_owned(), self.operator.detach()?)];
        let emulator = Arc::get_mut(&mut self.emulator).map(Emulator::process_mut);
        let others = emulator.into_iter().chain(self.plane.processes_mut());
        for process in others {
            processes.push((process.name().to_owned(), Some(process.detach()?)));
        }
        let running = |(name, process): (String, Option<Identity>)| Some((name, process?));
        Ok(processes.into_iter().filter_map(running).collect())
    }

    /// A namespace of its own for a test, so that tests run side by side.
    pub async fn scope(&self, name: &str) -> Result<Scope<'_>> {
        Scope::new(self, name).await
    }

    /// Helm returns when definitions are stored; they are served a moment later.
    async fn wait_for_definitions(&self) -> Result<()> {
        let client = self.plane.client().await?;
        eventually::until(
            "the custom resources are served",
            eventually::PATIENCE,
            async || {
                let group = "spark.azureml.dev/v1alpha1";
                let served = client.list_api_group_resources(group).await?;
                let kinds = [
                    "AzureMLWorkspace",
                    "LinkedService",
                    "SynapseSparkAttachment",
                    "SparkJob",
                ];
                let all = kinds
                    .iter()
                    .all(|kind| served.resources.iter().any(|one| one.kind == *kind));
                Ok(all.then_some(()))
            },
        )
        .await
    }
}

async fn emulator_of(folder: &Path, options: &Options) -> Result<Arc<Emulator>> {
    match &options.beside {
        Some(running) => Ok(running.clone()),
        None => Ok(Arc::new(Emulator::start(folder, &options.emulator).await?)),
    }
}

fn lay_over(under: &mut Value, over: &Value) {
    match (under, over) {
        (Value::Object(under), Value::Object(over)) => {
            for (key, value) in over {
                lay_over(under.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (under, over) => *under = over.clone(),
    }
}
