//! What can go wrong on our own side of the wire. Azure's faults are data ([`azureml_spark_core::Fault`]), never this.

/// Trouble with the apiserver, or a bug. The pass is dropped and comes back later.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The apiserver refused or could not be reached.
    #[error("apiserver: {0}")]
    Apiserver(#[from] kube::Error),
    /// The apiserver did not answer in time.
    #[error("apiserver: no answer to {op} within {seconds} s")]
    Silent {
        /// What was asked, in words.
        op: &'static str,
        /// How long was waited.
        seconds: u64,
    },
    /// A write met a newer version of the object: what this pass knew is old.
    #[error("the object has changed since it was read")]
    Stale,
    /// A write met no object: it has been deleted meanwhile.
    #[error("the object is gone")]
    Gone,
    /// What went wrong with a question that several have put together.
    #[error("{0}")]
    Shared(std::sync::Arc<Error>),
    /// Something that the types do not rule out and that must not be.
    #[error("bug: {0}")]
    Bug(String),
}

impl Error {
    /// The word in metrics: a closed set.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Apiserver(_) => "apiserver",
            Self::Silent { .. } => "silent",
            Self::Stale => "stale",
            Self::Gone => "gone",
            Self::Shared(error) => error.as_str(),
            Self::Bug(_) => "bug",
        }
    }

    /// Reads the answer to a write of an object: 409 means old knowledge, 404 and 410 mean that it is gone.
    pub(crate) fn of_write(error: kube::Error) -> Self {
        match &error {
            kube::Error::Api(status) => match status.code {
                409 => Self::Stale,
                404 | 410 => Self::Gone,
                _ => Self::Apiserver(error),
            },
            _ => Self::Apiserver(error),
        }
    }
}
