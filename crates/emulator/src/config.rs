//! What a caller decides before the emulator starts.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::{Settings, World};

/// How submitted jobs are run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Runner {
    /// Each job's script is run by `spark-submit`, one at a time.
    #[default]
    Spark,
    /// No script is run; a job ends by itself after the settings' seconds with the settings' outcome.
    Instant,
}

/// How one emulator is started.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen; only loopback addresses are accepted, port 0 takes a free one.
    pub listen: SocketAddr,
    /// Holds the blobs as plain files, `<account>/<container>/<path>`, and the scratch folders of jobs.
    pub data_dir: PathBuf,
    /// A Python with PySpark in it; needed by [`Runner::Spark`] only.
    pub python: Option<PathBuf>,
    /// How submitted jobs are run at first; the settings can change it later.
    pub runner: Runner,
    /// What exists in Azure before the first request.
    pub world: World,
    /// Behaviour at first, and after a reset.
    pub settings: Settings,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            data_dir: PathBuf::from("emulator-data"),
            python: None,
            runner: Runner::default(),
            world: World::default(),
            settings: Settings::default(),
        }
    }
}
