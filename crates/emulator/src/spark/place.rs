//! Where the data of a job lies: storage URIs become local paths below the data folder.

use serde_json::Value;

use super::Failure;
use crate::aml::assets::{self, Named};
use crate::blob::Container;
use crate::state::App;

/// Resolves URIs for one workspace.
#[derive(Clone, Copy)]
pub(crate) struct Places<'a> {
    app: &'a App,
}

/// A container and a path in it; the path may be empty or end with a slash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) container: Container,
    pub(crate) path: String,
}

/// How many data assets may refer to one another before the chain counts as a circle.
const MOST_HOPS: usize = 8;

impl<'a> Places<'a> {
    pub(crate) fn new(app: &'a App) -> Self {
        Self { app }
    }

    /// The local path of a URI, as a script is given it.
    pub(crate) fn local(self, uri: &str) -> Result<String, Failure> {
        let place = self.find(uri)?;
        let mut local = place
            .container
            .folder(&self.app.data_dir)
            .display()
            .to_string();
        if !place.path.is_empty() {
            local.push('/');
            local.push_str(&place.path);
        }
        Ok(local)
    }

    /// The local path when the text is a URI of emulated storage, else the text itself.
    pub(crate) fn local_or_same(self, text: String) -> Result<String, Failure> {
        if is_uri(&text) {
            self.local(&text)
        } else {
            Ok(text)
        }
    }

    /// Container and path of a URI: a datastore's, a storage account's, or a data asset's.
    pub(crate) fn find(self, uri: &str) -> Result<Place, Failure> {
        let mut uri = uri.to_owned();
        for _ in 0..MOST_HOPS {
            match self.asset(&uri)? {
                Some(next) => uri = next,
                None => return self.stored(&uri),
            }
        }
        Err(Failure::new(format!(
            "The data asset {uri} refers to itself."
        )))
    }

    /// The same location in words of a datastore, where one lies on that container; the SDK
    /// downloads from datastores only.
    pub(crate) fn in_datastore(self, uri: &str) -> Option<String> {
        let place = self.find(uri).ok()?;
        let store = self.app.store();
        let (name, _) = store.list("datastores").find(|(_, datastore)| {
            let is = |field: &str, wanted: &str| {
                datastore
                    .get("properties")
                    .and_then(|p| p.get(field))
                    .and_then(Value::as_str)
                    == Some(wanted)
            };
            is("accountName", &place.container.account)
                && is("containerName", &place.container.name)
        })?;
        Some(format!("azureml://datastores/{name}/paths/{}", place.path))
    }

    fn stored(self, uri: &str) -> Result<Place, Failure> {
        if let Some((datastore, path)) = datastore_path(uri) {
            let (account, container) = self.datastore(&datastore)?;
            return self.place(uri, &account, &container, &path);
        }
        let (account, container, path) = account_path(uri).ok_or_else(|| {
            Failure::new(format!("The emulator cannot resolve the location '{uri}'."))
        })?;
        self.place(uri, &account, &container, &path)
    }

    fn place(
        self,
        uri: &str,
        account: &str,
        container: &str,
        path: &str,
    ) -> Result<Place, Failure> {
        let container = Container::new(account, container)
            .map_err(|error| Failure::new(format!("{uri}: {}", error.message)))?;
        let path = path.trim_start_matches('/');
        if !path.is_empty() {
            // The one place that knows which names could leave the container.
            container
                .blob(path.trim_end_matches('/'))
                .and_then(|blob| blob.file(&self.app.data_dir))
                .map_err(|error| Failure::new(format!("{uri}: {}", error.message)))?;
        }
        if !self.app.blobs.has_container(&container) {
            return Err(Failure::new(format!(
                "{uri}: The specified container does not exist: {} of account {account}.",
                container.name
            )));
        }
        Ok(Place {
            container,
            path: path.to_owned(),
        })
    }

    fn datastore(self, name: &str) -> Result<(String, String), Failure> {
        let store = self.app.store();
        let properties = store
            .get("datastores", name)
            .and_then(|found| found.get("properties"));
        let text = |key: &str| properties?.get(key)?.as_str().map(str::to_owned);
        let container = text("containerName").or_else(|| text("filesystem"));
        text("accountName")
            .zip(container)
            .ok_or_else(|| Failure::new(format!("Datastore '{name}' was not found.")))
    }

    /// What the name of a data asset or a model points at; `None` for any other URI.
    fn asset(self, uri: &str) -> Result<Option<String>, Failure> {
        if let Some(found) = assets::location(self.app, uri) {
            return Ok(Some(found));
        }
        let of = |word| Named::by(self.app, word, uri);
        match (of("data"), of("models")) {
            (Named::No, Named::No) => Ok(None),
            (Named::Elsewhere, _) | (_, Named::Elsewhere) => Err(Failure::new(format!(
                "The emulator has no registries: {uri}"
            ))),
            _ => Err(Failure::new(format!("Could not find asset with ID: {uri}"))),
        }
    }
}

/// Where an output without a URI of its own goes.
pub(crate) fn default_output(run: &str, output: &str) -> String {
    // The SDK looks there for outputs that the run does not report (`_get_named_output_uri`).
    format!("azureml://datastores/workspaceblobstore/paths/azureml/{run}/{output}/")
}

/// Whether the text is a URI that the emulator resolves.
fn is_uri(text: &str) -> bool {
    datastore_path(text).is_some()
        || (!text.starts_with("https://") && account_path(text).is_some())
}

/// Datastore and path of `azureml://datastores/{ds}/paths/{p}` and of its long form.
fn datastore_path(uri: &str) -> Option<(String, String)> {
    let rest = uri.strip_prefix("azureml://")?;
    let (_, rest) = rest
        .strip_prefix("datastores/")
        .map(|rest| ("", rest))
        .or_else(|| {
            rest.starts_with("subscriptions/")
                .then(|| rest.split_once("/datastores/"))?
        })?;
    let (datastore, path) = rest
        .split_once("/paths/")
        .or_else(|| rest.split_once("/paths"))?;
    Some((datastore.to_owned(), path.to_owned()))
}

/// Account, container and path of `wasbs://c@a.blob.…/p`, `abfss://c@a.dfs.…/p` (and without the
/// last `s`), and of `https://a.blob.…/c/p`. Any suffix: Azure's clouds and the emulator's own.
fn account_path(uri: &str) -> Option<(String, String, String)> {
    let (scheme, rest) = uri.split_once("://")?;
    let service = match scheme {
        "wasbs" | "wasb" => ".blob.core.",
        "abfss" | "abfs" => ".dfs.core.",
        "https" => {
            let (host, path) = rest.split_once('/')?;
            let (account, _) = host
                .split_once(".blob.core.")
                .or_else(|| host.split_once(".dfs.core."))?;
            let (container, path) = path.split_once('/').unwrap_or((path, ""));
            return Some((account.to_owned(), container.to_owned(), path.to_owned()));
        }
        _ => return None,
    };
    let (container, rest) = rest.split_once('@')?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (account, _) = host.split_once(service)?;
    Some((account.to_owned(), container.to_owned(), path.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn datastore_uris_of_both_forms_are_read() {
        let long = "azureml://subscriptions/s/resourcegroups/g/providers/\
                    Microsoft.MachineLearningServices/workspaces/w/datastores/ds/paths/a/b.csv";
        let rows = [
            (
                "azureml://datastores/ds/paths/a/b.csv",
                Some(("ds", "a/b.csv")),
            ),
            ("azureml://datastores/ds/paths/", Some(("ds", ""))),
            (long, Some(("ds", "a/b.csv"))),
            (
                "azureml://subscriptions/s/workspaces/w/datastores/ds/paths/x/",
                Some(("ds", "x/")),
            ),
            ("azureml://registries/r/data/x", None),
            ("wasbs://c@a.blob.core.windows.net/p", None),
        ];
        for (uri, expected) in rows {
            let found = datastore_path(uri);
            let found = found
                .as_ref()
                .map(|(ds, path)| (ds.as_str(), path.as_str()));
            assert_eq!(found, expected, "{uri}");
        }
    }

    #[test]
    fn account_uris_of_any_cloud_are_read() {
        let rows = [
            (
                "wasbs://c@a.blob.core.windows.net/p/q",
                Some(("a", "c", "p/q")),
            ),
            (
                "abfss://c@a.dfs.core.localhost:8443/p/",
                Some(("a", "c", "p/")),
            ),
            (
                "abfss://c@a.dfs.core.chinacloudapi.cn",
                Some(("a", "c", "")),
            ),
            (
                "https://a.blob.core.windows.net:443/c/src",
                Some(("a", "c", "src")),
            ),
            ("abfss://c@a.blob.core.windows.net/p", None),
            ("s3://bucket/key", None),
            ("/local/path", None),
            ("https://example.com/x", None),
        ];
        for (uri, expected) in rows {
            let found = account_path(uri);
            let found = found
                .as_ref()
                .map(|(a, c, p)| (a.as_str(), c.as_str(), p.as_str()));
            assert_eq!(found, expected, "{uri}");
        }
    }
}
