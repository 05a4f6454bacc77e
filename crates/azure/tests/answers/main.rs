//! Azure's answers are read whatever they look like: published examples and shapes on record.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a panic in a test is a failed test with a place in it"
)]

use azureml_spark_azure::aml::{code, job, log, run};
use azureml_spark_azure::arm::identity::IdentityType;
use azureml_spark_azure::arm::provisioning::ProvisioningState;
use azureml_spark_azure::arm::{compute, pool, workspace};
use azureml_spark_azure::operation::Deletion;
use azureml_spark_azure::synapse::rbac;
use azureml_spark_azure::{
    Answer, ArmId, Call, Class, Effect, ErrorBody, Refusal, Response, SparkPoolId, WorkspaceId,
    classify,
};
use jiff::Timestamp;
use reqwest::header::{HeaderMap, HeaderValue};
use serde_json::Value;

mod assets;
mod links;

fn data(path: &str) -> Value {
    let path = format!("{}/tests/data/{path}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn published(name: &str) -> Value {
    data(&format!("published/{name}"))["responses"]["200"]["body"].clone()
}

fn parse<T>(call: &Call<T>, body: &Value) -> Result<T, Refusal> {
    let body = serde_json::to_vec(body).unwrap().into();
    (call.parse)(&Response {
        status: 200,
        headers: HeaderMap::new(),
        body,
    })
}

fn ws() -> WorkspaceId {
    WorkspaceId::new("s", "rg", "ws").unwrap()
}

#[test]
fn a_workspace() {
    let found = parse(&workspace::get(&ws()), &data("answers/workspace")).unwrap();
    assert_eq!(found.location, "centraluseuap");
    assert_eq!(found.identity.kind, IdentityType::SystemAssigned);
    assert_eq!(found.properties.v1_legacy_mode, Some(false));
    assert_eq!(found.properties.managed_network.status.spark_ready, None);
    assert_eq!(found.properties.discovery_url.unwrap().path(), "/discovery");

    let found = parse(&workspace::get(&ws()), &published("workspace-get")).unwrap();
    assert_eq!(found.identity.kind, IdentityType::SystemAndUserAssigned);
    let (id, identity) = found
        .identity
        .user_assigned_identities
        .first_key_value()
        .unwrap();
    assert_eq!(id.name(), "testuai");
    assert!(identity.client_id.is_some() && identity.principal_id.is_some());
    assert_eq!(
        found.properties.managed_network.status.spark_ready,
        Some(false)
    );
    assert_eq!(
        found.properties.public_network_access.as_deref(),
        Some("Disabled")
    );
    assert_eq!(
        found.properties.provisioning_state,
        ProvisioningState::Succeeded
    );
}

#[test]
fn a_compute() {
    let found = parse(&compute::get(&ws(), "my-pool"), &data("answers/compute")).unwrap();
    assert!(found.is_synapse_spark());
    assert_eq!(found.identity.kind, IdentityType::SystemAndUserAssigned);
    let u1 = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/u1";
    assert!(
        found
            .identity
            .user_assigned_identities
            .contains_key(&ArmId::new(u1))
    );
    assert_eq!(found.tags.len(), 0);
    let properties = found.properties;
    assert_eq!(properties.provisioning_state, ProvisioningState::Failed);
    assert_eq!(
        properties.provisioning_errors[0].message,
        "The pool is gone."
    );
    let pool: SparkPoolId = properties.resource_id.unwrap().as_str().parse().unwrap();
    let subscription = "33333333-3333-4333-8333-333333333333";
    assert_eq!(
        pool,
        SparkPoolId::new(subscription, "rg", "syn", "pool").unwrap()
    );
    assert_eq!(
        properties.properties.auto_scale_properties.max_node_count,
        Some(10)
    );
    assert_eq!(properties.properties.spark_version.as_deref(), Some("3.4"));
}

#[test]
fn a_pool() {
    let id = SparkPoolId::new("s", "rg", "syn", "pool").unwrap();
    let found = parse(&pool::get(&id), &data("answers/pool")).unwrap();
    assert_eq!(found.properties.node_size.as_deref(), Some("Medium"));
    assert_eq!(found.properties.auto_scale.min_node_count, Some(3));
    assert_eq!(found.properties.auto_pause.enabled, Some(false));
}

#[test]
fn a_job() {
    let found = parse(&job::get(&ws(), "titanic-1"), &data("answers/job")).unwrap();
    assert_eq!(found.name, "titanic-1");
    assert_eq!(found.properties.status, job::JobStatus::Running);
    assert_eq!(
        found.properties.properties["spark.azureml.dev/definition"],
        "abc"
    );
    assert!(!found.properties.tags.contains_key("ours"));
    assert!(
        found
            .studio_url()
            .unwrap()
            .starts_with("https://ml.azure.com/runs/titanic-1?")
    );
    assert_eq!(
        found.system_data.created_at.unwrap().to_string(),
        "2023-03-01T10:00:00.1234567Z"
    );
}

#[test]
fn a_list_of_other_peoples_jobs() {
    let mut body = published("job-list");
    body["nextLink"] = "https://management.azure.com/next?$skip=x".into();
    let page = parse(&job::list(&ws(), job::Filter::default()), &body).unwrap();
    assert_eq!((page.items.len(), page.unreadable), (1, 0));
    assert_eq!(page.items[0].status, job::JobStatus::NotStarted);
    let job = page.items[0].job().unwrap();
    assert_eq!(job.name, page.items[0].name);
    assert_eq!(job.properties.status, job::JobStatus::NotStarted);
    assert_eq!(job.properties.job_type, "Command");
    assert_eq!(page.next.unwrap().path(), "/next");
}

#[test]
fn every_word_for_a_jobs_state() {
    use job::JobStatus::{Canceled, Completed, Failed, Other, Unknown};
    let words = "NotStarted Starting Provisioning Preparing Queued Running Finalizing \
                 CancelRequested Completed Failed Canceled NotResponding Paused Unknown";
    for word in words.split_whitespace() {
        let status = job::JobStatus::parse(&word.to_uppercase());
        assert_eq!(status.as_str(), word);
        assert_eq!(
            status.is_terminal(),
            matches!(status, Completed | Failed | Canceled),
            "{word}"
        );
    }
    assert_eq!(job::JobStatus::parse("Dreaming"), Other("Dreaming".into()));
    assert_eq!(
        serde_json::from_str::<job::JobStatus>("null").unwrap(),
        Unknown
    );
}

#[test]
fn code() {
    let hash = code::Source::new([code::SourceFile {
        path: "a".into(),
        content: "".into(),
    }])
    .unwrap()
    .hash();
    let found = parse(
        &code::get_version(&ws(), &hash),
        &data("answers/code-version"),
    )
    .unwrap();
    assert_eq!(found.properties.properties["hash_version"], "202208");
    assert!(found.id.as_str().ends_with("/codes/c/versions/1"));
    let upload = code::start_pending_upload(&ws(), &hash);
    let place = parse(&upload, &published("code-start-pending-upload")).unwrap();
    assert_eq!(place.container, "https://www.contoso.com/example");
    assert_eq!(
        format!("{:?}", place.sas),
        "SasUrl(https://www.contoso.com/example)"
    );
}

#[test]
fn run_details() {
    let api = "https://eastus.api.azureml.ms".parse().unwrap();
    let found = parse(
        &run::details(&api, &ws(), "titanic-1"),
        &data("answers/run-details"),
    )
    .unwrap();
    let shown = format!("{found:?}");
    assert!(!shown.contains("secret"), "{shown}");
    let error = found.error.unwrap();
    assert_eq!(error.message, "Job failed: KeyError: 'Age'");
    assert_eq!(
        (error.code.as_str(), error.inner_codes),
        ("UserError", vec!["SparkJobFailed".into()])
    );
    assert_eq!(log::ranked(&found.log_files)[0].0, "user_logs/std_log.txt");
    assert!(found.end_time_utc.is_some());
}

#[test]
fn the_regions_api() {
    let call = run::discover("https://eastus.api.azureml.ms/discovery".parse().unwrap());
    let document = serde_json::json!({"api": "https://eastus.api.azureml.ms", "workspaceId": 5});
    assert_eq!(
        parse(&call, &document).unwrap().host_str(),
        Some("eastus.api.azureml.ms")
    );
    assert!(matches!(
        parse(&call, &serde_json::json!({})),
        Err(Refusal::Unreadable(_))
    ));
}

#[test]
fn synapse_roles() {
    let call = rbac::list("syn", &rbac::Filter::default(), None);
    let page = parse(&call, &published("synapse-role-assignments-list")).unwrap();
    assert_eq!((page.value.len(), page.continuation), (2, None));
    let mut headers = HeaderMap::new();
    headers.insert("x-ms-continuation", HeaderValue::from_static("more"));
    let body = br#"{"count":0,"value":[]}"#.as_slice().into();
    let page = (call.parse)(&Response {
        status: 200,
        headers,
        body,
    })
    .unwrap();
    assert_eq!(page.continuation.as_deref(), Some("more"));

    let wish = rbac::NewAssignment::to_service_principal("a-role", "p", "workspaces/syn");
    let call = rbac::put("syn", uuid::Uuid::nil(), &wish);
    let example = data("published/synapse-role-assignment-create");
    let ours: Value = serde_json::from_slice(call.request.body.as_ref().unwrap()).unwrap();
    let keys = |value: &Value| {
        value
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect::<Vec<_>>()
    };
    let mut theirs = keys(&example["parameters"]["request"]);
    theirs.sort();
    let mut own = keys(&ours);
    own.sort();
    assert_eq!(own, theirs);
    let made = parse(&call, &example["responses"]["200"]["body"]).unwrap();
    assert_eq!(made.scope, "workspaces/exampleWorkspace");

    let roles = parse(
        &rbac::role_definitions("syn"),
        &published("synapse-role-definitions-list"),
    )
    .unwrap();
    assert_eq!(roles[0].scopes, ["scope 1", "scope 2"]);
}

#[test]
fn a_published_detach_answer_starts_an_operation() {
    let example = data("published/compute-delete");
    let header = &example["responses"]["202"]["headers"]["Azure-AsyncOperation"];
    let mut headers = HeaderMap::new();
    headers.insert(
        "azure-asyncoperation",
        header.as_str().unwrap().parse().unwrap(),
    );
    let answer = Response {
        status: 202,
        headers,
        body: bytes::Bytes::new(),
    };
    match (compute::detach(&ws(), "c").parse)(&answer).unwrap() {
        Deletion::Started(Some(operation)) => {
            assert_eq!(operation.url.as_str(), header.as_str().unwrap());
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn recorded_errors_and_their_classes() {
    let rows = [
        (
            "job-not-found",
            Effect::Read,
            404,
            "JobNotFound",
            Class::Absent,
        ),
        (
            "identity-not-attached",
            Effect::Write,
            404,
            "UserAssignedIdentityNotFound",
            Class::Terminal,
        ),
        (
            "job-exists",
            Effect::Write,
            400,
            "JobPropertyImmutable",
            Class::Terminal,
        ),
        (
            "code-version-exists",
            Effect::Write,
            400,
            "BadArgument",
            Class::Terminal,
        ),
        (
            "authorization-failed",
            Effect::Write,
            403,
            "AuthorizationFailed",
            Class::Forbidden,
        ),
    ];
    for (name, effect, status, innermost, class) in rows {
        let body = ErrorBody::from_value(&data(&format!("answers/{name}")));
        assert_eq!(
            body.inner_codes.last().unwrap_or(&body.code),
            innermost,
            "{name}"
        );
        let answer = Answer {
            effect,
            status,
            code: &body.code,
            inner_codes: &body.inner_codes,
            message: &body.message,
            retry_after: None,
            now: Timestamp::UNIX_EPOCH,
        };
        assert_eq!(classify(&answer), class, "{name}");
    }
    let exists = ErrorBody::from_value(&data("answers/job-exists"));
    assert_eq!(exists.parameters["property"], "{Settings, Inputs}");
}
