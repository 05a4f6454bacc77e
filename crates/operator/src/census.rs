//! Who needs what, and who relies on which role, by the apiserver's word: what nobody needs goes, and a cache may not have
//! seen yet who began to. Those who ask at the same moment share an answer, which names a few of many thousands: a hundred
//! attachments that change together would else read all jobs of their namespace twice each. Of each kind and namespace one
//! listing at most is under way.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use azureml_spark_api::meta::FINALIZER;
use azureml_spark_engine::{Error, Fresh, pages};
use kube::ResourceExt;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::holders::{Holders, Needed, Needs};
use crate::records::{Record, Records};

/// A kind that is counted.
pub(crate) trait Counted: kube::Resource<DynamicType = ()> + DeserializeOwned {}
impl<O: kube::Resource<DynamicType = ()> + DeserializeOwned> Counted for O {}

/// Asks. Clones share their answers.
#[derive(Clone)]
pub(crate) struct Census {
    kube: kube::Client,
    /// What the watches know.
    holders: Holders,
    /// By kind and namespace.
    needs: Fresh<(String, String), Arc<Needing>>,
    /// By kind.
    records: Fresh<String, Arc<Vec<Record>>>,
}

/// The objects of a kind in a namespace that carry our finalizer, in words.
#[derive(Debug, Default)]
struct Needing {
    of: HashMap<Needed, Vec<String>>,
    /// Those that cannot be read: they may need anything.
    strange: Vec<String>,
}

#[derive(Deserialize)]
struct Glance {
    metadata: Marks,
}

#[derive(Deserialize)]
struct Marks {
    #[serde(default)]
    name: String,
    #[serde(default)]
    finalizers: BTreeSet<String>,
}

impl Census {
    pub(crate) fn new(kube: kube::Client, holders: Holders) -> Self {
        Self {
            kube,
            holders,
            needs: Fresh::in_turn(),
            records: Fresh::in_turn(),
        }
    }

    /// Who is known to need it, in words.
    pub(crate) fn known(&self, needed: &Needed) -> Vec<String> {
        self.holders.of(needed)
    }

    /// Who needs it, where objects of one kind do: those that are known, or the apiserver's word that there are none.
    pub(crate) async fn users<O: Counted + Needs>(
        &self,
        needed: &Needed,
    ) -> Result<Vec<String>, Error> {
        let known = self.known(needed);
        if known.is_empty() {
            self.needing::<O>(needed).await
        } else {
            Ok(known)
        }
    }

    /// Who of one kind needs it, in words. One that cannot be read, and carries our finalizer, may.
    pub(crate) async fn needing<O: Counted + Needs>(
        &self,
        needed: &Needed,
    ) -> Result<Vec<String>, Error> {
        let kube = self.kube.clone();
        let count = async move |(_, namespace): (String, String)| {
            let mut all = Needing::default();
            pages::each::<O>(&kube, Some(&namespace), "list holders", |object| {
                all.take::<O>(object)
            })
            .await?;
            Ok(Arc::new(all))
        };
        let key = (kind::<O>(), needed.namespace().to_owned());
        Ok(self.needs.ask(key, count).await?.of(needed))
    }

    /// The objects of one kind in the whole cluster that have roles on record.
    pub(crate) async fn recording<O: Counted + Records + ResourceExt>(
        &self,
    ) -> Result<Arc<Vec<Record>>, Error> {
        let kube = self.kube.clone();
        let count = async move |_: String| {
            let mut all = Vec::new();
            pages::each::<O>(&kube, None, "list records", |object| {
                all.extend(Record::of::<O>(object)?);
                Ok(())
            })
            .await?;
            Ok(Arc::new(all))
        };
        self.records.ask(kind::<O>(), count).await
    }
}

impl Needing {
    fn take<O: Counted + Needs>(&mut self, object: &str) -> Result<(), Error> {
        let Glance { metadata } = read(object)?;
        if !metadata.finalizers.contains(FINALIZER) {
            return Ok(());
        }
        match serde_json::from_str::<O>(object) {
            Ok(object) => {
                for needed in object.needs() {
                    self.of.entry(needed).or_default().push(object.title());
                }
            }
            Err(_) => self
                .strange
                .push(format!("{} {}", kind::<O>(), metadata.name)),
        }
        Ok(())
    }

    fn of(&self, needed: &Needed) -> Vec<String> {
        let known = self.of.get(needed).into_iter().flatten();
        known.chain(&self.strange).cloned().collect()
    }
}

fn kind<O: Counted>() -> String {
    O::kind(&()).into_owned()
}

/// What the apiserver says of each of its objects.
pub(crate) fn read<'a, T: Deserialize<'a>>(object: &'a str) -> Result<T, Error> {
    serde_json::from_str(object).map_err(|error| kube::Error::SerdeError(error).into())
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use axum::extract::Request;
    use axum::{Json, Router};
    use azureml_spark_api::{SparkJob, SynapseSparkAttachment};
    use futures::future::try_join_all;
    use serde_json::{Value, json};

    use super::*;

    fn needing(objects: &[Value]) -> Needing {
        let mut all = Needing::default();
        for object in objects {
            all.take::<SparkJob>(&object.to_string()).unwrap();
        }
        all
    }

    fn job(name: &str, finalizers: &[&str]) -> Value {
        json!({
            "apiVersion": "spark.azureml.dev/v1alpha1", "kind": "SparkJob",
            "metadata": {"name": name, "namespace": "team", "finalizers": finalizers},
            "spec": {
                "workspaceRef": {"name": "ml"}, "code": {"configMaps": [{"name": "src"}]}, "entry": {"file": "a.py"},
                "driver": {"cores": 1, "memory": "1g"}, "executor": {"cores": 1, "memory": "1g", "instances": 1},
                "compute": {"attachmentRef": {"name": "pool"}}
            }
        })
    }

    #[test]
    fn who_carries_our_finalizer_needs_what_it_names() {
        let all = needing(&[
            job("a", &[FINALIZER]),
            job("over", &[]),
            job("theirs", &["example.com/other"]),
            job("b", &["example.com/other", FINALIZER]),
        ]);
        let workspace = |name: &str| Needed::Workspace("team".into(), name.into());
        assert_eq!(all.of(&workspace("ml")), ["SparkJob a", "SparkJob b"]);
        assert_eq!(all.of(&workspace("another")), [""; 0]);
    }

    #[test]
    fn one_that_cannot_be_read_may_need_anything() {
        let mut strange = job("strange", &[FINALIZER]);
        strange["spec"] = json!({"driver": 7});
        let mut over = strange.clone();
        over["metadata"]["finalizers"] = json!([]);
        let all = needing(&[strange, over, job("a", &[FINALIZER])]);
        let workspace = |name: &str| Needed::Workspace("team".into(), name.into());
        assert_eq!(all.of(&workspace("ml")), ["SparkJob a", "SparkJob strange"]);
        assert_eq!(all.of(&workspace("another")), ["SparkJob strange"]);
    }

    #[test]
    fn who_has_nothing_on_record_is_passed_over() {
        let attachment = |status: Value| {
            let object = json!({"metadata": {"name": "a", "uid": "u"}, "spec": {"pool": 7}, "status": status});
            Record::of::<SynapseSparkAttachment>(&object.to_string()).unwrap()
        };
        assert_eq!(attachment(json!({})), None);
        assert_eq!(attachment(json!({"roleAssignments": []})), None);
        assert!(attachment(json!({"roleAssignments": [{"id": "x"}]})).is_some());
    }

    #[tokio::test]
    async fn who_asks_at_the_same_moment_shares_an_answer() {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&asked);
        let answer = async move |request: Request| {
            let path = request.uri().path().to_owned();
            let kind = path.rsplit('/').next().unwrap().to_owned();
            noted.lock().unwrap().push(kind);
            Json(json!({"metadata": {}, "items": [job("a", &[FINALIZER])]}))
        };
        let census = Census::new(
            kube::Client::new(Router::new().fallback(answer), "team"),
            Holders::default(),
        );
        let of = |name: &str| Needed::Workspace("team".into(), name.into());
        let all = ["ml", "other", "ml", "ml", "ml"].map(of);
        let jobs = try_join_all(all.iter().map(|needed| census.needing::<SparkJob>(needed)));
        let jobs = jobs.await.unwrap();
        let of_jobs: Vec<usize> = jobs.iter().map(Vec::len).collect();
        assert_eq!(of_jobs, [1, 0, 1, 1, 1]);
        let records = (0..5).map(|_| census.recording::<SynapseSparkAttachment>());
        try_join_all(records).await.unwrap();
        // The first question was on its way when the others asked.
        let asked = asked.lock().unwrap().join(" ");
        let twice = |kind: &str| format!("{kind} {kind}");
        let (jobs, attachments) = (twice("sparkjobs"), twice("synapsesparkattachments"));
        assert_eq!(asked, format!("{jobs} {attachments}"));
    }
}
