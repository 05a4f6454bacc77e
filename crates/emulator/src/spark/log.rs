//! The files that a run's output goes to: plain blobs of the workspace's artifact container.

use std::path::{Path, PathBuf};

use tokio::io::AsyncWriteExt as _;
use tokio::sync::Mutex;

use crate::history::ARTIFACT_CONTAINER;
use crate::settings::Presence;
use crate::state::App;

/// What the SDK streams (contract §5).
pub(crate) const STREAMED: &str = "user_logs/std_log.txt";

/// The driver's own files (contract §5).
pub(crate) const STDOUT: &str = "logs/azureml/driver/stdout";
pub(crate) const STDERR: &str = "logs/azureml/driver/stderr";

/// Where a program writes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
pub(crate) enum Stream {
    #[default]
    #[serde(rename = "stdout")]
    Output,
    #[serde(rename = "stderr")]
    Error,
}

/// Adds to the logs of a run that no process writes: to what is streamed, and to the stream's own file.
pub(crate) async fn append(
    app: &App,
    run: &str,
    stream: Stream,
    text: &str,
) -> std::io::Result<()> {
    let own = match stream {
        Stream::Output => STDOUT,
        Stream::Error => STDERR,
    };
    let is_split = app.settings().driver_logs == Presence::Present;
    for name in [Some(STREAMED), is_split.then_some(own)]
        .into_iter()
        .flatten()
    {
        let path = folder(app, run).join(name);
        if let Some(folder) = path.parent() {
            tokio::fs::create_dir_all(folder).await?;
        }
        let mut file = tokio::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)
            .await?;
        file.write_all(text.as_bytes()).await?;
        file.flush().await?;
    }
    Ok(())
}

/// Most bytes of one file: a script that prints without end must not fill the disk.
const MOST: u64 = 64 << 20;

/// The folder of a run's artifacts.
pub(crate) fn folder(app: &App, run: &str) -> PathBuf {
    app.data_dir
        .join(&app.world.storage_account)
        .join(ARTIFACT_CONTAINER)
        .join("ExperimentRun")
        .join(format!("dcid.{run}"))
}

/// One file that grows line by line.
#[derive(Debug)]
pub(crate) struct Log {
    file: Mutex<(tokio::fs::File, u64)>,
}

impl Log {
    /// Starts a file of the run, empty.
    pub(crate) async fn start(app: &App, run: &str, name: &str) -> std::io::Result<Self> {
        Self::at(&folder(app, run).join(name)).await
    }

    /// Starts a file, empty.
    pub(crate) async fn at(path: &Path) -> std::io::Result<Self> {
        if let Some(folder) = path.parent() {
            tokio::fs::create_dir_all(folder).await?;
        }
        let file = tokio::fs::File::create(path).await?;
        Ok(Self {
            file: Mutex::new((file, 0)),
        })
    }

    /// Adds bytes; they can be read by others when this returns.
    pub(crate) async fn write(&self, bytes: &[u8]) -> std::io::Result<()> {
        let mut file = self.file.lock().await;
        let (file, written) = &mut *file;
        let before = *written;
        *written = before.saturating_add(bytes.len() as u64);
        if before >= MOST {
            return Ok(());
        }
        file.write_all(bytes).await?;
        if *written >= MOST {
            file.write_all(b"\n[the emulator cuts logs at 64 MiB]\n")
                .await?;
        }
        file.flush().await
    }
}
