//! The life of a link, of an attachment, of a job on it that ends well, and of a serverless job with the same code that
//! is deleted while it runs. It waits for what should come and does not care how often the operator dies meanwhile.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use azureml_spark_testkit::eventually::{PATIENCE, until};
use azureml_spark_testkit::manifest;
use azureml_spark_testkit::portal::Portal;
use azureml_spark_testkit::scope::{Scope, WORKSPACE};
use serde_json::{Value, json};

use crate::effect::{self, Effect};
use crate::kill::When;

const LINK: &str = "LinkedService";
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

    pub(crate) fn link(&self) -> String {
        self.name("link")
    }

    pub(crate) async fn live(&self) -> Result<()> {
        let (scope, world) = (self.scope, self.scope.stack().emulator().world());
        let (code, pool, link) = (self.name("src"), self.pool(), self.link());
        let account = world.storage_account_id();
        let (done, cut) = (self.name("done"), self.name("cut"));
        // Code of its own, so that each life uploads.
        let text = format!("print('life {}')\n", self.number);
        scope
            .apply(&manifest::code(&code, "main.py", &text))
            .await?;
        scope
            .apply(&manifest::link(&link, WORKSPACE, world))
            .await?;
        let linked = self.is_ready(LINK, &link).await?;
        let attachment = manifest::attachment(&pool, WORKSPACE, world).with(
            "/spec/grants",
            json!({"storage": [{"accountId": account, "roles": ["StorageBlobDataContributor"]}]}),
        );
        scope.apply(&attachment).await?;
        let attached = self.is_ready(ATTACHMENT, &pool).await?;
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
        self.has_no_role(&attached).await?;
        scope.delete(LINK, &link).await?;
        self.has_no_role(&linked).await
    }

    /// Waits until the object is ready, and tells who its identity is.
    async fn is_ready(&self, kind: &str, name: &str) -> Result<String> {
        let ready = self.scope.condition(kind, name, "Ready", "True").await?;
        let principal = ready["status"]["identity"]["principalId"].as_str();
        Ok(principal.context("an identity")?.to_owned())
    }

    async fn has_no_role(&self, principal: &str) -> Result<()> {
        let emulator = self.scope.stack().emulator();
        let (portal, account) = (
            Portal::new(emulator)?,
            emulator.world().storage_account_id(),
        );
        until("its roles are taken back", PATIENCE, async || {
            let in_synapse = portal.synapse_roles_of(principal).await?;
            let on_storage = portal.azure_roles_of(&account, principal).await?;
            Ok((in_synapse.is_empty() && on_storage.is_empty()).then_some(()))
        })
        .await
    }

    /// Link and compute stay for as long as a late request of the dead could still make a role, and their objects for
    /// as long as one could make them: other lives go on meanwhile.
    pub(crate) async fn has_left(&self, what: Effect) -> Result<()> {
        let portal = Portal::new(self.scope.stack().emulator())?;
        until("what comes late has come", PATIENCE, async || {
            let left = match what {
                Effect::Unlink => portal.link(&self.link()).await?,
                _ => portal.compute(&self.pool()).await?,
            };
            Ok(left.is_none().then_some(()))
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
            let answers: Vec<Option<u16>> = effect::of(&requests, self)
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
    pub(crate) fn objects(&self) -> [(&'static str, String); 4] {
        [
            (LINK, self.link()),
            (ATTACHMENT, self.pool()),
            (JOB, self.name("done")),
            (JOB, self.name("cut")),
        ]
    }

    pub(crate) fn scope(&self) -> &'a Scope<'a> {
        self.scope
    }

    /// Waits until the last objects are gone.
    pub(crate) async fn is_over(&self) -> Result<()> {
        self.scope.gone(LINK, &self.link()).await?;
        self.scope.gone(ATTACHMENT, &self.pool()).await
    }
}
