//! Objects as the apiserver's answers have them: each from its own text.
//!
//! Two things are other than where an object is read as a part of all that was answered. One that does not fit its type is
//! set apart, and the others are read all the same. And who wrote which field is left out before anything is made of it:
//! it is most of an object's text, nobody here reads it, and trees of it were the most of what reading cost
//! (docs/performance.md). kube's `DeserializeGuard` does the first by a tree of values for the whole object, cloned before
//! it is read; it stays for lists, whose objects have no text of their own by the time that they are read.

use std::borrow::Cow;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;
use kube::core::DeserializeGuard;
use kube::core::error_boundary::InvalidObject;
use kube::runtime::watcher::Event;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::error::Error;

/// An object of a watch or of the answer to a write, or what is known of one that does not fit its type. Is read from the
/// text of JSON alone.
#[derive(Clone, Debug)]
pub(crate) struct Guarded<K>(pub(crate) Result<K, InvalidObject>);

impl<K> Guarded<K> {
    /// The object. It was written by us, so that one which does not fit is our own error.
    pub(crate) fn fitting(self) -> Result<K, Error> {
        let Self(found) = self;
        found.map_err(|misfit| Error::Bug(format!("the object that was written: {misfit}")))
    }

    /// What a watch reports whose objects kube has guarded.
    pub(crate) fn of(event: Event<DeserializeGuard<K>>) -> Event<Self> {
        match event {
            Event::Init => Event::Init,
            Event::InitApply(DeserializeGuard(found)) => Event::InitApply(Self(found)),
            Event::InitDone => Event::InitDone,
            Event::Apply(DeserializeGuard(found)) => Event::Apply(Self(found)),
            Event::Delete(DeserializeGuard(found)) => Event::Delete(Self(found)),
        }
    }
}

/// The metadata of one that does not fit.
#[derive(Deserialize)]
struct Labelled {
    #[serde(default)]
    metadata: ObjectMeta,
}

#[derive(Deserialize)]
struct Signed<'a> {
    #[serde(borrow)]
    metadata: Option<Signatures<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Signatures<'a> {
    #[serde(borrow)]
    managed_fields: Option<&'a RawValue>,
}

/// The object's text without who wrote which field; as it is, where nothing is said of that.
fn unsigned(text: &str) -> Cow<'_, str> {
    let managed = serde_json::from_str(text)
        .ok()
        .and_then(|Signed { metadata }| metadata?.managed_fields);
    let parts = managed.and_then(|managed| {
        // Where in the text its own part lies: it is borrowed from there.
        let begin = managed
            .get()
            .as_ptr()
            .addr()
            .checked_sub(text.as_ptr().addr())?;
        let end = begin.checked_add(managed.get().len())?;
        text.get(..begin).zip(text.get(end..))
    });
    parts.map_or(Cow::Borrowed(text), |(before, after)| {
        Cow::Owned([before, "null", after].concat())
    })
}

impl<'de, K: DeserializeOwned> Deserialize<'de> for Guarded<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = unsigned(<&RawValue>::deserialize(deserializer)?.get());
        let found = match serde_json::from_str(&text) {
            Ok(object) => Ok(object),
            Err(error) => {
                let Labelled { metadata } =
                    serde_json::from_str(&text).map_err(D::Error::custom)?;
                Err(InvalidObject {
                    error: error.to_string(),
                    metadata,
                })
            }
        };
        Ok(Self(found))
    }
}

impl<K: Resource> Resource for Guarded<K> {
    type DynamicType = K::DynamicType;
    type Scope = K::Scope;

    fn kind(of: &K::DynamicType) -> Cow<'_, str> {
        K::kind(of)
    }

    fn group(of: &K::DynamicType) -> Cow<'_, str> {
        K::group(of)
    }

    fn version(of: &K::DynamicType) -> Cow<'_, str> {
        K::version(of)
    }

    fn plural(of: &K::DynamicType) -> Cow<'_, str> {
        K::plural(of)
    }

    fn meta(&self) -> &ObjectMeta {
        match &self.0 {
            Ok(object) => object.meta(),
            Err(misfit) => &misfit.metadata,
        }
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        match &mut self.0 {
            Ok(object) => object.meta_mut(),
            Err(misfit) => &mut misfit.metadata,
        }
    }
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::ConfigMap;
    use kube::api::WatchEvent;
    use serde_json::json;

    use super::*;

    fn read(line: &str) -> Guarded<ConfigMap> {
        match serde_json::from_str(line).unwrap() {
            WatchEvent::Modified(object) => object,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_object_is_read_from_its_line_without_who_wrote_what() {
        for managed in [
            "",
            r#""managedFields": null,"#,
            r#""managedFields": [{"manager": "me", "fieldsV1": {"f:data": {"f:x": {}}}}],"#,
            // No list: nobody looks.
            r#""managedFields": "é","#,
        ] {
            let found = read(&format!(
                r#"{{"type": "MODIFIED", "object": {{"metadata": {{"labels": {{"y": "é"}}, {managed} "name": "a"}},
                    "data": {{"x": "\u00e9\n"}}}}}}"#
            ));
            assert_eq!(found.meta().name.as_deref(), Some("a"), "{managed}");
            assert_eq!(found.meta().managed_fields, None, "{managed}");
            let object = found.fitting().unwrap();
            assert_eq!(
                json!(object.metadata.labels),
                json!({"y": "é"}),
                "{managed}"
            );
            assert_eq!(json!(object.data), json!({"x": "é\n"}), "{managed}");
        }
    }

    #[test]
    fn of_one_that_does_not_fit_the_metadata_is_left_and_the_cause() {
        let found = read(
            r#"{"type": "MODIFIED", "object": {"data": "no map", "metadata": {"name": "b", "uid": "2"}}}"#,
        );
        assert_eq!(found.meta().name.as_deref(), Some("b"));
        let InvalidObject { error, metadata } = found.0.unwrap_err();
        assert_eq!(metadata.uid.as_deref(), Some("2"));
        assert!(error.contains("no map"), "{error}");
    }

    #[test]
    fn one_without_metadata_is_a_misfit_too() {
        let found = read(r#"{"type": "MODIFIED", "object": {"data": "no map"}}"#);
        assert_eq!(found.meta(), &ObjectMeta::default());
        assert!(matches!(found.fitting(), Err(Error::Bug(_))));
    }
}
