//! All that was measured by one command, as it goes into a file.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Serialize;

use super::figure::Figure;
use super::machine::{Machine, Versions};

/// The file.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Report {
    /// Seconds since 1970.
    at: u64,
    machine: Machine,
    versions: Versions,
    /// 1: the numbers of objects are those of docs/performance.md.
    part: f64,
    pub(super) scenarios: Vec<Measured>,
}

/// One scenario's figures.
#[derive(Debug, Serialize)]
pub(super) struct Measured {
    pub(super) scenario: String,
    pub(super) seconds: f64,
    pub(super) figures: Vec<Figure>,
}

impl Report {
    pub(super) fn new(machine: Machine, versions: Versions, part: f64) -> Self {
        let at = SystemTime::now().duration_since(UNIX_EPOCH);
        Self {
            at: at.map_or(0, |at| at.as_secs()),
            machine,
            versions,
            part,
            scenarios: Vec::new(),
        }
    }
}

impl Measured {
    pub(super) fn new(scenario: String, took: Duration, figures: Vec<Figure>) -> Self {
        Self {
            scenario,
            seconds: took.as_secs_f64(),
            figures,
        }
    }
}
