//! Run history: details, labels, outputs, files.

use std::collections::BTreeMap;

use azureml_spark_azure::aml::artifact::{self, Run};
use azureml_spark_azure::aml::run::{self, Labels};
use azureml_spark_azure::aml::{job, output};
use azureml_spark_azure::{Effect, Request};
use url::Url;

use crate::compare::{SUBSCRIPTION, assert_same, sdk, workspace_id};

fn api() -> Url {
    "https://eastus.api.azureml.ms".parse().unwrap()
}

#[test]
fn look_at_list_and_cancel_jobs() {
    let workspace = workspace_id();
    let call = job::get(&workspace, "job1");
    assert_same(&call.request, &sdk("job-stream", "GET", "/jobs/job1"));
    let call = job::list(&workspace, job::Filter::default());
    assert_same(&call.request, &sdk("job-list", "GET", "/jobs?"));
    let call = job::cancel(&workspace, "job1");
    assert_same(&call.request, &sdk("job-cancel", "POST", "/cancel"));
}

#[test]
fn look_at_a_runs_details() {
    let discovery = "https://eastus.api.azureml.ms/discovery".parse().unwrap();
    assert_same(
        &run::discover(discovery).request,
        &sdk("job-stream", "GET", "/discovery"),
    );
    let call = run::details(&api(), &workspace_id(), "job1");
    assert_same(&call.request, &sdk("job-stream", "GET", "/details"));
}

#[test]
fn change_a_runs_labels() {
    let labels = Labels {
        display_name: Some("new".into()),
        description: Some("d".into()),
        tags: BTreeMap::from([("a".into(), "b".into())]),
    };
    let relabel = |labels| run::relabel(&api(), &workspace_id(), "dl", "job1", labels).request;
    let theirs = sdk("job-update", "PATCH", "/runs/");
    assert_same(&relabel(&labels), &theirs);
    let only_tags = Labels {
        tags: labels.tags.clone(),
        ..Labels::default()
    };
    let theirs = sdk("job-update-tags", "PATCH", "/runs/");
    assert_same(&relabel(&only_tags), &theirs);
}

#[test]
fn find_a_runs_outputs() {
    let assert_same_read = |ours: &Request, part: &str| {
        assert_same(ours, &sdk("job-outputs-found", "POST", part));
        assert_eq!(
            ours.effect,
            Effect::Read,
            "a lost answer is asked for again"
        );
    };
    let call = output::assets(&api(), &workspace_id(), "job1");
    assert_same_read(&call.request, "/rundata");
    let asset = format!(
        "azureml://locations/eastus/workspaces/{SUBSCRIPTION}/data/azureml_job1_output_data_out1/versions/1"
    );
    let call = output::addresses(&api(), &workspace_id(), &[&asset]);
    assert_same_read(&call.request, "/dataversion/");
}

#[test]
fn list_a_runs_files() {
    let (api, workspace) = (api(), workspace_id());
    let run = Run {
        api: &api,
        workspace: &workspace,
        experiment: "dl",
        id: "job1",
    };
    let call = artifact::list(run, None);
    assert_same(&call.request, &sdk("artifacts-list", "GET", "/artifacts"));
    let call = artifact::below(run, "user_logs/", None);
    assert_same(&call.request, &sdk("artifacts-below", "GET", "/artifacts"));
    let call = artifact::one(run, "user_logs/std_log.txt");
    assert_same(&call.request, &sdk("artifacts-one", "GET", "/artifacts"));
    let next = artifact::list(run, Some("more")).request;
    assert!(
        next.query
            .contains(&("continuationToken", "more".to_owned()))
    );
}
