//! Many jobs that share their code.

use anyhow::Result;
use azureml_spark_testkit::manifest;
use azureml_spark_testkit::scope::{Scope, WORKSPACE};
use futures::{StreamExt as _, TryStreamExt as _};

const KIND: &str = "SparkJob";
/// Requests of ours in flight.
const AT_ONCE: usize = 16;

/// One job of the crowd.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    object: String,
    run: String,
}

pub(crate) struct Crowd<'a> {
    scope: &'a Scope<'a>,
    members: Vec<Member>,
}

impl<'a> Crowd<'a> {
    /// Applies the jobs side by side, and waits until each has its run.
    pub(crate) async fn gather(scope: &'a Scope<'a>, count: usize) -> Result<Self> {
        let world = scope.stack().emulator().world();
        scope
            .apply(&manifest::code("src", "main.py", "print('one of many')\n"))
            .await?;
        let names: Vec<String> = (0..count).map(|number| format!("job-{number}")).collect();
        futures::stream::iter(&names)
            .map(async |name: &String| {
                let job = manifest::serverless_job(name, WORKSPACE, "src", world);
                scope.apply(&job).await.map(drop)
            })
            .buffer_unordered(AT_ONCE)
            .try_collect::<()>()
            .await?;
        let members = futures::stream::iter(names)
            .map(async |object: String| {
                let submitted = scope.condition(KIND, &object, "Submitted", "True").await?;
                let run = submitted["status"]["azureName"]
                    .as_str()
                    .unwrap()
                    .to_owned();
                anyhow::Ok(Member { object, run })
            })
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        Ok(Self { scope, members })
    }

    pub(crate) fn members(&self) -> Vec<Member> {
        self.members.clone()
    }

    /// Lets these runs end well in Azure, and waits until their objects say so.
    pub(crate) async fn end(&self, ending: &[Member]) -> Result<()> {
        let emulator = self.scope.stack().emulator();
        futures::stream::iter(ending)
            .map(async |member: &Member| {
                emulator.set_run(&member.run, "Completed").await?;
                let object = &member.object;
                self.scope
                    .condition(KIND, object, "Complete", "True")
                    .await?;
                anyhow::Ok(())
            })
            .buffer_unordered(AT_ONCE)
            .try_collect::<()>()
            .await
    }
}
