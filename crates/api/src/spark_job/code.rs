//! Where the code of a run comes from, and where it starts.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::reference::OBJECT_NAME;

/// Where the code of a run comes from: exactly one of `configMaps`, `asset`, `uri` and `sourceRef`. It is read once,
/// before the first submission; every attempt runs what was read then. Example: `{configMaps: [{name: src}]}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("[has(self.configMaps), has(self.asset), has(self.uri), has(self.sourceRef)].filter(given, given).size() == 1")
        .message("spec.code needs exactly one of configMaps, asset, uri and sourceRef")
)]
pub struct Code {
    /// `ConfigMap`s of this namespace, 1 to 10, each with at most 1 MiB, laid out together as one folder. For more, use
    /// `sourceRef`, `asset` or `uri`. Example: `[{name: titanic-src}]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 10), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub config_maps: Option<Vec<CodeConfigMap>>,
    /// Code that is registered in the workspace: `azureml:{name}:{version}`, `azureml:{name}@latest` (looked up once,
    /// told in `status.codeId`), or its resource id, at most 1,024 characters. Example: `azureml:titanic-src:3`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024))]
    #[x_kube(validation = Rule::new("self.matches('^azureml:[a-zA-Z0-9][a-zA-Z0-9_.-]*(:[a-zA-Z0-9][a-zA-Z0-9_.-]*|@latest)$') || self.matches('^/[sS]ubscriptions/[^/]+/[rR]esource[gG]roups/[^/]+/[pP]roviders/[mM]icrosoft[.][mM]achine[lL]earning[sS]ervices/workspaces/[^/]+/codes/[^/]+/versions/[^/]+$')")
        .message("spec.code.asset must be azureml:{name}:{version}, azureml:{name}@latest or a resource id that ends in /codes/{name}/versions/{version}"))]
    pub asset: Option<String>,
    /// A folder of a blob container, as an https address without a query, at most 1,024 characters; a single file is
    /// none. Example: `https://account.blob.core.windows.net/container/folder`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024))]
    #[x_kube(validation = Rule::new("self.matches('^https://[^/?#@]+/[^/?#]+/[^?#]+$')")
        .message("spec.code.uri must be the https address of a folder in a blob container, https://{account}.blob.core.windows.net/{container}/{folder}, without a query such as a SAS"))]
    pub uri: Option<String>,
    /// A Flux source of this namespace: its artifact is fetched, verified and unpacked. Example: `{kind: GitRepository,
    /// name: jobs, path: titanic}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_ref: Option<SourceRef>,
}

/// A `ConfigMap` with code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct CodeConfigMap {
    /// Name of the `ConfigMap`.
    #[schemars(length(min = 1, max = 253), regex(pattern = OBJECT_NAME))]
    pub name: String,
    /// Which keys go where, 1 to 100. Omitted: every key is a file of that name. Example: `[{key: lib_util.py, path:
    /// lib/util.py}]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 100))]
    pub items: Option<Vec<Item>>,
}

/// One key of a `ConfigMap` as a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    /// The key. Example: `lib_util.py`.
    #[schemars(length(min = 1, max = 253))]
    pub key: String,
    /// Relative path of the file, such as `lib/util.py`, at most 256 characters; no `..`.
    #[schemars(length(min = 1, max = 256))]
    #[x_kube(validation = Rule::new("!('/' + self + '/').contains('//') && !('/' + self + '/').contains('/./') && !('/' + self + '/').contains('/../')")
        .message("path must be relative, without '.', '..' and empty parts"))]
    pub path: String,
}

/// A Flux source of the same namespace. Example: `{kind: GitRepository, name: jobs, path: titanic}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct SourceRef {
    /// Which kind of source: `GitRepository`, `OCIRepository` or `Bucket`.
    pub kind: SourceKind,
    /// Name of the source.
    #[schemars(length(min = 1, max = 253), regex(pattern = OBJECT_NAME))]
    pub name: String,
    /// The folder of the artifact that is the code, relative, at most 256 characters; no `..`. Omitted: all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256))]
    #[x_kube(validation = Rule::new("!('/' + self + '/').contains('//') && !('/' + self + '/').contains('/./') && !('/' + self + '/').contains('/../')")
        .message("spec.code.sourceRef.path must be relative, without '.', '..' and empty parts; leave it out for the whole artifact"))]
    pub path: Option<String>,
}

/// The kinds of Flux that hold an artifact.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub enum SourceKind {
    /// A git repository.
    GitRepository,
    /// An artifact in a container registry.
    #[serde(rename = "OCIRepository")]
    OciRepository,
    /// A bucket of an object store.
    Bucket,
}

impl SourceKind {
    /// The word in the manifest.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::GitRepository => "GitRepository",
            Self::OciRepository => "OCIRepository",
            Self::Bucket => "Bucket",
        }
    }
}

/// Where a run starts: exactly one of `file` and `className`. Example: `{file: main.py}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("has(self.file) != has(self.className)")
        .message("spec.entry needs exactly one of file and className")
)]
pub struct Entry {
    /// Relative path of a Python file of the code, such as `main.py`, at most 256 characters; no `..`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256))]
    #[x_kube(validation = Rule::new("self.endsWith('.py') && !('/' + self).contains('//') && !('/' + self).contains('/./') && !('/' + self).contains('/../')")
        .message("entry.file must be the relative path of a .py file of the code, without '.', '..' and empty parts"))]
    pub file: Option<String>,
    /// Full name of a Scala or Java class with a `main`, at most 512 characters; `spec.jars` must name the jar that
    /// holds it. Example: `com.example.WordCount`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 512))]
    #[x_kube(validation = Rule::new("self.matches('^[a-zA-Z_$][a-zA-Z0-9_$]*([.][a-zA-Z_$][a-zA-Z0-9_$]*)*$')")
        .message("entry.className must be the full name of a class, such as com.example.WordCount"))]
    pub class_name: Option<String>,
}
