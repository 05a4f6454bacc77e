//! Our requests are those of Microsoft's SDK for the same wish. What differs is listed with a
//! reason; a difference that is not listed fails, and so does a listed one that is gone.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a panic in a test is a failed test with a place in it"
)]

use std::collections::{BTreeMap, BTreeSet};

use azureml_spark_azure::aml::code::{self, Source, SourceFile};
use azureml_spark_azure::aml::job::{
    self, Driver, DynamicAllocation, Entry, Executor, JobIdentity, JobInput, JobOutput, OutputUri,
    Resources, Size, SparkJob, Target, Uri,
};
use azureml_spark_azure::aml::run;
use azureml_spark_azure::arm::compute::{self, ComputeIdentity, SynapseSpark};
use azureml_spark_azure::arm::workspace;
use azureml_spark_azure::{
    ArmId, Audience, Cloud, Request, SasUrl, SparkPoolId, UserToken, WorkspaceId, blob,
};
use serde_json::Value;
use url::Url;

const SUBSCRIPTION: &str = "00000000-0000-0000-0000-000000000000";

/// (operation, what differs, why).
const DIFFERENCES: &[(&str, &str, &str)] = &[
    (
        "code.find",
        "path",
        "the SDK's asset name is random, ours is made from the content's hash, so that registering twice is registering once",
    ),
    ("code.startPendingUpload", "path", "same name as above"),
    ("code.put", "path", "same name as above"),
    (
        "code.put",
        "body:/properties/properties/hash_version",
        "the SDK sends a number where the model has a map of strings; recorded traffic has the string",
    ),
    (
        "blob.put",
        "header:content-md5",
        "lets storage check what arrived; not among the headers that were captured",
    ),
    (
        "blob.put",
        "header:x-ms-version",
        "an older version that every cloud and stand-in knows",
    ),
    (
        "blob.putMetadata",
        "header:x-ms-meta-name",
        "the asset's name, as above",
    ),
    (
        "blob.putMetadata",
        "header:x-ms-version",
        "as for the upload",
    ),
    (
        "job.cancel",
        "header:accept",
        "the SDK takes anything; errors are JSON",
    ),
    ("compute.detach", "header:accept", "as for cancel"),
    ("run.discover", "header:accept", "the document is JSON"),
];

fn workspace_id() -> WorkspaceId {
    WorkspaceId::new(SUBSCRIPTION, "rg", "ws").unwrap()
}

fn requests(wish: &str) -> Vec<Value> {
    let path = format!("{}/tests/data/sdk/{wish}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The SDK's request of that method whose address holds the text.
fn sdk(wish: &str, method: &str, part: &str) -> Value {
    let mut found = requests(wish).into_iter().filter(|request| {
        request["method"] == method && request["url"].as_str().unwrap().contains(part)
    });
    let first = found
        .next()
        .unwrap_or_else(|| panic!("no {method} …{part}… in {wish}"));
    assert!(
        found.next().is_none(),
        "more than one {method} …{part}… in {wish}"
    );
    first
}

fn assert_same(ours: &Request, theirs: &Value) {
    let cloud = Cloud::built_in("AzurePublic").unwrap();
    let ours_parts = our_parts(ours, &cloud);
    let theirs_parts = their_parts(theirs);
    let keys: BTreeSet<&String> = ours_parts.keys().chain(theirs_parts.keys()).collect();
    let differing: BTreeSet<&str> = keys
        .into_iter()
        .filter(|key| ours_parts.get(*key) != theirs_parts.get(*key))
        .map(String::as_str)
        .collect();
    let listed: BTreeSet<&str> = DIFFERENCES
        .iter()
        .filter(|(op, ..)| *op == ours.op)
        .map(|(_, part, _)| *part)
        .collect();
    assert_eq!(
        differing, listed,
        "{}\nours:   {ours_parts:#?}\ntheirs: {theirs_parts:#?}",
        ours.op
    );
}

fn our_parts(request: &Request, cloud: &Cloud) -> BTreeMap<String, String> {
    let mut parts = url_parts(&request.url(cloud).unwrap());
    parts.insert("method".into(), request.method.to_string());
    parts.insert(
        "arm_auth".into(),
        (request.audience == Audience::ResourceManager).to_string(),
    );
    for (name, value) in &request.headers {
        parts.insert(format!("header:{name}"), value.clone());
    }
    if request.user_token == UserToken::Sent {
        let audience = &cloud.machine_learning_audience;
        parts.insert(
            "header:x-azureml-token".into(),
            format!("<AAD token aud={audience}>"),
        );
    }
    if let Some(body) = &request.body {
        match serde_json::from_slice(body) {
            Ok(json @ Value::Object(_)) => flatten("body:", &json, &mut parts),
            _ => drop(parts.insert("body:".into(), String::from_utf8(body.to_vec()).unwrap())),
        }
    }
    parts
}

fn their_parts(request: &Value) -> BTreeMap<String, String> {
    let mut parts = url_parts(&request["url"].as_str().unwrap().parse().unwrap());
    parts.insert("method".into(), request["method"].as_str().unwrap().into());
    parts.insert("arm_auth".into(), request["arm_auth"].to_string());
    for (name, value) in request["headers"].as_object().unwrap() {
        let name = name.to_ascii_lowercase();
        parts.insert(format!("header:{name}"), value.as_str().unwrap().into());
    }
    match &request["body"] {
        Value::Null => {}
        Value::String(text) => drop(parts.insert("body:".into(), text.clone())),
        json => flatten("body:", json, &mut parts),
    }
    parts
}

fn url_parts(url: &Url) -> BTreeMap<String, String> {
    let mut parts = BTreeMap::from([
        (
            "host".to_owned(),
            format!("{}://{}", url.scheme(), url.host_str().unwrap()),
        ),
        ("path".to_owned(), url.path().to_owned()),
    ]);
    for (name, value) in url.query_pairs() {
        parts.insert(format!("query:{name}"), value.into_owned());
    }
    parts
}

fn flatten(at: &str, value: &Value, into: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (key, inner) in map {
                flatten(&format!("{at}/{key}"), inner, into);
            }
        }
        other => drop(into.insert(at.to_owned(), other.to_string())),
    }
}

fn attachment(identity: ComputeIdentity) -> SynapseSpark {
    SynapseSpark {
        location: "eastus".into(),
        pool: SparkPoolId::new(SUBSCRIPTION, "rg", "syn", "pool").unwrap(),
        description: Some("d".into()),
        identity,
        tags: BTreeMap::from([("a".into(), "b".into())]),
    }
}

#[test]
fn attach_with_an_identity_of_its_own() {
    let call = compute::put(
        &workspace_id(),
        "synspark",
        &attachment(ComputeIdentity::SystemAssigned),
    );
    assert_same(
        &call.request,
        &sdk("compute-attach-system", "PUT", "/computes/"),
    );
}

#[test]
fn attach_with_a_given_identity() {
    let identity = ArmId::new(
        "/subscriptions/s/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/u1",
    );
    let wish = attachment(ComputeIdentity::UserAssigned(vec![identity]));
    let call = compute::put(&workspace_id(), "synspark", &wish);
    assert_same(
        &call.request,
        &sdk("compute-attach-user-assigned", "PUT", "/computes/"),
    );
}

#[test]
fn look_at_and_detach_a_compute() {
    let call = compute::get(&workspace_id(), "synspark");
    assert_same(&call.request, &sdk("compute-get", "GET", "/computes/"));
    let call = compute::detach(&workspace_id(), "synspark");
    assert_same(
        &call.request,
        &sdk("compute-detach", "DELETE", "/computes/"),
    );
}

#[test]
fn look_at_a_workspace() {
    let call = workspace::get(&workspace_id());
    assert_same(
        &call.request,
        &sdk("workspace-get", "GET", "/workspaces/ws?"),
    );
}

fn source() -> Source {
    let file = |path: &str, content: &'static str| SourceFile {
        path: path.to_owned(),
        content: content.into(),
    };
    Source::new([file("main.py", "print(1)\n"), file("lib/a.py", "x=1\n")]).unwrap()
}

#[test]
fn upload_code() {
    let wish = "spark-attached";
    let source = source();
    let hash = source.hash();
    let sas = SasUrl::new("https://acct.blob.core.windows.net:443/cont-1?sv=1&sig=2");
    let name = hash.asset_name().to_string();
    let workspace = workspace_id();
    assert_same(
        &code::find(&workspace, &hash).request,
        &sdk(wish, "GET", "/versions?"),
    );
    assert_same(
        &code::start_pending_upload(&workspace, &hash).request,
        &sdk(wish, "POST", "/startPendingUpload"),
    );
    for file in source.files() {
        assert_same(
            &blob::put(&sas, "src", &file.path, file.content.clone()).request,
            &sdk(wish, "PUT", &format!("/src/{}?sv", file.path)),
        );
    }
    let first = &source.files()[0].path;
    assert_same(
        &blob::mark_uploaded(&sas, "src", first, &name).request,
        &sdk(wish, "PUT", "comp=metadata"),
    );
    let folder = "https://acct.blob.core.windows.net:443/cont-1/src";
    assert_same(
        &code::put_version(&workspace, &hash, folder).request,
        &sdk(wish, "PUT", "/codes/"),
    );
}

fn strings<const N: usize>(pairs: [(&str, &str); N]) -> BTreeMap<String, String> {
    pairs
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

fn size(instances: Option<u32>, dynamic_allocation: Option<DynamicAllocation>) -> Size {
    Size {
        driver: Driver {
            cores: 1,
            memory: "2g".into(),
        },
        executor: Executor {
            cores: 2,
            memory: "2g".into(),
            instances,
        },
        dynamic_allocation,
    }
}

/// The job of the captured requests; the SDK's random code name is taken from its request, since
/// which code a job names is not what is compared here.
fn spark_job(theirs: &Value, size: &Size, identity: JobIdentity, target: Target) -> SparkJob {
    SparkJob {
        display_name: Some("dn".into()),
        experiment_name: Some("dl".into()),
        description: None,
        tags: BTreeMap::new(),
        properties: BTreeMap::new(),
        is_archived: false,
        code_id: ArmId::new(theirs["body"]["properties"]["codeId"].as_str().unwrap()),
        entry: Entry::Python {
            file: "main.py".into(),
        },
        py_files: vec!["lib/a.py".into()],
        jars: Vec::new(),
        files: Vec::new(),
        archives: Vec::new(),
        identity: Some(identity),
        conf: size.conf(&strings([("spark.sql.shuffle.partitions", "8")])),
        inputs: BTreeMap::from([
            (
                "in1".into(),
                JobInput::UriFolder(Uri::direct("abfss://c@acct.dfs.core.windows.net/p")),
            ),
            ("n".into(), JobInput::Literal { value: "5".into() }),
        ]),
        outputs: BTreeMap::from([(
            "out1".into(),
            JobOutput::UriFolder(OutputUri {
                uri: Some("abfss://c@acct.dfs.core.windows.net/o".into()),
                ..OutputUri::default()
            }),
        )]),
        args: Some("--i ${{inputs.in1}} --n ${{inputs.n}} --o ${{outputs.out1}}".into()),
        environment_id: None,
        target,
    }
}

fn serverless() -> Target {
    Target::Serverless {
        resources: Resources {
            instance_type: "standard_e4s_v3".into(),
            runtime_version: "3.4".into(),
        },
    }
}

fn assert_same_job(wish: &str, size: &Size, identity: JobIdentity, target: Target) {
    let theirs = sdk(wish, "PUT", "/jobs/");
    let url: Url = theirs["url"].as_str().unwrap().parse().unwrap();
    let name = url.path_segments().unwrap().next_back().unwrap().to_owned();
    let job = spark_job(&theirs, size, identity, target);
    assert_same(&job::put(&workspace_id(), &name, &job).request, &theirs);
}

#[test]
fn submit_to_an_attached_pool() {
    let target = Target::Attached {
        compute_id: workspace_id().compute("synspark"),
    };
    let identity = JobIdentity::Managed {
        client_id: None,
        resource_id: None,
    };
    assert_same_job("spark-attached", &size(Some(2), None), identity, target);
}

#[test]
fn submit_to_serverless_with_a_managed_identity() {
    let identity = JobIdentity::Managed {
        client_id: Some("cid".into()),
        resource_id: None,
    };
    assert_same_job(
        "spark-serverless-managed",
        &size(Some(2), None),
        identity,
        serverless(),
    );
}

#[test]
fn submit_to_serverless_as_the_submitter_with_dynamic_allocation() {
    let dynamic = DynamicAllocation {
        min_executors: 1,
        max_executors: 4,
    };
    let size = size(None, Some(dynamic));
    let wish = "spark-serverless-user-identity";
    assert_same_job(wish, &size, JobIdentity::UserIdentity, serverless());
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
    let api = "https://eastus.api.azureml.ms".parse().unwrap();
    let call = run::details(&api, &workspace_id(), "job1");
    assert_same(&call.request, &sdk("job-stream", "GET", "/details"));
}

#[test]
fn every_listed_difference_has_a_reason() {
    for (op, part, reason) in DIFFERENCES {
        assert!(reason.len() > 10, "{op} {part}");
    }
}
