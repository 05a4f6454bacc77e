//! What others that leave a role go by.

use azureml_spark_api::SynapseSparkAttachmentStatus;
use azureml_spark_api::role::{Role, RoleAssignment};
use serde_json::json;

use super::object::{compute_with, given, grant, set, user_assigned, with_identities};
use crate::attachment::{Given, claims};
use crate::role;

fn status(compute: &crate::attachment::Compute) -> SynapseSparkAttachmentStatus {
    SynapseSparkAttachmentStatus {
        identity: Some(compute.identity.clone()),
        ..SynapseSparkAttachmentStatus::default()
    }
}

type Change = fn(&mut Given);

#[test]
fn a_role_is_claimed_that_the_spec_asks_for_and_an_identity_of_it_holds() {
    let system = status(&compute_with(|_| {}));
    let users = status(&compute_with(with_identities));
    let blobs =
        |principal: &str| role::assignment(Role::StorageBlobDataReader, "/accounts/A", principal);
    let storage: Change = |g| {
        let account = json!({"accountId": "/accounts/a/", "roles": ["StorageBlobDataReader"]});
        set(g, "grants", json!({"storage": [account]}));
    };
    let others: Change = |g| {
        set(g, "grants", json!({"synapseRoles": ["SynapseContributor"]}));
    };
    let one: Change = |g| {
        let named = json!([{"resourceId": "/identities/one"}]);
        let wish = json!({"type": "UserAssigned", "userAssignedIdentities": named});
        set(g, "identity", wish);
    };
    let none = SynapseSparkAttachmentStatus::default();
    let rows: Vec<(
        Change,
        &SynapseSparkAttachmentStatus,
        RoleAssignment,
        bool,
        &str,
    )> = vec![
        (
            |_| {},
            &system,
            grant("Principal"),
            true,
            "what the spec means where it says nothing",
        ),
        (
            |_| {},
            &system,
            grant("old"),
            false,
            "that of an identity that is gone",
        ),
        (
            |_| {},
            &none,
            grant("principal"),
            false,
            "nothing is known of an identity",
        ),
        (
            others,
            &system,
            grant("principal"),
            false,
            "the spec names others",
        ),
        (
            storage,
            &system,
            grant("principal"),
            true,
            "it names none at the pool",
        ),
        (storage, &system, blobs("principal"), true, "on an account"),
        (|_| {}, &system, blobs("principal"), false, "on no account"),
        (
            user_assigned,
            &users,
            grant("second"),
            true,
            "one of several",
        ),
        (one, &users, grant("first"), true, "the one"),
        (one, &users, grant("second"), false, "not named any more"),
        (
            user_assigned,
            &system,
            grant("principal"),
            false,
            "another kind is wished",
        ),
    ];
    for (change, status, grant, expected, why) in rows {
        let mut given = given();
        change(&mut given);
        assert_eq!(claims(&given.spec, status, &grant), expected, "{why}");
    }
}
