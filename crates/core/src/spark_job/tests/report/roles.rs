//! What is told of roles that the identity of a run does not seem to hold.

use azureml_spark_api::SparkJobStatus;
use azureml_spark_api::role::Role;
use azureml_spark_api::role::StorageRole::{self, Contributor, StorageBlobDataContributor};
use azureml_spark_api::spark_job::MissingRole;
use serde_json::json;

use super::{Change, say, say_after};
use crate::machine::Sight;
use crate::place::Reference;
use crate::spark_job::tests::object::{asked, condition, ended, seen, set};
use crate::spark_job::tests::roles::{
    DATA, MANAGE, OWN, POOL, POOL_SCOPE, assigned, identity, on_theirs, output, plain, theirs,
    ungranted,
};
use crate::spark_job::{End, Memo, RunState, Seen};

fn told(roles: &[(&str, &str)]) -> Seen {
    Seen {
        roles: Sight::Present([(OWN.to_owned(), assigned(roles))].into()),
        ..seen(Sight::Unknown)
    }
}

fn missing(role: StorageRole) -> MissingRole {
    MissingRole {
        field: "spec.outputs.out".to_owned(),
        role: role.into(),
        scope: OWN.to_owned(),
        identity: "SystemAssigned".to_owned(),
        principal_id: "pool".to_owned(),
    }
}

#[test]
fn what_is_missing_is_told_with_what_mends_it() {
    let status = say(plain, &told(&[(MANAGE, OWN)]), &Memo::default());
    assert_eq!(status.missing_roles, [missing(StorageBlobDataContributor)]);
    let warning = condition(&status.conditions, "Warning").unwrap();
    assert_eq!(warning.reason, "RoleMissing");
    let command = format!(
        "az role assignment create --assignee-object-id pool --assignee-principal-type ServicePrincipal --role \"Storage Blob Data Contributor\" --scope {OWN}"
    );
    let manifest = format!(
        "add {{accountId: {OWN}, roles: [StorageBlobDataContributor]}} to spec.grants.storage of SynapseSparkAttachment 'pool'"
    );
    for words in [
        "spec.outputs.out: ",
        "'SystemAssigned' (pool)",
        "'Storage Blob Data Contributor' on the storage account 'own'",
        &command,
        &manifest,
    ] {
        assert!(
            warning.message.contains(words),
            "{words}: {}",
            warning.message
        );
    }
    // It is no reason to stand still.
    let submitting = condition(&status.conditions, "Reconciling").unwrap();
    assert_eq!(submitting.reason, "Submitting");

    let serverless: Change = |g| {
        plain(g);
        g.attachment = None;
        set(
            g,
            "compute",
            json!({"serverless": {"instanceType": "standard_e4s_v3", "runtimeVersion": "3.4"}}),
        );
        set(g, "identity", json!({"type": "Managed"}));
        g.workspace_identity = Some(identity(None, &["a"]));
    };
    let status = say(serverless, &told(&[]), &Memo::default());
    let warning = condition(&status.conditions, "Warning").unwrap();
    assert!(
        !warning.message.contains("spec.grants"),
        "{}",
        warning.message
    );
    let both = format!(
        "for role in \"Contributor\" \"Storage Blob Data Contributor\"; do az role assignment create --assignee-object-id principal-a --assignee-principal-type ServicePrincipal --role \"$role\" --scope {OWN}; done"
    );
    assert!(warning.message.ends_with(&both), "{}", warning.message);
    assert!(
        warning.message.contains("'a' (principal-a)"),
        "{}",
        warning.message
    );
}

#[test]
#[rustfmt::skip]
fn what_was_told_stands_until_somebody_knows_better() {
    let blind = || Seen { roles: Sight::Present([].into()), ..seen(Sight::Unknown) };
    let elsewhere: Change = |g| {
        plain(g);
        set(g, "outputs", output("abfss://c@elsewhere.dfs.core.windows.net/o"));
    };
    let as_another: Change = |g| {
        plain(g);
        if let Some(Reference::Ready(pool)) = &mut g.attachment {
            pool.identity = Some(identity(Some("another"), &[]));
        }
    };
    let waits: Change = |g| {
        plain(g);
        g.attachment = Some(Reference::NotReady("x".to_owned()));
    };
    let before = [missing(Contributor)];
    let failed = || {
        let mut memo = ended(RunState::Failed);
        memo.ended.as_mut().unwrap().reason = End::IdentityFailed;
        memo
    };
    let stands = true;
    let rows: Vec<(Change, Seen, Memo, bool, &str)> = vec![
        (plain, told(&[(MANAGE, OWN), (DATA, OWN)]), Memo::default(), false, "it is there"),
        (plain, told(&[(DATA, OWN)]), Memo::default(), stands, "it is still not there"),
        (plain, blind(), Memo::default(), stands, "a look that tells nothing is no news"),
        (elsewhere, blind(), Memo::default(), false, "the spec does not need it any more"),
        (as_another, blind(), Memo::default(), false, "of this one nothing was told"),
        (waits, seen(Sight::Unknown), Memo::default(), stands, "nobody looked"),
        (plain, told(&[(MANAGE, OWN), (DATA, OWN)]), asked(0), false, "what the submission is recorded with is what was seen before it"),
        (plain, seen(Sight::Unknown), asked(30), stands, "nobody looks after it"),
        (plain, seen(Sight::Unknown), failed(), stands, "it may be why it failed"),
        (plain, seen(Sight::Unknown), ended(RunState::Completed), false, "it did without"),
    ];
    for (change, look, memo, expected, why) in rows {
        let old = SparkJobStatus { missing_roles: before.to_vec(), ..Default::default() };
        let status = say_after(change, &look, &memo, &old);
        let expected = if expected { before.to_vec() } else { vec![] };
        assert_eq!(status.missing_roles, expected, "{why}");
        let warned = condition(&status.conditions, "Warning").is_some();
        assert_eq!(warned, !expected.is_empty(), "{why}");
        let again = say_after(change, &look, &memo, &status);
        assert_eq!(again, status, "and it does not change by being told: {why}");
    }
}

#[test]
fn nobody_is_told_of_roles_that_nobody_could_list() {
    let blind = Seen {
        roles: Sight::Present([].into()),
        ..seen(Sight::Unknown)
    };
    for look in [blind, seen(Sight::Unknown)] {
        let status = say(plain, &look, &Memo::default());
        assert_eq!(condition(&status.conditions, "Warning"), None);
    }
}

#[test]
fn a_message_that_is_too_long_has_one_way_to_mend_it_and_that_whole() {
    let far: Change = |g| {
        plain(g);
        let group = "g".repeat(300);
        let account = OWN.replace("/resourceGroups/g/", &format!("/resourceGroups/{group}/"));
        if let Reference::Ready(workspace) = &mut g.workspace {
            workspace.storage_account_id = Some(account);
        }
    };
    let account = crate::spark_job::tests::object::want_with(far).questions(&seen(Sight::Unknown));
    let roles = [(account[0].account.clone(), vec![])].into();
    let look = Seen {
        roles: Sight::Present(roles),
        ..seen(Sight::Unknown)
    };
    let status = say(far, &look, &Memo::default());
    let message = &condition(&status.conditions, "Warning").unwrap().message;
    assert!(
        message.ends_with("to spec.grants.storage of SynapseSparkAttachment 'pool'"),
        "{message}"
    );
}

#[test]
fn of_many_fields_the_first_is_named() {
    let many: Change = |g| {
        plain(g);
        set(
            g,
            "inputs",
            json!({
                "a": {"type": "uri_file", "path": "abfss://c@own.dfs.core.windows.net/a"},
                "b": {"type": "uri_file", "path": "abfss://c@own.dfs.core.windows.net/b"},
            }),
        );
    };
    let status = say(many, &told(&[]), &Memo::default());
    assert_eq!(status.missing_roles[0].field, "spec.inputs.a and 2 more");
}

/// After a look at an identity and its pool.
fn checked(may_use_pool: Sight<bool>) -> Seen {
    Seen {
        may_use_pool,
        compute: theirs(Some(POOL)),
        ..told(&[])
    }
}

fn no_use(field: &str, principal_id: &str) -> MissingRole {
    MissingRole {
        field: field.to_owned(),
        role: Role::SynapseAdministrator,
        scope: POOL_SCOPE.to_owned(),
        identity: "SystemAssigned".to_owned(),
        principal_id: principal_id.to_owned(),
    }
}

fn command(principal: &str) -> String {
    format!(
        "az synapse role assignment create --workspace-name syn --role \"Synapse Administrator\" --assignee-object-id {principal} --assignee-principal-type ServicePrincipal --scope {POOL_SCOPE}"
    )
}

#[test]
fn a_pool_that_the_identity_may_not_use_is_told_with_what_mends_it() {
    let observed: Change = |g| {
        ungranted(g);
        if let Some(Reference::Ready(pool)) = &mut g.attachment {
            pool.observed = true;
        }
    };
    let manifest = "set spec.grants.synapseRoles of SynapseSparkAttachment 'pool' to [SynapseAdministrator], or ";
    let (named, attached) = ("spec.compute.name", "spec.compute.attachmentRef");
    let rows: [(Change, &str, &str, &str); 3] = [
        (on_theirs, named, "theirs", ""),
        (ungranted, attached, "pool", manifest),
        (observed, attached, "pool", ""),
    ];
    for (change, field, principal, manifest) in rows {
        let status = say(change, &checked(Sight::Present(false)), &Memo::default());
        assert_eq!(status.missing_roles, [no_use(field, principal)]);
        let warning = condition(&status.conditions, "Warning").unwrap();
        assert_eq!(warning.reason, "RoleMissing");
        let expected = format!(
            "{field}: the identity 'SystemAssigned' ({principal}) does not seem to hold 'Synapse Administrator' on the Spark pool 'p' of the Synapse workspace 'syn', and the run may fail for it: {manifest}{}",
            command(principal)
        );
        assert_eq!(warning.message, expected);
        let submitting = condition(&status.conditions, "Reconciling").unwrap();
        assert_eq!(submitting.reason, "Submitting", "it is no hindrance");
        for may in [Sight::Present(true), Sight::Unknown] {
            let status = say(change, &checked(may), &Memo::default());
            assert_eq!(status.missing_roles, [], "{may:?}");
            assert_eq!(condition(&status.conditions, "Warning"), None, "{may:?}");
        }
    }
}

#[test]
#[rustfmt::skip]
fn what_was_told_of_a_pool_stands_until_somebody_knows_better() {
    let before = [no_use("spec.compute.attachmentRef", "pool")];
    let rows: [(Change, Sight<bool>, &[MissingRole], &str); 4] = [
        (ungranted, Sight::Present(true), &[], "it is there"),
        (ungranted, Sight::Unknown, &before, "a look that tells nothing is no news"),
        (on_theirs, Sight::Unknown, &[], "of this one nothing was told"),
        (plain, Sight::Unknown, &[], "now the attachment grants it"),
    ];
    for (change, may, expected, why) in rows {
        let old = SparkJobStatus { missing_roles: before.to_vec(), ..Default::default() };
        let status = say_after(change, &Seen { roles: Sight::Present([].into()), ..checked(may) }, &Memo::default(), &old);
        assert_eq!(status.missing_roles, expected, "{why}");
    }
}

#[test]
fn the_pool_is_told_before_the_data() {
    let both: Change = |g| {
        ungranted(g);
        set(
            g,
            "outputs",
            output("azureml://datastores/workspaceblobstore/paths/out/"),
        );
    };
    let status = say(both, &checked(Sight::Present(false)), &Memo::default());
    let roles: Vec<Role> = status.missing_roles.iter().map(|one| one.role).collect();
    assert_eq!(
        roles,
        [
            Role::SynapseAdministrator,
            Role::Contributor,
            Role::StorageBlobDataContributor
        ]
    );
    let message = &condition(&status.conditions, "Warning").unwrap().message;
    assert!(
        message.starts_with("spec.compute.attachmentRef: "),
        "{message}"
    );
}
