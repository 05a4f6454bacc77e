//! Running a job's script for real, with `spark-submit` on this machine.
//!
//! The pieces, in the order a run needs them: [`access`] asks whether the pool lets the job in,
//! [`layout`] fetches the code, [`place`] turns storage URIs into local paths, [`arguments`] and
//! [`conf`] make the command line, [`process`] runs it, [`failure`] reads its last words, and
//! [`run`] puts them together.

mod access;
mod arguments;
mod command;
mod conf;
mod failure;
mod files;
mod instant;
mod layout;
mod log;
mod place;
mod process;
mod run;

pub(crate) use access::{check as check_access, pool_of};
pub(crate) use files::missing as missing_file;
pub(crate) use instant::{Lines, grow_log, leave_log};
pub(crate) use log::{Stream, append as append_log};
pub(crate) use place::{Places, default_output};
pub(crate) use run::{start, sweep};

/// Why a run ends as failed: the words for run details and log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Failure {
    /// For people; at most [`Failure::LONGEST`] characters.
    message: String,
}

impl Failure {
    /// Azure ML cuts error messages here (contract §3.2, model limits).
    const LONGEST: usize = 3000;

    /// A failure with these words.
    pub(crate) fn new(message: impl AsRef<str>) -> Self {
        Self {
            message: message.as_ref().chars().take(Self::LONGEST).collect(),
        }
    }
}
