//! Tests of the parent module.

use super::*;

#[test]
fn the_next_page_is_asked_for_by_header() {
    let call = list(
        "syn",
        &Filter {
            scope: Some("workspaces/syn"),
            ..Filter::default()
        },
        Some("tok"),
    );
    assert!(
        call.request
            .headers
            .contains(&("x-ms-continuation", "tok".to_owned()))
    );
    let cloud = crate::Cloud::built_in("AzurePublic").unwrap();
    assert_eq!(
        call.request.url(&cloud).unwrap().as_str(),
        "https://syn.dev.azuresynapse.net/roleAssignments?api-version=2020-12-01&scope=workspaces/syn"
    );
}
