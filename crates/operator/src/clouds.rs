//! The clouds that `spec.cloud` may name: the built-in ones and those of the installation's settings.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context, ensure};
use azureml_spark_azure::{Cloud, Transport};

/// The cloud of an `AzureMLWorkspace` that names none.
pub(crate) const DEFAULT: &str = "AzurePublic";

/// Names of the built-in clouds.
const BUILT_IN: [&str; 3] = [DEFAULT, "AzureUSGovernment", "AzureChina"];

/// A way to each cloud, by name.
#[derive(Clone, Debug)]
pub(crate) struct Clouds(HashMap<String, Transport>);

impl Clouds {
    /// The built-in clouds, and those of a settings file (YAML: name → endpoints).
    pub(crate) fn load(settings: Option<&Path>) -> anyhow::Result<Self> {
        let mut clouds: HashMap<String, Cloud> = match settings {
            None => HashMap::new(),
            Some(path) => {
                let text = std::fs::read_to_string(path)
                    .with_context(|| format!("--clouds: cannot read {}", path.display()))?;
                serde_norway::from_str(&text).with_context(|| {
                    format!("--clouds: {} is not name → endpoints", path.display())
                })?
            }
        };
        for name in BUILT_IN {
            let built_in =
                Cloud::built_in(name).with_context(|| format!("no built-in cloud {name}"))?;
            ensure!(
                clouds.insert(name.to_owned(), built_in).is_none(),
                "--clouds: {name} is built in"
            );
        }
        clouds
            .into_iter()
            .map(|(name, cloud)| {
                if let Some(fault) = cloud.fault() {
                    anyhow::bail!("--clouds: {name}: {fault}");
                }
                let way = Transport::new(cloud.named(&name))
                    .map_err(|error| anyhow::anyhow!("--clouds: {name}: {error}"))?;
                Ok((name, way))
            })
            .collect::<anyhow::Result<_>>()
            .map(Self)
    }

    /// The way to a cloud.
    pub(crate) fn get(&self, name: &str) -> Option<&Transport> {
        self.0.get(name)
    }
}
