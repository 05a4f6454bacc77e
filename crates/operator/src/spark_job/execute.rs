//! The effects of a run.

use std::sync::Arc;

use azureml_spark_api::SparkJob;
use azureml_spark_azure::Rank;
use azureml_spark_azure::aml::{job, run};
use azureml_spark_core::place::Place;
use azureml_spark_core::spark_job::{
    CANCEL, Definition, EXISTS, Memo, RELABEL, SUBMIT, Step, TAG, Want,
};
use azureml_spark_core::{Class, Fault};
use azureml_spark_engine::{Error, Queued, Seat, deadline};
use kube::Api;
use kube::api::{DeleteParams, Preconditions};

use super::observe::key_of;
use super::{SparkJobKind, not_ready, request};
use crate::access::Site;
use crate::budget;
use crate::registered::Thing;
use crate::translate;

impl SparkJobKind {
    pub(super) async fn act(&self, want: &Want, memo: &Memo, step: Step) -> Result<(), Fault> {
        if step == Step::Expire {
            return self.expire(want).await.map_err(|error| unwritten(&error));
        }
        let Some(workspace) = &want.workspace else {
            return Err(not_ready());
        };
        let place = &workspace.place;
        let site = self.access.site(place).await?.of(&want.owner);
        let definition = || match &want.definition {
            Ok(definition) => Ok(&**definition),
            Err(_) => Err(not_ready()),
        };
        match step {
            Step::UploadCode => match Thing::code(&definition()?.code) {
                Some(code) => self.registered.register(&site, code).await,
                None => Err(not_ready()),
            },
            Step::RegisterEnvironment => {
                let environment = definition()?.environment.as_ref();
                match environment.and_then(Thing::environment) {
                    Some(packages) => self.registered.register(&site, packages).await,
                    None => Err(not_ready()),
                }
            }
            Step::Submit => self.submit(&site, place, want, definition()?, memo).await,
            Step::Cancel => self.cancel(&site, place, want, memo).await,
            Step::Relabel => self.relabel(&site, place, want, memo).await,
            Step::Expire => Ok(()),
        }
    }

    /// A run is asked for in its turn. What keeps it from being asked for at all, the step itself tells.
    pub(super) async fn turn(
        &self,
        want: &Want,
        memo: &Memo,
        step: &Step,
    ) -> Result<Option<Arc<dyn Seat>>, Box<Queued>> {
        let (Step::Submit, Some(workspace), Ok(definition)) =
            (step, &want.workspace, &want.definition)
        else {
            return Ok(None);
        };
        let Ok(site) = self.access.site(&workspace.place).await else {
            return Ok(None);
        };
        let Ok(body) = request::body(want, definition, memo) else {
            return Ok(None);
        };
        let put = job::put(&site.id, &want.run_name(memo.attempt()), &body);
        let client = site.of(&want.owner).client.ranked(Rank::Submit);
        budget::admit(&self.access, &workspace.place, &client, SUBMIT, &put)
    }

    async fn submit(
        &self,
        site: &Site,
        place: &Place,
        want: &Want,
        definition: &Definition,
        memo: &Memo,
    ) -> Result<(), Fault> {
        let name = want.run_name(memo.attempt());
        let body = request::body(want, definition, memo)?;
        let client = site.client.ranked(Rank::Submit);
        match client.send(job::put(&site.id, &name, &body)).await {
            Ok(job) => {
                let run = self.claimed(want, translate::run(&job, site.tenant.as_deref()));
                if want.owns(&run, memo) {
                    self.keep(place, &name, want, run);
                }
                Ok(())
            }
            // An earlier submission of ours had come through, or the name is somebody else's: a look tells.
            Err(error) if error.is_job_exists() => Err(Fault {
                class: Class::Unsure,
                ..translate::fault_of(EXISTS)(error)
            }),
            Err(error) => {
                let fault = translate::fault_of(SUBMIT)(error);
                if fault.class == Class::Terminal {
                    self.forget_names(site, definition);
                }
                Err(fault)
            }
        }
    }

    /// Azure refused a run: what its names meant may have been deleted there.
    fn forget_names(&self, site: &Site, definition: &Definition) {
        let code = Thing::code(&definition.code);
        let environment = definition.environment.as_ref();
        let environment = environment.and_then(Thing::environment);
        for thing in [code, environment].into_iter().flatten() {
            self.registered.forget(&site.id, thing);
        }
        self.lookup.forget(&site.id);
    }

    async fn cancel(
        &self,
        site: &Site,
        place: &Place,
        want: &Want,
        memo: &Memo,
    ) -> Result<(), Fault> {
        let name = want.run_name(memo.attempt());
        let client = site.client.ranked(Rank::Urgent);
        let Err(error) = client.send(job::cancel(&site.id, &name)).await else {
            return Ok(());
        };
        // A write is never `Absent`: what it was about may be there for others.
        let gone = error.status == Some(404) && !error.is_not_served();
        let too_late = error.is_cancel_too_late();
        let forbidden = error.is_cancel_forbidden();
        let fault = translate::fault_of(CANCEL)(error);
        if too_late || gone {
            // It is ending or has ended (contract §13), or is not there: what the board says is old, the next look tells.
            let this_one = key_of(place, want);
            let followers = self.board.forget(place, &name);
            for other in followers.into_iter().filter(|job| *job != this_one) {
                self.news.wake(other);
            }
            return Ok(());
        }
        Err(Fault {
            class: if forbidden {
                Class::Forbidden
            } else {
                fault.class
            },
            ..fault
        })
    }

    /// A run is filed under its experiment, which may not be ours to know: of one that was taken over, or whose spec
    /// refers to what is gone, Azure is asked for it.
    async fn relabel(
        &self,
        site: &Site,
        place: &Place,
        want: &Want,
        memo: &Memo,
    ) -> Result<(), Fault> {
        let name = want.run_name(memo.attempt());
        let foreign = memo.submission.as_ref().is_some_and(|s| s.foreign);
        let experiment = match &want.definition {
            Ok(definition) if !foreign => definition.experiment_name.clone(),
            Ok(_) | Err(_) => {
                let found = site.client.send(job::get(&site.id, &name)).await;
                let found = found.map_err(translate::fault_of(RELABEL))?;
                found.properties.experiment_name.unwrap_or_default()
            }
        };
        let api = self.access.regional(place, site).await?;
        let call = run::relabel(&api, &site.id, &experiment, &name, &labels(want));
        site.client
            .send(call)
            .await
            .map_err(translate::fault_of(RELABEL))?;
        self.board.labelled(place, &name, want.labels.hash());
        Ok(())
    }

    async fn expire(&self, want: &Want) -> Result<(), Error> {
        let api: Api<SparkJob> = Api::namespaced(self.kube.clone(), &want.object_namespace);
        let this_one = DeleteParams {
            preconditions: Some(Preconditions {
                uid: Some(want.owner.clone()),
                resource_version: None,
            }),
            ..DeleteParams::background()
        };
        let deleted = api.delete(&want.object_name, &this_one);
        match deadline::within("delete sparkjob", deleted).await? {
            Ok(_) => Ok(()),
            // It is gone, or another one has its name.
            Err(kube::Error::Api(status)) if matches!(status.code, 404 | 409) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// All of them, ours with them: a run that was taken over is found by our tag, too.
fn labels(want: &Want) -> run::Labels {
    let labels = &want.labels;
    let mut tags = labels.tags.clone();
    tags.insert(
        TAG.to_owned(),
        format!("{}/{}", want.object_namespace, want.object_name),
    );
    run::Labels {
        display_name: Some(labels.display_name.clone()),
        description: Some(labels.description.clone().unwrap_or_default()),
        tags,
    }
}

fn unwritten(error: &Error) -> Fault {
    Fault {
        class: Class::Retryable,
        code: "ApiserverUnavailable".to_owned(),
        op: "delete the SparkJob",
        text: error.to_string(),
        request_id: None,
        retry_after: None,
    }
}
