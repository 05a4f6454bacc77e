//! The life of an attachment, of a job on it that ends well, and of a serverless job with the same code that is
//! deleted while it runs. It waits for what should come and does not care how often the operator dies meanwhile.

use std::collections::BTreeSet;

use anyhow::Result;
use azureml_spark_testkit::eventually::{PATIENCE, until};
use azureml_spark_testkit::manifest;
use azureml_spark_testkit::portal::Portal;
use azureml_spark_testkit::scope::{Scope, WORKSPACE};
use serde_json::{Value, json};

use crate::effect::{self, Effect};
use crate::kill::When;

const ATTACHMENT: &str = "SynapseSparkAttachment";
const JOB: &str = "SparkJob";

pub(crate) struct Life<'a> {
    scope: &'a Scope<'a>,
    number: usize,
}

impl<'a> Life<'a> {
    pub(crate) fn new(scope: &'a Scope<'a>, number: usize) -> Self {
        Self { scope, number }
    }

    fn name(&self, what: &str) -> String {
        format!("{what}-{}", self.number)
    }

    pub(crate) fn pool(&self) -> String {
        self.name("pool")
    }

    pub(crate) async fn live(&self) -> Result<()> {
        let (scope, world) = (self.scope, self.scope.stack().emulator().world());
        let (code, pool) = (self.name("src"), self.pool());
        let (done, cut) = (self.name("done"), self.name("cut"));
        // Code of its own, so that each life uploads.
        let text = format!("print('life {}')\n", self.number);
        scope
            .apply(&manifest::code(&code, "main.py", &text))
            .await?;
        scope
            .apply(&manifest::attachment(&pool, WORKSPACE, world))
            .await?;
        scope.condition(ATTACHMENT, &pool, "Ready", "True").await?;
        scope
            .apply(&manifest::attached_job(&done, WORKSPACE, &code, &pool))
            .await?;
        scope.condition(JOB, &done, "Complete", "True").await?;
        let long = manifest::serverless_job(&cut, WORKSPACE, &code, world)
            .with("/spec/tags/emulator-instant-seconds", "3600");
        scope.apply(&long).await?;
        scope.condition(JOB, &cut, "Submitted", "True").await?;

        scope.delete(JOB, &cut).await?;
        scope.gone(JOB, &cut).await?;
        scope.delete(JOB, &done).await?;
        scope.gone(JOB, &done).await?;
        scope.delete(ATTACHMENT, &pool).await?;
        let portal = Portal::new(scope.stack().emulator())?;
        until("the role is taken back", PATIENCE, async || {
            Ok(portal.pool_roles().await?.is_empty().then_some(()))
        })
        .await
    }

    /// The compute stays for as long as a late request of the dead could still make a role, and the object for as long
    /// as one could make the compute: other lives go on meanwhile.
    pub(crate) async fn is_detached(&self) -> Result<()> {
        let portal = Portal::new(self.scope.stack().emulator())?;
        let pool = self.pool();
        until("the pool is detached", PATIENCE, async || {
            let computes = portal.computes().await?;
            Ok(computes.iter().all(|one| one["name"] != pool).then_some(()))
        })
        .await
    }

    /// One run for each job, each with its right end, and one upload.
    pub(crate) async fn was_right(&self, when: When) -> Result<()> {
        let emulator = self.scope.stack().emulator();
        let runs = Portal::new(emulator)?.runs().await?;
        let requests = emulator.requests_since(0).await?;
        for (what, end) in [("done", "Completed"), ("cut", "Canceled")] {
            let object = format!("{}/{}", self.scope.namespace(), self.name(what));
            let ours: Vec<&Value> = runs
                .iter()
                .filter(|run| run["properties"]["tags"]["azureml-spark-operator"] == object)
                .collect();
            assert_eq!(ours.len(), 1, "runs of {object}: {ours:#?}");
            assert_eq!(ours[0]["properties"]["status"], end);
            let name = ours[0]["name"].as_str().unwrap();
            let answers: Vec<Option<u16>> = effect::of(&requests, &self.pool())
                .into_iter()
                .filter(|(effect, entry)| *effect == Effect::Submit && entry.path.contains(name))
                .map(|(_, entry)| entry.status)
                .collect();
            let made = answers
                .iter()
                .filter(|status| **status == Some(201))
                .count();
            // An answer that nobody got belongs to the run that was made nevertheless.
            let unseen = answers.iter().any(Option::is_none) && when == When::After;
            assert_eq!(made + usize::from(unseen), 1, "{object}: {answers:?}");
        }
        let codes: BTreeSet<&str> = runs
            .iter()
            .filter(|run| self.owns(run))
            .filter_map(|run| run["properties"]["codeId"].as_str())
            .collect();
        assert_eq!(codes.len(), 1, "{codes:?}");
        Ok(())
    }

    fn owns(&self, run: &Value) -> bool {
        let of = |what: &str| json!(format!("{}/{}", self.scope.namespace(), self.name(what)));
        let tag = &run["properties"]["tags"]["azureml-spark-operator"];
        [of("done"), of("cut")].contains(tag)
    }

    /// Its objects, as far as they are there.
    pub(crate) fn objects(&self) -> [(&'static str, String); 3] {
        [
            (ATTACHMENT, self.pool()),
            (JOB, self.name("done")),
            (JOB, self.name("cut")),
        ]
    }

    pub(crate) fn scope(&self) -> &'a Scope<'a> {
        self.scope
    }

    /// Waits until the last object is gone.
    pub(crate) async fn is_over(&self) -> Result<()> {
        self.scope.gone(ATTACHMENT, &self.pool()).await
    }
}
