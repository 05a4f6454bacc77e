//! What is registered in the workspace: code and packages by their ids, and assets that others register version by
//! version.

use azureml_spark_core::spark_job::{AssetName, Pinned, SUBMIT};
use azureml_spark_core::{Class, Fault};

use super::{Azure, fault};
use crate::history::History;
use crate::ownership::KNOWN;

/// What ids of assets with versions begin with.
const ASSETS: &str = "/assets/";

/// What separates the name from the number there.
const VERSIONS: &str = "/versions/";

impl Azure {
    pub(super) fn register(&mut self, now: i64, id: String) {
        let known = now - KNOWN;
        match self.registered.get_mut(&id) {
            Some(history) => {
                if history.since(known).all(|there| *there) && history.at(known).is_some() {
                    self.break_rule(format!("{id} was registered already"));
                    return;
                }
                history.set(now, true);
            }
            None => {
                self.registered.insert(id, History::new(now, true));
            }
        }
    }

    /// Somebody deletes all that was registered for jobs.
    pub(crate) fn unregister(&mut self, now: i64) {
        for history in self.registered.values_mut() {
            history.set(now, false);
        }
    }

    pub(crate) fn is_registered(&self, id: &str, time: i64) -> bool {
        if let Some((name, version)) = id
            .strip_prefix(ASSETS)
            .and_then(|rest| rest.split_once(VERSIONS))
        {
            return version
                .parse()
                .is_ok_and(|number: u64| (1..=self.latest(name, time)).contains(&number));
        }
        let history = self.registered.get(id);
        history.and_then(|history| history.at(time)) == Some(&true)
    }

    /// Somebody registers one more version.
    pub(crate) fn add_version(&mut self, now: i64, name: &'static str) {
        let next = self.latest(name, now) + 1;
        match self.versions.get_mut(name) {
            Some(history) => history.set(now, next),
            None => {
                self.versions.insert(name, History::new(now, next));
            }
        }
    }

    fn latest(&self, name: &str, time: i64) -> u64 {
        let history = self.versions.get(name);
        history
            .and_then(|h| h.at(time))
            .copied()
            .unwrap_or_default()
    }

    /// The id of what goes by this name, if it is there.
    pub(crate) fn named(&self, asset: &AssetName, time: i64) -> Option<String> {
        let (name, version) = match asset {
            AssetName::Id(id) => return self.is_registered(id, time).then(|| id.clone()),
            AssetName::Version { name, version } => (name, version.clone()),
            AssetName::Latest { name } => (name, self.latest(name, time).to_string()),
        };
        let id = format!("{ASSETS}{name}{VERSIONS}{version}");
        self.is_registered(&id, time).then_some(id)
    }

    /// A run is refused if it names what is not there.
    pub(super) fn has_all(&self, now: i64, with: &Pinned) -> Result<(), Fault> {
        let assets = with.inputs.values().map(|(_, address)| address);
        let mut named = assets
            .filter(|address| address.starts_with(ASSETS))
            .chain([&with.code_id])
            .chain(&with.environment_id);
        if named.any(|id| !self.is_registered(id, now)) {
            return Err(fault(Class::Terminal, "AssetNotFound", SUBMIT));
        }
        Ok(())
    }
}
