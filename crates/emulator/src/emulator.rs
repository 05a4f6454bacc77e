//! One running emulator.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::addresses::Addresses;
use crate::authority::Authority;
use crate::state::App;
use crate::{Config, World, server};

/// A running emulator. Dropping it closes the server; [`Emulator::stop`] also waits until every process
/// that it started has ended.
pub struct Emulator {
    app: Arc<App>,
    ca_pem: String,
    end: CancellationToken,
    serving: Option<JoinHandle<()>>,
}

/// Why an emulator did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// It answers without checking who asks for what it holds, so it must not be reachable from outside.
    #[error("{0} is not a loopback address")]
    NotLoopback(std::net::IpAddr),
    /// The address is taken, or the data folder cannot be made.
    #[error("cannot {action}")]
    Io {
        /// What was tried.
        action: String,
        /// What came of it.
        #[source]
        source: std::io::Error,
    },
    /// The certificates could not be made.
    #[error("cannot make a certificate")]
    Certificate(#[from] rcgen::Error),
    /// TLS could not be set up.
    #[error("cannot set up TLS")]
    Tls(#[from] rustls::Error),
}

impl Emulator {
    /// Starts an emulator; when this returns, it answers.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let Config {
            listen,
            data_dir,
            python,
            runner,
            world,
            mut settings,
        } = config;
        if !listen.ip().is_loopback() {
            return Err(StartError::NotLoopback(listen.ip()));
        }
        let failed = |action: String| move |source| StartError::Io { action, source };
        let listener = TcpListener::bind(listen)
            .await
            .map_err(failed(format!("listen on {listen}")))?;
        let port = listener
            .local_addr()
            .map_err(failed("listen".to_owned()))?
            .port();
        let data_dir = make_folder(&data_dir)?;
        settings.runner = runner;
        let world = world.complete();
        let authority = Authority::new(&world)?;
        let ca_pem = authority.pem.clone();
        let tls = server::tls(authority)?;
        let app = Arc::new(App::new(
            world,
            Addresses::new(port),
            settings,
            data_dir,
            python,
        ));
        let end = CancellationToken::new();
        let serving = tokio::spawn(server::serve(listener, tls, Arc::clone(&app), end.clone()));
        Ok(Self {
            app,
            ca_pem,
            end,
            serving: Some(serving),
        })
    }

    /// `https://localhost:PORT`.
    pub fn url(&self) -> &str {
        &self.app.addresses.base
    }

    /// The certificate that clients have to trust, in PEM.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// What exists, with the secrets filled in.
    pub fn world(&self) -> &World {
        &self.app.world
    }

    /// Where the blobs are.
    pub fn data_dir(&self) -> &Path {
        &self.app.data_dir
    }

    /// Ends the server and every job, and waits for that.
    pub async fn stop(mut self) {
        self.end.cancel();
        if let Some(serving) = self.serving.take()
            && let Err(error) = serving.await
        {
            tracing::warn!(%error, "the server did not end by itself");
        }
        self.app.tasks.end().await;
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.end.cancel();
        self.app.tasks.cancel();
    }
}

fn make_folder(folder: &Path) -> Result<PathBuf, StartError> {
    let failed = |source| StartError::Io {
        action: format!("use {}", folder.display()),
        source,
    };
    std::fs::create_dir_all(folder).map_err(failed)?;
    std::fs::canonicalize(folder).map_err(failed)
}
