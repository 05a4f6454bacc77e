//! A person with kubectl, the plugin on PATH, and no more rights than are given.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, Result, bail, ensure};
use azureml_spark_testkit::binaries;
use azureml_spark_testkit::emulator::World;
use azureml_spark_testkit::eventually::{PATIENCE, until};
use azureml_spark_testkit::scope::Scope;
use k8s_openapi::api::authentication::v1::TokenRequest;
use k8s_openapi::api::authorization::v1::SubjectAccessReview;
use k8s_openapi::api::core::v1::ServiceAccount;
use k8s_openapi::api::rbac::v1::RoleBinding;
use kube::api::{Api, PostParams};
use serde_json::json;
use tokio::io::AsyncReadExt as _;
use tokio::process::{Child, ChildStderr, ChildStdout, Command};
use tokio::task::JoinHandle;

/// Where logs are served.
const API: &str = "logs.spark.azureml.dev/v1alpha1";

/// A person.
pub(crate) struct Person {
    kubeconfig: PathBuf,
    azure: Vec<(&'static str, String)>,
}

impl Person {
    /// A person with a role in the scope's namespace, or with none.
    pub(crate) async fn with_role(
        scope: &Scope<'_>,
        name: &str,
        role: Option<&str>,
    ) -> Result<Self> {
        let parameters = PostParams::default();
        let accounts: Api<ServiceAccount> = scope.api();
        let account = serde_json::from_value(json!({"metadata": {"name": name}}))?;
        accounts.create(&parameters, &account).await?;
        if let Some(role) = role {
            let bindings: Api<RoleBinding> = scope.api();
            let binding = serde_json::from_value(json!({
                "metadata": {"name": name},
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
                "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": scope.namespace()}],
            }))?;
            bindings.create(&parameters, &binding).await?;
            may_read_logs(scope, name).await?;
        }
        let request = TokenRequest::default();
        let answer = accounts
            .create_token_request(name, &parameters, &request)
            .await?;
        let token = answer.status.context("a token")?.token;
        let plane = scope.stack().plane();
        let file = |what: &str| {
            let name = scope.unique(&format!("{name}-{what}"));
            scope.stack().folder().join(name)
        };
        let ca = file("ca.pem");
        std::fs::write(&ca, plane.ca_pem())?;
        let config = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "c", "cluster": {"server": plane.url(), "certificate-authority": ca}}],
            "users": [{"name": "u", "user": {"token": token}}],
            "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u", "namespace": scope.namespace()}}],
            "current-context": "x",
        });
        let kubeconfig = file("kubeconfig");
        std::fs::write(&kubeconfig, config.to_string())?;
        Ok(Self {
            kubeconfig,
            azure: Vec::new(),
        })
    }

    /// The administrator of the cluster.
    pub(crate) fn administrator(scope: &Scope<'_>) -> Self {
        Self {
            kubeconfig: scope.stack().plane().kubeconfig().to_path_buf(),
            azure: Vec::new(),
        }
    }

    /// The same person with an application's login to Azure.
    pub(crate) fn logged_in_as(&self, world: &World, client_id: &str) -> Self {
        Self {
            kubeconfig: self.kubeconfig.clone(),
            azure: vec![
                ("AZURE_TENANT_ID", world.tenant.clone()),
                ("AZURE_CLIENT_ID", client_id.to_owned()),
                ("AZURE_CLIENT_SECRET", world.client_secret.clone()),
            ],
        }
    }

    /// What kubectl prints; the error is what it says when it fails.
    pub(crate) async fn sees(&self, args: &[&str]) -> Result<String> {
        let output = self.kubectl(args)?.output().await?;
        let notes = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{args:?}: {notes}");
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Starts kubectl and reads along.
    pub(crate) fn follows(&self, args: &[&str]) -> Result<Following> {
        let mut child = self
            .kubectl(args)?
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let (out, heard) = tokio::sync::watch::channel(String::new());
        let stdout = child.stdout.take().context("a way out")?;
        let stderr = child.stderr.take().context("a second one")?;
        Ok(Following {
            child,
            heard,
            out: tokio::spawn(listen(stdout, out)),
            notes: tokio::spawn(whole(stderr)),
        })
    }

    fn kubectl(&self, args: &[&str]) -> Result<Command> {
        let mut command = Command::new("kubectl");
        command
            .args(args)
            .env("PATH", path_with(&binaries::plugin()?)?)
            .env("KUBECONFIG", &self.kubeconfig)
            .envs(self.azure.iter().cloned())
            .stdin(Stdio::null())
            .kill_on_drop(true);
        for variable in ["AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"] {
            if self.azure.is_empty() {
                command.env_remove(variable);
            }
        }
        Ok(command)
    }
}

/// A controller of the cluster puts the chart's role into the built-in ones, and the apiserver hears of that, of the
/// binding, and of the chart's API a moment after they are stored.
async fn may_read_logs(scope: &Scope<'_>, name: &str) -> Result<()> {
    let reviews: Api<SubjectAccessReview> = Api::all(scope.client().clone());
    let namespace = scope.namespace();
    let question = serde_json::from_value(json!({"spec": {
        "user": format!("system:serviceaccount:{namespace}:{name}"),
        "resourceAttributes": {
            "namespace": namespace,
            "verb": "get",
            "group": "logs.spark.azureml.dev",
            "resource": "sparkjobs",
            "subresource": "log",
        },
    }}))?;
    until("the person may read logs", PATIENCE, async || {
        let answer = reviews.create(&PostParams::default(), &question).await?;
        let allowed = answer.status.is_some_and(|status| status.allowed);
        scope.client().list_api_group_resources(API).await?;
        Ok(allowed.then_some(()))
    })
    .await
}

fn path_with(plugin: &Path) -> Result<OsString> {
    let folder = plugin.parent().context("the plugin is in a folder")?;
    let path = std::env::var_os("PATH").unwrap_or_default();
    let paths = [folder.to_owned()]
        .into_iter()
        .chain(std::env::split_paths(&path));
    Ok(std::env::join_paths(paths)?)
}

async fn listen(mut stdout: ChildStdout, out: tokio::sync::watch::Sender<String>) -> Result<()> {
    let mut bytes = vec![0; 4096];
    loop {
        let read = stdout.read(&mut bytes).await?;
        if read == 0 {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&bytes[..read]).into_owned();
        out.send_modify(|all| all.push_str(&text));
    }
}

async fn whole(mut stderr: ChildStderr) -> Result<String> {
    let mut text = String::new();
    stderr.read_to_string(&mut text).await?;
    Ok(text)
}

/// A kubectl that runs.
pub(crate) struct Following {
    child: Child,
    heard: tokio::sync::watch::Receiver<String>,
    out: JoinHandle<Result<()>>,
    notes: JoinHandle<Result<String>>,
}

impl Following {
    /// Waits until it has printed this last.
    pub(crate) async fn until(&mut self, last: &str) -> Result<()> {
        let printed = self.heard.wait_for(|all| all.ends_with(last));
        let waited = tokio::time::timeout(PATIENCE, printed).await;
        let waited = waited.map(|printed| printed.is_ok());
        let Ok(is_printed) = waited else {
            bail!("{last:?} is not printed: {:?}", *self.heard.borrow());
        };
        if !is_printed {
            let notes = (&mut self.notes).await??;
            bail!("kubectl ended before it printed {last:?}: {notes}");
        }
        Ok(())
    }

    /// Waits until it has ended well: what it printed, and what it noted.
    pub(crate) async fn end(mut self) -> Result<(String, String)> {
        let status = tokio::time::timeout(PATIENCE, self.child.wait())
            .await
            .context("kubectl does not end")??;
        self.out.await??;
        let notes = self.notes.await??;
        ensure!(status.success(), "{notes}");
        let out = self.heard.borrow().clone();
        Ok((out, notes))
    }
}
