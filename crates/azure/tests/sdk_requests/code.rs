//! Code: looked for, uploaded, named, registered where it lies.

use azureml_spark_azure::aml::code::{self, Source, SourceFile};
use azureml_spark_azure::{AssetId, AssetKind, SasUrl, blob};

use crate::compare::{assert_same, name_in, sdk, workspace_id};

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

fn id(name: &str, version: &str) -> AssetId {
    AssetId::new(&workspace_id(), AssetKind::Code, name, version).unwrap()
}

#[test]
fn known_code_is_looked_for_by_its_hash() {
    let hash = source().hash();
    let call = code::find(&workspace_id(), &hash);
    assert_same(&call.request, &sdk("code-known", "GET", "/versions?"));
    let call = code::get(&id("c1", "1"));
    assert_same(&call.request, &sdk("code-known", "GET", "/versions/1"));
}

#[test]
fn named_code() {
    let call = code::get(&id("c9", "2"));
    assert_same(&call.request, &sdk("code-get", "GET", "/codes/"));
    let call = code::latest(&workspace_id(), "c9");
    assert_same(&call.request, &sdk("code-latest", "GET", "/codes/"));
}

#[test]
fn code_that_is_in_storage_already() {
    let folder = "https://acct.blob.core.windows.net/c/folder";
    let theirs = sdk("code-uri", "PUT", "/codes/");
    // The name is the SDK's random one, and ours is made from the address.
    let call = code::put_folder(&id(&name_in(&theirs, "codes"), code::VERSION), folder);
    assert_same(&call.request, &theirs);
    let ours = code::folder_id(&workspace_id(), folder).unwrap();
    // Written down because a change would register everybody's code again.
    assert_eq!(ours.name(), "99306224-c2ac-5796-b02a-5dbf133db6fa");
    assert_ne!(
        code::folder_id(&workspace_id(), "https://a/b").unwrap(),
        ours
    );
}
