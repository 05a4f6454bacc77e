//! The one way in which a status is written: a server-side apply of all of it, by one manager, for one version.
//!
//! Applying the whole means that a field which is not said any more goes away. Naming `resourceVersion` means
//! that a pass which decided on old knowledge loses with 409, before its effect: the write-ahead and the final
//! write are the same function, so both have it.

use std::borrow::Cow;

use azureml_spark_api::meta::FIELD_MANAGER;
use kube::api::{Patch, PatchParams};
use kube::{Api, Resource};
use serde::Serialize;

use crate::deadline::within;
use crate::error::Error;
use crate::guard::Guarded;
use crate::kind::{Kind, StatusOf};

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Applied<'a, S> {
    api_version: Cow<'a, str>,
    kind: Cow<'a, str>,
    metadata: Identity<'a>,
    status: &'a S,
}

/// Exactly which object, of which version.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Identity<'a> {
    name: &'a str,
    namespace: Option<&'a str>,
    uid: Option<&'a str>,
    resource_version: Option<&'a str>,
}

/// Writes `status` for exactly this version of the object, and gives the new version back.
pub(crate) async fn apply<K: Kind>(
    api: &Api<Guarded<K::Object>>,
    object: &K::Object,
    status: &StatusOf<K>,
) -> Result<K::Object, Error> {
    let meta = object.meta();
    let name = meta.name.as_deref().unwrap_or_default();
    let body = Applied {
        api_version: K::Object::api_version(&()),
        kind: K::Object::kind(&()),
        metadata: Identity {
            name,
            namespace: meta.namespace.as_deref(),
            uid: meta.uid.as_deref(),
            resource_version: meta.resource_version.as_deref(),
        },
        status,
    };
    let params = PatchParams::apply(FIELD_MANAGER).force();
    within(
        "patch status",
        api.patch_status(name, &params, &Patch::Apply(&body)),
    )
    .await?
    .map_err(Error::of_write)?
    .fitting()
}
