//! Tests of the parent module.

use super::*;

#[test]
fn an_id_belongs_to_one_triple() {
    let scope = pool_scope("Syn", "Pool");
    assert_eq!(scope, "workspaces/Syn/bigDataPools/Pool");
    let first = id(&scope, "p", ADMINISTRATOR);
    assert_eq!(
        first,
        id(
            "workspaces/syn/bigdatapools/pool",
            "P",
            &ADMINISTRATOR.to_uppercase()
        )
    );
    for other in [
        id(&pool_scope("Syn", "Pool2"), "p", ADMINISTRATOR),
        id(&scope, "q", ADMINISTRATOR),
        id(&scope, "p", COMPUTE_OPERATOR),
    ] {
        assert_ne!(first, other);
    }
    // Written down because a change would make every cluster's grants anew.
    assert_eq!(first.to_string(), "aecc8f11-e340-5235-a18e-d1ab37c72d28");
}

#[test]
fn an_assignment_is_known_by_its_triple_and_not_by_its_id() {
    let assignment = Assignment {
        id: "x".to_owned(),
        role_definition_id: ADMINISTRATOR.to_uppercase(),
        principal_id: "P".to_owned(),
        scope: "workspaces/Syn/bigDataPools/pool".to_owned(),
    };
    assert!(assignment.gives(ADMINISTRATOR, "p", &pool_scope("syn", "pool")));
    assert!(!assignment.gives(ADMINISTRATOR, "p", "workspaces/syn"));
    assert!(!assignment.gives(CONTRIBUTOR, "p", &pool_scope("syn", "pool")));
}

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
