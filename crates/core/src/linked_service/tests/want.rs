//! From the manifest to the wish.

use azureml_spark_api::Reason;
use azureml_spark_api::linked_service::LinkDeletionPolicy;
use azureml_spark_api::policy::{AdoptionPolicy, DriftPolicy, ManagementPolicy};
use azureml_spark_api::role::{Role, SynapseRole};
use serde_json::json;

use super::object::{SYNAPSE, given, grant, observing, roleless, set, want_with};
use crate::linked_service::{Given, LinkedService, Policies};
use crate::machine::Machine;

#[test]
fn what_is_left_out_has_its_meaning() {
    let want = want_with(|_| {});
    assert_eq!(want.link.name, "link", "the object's own name");
    assert_eq!(want.link.synapse.to_string(), SYNAPSE);
    assert_eq!(
        want.roles,
        [SynapseRole::SynapseApacheSparkAdministrator],
        "what Azure's documentation asks for"
    );
    assert_eq!(
        want.policies,
        Policies {
            management: ManagementPolicy::Full,
            adoption: AdoptionPolicy::IfIdentical,
            drift: DriftPolicy::Correct,
            deletion: LinkDeletionPolicy::Unlink,
        }
    );
    assert!(
        want_with(roleless).roles.is_empty(),
        "an empty list is a wish too"
    );
    let named = want_with(|g| set(g, "azureName", json!("other")));
    assert_eq!(named.link.name, "other");
}

#[test]
fn roles_go_to_the_links_identity_at_the_workspace() {
    let want = want_with(|_| {});
    assert_eq!(want.wanted(Some("principal")), [grant("principal")]);
    assert_eq!(want.wanted(None), [], "nobody to grant to yet");
}

#[test]
fn what_is_no_synapse_workspace_is_invalid_and_can_be_deleted() {
    for id in ["", "syn", &format!("{SYNAPSE}/bigDataPools/p")] {
        let mut given = given();
        given.spec.synapse_workspace_id = id.to_owned();
        let invalid = LinkedService::want(&given).unwrap_err();
        assert_eq!(
            (invalid.field.as_str(), invalid.reason),
            ("spec.synapseWorkspaceId", Reason::InvalidSpec),
            "{id}"
        );
        let deleting = Given {
            deleting: true,
            ..given
        };
        assert!(LinkedService::want(&deleting).is_ok(), "{id}");
    }
}

#[test]
fn a_role_that_may_not_be_granted_is_refused_unless_nothing_is_granted() {
    let narrow = |given: &mut Given| given.grantable = [Role::SynapseAdministrator].into();
    let mut all = given();
    narrow(&mut all);
    let invalid = LinkedService::want(&all).unwrap_err();
    assert_eq!(
        (invalid.field.as_str(), invalid.reason),
        ("spec.grants.synapseRoles", Reason::RoleNotAllowed)
    );
    assert!(
        invalid.message.contains("to []"),
        "nobody named it: {invalid}"
    );
    set(
        &mut all,
        "grants",
        json!({"synapseRoles": ["SynapseApacheSparkAdministrator"]}),
    );
    let invalid = LinkedService::want(&all).unwrap_err();
    assert!(!invalid.message.contains("to []"), "{invalid}");
    for (change, why) in [
        (
            (|g| g.deleting = true) as fn(&mut Given),
            "it can be deleted",
        ),
        (observing, "it only looks"),
        (roleless, "it asks for none"),
        (
            |g| {
                set(
                    g,
                    "grants",
                    json!({"synapseRoles": ["SynapseAdministrator"]}),
                );
            },
            "it asks for another",
        ),
    ] {
        let mut given = given();
        narrow(&mut given);
        change(&mut given);
        assert!(LinkedService::want(&given).is_ok(), "{why}");
    }
}
