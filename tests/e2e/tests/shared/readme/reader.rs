//! Somebody who does what the README says, word for word.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use azureml_spark_testkit::scope::Scope;
use azureml_spark_testkit::{binaries, repository};
use serde_json::{Value, json};

/// The fenced blocks of one language.
pub(super) fn blocks(language: &str) -> Result<Vec<String>> {
    let text = std::fs::read_to_string(repository::root().join("README.md"))?;
    let opening = format!("```{language}\n");
    Ok(text
        .split(&opening)
        .skip(1)
        .filter_map(|rest| rest.split_once("\n```"))
        .map(|(block, _)| block.to_owned())
        .collect())
}

/// The commands of the README, continued lines joined.
pub(super) fn commands() -> Result<Vec<String>> {
    let joined = blocks("sh")?.join("\n").replace("\\\n", " ");
    let commands = joined
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    Ok(commands.filter(|line| !line.is_empty()).collect())
}

/// A reader with a folder, a kubeconfig that knows his namespace, and the plugin on PATH.
pub(super) struct Reader {
    folder: PathBuf,
    path: OsString,
    variables: Vec<(&'static str, String)>,
    commands: Vec<String>,
    done: RefCell<BTreeSet<String>>,
}

impl Reader {
    pub(super) fn new(scope: &Scope<'_>) -> Result<Self> {
        let folder = scope.stack().folder().join(scope.unique("reader"));
        std::fs::create_dir_all(&folder)?;
        let kubeconfig = std::fs::read_to_string(scope.stack().plane().kubeconfig())?;
        let mut kubeconfig: Value = serde_norway::from_str(&kubeconfig)?;
        kubeconfig["contexts"][0]["context"]["namespace"] = json!(scope.namespace());
        let file = folder.join("kubeconfig");
        std::fs::write(&file, kubeconfig.to_string())?;
        let plugin = binaries::plugin()?;
        let plugin = plugin.parent().context("the plugin is in a folder")?;
        let path = std::env::var_os("PATH").unwrap_or_default();
        let paths = [plugin.to_owned()]
            .into_iter()
            .chain(std::env::split_paths(&path));
        let world = scope.stack().emulator().world();
        Ok(Self {
            path: std::env::join_paths(paths)?,
            variables: vec![
                ("KUBECONFIG", file.display().to_string()),
                ("TENANT", world.tenant.clone()),
                ("CLIENT_ID", world.client_id.clone()),
                ("CLIENT_SECRET", world.client_secret.clone()),
            ],
            folder,
            commands: commands()?,
            done: RefCell::default(),
        })
    }

    /// Writes a file that a command names.
    pub(super) fn writes(&self, name: &str, text: &str) -> Result<()> {
        Ok(std::fs::write(self.folder.join(name), text)?)
    }

    /// The one command that begins so.
    pub(super) fn finds(&self, beginning: &str) -> Result<&str> {
        let begins = |command: &&String| command.starts_with(beginning);
        let found: Vec<&String> = self.commands.iter().filter(begins).collect();
        let [command] = found.as_slice() else {
            bail!("the README has {} commands '{beginning}'", found.len());
        };
        Ok(command)
    }

    /// Carries out the one command that begins so, as it is written.
    pub(super) fn does(&self, beginning: &str) -> Result<String> {
        let command = self.finds(beginning)?;
        self.done.borrow_mut().insert(command.to_owned());
        self.tries(command)
    }

    /// Carries out any command.
    pub(super) fn tries(&self, command: &str) -> Result<String> {
        let output = Command::new("sh")
            .args(["-euc", command])
            .current_dir(&self.folder)
            .env("PATH", &self.path)
            .envs(self.variables.iter().cloned())
            .output()?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        ensure!(
            output.status.success(),
            "{command}: {said}{}",
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(said)
    }

    /// The commands that he has not come to.
    pub(super) fn left(&self) -> Vec<&str> {
        let done = self.done.borrow();
        let left = self.commands.iter().filter(|one| !done.contains(*one));
        left.map(String::as_str).collect()
    }
}
