//! How many requests there were of each kind: what a measurement asks for while thousands come in.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use axum::http::StatusCode;
use serde::Serialize;

use crate::arm::path::Path;
use crate::site::Site;

/// What a request asks for: all that are alike are counted together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Asked {
    /// Application id of a valid token.
    pub(crate) caller: Option<String>,
    pub(crate) method: String,
    /// The path without its names, such as `Microsoft.MachineLearningServices/workspaces/*/jobs` for a list of jobs.
    pub(crate) what: String,
}

/// How many alike.
#[derive(Debug, Default)]
pub(crate) struct Count {
    arrived: AtomicU64,
    throttled: AtomicU64,
    refused: AtomicU64,
}

/// All counts.
#[derive(Debug, Default)]
pub(super) struct Counts {
    all: RwLock<BTreeMap<Asked, Arc<Count>>>,
}

/// The counts at one moment.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Summary {
    /// The number of the latest request.
    pub(crate) last: u64,
    pub(crate) requests: Vec<Line>,
}

/// One of them.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Line {
    #[serde(flatten)]
    pub(crate) asked: Asked,
    pub(crate) count: u64,
    /// Of these, answered with 429.
    pub(crate) throttled: u64,
    /// Of these, answered with another error.
    pub(crate) refused: u64,
}

/// What a path asks for.
pub(crate) fn what(site: &Site, path: &str) -> String {
    let first = |path: &str| {
        let mut segments = path.split('/').filter(|segment| !segment.is_empty());
        segments.next().unwrap_or_default().to_owned()
    };
    match site {
        Site::Main => Path::new(path).pattern(),
        Site::Synapse(_) => format!("synapse/{}", first(path)),
        Site::Blob(_) => "blob".to_owned(),
        Site::Studio => "studio".to_owned(),
        Site::Unknown => "unknown".to_owned(),
    }
}

impl Count {
    pub(super) fn answered(&self, status: u16) {
        if status == StatusCode::TOO_MANY_REQUESTS {
            self.throttled.fetch_add(1, Ordering::Relaxed);
        } else if status >= 400 {
            self.refused.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Counts {
    pub(super) fn arrived(&self, asked: Asked) -> Arc<Count> {
        let known = {
            let all = self.all.read().unwrap_or_else(PoisonError::into_inner);
            all.get(&asked).cloned()
        };
        let count = known.unwrap_or_else(|| {
            let mut all = self.all.write().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(all.entry(asked).or_default())
        });
        count.arrived.fetch_add(1, Ordering::Relaxed);
        count
    }

    pub(super) fn summary(&self, last: u64) -> Summary {
        let all = self.all.read().unwrap_or_else(PoisonError::into_inner);
        let line = |(asked, count): (&Asked, &Arc<Count>)| Line {
            asked: asked.clone(),
            count: count.arrived.load(Ordering::Relaxed),
            throttled: count.throttled.load(Ordering::Relaxed),
            refused: count.refused.load(Ordering::Relaxed),
        };
        Summary {
            last,
            requests: all.iter().map(line).collect(),
        }
    }

    pub(super) fn clear(&self) {
        let mut all = self.all.write().unwrap_or_else(PoisonError::into_inner);
        all.clear();
    }
}
