//! The role assignments that objects have on record: which of them others rely on, too, and who is told when a record
//! goes. Two objects that want the same grant record the same id.

use std::collections::BTreeSet;
use std::sync::Arc;

use azureml_spark_api::meta::is_paused;
use azureml_spark_api::role::RoleAssignment;
use azureml_spark_api::{LinkedService, SparkJob, SynapseSparkAttachment};
use azureml_spark_core::{attachment, linked_service, role};
use azureml_spark_engine::{Change, Error};
use kube::ResourceExt;
use kube::api::DynamicObject;
use kube::runtime::reflector::{ObjectRef, Store};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::census::{self, Census};
use crate::holders::Needed;

/// An object that may have role assignments on record.
pub(crate) trait Records:
    kube::Resource<DynamicType = ()> + DeserializeOwned + Clone + 'static
{
    /// Those on record.
    fn recorded(&self) -> &[RoleAssignment];

    /// Whether it still asks for one of them.
    fn claims(&self, grant: &RoleAssignment) -> bool;

    /// Who needs an object of this name, by the apiserver's word.
    fn needing(
        census: &Census,
        namespace: &str,
        name: &str,
    ) -> impl Future<Output = Result<Vec<String>, Error>> + Send;
}

impl Records for SynapseSparkAttachment {
    fn recorded(&self) -> &[RoleAssignment] {
        let status = self.status.as_ref();
        status.map_or(&[], |status| &status.role_assignments)
    }

    fn claims(&self, grant: &RoleAssignment) -> bool {
        let status = self.status.as_ref();
        status.is_some_and(|status| attachment::claims(&self.spec, status, grant))
    }

    async fn needing(census: &Census, namespace: &str, name: &str) -> Result<Vec<String>, Error> {
        let needed = Needed::Attachment(namespace.to_owned(), name.to_owned());
        census.needing::<SparkJob>(&needed).await
    }
}

impl Records for LinkedService {
    fn recorded(&self) -> &[RoleAssignment] {
        let status = self.status.as_ref();
        status.map_or(&[], |status| &status.role_assignments)
    }

    fn claims(&self, grant: &RoleAssignment) -> bool {
        let status = self.status.as_ref();
        status.is_some_and(|status| linked_service::claims(&self.spec, status, grant))
    }

    async fn needing(census: &Census, namespace: &str, name: &str) -> Result<Vec<String>, Error> {
        let needed = Needed::Link(namespace.to_owned(), name.to_owned());
        census.needing::<SynapseSparkAttachment>(&needed).await
    }
}

/// The roles that an object may take back in a pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stake {
    /// None: who else relies on them does not count.
    Nothing,
    /// Those with these ids.
    These(BTreeSet<String>),
    /// Any: what was on record is lost.
    Anything,
}

impl Stake {
    /// These roles.
    pub(crate) fn these<'a>(roles: impl IntoIterator<Item = &'a RoleAssignment>) -> Self {
        let ids: BTreeSet<String> = roles.into_iter().map(|one| one.id.clone()).collect();
        if ids.is_empty() {
            Self::Nothing
        } else {
            Self::These(ids)
        }
    }

    fn holds(&self, id: &str) -> bool {
        match self {
            Self::Nothing => false,
            Self::These(ids) => ids.contains(id),
            Self::Anything => true,
        }
    }
}

/// Whether something is on record that is not wanted any more, so that it counts who else has it on record.
pub(crate) fn some_unwanted(recorded: &[RoleAssignment], wanted: &[RoleAssignment]) -> bool {
    let is_wanted = |one| wanted.iter().any(|grant| role::same_grant(grant, one));
    !recorded.iter().all(is_wanted)
}

/// An object of the cluster that has role assignments on record, as far as it counts for others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    uid: String,
    namespace: String,
    name: String,
    paused: bool,
    /// The ids on record.
    ids: BTreeSet<String>,
    /// Those of them that it asks for, and stays to do so.
    claimed: BTreeSet<String>,
}

impl Record {
    /// What an object has on record, which is read as what it is only then; none if nothing.
    pub(crate) fn of<O: Records>(object: &str) -> Result<Option<Self>, Error> {
        // Untyped: an object whose spec does not fit its type has its records all the same.
        let object: DynamicObject = census::read(object)?;
        let ids: BTreeSet<String> = recorded_ids(&object).collect();
        Ok((!ids.is_empty()).then(|| Self {
            uid: object.uid().unwrap_or_default(),
            namespace: object.namespace().unwrap_or_default(),
            name: object.name_any(),
            paused: is_paused(object.annotations()),
            claimed: claimed::<O>(&object),
            ids,
        }))
    }
}

/// Which of the roles at stake other objects of the cluster rely on: by the apiserver's word and not a cache, since what nobody
/// relies on is taken back.
pub(crate) async fn relied_on(
    census: &Census,
    uid: &str,
    stake: &Stake,
) -> Result<BTreeSet<String>, Error> {
    let mut all = BTreeSet::new();
    if *stake != Stake::Nothing {
        of_kind::<SynapseSparkAttachment>(census, uid, stake, &mut all).await?;
        of_kind::<LinkedService>(census, uid, stake, &mut all).await?;
    }
    Ok(all)
}

async fn of_kind<O: Records>(
    census: &Census,
    uid: &str,
    stake: &Stake,
    all: &mut BTreeSet<String>,
) -> Result<(), Error> {
    for other in census.recording::<O>().await?.iter() {
        let recorded: Vec<&String> = other.ids.iter().filter(|id| stake.holds(id)).collect();
        if other.uid == uid || recorded.is_empty() {
            continue;
        }
        let unclaimed = recorded.iter().any(|id| !other.claimed.contains(*id));
        // One that must wait takes nothing back, and goes on to need all that it has.
        let waits = unclaimed
            && (other.paused
                || !O::needing(census, &other.namespace, &other.name)
                    .await?
                    .is_empty());
        let relied = recorded
            .into_iter()
            .filter(|id| waits || other.claimed.contains(*id));
        all.extend(relied.cloned());
    }
    Ok(())
}

fn recorded_ids(object: &DynamicObject) -> impl Iterator<Item = String> {
    let all = object.data.pointer("/status/roleAssignments");
    let all = all.and_then(Value::as_array).into_iter().flatten();
    all.filter_map(|one| Some(one.get("id")?.as_str()?.to_owned()))
}

/// What an object that stays asks for. Of one that cannot be read as what it is, all that it has on record: what it asks
/// for is not known.
fn claimed<O: Records>(object: &DynamicObject) -> BTreeSet<String> {
    if object.metadata.deletion_timestamp.is_some() {
        return BTreeSet::new();
    }
    match object.clone().try_parse::<O>() {
        Ok(object) => {
            let all = object.recorded().iter();
            all.filter(|grant| object.claims(grant))
                .map(|grant| grant.id.clone())
                .collect()
        }
        Err(_) => recorded_ids(object).collect(),
    }
}

/// The ids that an object had on record and has no more.
pub(crate) fn lost<O: Records>(change: &Change<'_, O>) -> BTreeSet<String> {
    let ids = |object: Option<&O>| -> BTreeSet<String> {
        let all = object.map_or(&[][..], Records::recorded);
        all.iter().map(|one| one.id.clone()).collect()
    };
    &ids(change.before) - &ids(change.now)
}

/// The objects of a kind that have one of these ids on record.
pub(crate) fn holding<O: Records>(store: &Store<O>, ids: &BTreeSet<String>) -> Vec<ObjectRef<O>> {
    if ids.is_empty() {
        return Vec::new();
    }
    let has = |object: &&Arc<O>| object.recorded().iter().any(|one| ids.contains(&one.id));
    let all = store.state();
    all.iter()
        .filter(has)
        .map(|object| ObjectRef::from_obj(&**object))
        .collect()
}

#[cfg(test)]
mod tests {
    use azureml_spark_api::role::Role;
    use serde_json::json;

    use super::*;

    fn attachment(ids: &[&str]) -> SynapseSparkAttachment {
        let records: Vec<Value> = ids
            .iter()
            .map(|id| json!({"role": "Reader", "scope": "/s", "principalId": "p", "id": id}))
            .collect();
        serde_json::from_value(json!({
            "apiVersion": "spark.azureml.dev/v1alpha1", "kind": "SynapseSparkAttachment",
            "metadata": {"name": "a", "namespace": "team", "uid": "u"},
            "spec": {"workspaceRef": {"name": "ml"}, "pool": {}},
            "status": {"roleAssignments": records}
        }))
        .unwrap()
    }

    #[test]
    fn one_record_that_nothing_asks_for_is_enough() {
        let grant = |principal| role::assignment(Role::Reader, "/s", principal);
        let (a, b) = (grant("a"), grant("b"));
        assert!(!some_unwanted(&[], &[]));
        assert!(!some_unwanted(&[grant("A")], &[a.clone(), b.clone()]));
        assert!(some_unwanted(&[a.clone(), b], &[a]));
    }

    #[test]
    fn a_record_is_lost_with_its_entry_or_with_its_object() {
        let (two, one) = (attachment(&["x", "y"]), attachment(&["y"]));
        let shrunk = Change {
            before: Some(&two),
            now: Some(&one),
        };
        assert_eq!(lost(&shrunk), BTreeSet::from(["x".to_owned()]));
        let gone = Change {
            before: Some(&one),
            now: None,
        };
        assert_eq!(lost(&gone), BTreeSet::from(["y".to_owned()]));
        let grown = Change {
            before: Some(&one),
            now: Some(&two),
        };
        assert!(lost(&grown).is_empty());
    }

    #[test]
    fn whoever_has_the_record_is_named() {
        let (store, mut cache) = kube::runtime::reflector::store();
        let mut other = attachment(&["z"]);
        other.metadata.name = Some("b".to_owned());
        for object in [attachment(&["x", "y"]), other] {
            cache.apply_watcher_event(&kube::runtime::watcher::Event::Apply(object));
        }
        let names = |ids: &[&str]| -> Vec<String> {
            let ids = ids.iter().map(ToString::to_string).collect();
            let named = holding(&store, &ids).into_iter();
            named.map(|object| object.name).collect()
        };
        assert_eq!(names(&["y", "gone"]), ["a"]);
        assert_eq!(names(&["z"]), ["b"]);
        assert!(names(&[]).is_empty());
    }

    #[test]
    fn a_record_counts_while_its_object_stays_and_asks_for_it() {
        let other = |metadata: Value, grants: Value| -> DynamicObject {
            serde_json::from_value(json!({
                "apiVersion": "spark.azureml.dev/v1alpha1", "kind": "SynapseSparkAttachment",
                "metadata": metadata,
                "spec": {"workspaceRef": {"name": "ml"}, "pool": {}, "grants": grants},
                "status": {
                    "identity": {"type": "SystemAssigned", "principalId": "p"},
                    "roleAssignments": [
                        {"role": "SynapseAdministrator", "scope": "/s", "principalId": "p", "id": "x"}
                    ]
                }
            }))
            .unwrap()
        };
        let all =
            |object: &DynamicObject| Vec::from_iter(claimed::<SynapseSparkAttachment>(object));
        let named = || json!({"name": "b", "uid": "other"});
        let stays = other(named(), json!({}));
        assert_eq!(all(&stays), ["x"]);
        let leaves_it = other(named(), json!({"synapseRoles": []}));
        assert_eq!(all(&leaves_it), [""; 0]);
        let recorded: Vec<String> = recorded_ids(&leaves_it).collect();
        assert_eq!(recorded, ["x"]);
        let going =
            json!({"name": "b", "uid": "other", "deletionTimestamp": "2026-01-01T00:00:00Z"});
        assert_eq!(all(&other(going, json!({}))), [""; 0]);
    }

    #[test]
    fn what_an_object_asks_for_that_cannot_be_read_is_not_known() {
        let strange: DynamicObject = serde_json::from_value(json!({
            "metadata": {"name": "b", "uid": "other"}, "spec": {"pool": 7},
            "status": {"roleAssignments": [{"id": "x"}, {"role": "no id"}]}
        }))
        .unwrap();
        let all = claimed::<SynapseSparkAttachment>(&strange);
        assert_eq!(all, BTreeSet::from(["x".to_owned()]));
    }
}
