//! Our finalizer: on an object while something in Azure needs it.
//!
//! # Why a merge patch with `resourceVersion`
//! It states the whole list, so it can only be right for the version that was read; with `resourceVersion` in
//! it the apiserver refuses it (409) for any other. A server-side apply would own one entry of the list and
//! could not take away an entry that somebody else's restore had put back.

use std::fmt::Debug;

use azureml_spark_api::meta::{FIELD_MANAGER, FINALIZER};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::{Patch, PatchParams};
use kube::{Api, Resource};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::deadline::within;
use crate::error::Error;
use crate::guard::Guarded;

/// How often a write is tried again when somebody else was faster.
const TRIES: u32 = 5;

/// Whether our finalizer is on the object.
pub fn is_on(meta: &ObjectMeta) -> bool {
    meta.finalizers
        .iter()
        .flatten()
        .any(|finalizer| finalizer == FINALIZER)
}

/// Puts our finalizer on another object, which is needed by one that holds it itself. `false`: it does not
/// exist or is being deleted, so nobody may begin to rely on it.
///
/// Costs one `get`, and one `patch` if the finalizer is not there. Asks for metadata only, so that a Secret's
/// data is never read here.
pub async fn hold<O>(api: &Api<O>, name: &str) -> Result<bool, Error>
where
    O: Resource<DynamicType = ()> + Clone + Debug + DeserializeOwned,
{
    for _ in 0..TRIES {
        let Some(found) = within("get metadata", api.get_metadata_opt(name)).await?? else {
            return Ok(false);
        };
        if found.metadata.deletion_timestamp.is_some() {
            return Ok(false);
        }
        if is_on(&found.metadata) {
            return Ok(true);
        }
        match write_metadata(api, name, &found.metadata, Presence::On).await {
            Ok(()) => return Ok(true),
            Err(Error::Gone) => return Ok(false),
            Err(Error::Stale) => {}
            Err(error) => return Err(error),
        }
    }
    Err(Error::Stale)
}

/// Takes our finalizer off another object. One that is not there, or does not carry it, is as wished.
pub async fn let_go<O>(api: &Api<O>, name: &str) -> Result<(), Error>
where
    O: Resource<DynamicType = ()> + Clone + Debug + DeserializeOwned,
{
    for _ in 0..TRIES {
        let Some(found) = within("get metadata", api.get_metadata_opt(name)).await?? else {
            return Ok(());
        };
        if !is_on(&found.metadata) {
            return Ok(());
        }
        match write_metadata(api, name, &found.metadata, Presence::Off).await {
            Ok(()) | Err(Error::Gone) => return Ok(()),
            Err(Error::Stale) => {}
            Err(error) => return Err(error),
        }
    }
    Err(Error::Stale)
}

/// Whether the finalizer shall be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    /// It shall.
    On,
    /// It shall not.
    Off,
}

/// Writes our finalizer on the object that is driven, or off it, and gives the new version back.
pub(crate) async fn write<O>(
    api: &Api<Guarded<O>>,
    object: &O,
    presence: Presence,
) -> Result<O, Error>
where
    O: Resource<DynamicType = ()> + Clone + Debug + DeserializeOwned,
{
    let meta = object.meta();
    let name = meta.name.as_deref().unwrap_or_default();
    let body = patch(meta, presence);
    within(
        "patch finalizers",
        api.patch(name, &params(), &Patch::Merge(&body)),
    )
    .await?
    .map_err(Error::of_write)?
    .fitting()
}

async fn write_metadata<O>(
    api: &Api<O>,
    name: &str,
    meta: &ObjectMeta,
    presence: Presence,
) -> Result<(), Error>
where
    O: Resource<DynamicType = ()> + Clone + Debug + DeserializeOwned,
{
    let body = patch(meta, presence);
    within(
        "patch finalizers",
        api.patch_metadata(name, &params(), &Patch::Merge(&body)),
    )
    .await?
    .map_err(Error::of_write)
    .map(drop)
}

fn params() -> PatchParams {
    PatchParams {
        field_manager: Some(FIELD_MANAGER.to_owned()),
        ..PatchParams::default()
    }
}

fn patch(meta: &ObjectMeta, presence: Presence) -> Value {
    let mut finalizers: Vec<&str> = meta
        .finalizers
        .iter()
        .flatten()
        .map(String::as_str)
        .filter(|finalizer| *finalizer != FINALIZER)
        .collect();
    if presence == Presence::On {
        finalizers.push(FINALIZER);
    }
    json!({"metadata": {
        "uid": meta.uid,
        "resourceVersion": meta.resource_version,
        "finalizers": finalizers,
    }})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meta(finalizers: &[&str]) -> ObjectMeta {
        ObjectMeta {
            uid: Some("u".to_owned()),
            resource_version: Some("7".to_owned()),
            finalizers: Some(finalizers.iter().map(ToString::to_string).collect()),
            ..ObjectMeta::default()
        }
    }

    #[test]
    fn others_finalizers_stay_and_the_version_is_named() {
        let on = patch(&meta(&["a/b", "c/d"]), Presence::On);
        assert_eq!(
            on,
            json!({"metadata": {"uid": "u", "resourceVersion": "7", "finalizers": ["a/b", "c/d", FINALIZER]}})
        );
        let off = patch(&meta(&["a/b", FINALIZER, "c/d"]), Presence::Off);
        assert_eq!(off["metadata"]["finalizers"], json!(["a/b", "c/d"]));
    }

    #[test]
    fn it_is_on_only_under_its_own_name() {
        assert!(is_on(&meta(&["a/b", FINALIZER])));
        assert!(!is_on(&meta(&["a/b", "spark.azureml.dev/azure2"])));
        assert!(!is_on(&ObjectMeta::default()));
    }
}
