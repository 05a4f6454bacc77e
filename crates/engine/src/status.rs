//! The one way in which a status is written: a server-side apply of all of it, by one manager, for one version.
//!
//! Applying the whole means that a field which is not said any more goes away. Naming `resourceVersion` means
//! that a pass which decided on old knowledge loses with 409, before its effect: the write-ahead and the final
//! write are the same function, so both have it.

use azureml_spark_api::meta::FIELD_MANAGER;
use kube::api::{Patch, PatchParams};
use kube::{Api, Resource};
use serde_json::json;

use crate::deadline::within;
use crate::error::Error;
use crate::kind::{Kind, StatusOf};

/// Writes `status` for exactly this version of the object, and gives the new version back.
pub(crate) async fn apply<K: Kind>(
    api: &Api<K::Object>,
    object: &K::Object,
    status: &StatusOf<K>,
) -> Result<K::Object, Error> {
    let meta = object.meta();
    let name = meta.name.as_deref().unwrap_or_default();
    let body = json!({
        "apiVersion": K::Object::api_version(&()),
        "kind": K::Object::kind(&()),
        "metadata": {
            "name": name,
            "namespace": meta.namespace,
            "uid": meta.uid,
            "resourceVersion": meta.resource_version,
        },
        "status": status,
    });
    let params = PatchParams::apply(FIELD_MANAGER).force();
    within(
        "patch status",
        api.patch_status(name, &params, &Patch::Apply(&body)),
    )
    .await?
    .map_err(Error::of_write)
}
