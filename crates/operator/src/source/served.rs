//! Reads a source from the apiserver in the version that it serves. A cluster without Flux serves none.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use azureml_spark_api::spark_job::{SourceKind, SourceRef};
use azureml_spark_engine::{Error, deadline};
use kube::Api;
use kube::core::{ApiResource, DynamicObject};

/// API group of Flux's sources.
pub(super) const GROUP: &str = "source.toolkit.fluxcd.io";

/// Which we can read, the best first: Flux 2.6 has all three kinds as v1, older ones some of them as v1beta2.
const VERSIONS: [&str; 2] = ["v1", "v1beta2"];

/// The apiserver, and in which version it serves the kinds, as far as that is known.
pub(super) struct Served {
    kube: kube::Client,
    versions: Mutex<HashMap<SourceKind, &'static str>>,
}

/// What the apiserver has.
#[derive(Debug)]
pub(super) enum Found {
    Object(Box<DynamicObject>),
    Nothing,
    Forbidden,
}

impl Served {
    pub(super) fn new(kube: kube::Client) -> Self {
        Self {
            kube,
            versions: Mutex::default(),
        }
    }

    /// One GET; before the first of a kind, one or two to learn its version.
    pub(super) async fn get(&self, namespace: &str, reference: &SourceRef) -> Result<Found, Error> {
        let kind = reference.kind;
        if let Some(version) = self.known(kind) {
            match self.get_as(version, namespace, reference).await? {
                // Flux may have been upgraded, and not serve that version any more.
                Found::Nothing => self.forget(kind),
                found @ (Found::Object(_) | Found::Forbidden) => return Ok(found),
            }
        }
        let Some(version) = self.discover(kind).await? else {
            return Ok(Found::Nothing);
        };
        self.lock().insert(kind, version);
        self.get_as(version, namespace, reference).await
    }

    async fn get_as(
        &self,
        version: &str,
        namespace: &str,
        reference: &SourceRef,
    ) -> Result<Found, Error> {
        let resource = ApiResource {
            group: GROUP.to_owned(),
            version: version.to_owned(),
            api_version: format!("{GROUP}/{version}"),
            kind: reference.kind.as_str().to_owned(),
            plural: plural(reference.kind).to_owned(),
        };
        let api: Api<DynamicObject> = Api::namespaced_with(self.kube.clone(), namespace, &resource);
        match deadline::within("get source", api.get(&reference.name)).await? {
            Ok(object) => Ok(Found::Object(Box::new(object))),
            Err(error) => match refused(&error) {
                Some(404) => Ok(Found::Nothing),
                Some(403) => Ok(Found::Forbidden),
                _ => Err(error.into()),
            },
        }
    }

    async fn discover(&self, kind: SourceKind) -> Result<Option<&'static str>, Error> {
        for version in VERSIONS {
            let name = format!("{GROUP}/{version}");
            let listed = self.kube.list_api_group_resources(&name);
            match deadline::within("discover sources", listed).await? {
                Ok(listed) if listed.resources.iter().any(|one| one.name == plural(kind)) => {
                    return Ok(Some(version));
                }
                Ok(_) => {}
                Err(error) if refused(&error) == Some(404) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(None)
    }

    fn known(&self, kind: SourceKind) -> Option<&'static str> {
        self.lock().get(&kind).copied()
    }

    fn forget(&self, kind: SourceKind) {
        self.lock().remove(&kind);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SourceKind, &'static str>> {
        self.versions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn refused(error: &kube::Error) -> Option<u16> {
    match error {
        kube::Error::Api(status) => Some(status.code),
        _ => None,
    }
}

/// As in a path of the apiserver.
pub(super) fn plural(kind: SourceKind) -> &'static str {
    match kind {
        SourceKind::GitRepository => "gitrepositories",
        SourceKind::OciRepository => "ocirepositories",
        SourceKind::Bucket => "buckets",
    }
}
