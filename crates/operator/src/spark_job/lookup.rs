//! What the names in a definition mean in Azure, asked for before the first submission.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use azureml_spark_azure::aml::{asset, environment};
use azureml_spark_azure::arm::compute;
use azureml_spark_azure::{AssetId, AssetKind, WorkspaceId};
use azureml_spark_core::spark_job::{
    AssetName, CodeChoice, ComputeChoice, Definition, EnvironmentChoice, InputChoice, NamedCompute,
    Seen, Want,
};
use azureml_spark_core::{Fault, Sight};
use tokio::time::Instant;

use super::assigned::Assignments;
use super::request::data_type;
use crate::access::Site;
use crate::registered::{Registered, Thing};
use crate::translate;

/// How long an answer is good for: the passes from the first look to the submission follow each other at once.
const BELIEVED: Duration = Duration::from_secs(30);

/// Most answers that are kept; after that all are asked for again.
const KEPT: usize = 10_000;

/// Answers of Azure that the next pass needs, too. What is not there is not kept: somebody may be about to mend it.
#[derive(Debug, Default)]
pub(crate) struct Lookup {
    answers: Mutex<Answers>,
    pub(super) assignments: Assignments,
}

#[derive(Debug, Default)]
struct Answers {
    assets: HashMap<Key, (Instant, String)>,
    computes: HashMap<Key, (Instant, NamedCompute)>,
}

/// Azure's workspace and what was asked.
type Key = (WorkspaceId, String);

impl Lookup {
    /// Adds to what was seen.
    pub(super) async fn look(
        &self,
        site: &Site,
        registered: &Registered,
        want: &Want,
        definition: &Definition,
        seen: &mut Seen,
    ) -> Result<(), Fault> {
        // Whether somebody else registered what is ours to register is found out by the step itself.
        let known = |thing: Option<Thing<'_>>| {
            let id = thing.and_then(|thing| registered.known(&site.id, thing));
            id.map_or(Sight::Absent, Sight::Present)
        };
        if let ComputeChoice::Named(name) = &definition.compute {
            seen.compute = self.compute(site, name).await?;
        }
        for (name, input) in &definition.inputs {
            if let InputChoice::DataAsset(type_, asset) = input {
                let kind = data_type(*type_).asset_kind();
                let found = self.asset(site, &want.owner, kind, asset).await?;
                seen.inputs.insert(name.clone(), found);
            }
        }
        seen.environment = match &definition.environment {
            None => Sight::Unknown,
            Some(EnvironmentChoice::Asset(asset)) => {
                let kind = AssetKind::Environment;
                self.asset(site, &want.owner, kind, asset).await?
            }
            Some(ours @ EnvironmentChoice::Conda { .. }) => known(Thing::environment(ours)),
        };
        seen.code = match &definition.code {
            CodeChoice::Asset(asset) => {
                self.asset(site, &want.owner, AssetKind::Code, asset)
                    .await?
            }
            ours @ (CodeChoice::Folder(_) | CodeChoice::Uri(_)) => known(Thing::code(ours)),
        };
        Ok(())
    }

    /// Drops what was found in a workspace: Azure refused a run that named some of it.
    pub(super) fn forget(&self, workspace: &WorkspaceId) {
        let mut answers = self.lock();
        answers.assets.retain(|(place, _), _| place != workspace);
        answers.computes.retain(|(place, _), _| place != workspace);
    }

    async fn asset(
        &self,
        site: &Site,
        owner: &str,
        kind: AssetKind,
        name: &AssetName,
    ) -> Result<Sight<String>, Fault> {
        if let Some(id) = curated(kind, name) {
            return Ok(Sight::Present(id));
        }
        // Which version is the latest is each object's own to ask.
        let whose = match name {
            AssetName::Latest { .. } => owner,
            AssetName::Id(_) | AssetName::Version { .. } => "",
        };
        let key = (site.id.clone(), format!("{kind:?} {name} {whose}"));
        if let Some(id) = fresh(&self.lock().assets, &key) {
            return Ok(Sight::Present(id));
        }
        let found = find(site, kind, name).await;
        let Some(id) = found.map_err(|error| translate::fault(&error))? else {
            return Ok(Sight::Absent);
        };
        keep(&mut self.lock().assets, key, id.clone());
        Ok(Sight::Present(id))
    }

    async fn compute(&self, site: &Site, name: &str) -> Result<Sight<NamedCompute>, Fault> {
        let key = (site.id.clone(), name.to_owned());
        if let Some(known) = fresh(&self.lock().computes, &key) {
            return Ok(Sight::Present(known));
        }
        let found = site.client.find(compute::get(&site.id, name)).await;
        let Some(found) = found.map_err(|error| translate::fault(&error))? else {
            return Ok(Sight::Absent);
        };
        let named = NamedCompute {
            id: found.id.as_str().to_owned(),
            kind: found.properties.compute_type.clone(),
            identity: Some(translate::identity(&found.identity)),
            pool: (found.properties.resource_id.as_ref()).map(|id| id.as_str().to_owned()),
        };
        keep(&mut self.lock().computes, key, named.clone());
        Ok(Sight::Present(named))
    }

    fn lock(&self) -> MutexGuard<'_, Answers> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Microsoft's own environments are not looked for: Azure itself resolves their names.
fn curated(kind: AssetKind, name: &AssetName) -> Option<String> {
    let (name, version) = match name {
        AssetName::Version { name, version } => (name, Some(version.as_str())),
        AssetName::Latest { name } => (name, None),
        AssetName::Id(_) => return None,
    };
    let id = (kind == AssetKind::Environment)
        .then(|| environment::curated(name, version))
        .flatten();
    id.map(|id| id.as_str().to_owned())
}

async fn find(
    site: &Site,
    kind: AssetKind,
    name: &AssetName,
) -> Result<Option<String>, azureml_spark_azure::Error> {
    let id = match name {
        AssetName::Latest { name } => {
            let latest = asset::latest(&site.client, &site.id, kind, name).await?;
            return Ok(latest.map(|id| id.to_string()));
        }
        AssetName::Version { name, version } => AssetId::new(&site.id, kind, name, version),
        AssetName::Id(id) => id.parse(),
    };
    // What is no id of such a thing names nothing.
    match id.ok().filter(|id: &AssetId| id.kind() == kind) {
        Some(id) if asset::exists(&site.client, &id).await? => Ok(Some(id.to_string())),
        Some(_) | None => Ok(None),
    }
}

fn fresh<T: Clone>(answers: &HashMap<Key, (Instant, T)>, key: &Key) -> Option<T> {
    let (at, answer) = answers.get(key)?;
    (at.elapsed() < BELIEVED).then(|| answer.clone())
}

fn keep<T>(answers: &mut HashMap<Key, (Instant, T)>, key: Key, answer: T) {
    if answers.len() >= KEPT {
        answers.clear();
    }
    answers.insert(key, (Instant::now(), answer));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(asked: &str) -> Key {
        (WorkspaceId::new("s", "g", "w").unwrap(), asked.to_owned())
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_is_good_for_a_submission_and_no_longer() {
        let mut answers = HashMap::new();
        keep(&mut answers, key("data"), 1);
        assert_eq!(fresh(&answers, &key("data")), Some(1));
        assert_eq!(fresh(&answers, &key("other")), None);
        tokio::time::advance(BELIEVED).await;
        assert_eq!(fresh(&answers, &key("data")), None);
    }

    #[test]
    fn microsofts_own_environments_go_by_their_short_names() {
        let latest = AssetName::Latest {
            name: "AzureML-sklearn".into(),
        };
        assert_eq!(
            curated(AssetKind::Environment, &latest).as_deref(),
            Some("azureml:AzureML-sklearn@latest")
        );
        let version = AssetName::Version {
            name: "AzureML-sklearn".into(),
            version: "3".into(),
        };
        assert_eq!(
            curated(AssetKind::Environment, &version).as_deref(),
            Some("azureml:AzureML-sklearn:3")
        );
        assert_eq!(curated(AssetKind::Data, &version), None);
    }
}
