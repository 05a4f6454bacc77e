//! A real control plane on the loopback interface: etcd, kube-apiserver with RBAC and an audit log, and the controllers
//! that make owner references, namespaces and `ServiceAccount`s behave as in a cluster. No kubelet: pods never run.

mod binaries;
mod credentials;
mod flags;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use kube::config::{KubeConfigOptions, Kubeconfig};

use crate::ports::free_ports;
use crate::process::Process;

use binaries::Binaries;
use credentials::Credentials;
pub(crate) use credentials::kubeconfig;

/// How long the parts may take to answer: 4 s on an idle machine of two cores, more while a compiler runs.
const READY_WITHIN: Duration = Duration::from_mins(2);
/// How often a starting part is asked whether it answers.
const LOOK: Duration = Duration::from_millis(100);

/// A running control plane. Dropping it ends it.
#[derive(Debug)]
pub struct ControlPlane {
    // Fields drop in order: controllers and apiserver before the etcd that they write to.
    controllers: Process,
    apiserver: Process,
    etcd: Process,
    kubeconfig: PathBuf,
    audit_log: PathBuf,
    url: String,
    ca_pem: String,
}

impl ControlPlane {
    /// Starts one with its data, certificates and logs in `folder`, and waits until it answers.
    /// The binaries are built first if they are not in the cache.
    pub async fn start(folder: &Path) -> Result<Self> {
        let binaries = tokio::task::spawn_blocking(Binaries::find).await??;
        std::fs::create_dir_all(folder.join("logs"))?;
        let folder = folder.canonicalize()?;
        let [client, peer, secure, controller] = free_ports()?;
        let url = format!("https://127.0.0.1:{secure}");
        let etcd_url = format!("http://127.0.0.1:{client}");
        let credentials = Credentials::write(&folder.join("control-plane"), &url)?;
        let log = |name: &str| folder.join("logs").join(format!("{name}.log"));

        let data = folder.join("control-plane/etcd");
        let mut etcd = binaries.etcd();
        etcd.args(flags::etcd(
            binaries.kind(),
            &data,
            &etcd_url,
            &format!("http://127.0.0.1:{peer}"),
        ));
        let mut etcd = Process::start("etcd", etcd, &log("etcd"))?;

        let audit_log = folder.join("logs/audit.jsonl");
        let mut apiserver = binaries.apiserver();
        apiserver.args(flags::apiserver(
            &credentials,
            &etcd_url,
            secure,
            &audit_log,
        ));
        let mut apiserver = Process::start("kube-apiserver", apiserver, &log("kube-apiserver"))?;
        wait_until_ready(&credentials.admin_kubeconfig, &mut etcd, &mut apiserver).await?;

        // Not before the apiserver answers: it asks once for how to know its callers, and ends if nobody is there.
        let mut controllers = binaries.controller_manager();
        controllers.args(flags::controller_manager(&credentials, controller));
        let controllers = Process::start(
            "kube-controller-manager",
            controllers,
            &log("kube-controller-manager"),
        )?;

        Ok(Self {
            controllers,
            apiserver,
            etcd,
            kubeconfig: credentials.admin_kubeconfig,
            audit_log,
            url,
            ca_pem: credentials.ca_pem,
        })
    }

    /// The apiserver's address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The certificate authority of the apiserver.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// A kubeconfig of an administrator.
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// The audit log: one JSON event a line, for requests of `ServiceAccount`s of `azureml-spark-system` only.
    pub fn audit_log(&self) -> &Path {
        &self.audit_log
    }

    /// Its processes, in the order in which to end them.
    pub fn processes(&self) -> [&Process; 3] {
        [&self.controllers, &self.apiserver, &self.etcd]
    }

    pub(crate) fn processes_mut(&mut self) -> [&mut Process; 3] {
        [&mut self.controllers, &mut self.apiserver, &mut self.etcd]
    }

    /// A client of the administrator, for the runtime that asks: connections do not outlive theirs.
    pub async fn client(&self) -> Result<kube::Client> {
        client(&self.kubeconfig).await
    }
}

async fn wait_until_ready(
    kubeconfig: &Path,
    etcd: &mut Process,
    apiserver: &mut Process,
) -> Result<()> {
    let begun = Instant::now();
    let client = client(kubeconfig).await?;
    loop {
        etcd.must_run()?;
        apiserver.must_run()?;
        let answer = client.request_text(http_get("/readyz")?).await;
        // The default namespace says that the apiserver's own hooks have run; admission of the first object needs it.
        let usable = match answer {
            Ok(_) => {
                client
                    .request_text(http_get("/api/v1/namespaces/default")?)
                    .await
            }
            Err(error) => Err(error),
        };
        match usable {
            Ok(_) => return Ok(()),
            Err(error) if begun.elapsed() > READY_WITHIN => {
                bail!(
                    "the apiserver is not ready: {error}\n{}",
                    apiserver.log_tail(30)
                )
            }
            Err(_) => tokio::time::sleep(LOOK).await,
        }
    }
}

/// Builds what [`ControlPlane::start`] needs, if it is not there: minutes, once. Blocks.
pub fn prepare() -> Result<()> {
    Binaries::find().map(drop)
}

/// A client for the first context of a kubeconfig file.
pub async fn client(kubeconfig: &Path) -> Result<kube::Client> {
    let file = Kubeconfig::read_from(kubeconfig)?;
    let config = kube::Config::from_custom_kubeconfig(file, &KubeConfigOptions::default()).await?;
    Ok(kube::Client::try_from(config)?)
}

fn http_get(path: &str) -> Result<http::Request<Vec<u8>>> {
    Ok(http::Request::get(path).body(Vec::new())?)
}
