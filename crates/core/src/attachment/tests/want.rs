//! From the manifest to the wish.

use azureml_spark_api::Reason;
use azureml_spark_api::role::SynapseRole;
use serde_json::json;

use super::object::{OWNER, POOL, given, set, want_with};
use crate::attachment::{Attachment, Given, OWNER_TAG};
use crate::machine::Machine;

#[test]
fn what_is_left_out_has_its_meaning() {
    let want = want_with(|_| {});
    assert_eq!(want.compute.name, "pool", "the object's own name");
    assert_eq!(
        want.roles,
        [SynapseRole::SynapseAdministrator],
        "without it jobs fail"
    );
    assert_eq!(
        want.compute.tags,
        [(OWNER_TAG.to_owned(), OWNER.to_owned())].into()
    );
    assert!(want.compute.user_assigned.is_empty());
    let none = want_with(|g| set(g, "grants", json!({"synapseRoles": []})));
    assert!(none.roles.is_empty(), "an empty list is a wish too");
    let named = want_with(|g| set(g, "azureName", json!("other")));
    assert_eq!(named.compute.name, "other");
}

#[test]
fn nobody_can_give_a_compute_to_another_object_by_a_tag() {
    let want = want_with(|g| set(g, "tags", json!({OWNER_TAG: "another", "team": "a"})));
    assert_eq!(want.compute.tags[OWNER_TAG], OWNER);
    assert_eq!(want.compute.tags["team"], "a");
}

#[test]
fn what_is_no_pool_is_invalid_and_can_be_deleted() {
    for id in [
        "",
        "p",
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.Synapse/workspaces/w/sqlPools/p",
    ] {
        let mut given = given();
        set(&mut given, "pool", json!({"resourceId": id}));
        let invalid = Attachment::want(&given).unwrap_err();
        assert_eq!(
            (invalid.field.as_str(), invalid.reason),
            ("spec.pool.resourceId", Reason::InvalidSpec),
            "{id}"
        );
        assert_eq!(
            Attachment::want(&given).unwrap_err(),
            invalid,
            "invalid is final"
        );
        let deleting = Given {
            deleting: true,
            ..given
        };
        assert!(Attachment::want(&deleting).is_ok(), "{id}");
    }
    let odd = POOL.to_uppercase();
    assert!(
        want_with(|g| set(g, "pool", json!({"resourceId": odd})))
            .compute
            .pool
            .unwrap()
            .synapse_scope()
            .contains("SYN")
    );
}
