//! Jobs of one namespace, and what became of them in Azure.

use anyhow::Result;
use azureml_spark_testkit::manifest::{self, Manifest};
use azureml_spark_testkit::portal::Portal;
use azureml_spark_testkit::scope::{Scope, WORKSPACE};
use azureml_spark_testkit::stack::Stack;
use serde_json::Value;

pub(crate) const JOB: &str = "SparkJob";

pub(crate) struct Jobs<'a> {
    pub(crate) scope: Scope<'a>,
    /// What Azure answers to a submission that it has had before.
    again: u16,
}

impl<'a> Jobs<'a> {
    /// A new namespace with a workspace that is ready, and code.
    pub(crate) async fn open(stack: &'a Stack, name: &str, again: u16) -> Result<Self> {
        let scope = stack.scope(name).await?;
        scope.workspace().await?;
        let text = format!("print('{}')\n", scope.namespace());
        scope
            .apply(&manifest::code("src", "main.py", &text))
            .await?;
        Ok(Self { scope, again })
    }

    /// One that ends well at once.
    pub(crate) fn short(&self, name: &str) -> Manifest {
        let world = self.scope.stack().emulator().world();
        manifest::serverless_job(name, WORKSPACE, "src", world)
    }

    /// One that runs until somebody ends it.
    pub(crate) fn long(&self, name: &str) -> Manifest {
        self.short(name)
            .with("/spec/tags/emulator-instant-stuck", "Running")
    }

    /// Waits until this attempt runs, and tells its name in Azure.
    pub(crate) async fn runs(&self, name: &str, attempt: i32) -> Result<String> {
        let what = format!("runs, attempt {attempt}");
        let found = self.scope.wait(JOB, name, &what, |object| {
            let status = &object["status"];
            status["state"] == "Running" && status["attempt"] == attempt
        });
        let run = found.await?["status"]["azureName"].clone();
        Ok(run.as_str().unwrap().to_owned())
    }

    /// Waits until a job has ended well.
    pub(crate) async fn ends_well(&self, name: &str) -> Result<Value> {
        self.scope.condition(JOB, name, "Complete", "True").await
    }

    /// The states of all runs that an object, by its uid, has in Azure, in the order of its attempts.
    pub(crate) async fn states(&self, uid: &str) -> Result<Vec<String>> {
        let runs = Portal::new(self.scope.stack().emulator())?.runs().await?;
        let mut found: Vec<(String, String)> = runs
            .iter()
            .map(|run| &run["properties"])
            .filter(|run| run["properties"]["azureml-spark-operator.owner"] == uid)
            .map(|run| {
                let attempt = run["properties"]["azureml-spark-operator.attempt"].to_string();
                (attempt, run["status"].as_str().unwrap().to_owned())
            })
            .collect();
        found.sort();
        Ok(found.into_iter().map(|(_, state)| state).collect())
    }

    /// The answers to each submission under this name, `None` where nobody got it.
    pub(crate) async fn answers(&self, run: &str) -> Result<Vec<Option<u16>>> {
        let all = self.scope.stack().emulator().requests_since(0).await?;
        let path = format!("/jobs/{run}");
        let submissions = all.matching("PUT", &[&path]).0;
        Ok(submissions.iter().map(|entry| entry.status).collect())
    }

    /// Whether the submissions under this name, at least so many, made one run.
    pub(crate) async fn made_one(&self, run: &str, least: usize) -> Result<()> {
        let answers = self.answers(run).await?;
        assert!(answers.len() >= least, "{run}: {answers:?}");
        let again = answers
            .iter()
            .filter(|status| **status == Some(self.again))
            .count();
        assert_eq!(again, answers.len() - 1, "{run}: {answers:?}");
        let made = answers
            .iter()
            .filter(|status| matches!(status, None | Some(201)))
            .count();
        assert_eq!(made, 1, "{run}: {answers:?}");
        Ok(())
    }
}

pub(crate) fn uid(object: &Value) -> &str {
    object["metadata"]["uid"].as_str().unwrap()
}
