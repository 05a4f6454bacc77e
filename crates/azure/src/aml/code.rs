//! Code assets: a folder in storage, known by the hash of its content (contract §4.1).

mod hash;

use std::collections::BTreeMap;

use reqwest::Method;
use serde::{Deserialize, Serialize};
use url::Url;
use uuid::Uuid;

use crate::aml::asset::{self, Version};
use crate::api_version;
use crate::page::{self, Page};
use crate::redact::SasUrl;
use crate::request::{Call, Request, path};
use crate::resource_id::{AssetId, AssetKind, InvalidId, WorkspaceId};
use crate::response::{Refusal, Response};
use crate::tolerant;

pub use hash::{CodeHash, InvalidSource, Source, SourceFile};

/// The one version that a code asset of ours ever has; other content is another name.
pub const VERSION: &str = "1";

/// Which way of hashing, as the SDK numbers it.
pub const HASH_VERSION: &str = "202208";

/// `GET {workspace}/codes/{name}/versions?hash=&hashVersion=`. Finds code of that hash under any
/// name; 200, empty if there is none. Needs `…/workspaces/codes/versions/read`. Contract §4.1.
pub fn find(workspace: &WorkspaceId, hash: &CodeHash) -> Call<Page<CodeVersion>> {
    let name = hash.asset_name().to_string();
    let path = path(&workspace.segments(), &["codes", &name, "versions"]);
    Request::arm("code.find", Method::GET, path, api_version::CODE)
        .query("hash", hash.as_str())
        .query("hashVersion", HASH_VERSION)
        .parsed_by(page::page)
}

/// The page behind [`Page::next`].
pub fn next_page(next: Url) -> Call<Page<CodeVersion>> {
    page::follow("code.find", next)
}

/// `GET {workspace}/codes/{name}/versions/{version}`. Needs `…/workspaces/codes/versions/read`; 200,
/// and 404 if there is none. Contract §4.1.
pub fn get(id: &AssetId) -> Call<CodeVersion> {
    asset::get("code.get", api_version::CODE, id)
}

/// [`get`] of the code that we register for a content. Contract §4.1.
pub fn get_version(workspace: &WorkspaceId, hash: &CodeHash) -> Call<CodeVersion> {
    let path = version_path(workspace, hash, &[]);
    Request::arm("code.get", Method::GET, path, api_version::CODE).parsed()
}

/// `GET {workspace}/codes/{name}/versions`, only the version that was created last. Needs
/// `…/workspaces/codes/versions/read`; 200, and empty or 404 if there is no such code. The SDK gives
/// `@latest` no meaning for code; this is what it does for environments, by its own client:
/// tests/data/sdk/code-latest.json.
pub fn latest(workspace: &WorkspaceId, name: &str) -> Call<Option<CodeVersion>> {
    asset::created_last(
        "code.latest",
        api_version::CODE,
        workspace,
        AssetKind::Code,
        name,
    )
}

/// `POST …/versions/1/startPendingUpload`: a place in storage and a signature to write there; 200. A
/// new container for every call. Contract §4.1.
pub fn start_pending_upload(workspace: &WorkspaceId, hash: &CodeHash) -> Call<PendingUpload> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Asked {
        pending_upload_type: &'static str,
    }
    let path = version_path(workspace, hash, &["startPendingUpload"]);
    Request::arm(
        "code.startPendingUpload",
        Method::POST,
        path,
        api_version::CODE,
    )
    .json(&Asked {
        pending_upload_type: "TemporaryBlobReference",
    })
    .parsed_by(pending_upload)
}

/// `PUT {workspace}/codes/{name}/versions/1` for a folder that has been uploaded; 200 or 201. The
/// same version with another folder is refused: [`crate::Error::is_code_version_exists`]. Contract
/// §4.1.
pub fn put_version(workspace: &WorkspaceId, hash: &CodeHash, folder: &str) -> Call<CodeVersion> {
    let properties = BTreeMap::from([
        ("hash_sha256", hash.as_str()),
        ("hash_version", HASH_VERSION),
    ]);
    let path = version_path(workspace, hash, &[]);
    Request::arm("code.put", Method::PUT, path, api_version::CODE)
        .json(&Body {
            properties: Wish {
                code_uri: folder,
                is_anonymous: true,
                properties,
            },
        })
        .parsed()
}

/// `PUT {workspace}/codes/{name}/versions/1` for a folder that somebody else has filled: nothing is
/// uploaded, and no hash is known. Needs `…/workspaces/codes/versions/write`; 200 or 201. The name is
/// made from the address, so the same once more is the same version. What Azure takes as an address
/// besides `https://{account}.blob…/{container}/{folder}` is unverified. Contract §4.1.
pub fn put_folder(id: &AssetId, folder: &str) -> Call<CodeVersion> {
    Request::arm(
        "code.putFolder",
        Method::PUT,
        id.segments(),
        api_version::CODE,
    )
    .json(&Body {
        properties: Wish {
            code_uri: folder,
            is_anonymous: true,
            properties: BTreeMap::new(),
        },
    })
    .parsed()
}

/// The id under which we register the code in a folder that somebody else has filled.
pub fn folder_id(workspace: &WorkspaceId, folder: &str) -> Result<AssetId, InvalidId> {
    let name = format!("https://spark.azureml.dev/code-folders/{folder}");
    let name = Uuid::new_v5(&Uuid::NAMESPACE_URL, name.as_bytes());
    AssetId::new(workspace, AssetKind::Code, &name.to_string(), VERSION)
}

fn version_path(workspace: &WorkspaceId, hash: &CodeHash, tail: &[&str]) -> Vec<String> {
    let name = hash.asset_name().to_string();
    let head = path(
        &workspace.segments(),
        &["codes", &name, "versions", VERSION],
    );
    head.into_iter()
        .chain(tail.iter().map(|segment| (*segment).to_owned()))
        .collect()
}

#[derive(Serialize)]
struct Body<'a> {
    properties: Wish<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Wish<'a> {
    code_uri: &'a str,
    is_anonymous: bool,
    properties: BTreeMap<&'static str, &'a str>,
}

fn pending_upload(response: &Response) -> Result<PendingUpload, Refusal> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Answer {
        blob_reference_for_consumption: Reference,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Reference {
        blob_uri: String,
        credential: Credential,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Credential {
        sas_uri: SasUrl,
    }
    let reference = response.json::<Answer>()?.blob_reference_for_consumption;
    Ok(PendingUpload {
        container: reference.blob_uri,
        sas: reference.credential.sas_uri,
    })
}

/// A place to upload to.
#[derive(Clone, Debug)]
pub struct PendingUpload {
    /// The container's address as Azure wrote it, port included; part of `codeUri`.
    pub container: String,
    /// The same with a signature to read, write and list.
    pub sas: SasUrl,
}

/// A version of a code asset.
pub type CodeVersion = Version<Properties>;

/// `properties` of a code version.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Properties {
    /// The folder.
    pub code_uri: Option<String>,
    /// Among them the hash.
    #[serde(deserialize_with = "tolerant::strings")]
    pub properties: BTreeMap<String, String>,
}
