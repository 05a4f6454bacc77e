//! Real helm, with folders of its own so that a person's repositories and plugins stay out of it.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use serde::Deserialize as _;
use serde_json::Value;

use crate::tools;

/// Helm, perhaps with a cluster.
#[derive(Debug, Clone)]
pub struct Helm {
    program: PathBuf,
    home: PathBuf,
    kubeconfig: Option<PathBuf>,
}

impl Helm {
    /// Helm for `lint` and `template`, with its folders in `home`. It is built first if it is not in the cache.
    pub fn offline(home: &Path) -> Result<Self> {
        Ok(Self {
            program: tools::helm()?,
            home: home.to_path_buf(),
            kubeconfig: None,
        })
    }

    /// Helm for the cluster of a kubeconfig.
    pub fn connected(home: &Path, kubeconfig: &Path) -> Result<Self> {
        Ok(Self {
            kubeconfig: Some(kubeconfig.to_path_buf()),
            ..Self::offline(home)?
        })
    }

    /// `helm lint --strict`.
    pub fn lint(&self, chart: &Path, values: &Value) -> Result<()> {
        let arguments = ["lint", "--strict", path(chart)?];
        self.run(&arguments, Some(values)).map(drop)
    }

    /// `helm template`: the rendered objects, without the definitions in `crds/`.
    pub fn template(
        &self,
        release: &str,
        namespace: &str,
        chart: &Path,
        values: &Value,
    ) -> Result<Vec<Value>> {
        let arguments = ["template", release, path(chart)?, "--namespace", namespace];
        let text = self.run(&arguments, Some(values))?;
        serde_norway::Deserializer::from_str(&text)
            .map(|document| Ok(Value::deserialize(document)?))
            .filter(|document| !matches!(document, Ok(Value::Null)))
            .collect()
    }

    /// `helm upgrade --install`, into a namespace that is made if need be. It does not wait for pods: none run here.
    pub fn install(
        &self,
        release: &str,
        namespace: &str,
        chart: &Path,
        values: &Value,
    ) -> Result<()> {
        let arguments = [
            "upgrade",
            "--install",
            release,
            path(chart)?,
            "--namespace",
            namespace,
            "--create-namespace",
        ];
        self.run(&arguments, Some(values)).map(drop)
    }

    /// `helm uninstall`.
    pub fn uninstall(&self, release: &str, namespace: &str) -> Result<()> {
        self.run(&["uninstall", release, "--namespace", namespace], None)
            .map(drop)
    }

    /// Any helm command, with values on its standard input; returns what it printed.
    pub fn run(&self, arguments: &[&str], values: Option<&Value>) -> Result<String> {
        let mut command = Command::new(&self.program);
        command.args(arguments);
        for folder in ["CACHE", "CONFIG", "DATA"] {
            command.env(
                format!("HELM_{folder}_HOME"),
                self.home.join(folder.to_lowercase()),
            );
        }
        command.env_remove("KUBECONFIG");
        if let Some(kubeconfig) = &self.kubeconfig {
            command.env("KUBECONFIG", kubeconfig);
        }
        if values.is_some() {
            command.args(["--values", "-"]);
        }
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("helm does not start")?;
        // JSON is YAML. Values fit the pipe's buffer, so this cannot wait for helm, which answers at the end; a helm that
        // ended before it read them says why itself.
        let written = child.stdin.take().map(|mut stdin| {
            stdin.write_all(values.unwrap_or(&Value::Null).to_string().as_bytes())
        });
        let output = child.wait_with_output()?;
        if !output.status.success() {
            bail!(
                "helm {}: {}",
                arguments.join(" "),
                String::from_utf8_lossy(&output.stderr)
            );
        }
        written.transpose()?;
        Ok(String::from_utf8(output.stdout)?)
    }
}

fn path(path: &Path) -> Result<&str> {
    path.to_str()
        .with_context(|| format!("{} is not UTF-8", path.display()))
}
