//! What is asked, without asking.

use super::*;

const POOL: &str = "workspaces/w/bigDataPools/p";
const ACCOUNT: &str =
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/a";

fn question<'a>(wanted: &'a [RoleAssignment], recorded: &'a [RoleAssignment]) -> Question<'a> {
    Question {
        wanted,
        recorded,
        home: &Home::Unknown,
        deleting: false,
    }
}

#[test]
fn each_scope_and_each_holder_is_asked_for_once_where_wanted_or_on_record() {
    let wanted = [
        role::assignment(Role::SynapseAdministrator, POOL, "new"),
        role::assignment(Role::Reader, ACCOUNT, "new"),
        role::assignment(Role::StorageBlobDataReader, ACCOUNT, "NEW"),
    ];
    let recorded = [
        role::assignment(
            Role::SynapseAdministrator,
            "Workspaces/W/bigDataPools/P",
            "old",
        ),
        role::assignment(Role::SynapseContributor, "workspaces/w", "old"),
        role::assignment(Role::Reader, ACCOUNT, "old"),
    ];
    let question = question(&wanted, &recorded);
    assert_eq!(question.synapse_scopes(), [POOL, "workspaces/w"]);
    let holders = question.storage_holders();
    let names: Vec<&str> = holders
        .iter()
        .map(|(_, principal)| principal.as_str())
        .collect();
    assert_eq!(names, ["new", "old"]);
}

#[test]
fn offers_are_asked_for_while_a_role_in_synapse_is_missing_and_not_to_leave() {
    let wanted = [
        role::assignment(Role::SynapseAdministrator, POOL, "p"),
        role::assignment(Role::Reader, ACCOUNT, "p"),
    ];
    let question = question(&wanted, &[]);
    assert_eq!(question.asks_for_offers(&[]).as_deref(), Some("w"));
    assert_eq!(question.asks_for_offers(&wanted[..1]), None);
    let leaving = Question {
        deleting: true,
        ..question
    };
    assert_eq!(leaving.asks_for_offers(&[]), None);
}

#[test]
fn a_pool_that_cannot_be_addressed_is_not_known_to_be_gone() {
    let nowhere = azureml_spark_api::azure_id::SparkPoolId {
        subscription: String::new(),
        resource_group: String::new(),
        workspace: String::new(),
        pool: String::new(),
    };
    assert_eq!(Home::pool(&nowhere), Home::Unknown);
}
