//! What a person at Azure ML has at hand: code, data, jobs, and patience.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use crate::azure::{Azure, Reply};

pub(crate) const STORAGE_VERSION: &str = "2021-08-06";

impl Azure {
    /// A path below the workspace, with a version.
    pub(crate) fn ws(&self, path: &str) -> String {
        let mark = if path.contains('?') { '&' } else { '?' };
        format!(
            "{}/{path}{mark}api-version=2023-04-01-preview",
            self.world().workspace_arm_id()
        )
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.arm(Method::GET, &self.ws(path), None).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Reply {
        self.arm(Method::PUT, &self.ws(path), Some(body)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Option<Value>) -> Reply {
        self.arm(Method::POST, &self.ws(path), body).await
    }

    pub(crate) async fn history(&self, method: Method, path: &str, body: Option<Value>) -> Reply {
        let path = format!("/history/v1.0{}/{path}", self.world().workspace_arm_id());
        self.arm(method, &path, body).await
    }

    /// A request to blob storage without any login: the URL has to be signed.
    pub(crate) async fn blob(
        &self,
        method: Method,
        url: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> reqwest::Response {
        let mut request = self
            .client
            .request(method, url)
            .header("x-ms-version", STORAGE_VERSION);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request
            .timeout(Duration::from_secs(10))
            .body(body.to_vec())
            .send()
            .await
            .unwrap()
    }

    /// A new container to upload to: its URL and the signature's query.
    pub(crate) async fn container(&self) -> (String, String) {
        let reply = self
            .post("codes/new/versions/1/startPendingUpload", None)
            .await;
        assert_eq!(reply.status, 200, "{reply:?}");
        let uri = &reply.body["blobReferenceForConsumption"]["credential"]["sasUri"];
        let (url, query) = uri.as_str().unwrap().split_once('?').unwrap();
        (url.to_owned(), query.to_owned())
    }

    pub(crate) async fn upload(&self, url: &str, query: &str, content: &[u8]) {
        let headers = [("x-ms-blob-type", "BlockBlob"), ("if-none-match", "*")];
        let answer = self
            .blob(Method::PUT, &format!("{url}?{query}"), &headers, content)
            .await;
        assert_eq!(answer.status(), 201);
    }

    /// Registers code with these files; says its id.
    pub(crate) async fn code(&self, name: &str, files: &[(&str, &str)]) -> String {
        let (container, query) = self.container().await;
        for (path, content) in files {
            self.upload(
                &format!("{container}/src/{path}"),
                &query,
                content.as_bytes(),
            )
            .await;
        }
        let body = json!({"properties": {
            "codeUri": format!("{container}/src"),
            "isAnonymous": true,
            "properties": {"hash_sha256": format!("hash-of-{name}"), "hash_version": "202208"},
        }});
        let reply = self.put(&format!("codes/{name}/versions/1"), body).await;
        assert_eq!(reply.status, 201, "{reply:?}");
        reply.body["id"].as_str().unwrap().to_owned()
    }

    /// Code that does nothing.
    pub(crate) async fn some_code(&self) -> String {
        self.code("some-code", &[("main.py", "print('hello')\n")])
            .await
    }

    /// The body of a serverless job on the workspace's identity.
    pub(crate) fn job_body(code: &str) -> Value {
        json!({"properties": {
            "jobType": "Spark",
            "displayName": "dn",
            "experimentName": "exp",
            "tags": {"mine": "yes"},
            "properties": {"hash": "1"},
            "isArchived": false,
            "codeId": code,
            "entry": {"sparkJobEntryType": "SparkJobPythonEntry", "file": "main.py"},
            "identity": {"identityType": "Managed"},
            "conf": {
                "spark.driver.cores": "1",
                "spark.driver.memory": "1g",
                "spark.executor.cores": "2",
                "spark.executor.memory": "2g",
                "spark.executor.instances": "2",
            },
            "inputs": {"n": {"jobInputType": "literal", "value": "5"}},
            "outputs": {"out": {
                "jobOutputType": "uri_folder",
                "uri": "azureml://datastores/workspaceblobstore/paths/out/",
                "mode": "Direct",
            }},
            "args": "--n ${{inputs.n}} --out ${{outputs.out}}",
            "resources": {"instanceType": "standard_e4s_v3", "runtimeVersion": "3.4"},
        }})
    }

    /// The body of a job on an attached pool, run by the compute's own identity.
    pub(crate) fn attached_body(&self, code: &str, compute: &str) -> Value {
        let mut body = Self::job_body(code);
        let fields = body["properties"].as_object_mut().unwrap();
        fields.remove("resources");
        let id = format!("{}/computes/{compute}", self.world().workspace_arm_id());
        fields.insert("computeId".to_owned(), json!(id));
        body
    }

    pub(crate) async fn submit(&self, name: &str, body: Value) {
        let reply = self.put(&format!("jobs/{name}"), body).await;
        assert_eq!(reply.status, 201, "{reply:?}");
    }

    pub(crate) async fn status(&self, name: &str) -> String {
        let reply = self.get(&format!("jobs/{name}")).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.body["properties"]["status"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Waits until the job is in this state; fails when it ends in another.
    pub(crate) async fn reaches(&self, name: &str, wanted: &str, within: Duration) {
        let deadline = Instant::now() + within;
        loop {
            let status = self.status(name).await;
            if status == wanted {
                return;
            }
            let over = ["Completed", "Failed", "Canceled"].contains(&status.as_str());
            assert!(!over, "{name} is {status}: {:?}", self.details(name).await);
            assert!(
                Instant::now() < deadline,
                "{name} is {status} and not {wanted}"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub(crate) async fn details(&self, name: &str) -> Value {
        let reply = self
            .history(Method::GET, &format!("runs/{name}/details"), None)
            .await;
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.body
    }

    /// Sets a job's state by hand.
    pub(crate) async fn hold(&self, name: &str, status: &str) {
        let body = json!({"status": status});
        let path = format!("/_emulator/jobs/{name}");
        let reply = self.send(Method::POST, &path, None, Some(body)).await;
        assert_eq!(reply.status, 200, "{reply:?}");
    }

    /// Grants the compute's identity the role at the pool.
    pub(crate) async fn grant_pool(&self, compute: &Value) {
        let world = self.world();
        let path = "/roleAssignments/99999999-9999-4999-8999-999999999999?api-version=2020-12-01";
        let body = json!({
            "roleId": "6e4bf58a-b8e1-4cc3-bbf9-d73143322b78",
            "principalId": compute["identity"]["principalId"],
            "principalType": "ServicePrincipal",
            "scope": format!("workspaces/{}/bigDataPools/{}", world.synapse_workspace, world.pool),
        });
        let reply = self.synapse(Method::PUT, path, Some(body)).await;
        assert_eq!(reply.status, 200, "{reply:?}");
    }
}

/// The codes below an error, from the outside in.
pub(crate) fn chain(error: &Value) -> Vec<String> {
    let info = error["error"]["additionalInfo"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let mut inner = info
        .iter()
        .find(|info| info["type"] == "InnerError")
        .map(|info| info["info"]["value"].clone())
        .unwrap_or_default();
    let mut codes = Vec::new();
    while let Some(code) = inner["code"].as_str() {
        codes.push(code.to_owned());
        inner = inner["innerError"].clone();
    }
    codes
}
