//! Tests of the parent module.

use super::*;
use crate::aml::job;
use crate::resource_id::WorkspaceId;

fn public() -> Cloud {
    Cloud::built_in("AzurePublic").unwrap()
}

fn url(request: &Request) -> Result<String, String> {
    request
        .url(&public())
        .map(String::from)
        .map_err(|error| error.code.clone())
}

fn arm(path: &[&str]) -> Request {
    Request::arm("test", Method::GET, super::path(path, &[]), "v")
}

#[test]
fn segments_and_values_are_encoded() {
    let request = arm(&["a b", "(c).d_e-f~", "ü"]).query("$filter", "x eq 'y&z'");
    assert_eq!(
        url(&request).unwrap(),
        "https://management.azure.com/a%20b/(c).d_e-f~/%C3%BC?api-version=v&$filter=x%20eq%20%27y%26z%27"
    );
}

#[test]
fn a_name_never_leads_to_another_resource() {
    let workspace = WorkspaceId::new("s", "rg", "ws").unwrap();
    for name in ["..", ".", "", "a/b", "%2e%2e", "a?b"] {
        assert_eq!(
            url(&job::get(&workspace, name).request),
            Err("InvalidName".to_owned()),
            "{name}"
        );
    }
}

#[test]
fn a_synapse_workspaces_name_never_changes_the_host() {
    for name in ["evil.example.org/", "a.b", "a@b", "a:1", "a#"] {
        let address = Address::Synapse {
            workspace: name.to_owned(),
            path: Vec::new(),
        };
        let request = Request::to("test", Method::GET, address);
        assert_eq!(url(&request), Err("InvalidName".to_owned()), "{name}");
    }
}

#[test]
fn returned_addresses_keep_their_query_and_stay_within_the_cloud() {
    let next = "https://management.azure.com/x?api-version=1&%24skip=ab%2Bc";
    assert_eq!(
        url(&Request::follow("test", next.parse().unwrap())).unwrap(),
        next
    );
    let storage = "https://acct.blob.core.windows.net/x".parse().unwrap();
    assert_eq!(
        url(&Request::follow("test", storage)),
        Err("HostNotAllowed".to_owned())
    );
}

#[test]
fn signed_addresses_get_their_path_before_the_signature() {
    let sas = SasUrl::new("https://acct.blob.core.windows.net:443/cont?sv=1&sig=a%2Bb");
    let path = vec!["src".to_owned(), "a b.py".to_owned()];
    let request =
        Request::to("test", Method::PUT, Address::Signed(sas, path)).query("comp", "metadata");
    assert_eq!(
        url(&request).unwrap(),
        "https://acct.blob.core.windows.net/cont/src/a%20b.py?comp=metadata&sv=1&sig=a%2Bb"
    );
    assert!(!format!("{request:?}").contains("sig="));
}
