//! Which roles the identity of a run needs on the accounts of its data, and whether it seems to hold them.

use azureml_spark_api::role::StorageRole::{
    self, Contributor, Reader, StorageBlobDataContributor, StorageBlobDataReader,
};
use azureml_spark_api::workspace::{ResourceIdentity, UserAssignedIdentity};
use serde_json::{Value, json};

use super::object::{set, want_with};
use crate::machine::Sight;
use crate::place::Reference;
use crate::spark_job::{Assigned, AttachedPool, Given, NamedCompute, PoolQuestion, Question, Seen};

const GROUP: &str = "/subscriptions/s/resourceGroups/g";
pub(super) const OWN: &str =
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/own";
const LAKE: &str =
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/lake";
pub(super) const MANAGE: &str = "b24988ac-6180-42a0-ab88-20f7382dd24c";
const SEE: &str = "acdd72a7-3385-48ef-bd42-f606fba81ae7";
const OWNER: &str = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635";
pub(super) const DATA: &str = "ba92f5b4-2d11-453d-a403-e96b0029c9fe";
const DATA_READ: &str = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1";
const DATA_OWNER: &str = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b";
const CUSTOM: &str = "00000000-1111-4222-8333-444444444444";

pub(super) fn assigned(roles: &[(&str, &str)]) -> Vec<Assigned> {
    let one = |(role, scope): &(&str, &str)| Assigned {
        role: (*role).to_owned(),
        scope: (*scope).to_owned(),
    };
    roles.iter().map(one).collect()
}

fn question(account: &str, principal_id: &str, writes: bool) -> Question {
    Question {
        account: account.to_owned(),
        principal_id: principal_id.to_owned(),
        writes,
    }
}

#[test]
#[rustfmt::skip]
fn what_is_missing_is_what_nothing_that_was_assigned_lets_do() {
    type Row<'a> = (bool, &'a [(&'a str, &'a str)], &'a [StorageRole], &'a str);
    let container = format!("{OWN}/blobServices/default/containers/c");
    let loud = OWN.to_ascii_uppercase();
    let neighbour = format!("{OWN}2");
    let group = "/providers/Microsoft.Management/managementGroups/all";
    let both = [Contributor, StorageBlobDataContributor];
    let none: [StorageRole; 0] = [];
    let rows: [Row<'_>; 20] = [
        (true, &[], &both, "to write, Azure's documentation asks for both (contract §8.1)"),
        (false, &[], &[Reader, StorageBlobDataReader], "to read, these do"),
        (true, &[(MANAGE, OWN), (DATA, OWN)], &none, "it has them"),
        (false, &[(SEE, OWN), (DATA_READ, OWN)], &none, "it has them"),
        (false, &[(MANAGE, OWN), (DATA, OWN)], &none, "who writes reads"),
        (true, &[(SEE, OWN), (DATA_READ, OWN)], &both, "who reads does not write"),
        (true, &[(MANAGE, OWN)], &[StorageBlobDataContributor], "managing an account is no access to its data"),
        (true, &[(DATA, OWN)], &[Contributor], "and the other way round"),
        (true, &[(OWNER, OWN), (DATA_OWNER, OWN)], &none, "owners may do as much, and more"),
        (true, &[(OWNER, OWN)], &[StorageBlobDataContributor], "an owner of the account has no access to its data"),
        (true, &[(MANAGE, GROUP), (DATA, "/subscriptions/s")], &none, "what holds above holds here"),
        (true, &[(MANAGE, group), (DATA, "/")], &none, "up to the top"),
        (true, &[(MANAGE, &loud), (DATA, OWN)], &none, "in any casing (contract §0.1)"),
        (true, &[(MANAGE, &neighbour), (DATA, LAKE)], &both, "what holds elsewhere does not"),
        (true, &[(MANAGE, OWN), (DATA, &container)], &none, "a container may be all that the run needs"),
        (true, &[(MANAGE, OWN), (DATA_READ, &container)], &none, "with another that it only reads"),
        (true, &[(MANAGE, &container), (DATA, OWN)], &[Contributor], "of the account this is no part"),
        (true, &[(CUSTOM, OWN)], &none, "what somebody's own role lets do nobody here knows"),
        (true, &[(CUSTOM, GROUP), (DATA, OWN)], &none, "above it neither"),
        (true, &[(CUSTOM, LAKE)], &both, "elsewhere it does not count"),
    ];
    for (writes, roles, expected, why) in rows {
        let lacks = question(OWN, "p", writes).lacks(&assigned(roles));
        assert_eq!(lacks, expected, "{why}: {roles:?}");
    }
}

pub(super) fn identity(system: Option<&str>, users: &[&str]) -> ResourceIdentity {
    ResourceIdentity {
        type_: match system {
            Some(_) => "SystemAssigned,UserAssigned",
            None => "UserAssigned",
        }
        .to_owned(),
        principal_id: system.map(str::to_owned),
        user_assigned: users
            .iter()
            .map(|name| UserAssignedIdentity {
                resource_id: format!("/ids/{name}"),
                client_id: Some(format!("client-{name}")),
                principal_id: Some(format!("principal-{name}")),
            })
            .collect(),
        ..ResourceIdentity::default()
    }
}

pub(super) fn output(path: &str) -> Value {
    json!({"out": {"type": "uri_folder", "path": path}})
}

/// Writes to the workspace's own account, as the pool.
pub(super) fn plain(given: &mut Given) {
    given.attachment = Some(Reference::Ready(AttachedPool {
        compute_id: "/computes/pool".to_owned(),
        identity: Some(identity(Some("pool"), &[])),
        storage: vec![LAKE.to_owned()],
        ..AttachedPool::default()
    }));
    if let Reference::Ready(workspace) = &mut given.workspace {
        workspace.storage_account_id = Some(OWN.to_owned());
    }
    set(
        given,
        "outputs",
        output("azureml://datastores/workspaceblobstore/paths/out/"),
    );
}

#[test]
#[rustfmt::skip]
fn an_account_counts_where_its_id_is_known_and_data_of_the_run_is_in_it() {
    type Row<'a> = (Value, Value, Vec<(&'a str, bool)>, &'a str);
    let long = "azureml://subscriptions/s/resourcegroups/g/workspaces";
    let rows: Vec<Row<'_>> = vec![
        (json!({}), output("azureml://datastores/workspaceblobstore/paths/o/"), vec![(OWN, true)], "the datastores that come with a workspace are in its account"),
        (json!({}), output("azureml://datastores/WorkspaceArtifactStore/paths/o/"), vec![(OWN, true)], "all of them"),
        (json!({}), output(&format!("{long}/ML/datastores/workspaceblobstore/paths/o")), vec![(OWN, true)], "the long way"),
        (json!({}), output(&format!("{long}/another/datastores/workspaceblobstore/paths/o")), vec![], "another workspace has another account"),
        (json!({}), output("azureml://datastores/lake/paths/o/"), vec![], "where this one is only Azure could tell"),
        (json!({}), output("abfss://c@lake.dfs.core.windows.net/o"), vec![(LAKE, true)], "the attachment grants roles there"),
        (json!({}), output("wasbs://c@OWN.blob.core.windows.net/o"), vec![(OWN, true)], "by its name"),
        (json!({}), output("abfss://c@elsewhere.dfs.core.windows.net/o"), vec![], "of this one there is only the name"),
        (json!({"in": {"type": "uri_file", "path": "abfss://c@own.dfs.core.windows.net/i"}}), json!({}), vec![(OWN, false)], "what is read"),
        (json!({"in": {"type": "uri_file", "path": "abfss://c@own.dfs.core.windows.net/i"}}), output("abfss://d@own.dfs.core.windows.net/o"), vec![(OWN, true)], "one request for both"),
        (json!({"in": {"type": "uri_file", "path": "abfss://c@lake.dfs.core.windows.net/i"}}), output("abfss://d@own.dfs.core.windows.net/o"), vec![(LAKE, false), (OWN, true)], "one for each account"),
        (json!({"in": {"type": "uri_file", "path": "azureml:titanic:1"}}), json!({}), vec![], "where a data asset is only Azure could tell"),
        (json!({"in": {"value": "abfss://c@own.dfs.core.windows.net/i"}}), json!({}), vec![], "a literal is no data"),
        (json!({}), json!({}), vec![], "a run without data asks for nothing"),
    ];
    for (inputs, outputs, expected, why) in rows {
        let want = want_with(|g| {
            plain(g);
            set(g, "inputs", inputs);
            set(g, "outputs", outputs);
        });
        let expected: Vec<Question> = expected.into_iter().map(|(account, writes)| question(account, "pool", writes)).collect();
        assert_eq!(want.questions(&Seen::default()), expected, "{why}");
    }
}

#[test]
#[rustfmt::skip]
fn whose_roles_count_is_known_or_nobody_is_asked() {
    type Row<'a> = (Box<dyn Fn(&mut Given)>, Option<ResourceIdentity>, Option<&'a str>, &'a str);
    type Change = fn(&mut Given);
    let serverless: Change = |g| {
        g.attachment = None;
        set(g, "compute", json!({"serverless": {"instanceType": "standard_e4s_v3", "runtimeVersion": "3.4"}}));
        set(g, "identity", json!({"type": "Managed"}));
        g.workspace_identity = Some(identity(Some("workspace"), &["a"]));
    };
    let named: Change = |g| {
        g.attachment = None;
        set(g, "compute", json!({"name": "theirs"}));
    };
    let pool = |g: &mut Given, default: Option<&str>, has: Option<ResourceIdentity>| {
        if let Some(Reference::Ready(pool)) = &mut g.attachment {
            pool.default_identity = default.map(str::to_owned);
            pool.identity = has;
        }
    };
    let rows: Vec<Row<'_>> = vec![
        (Box::new(|_| {}), None, Some("pool"), "the pool's own"),
        (Box::new(move |g| pool(g, Some("/IDS/a"), Some(identity(None, &["b", "a"])))), None, Some("principal-a"), "its default"),
        (Box::new(move |g| pool(g, None, Some(identity(None, &["b"])))), None, Some("principal-b"), "its only one"),
        (Box::new(move |g| { pool(g, None, Some(identity(Some("pool"), &["b", "a"]))); set(g, "identity", json!({"type": "Managed", "clientId": "CLIENT-a"})); }), None, Some("principal-a"), "the one that is named"),
        (Box::new(move |g| pool(g, None, None)), None, None, "nobody knows what the pool has"),
        (Box::new(move |g| pool(g, None, Some(identity(None, &[])))), None, None, "it has none: that is told otherwise"),
        (Box::new(|g| set(g, "identity", json!({"type": "UserIdentity"}))), None, None, "a person may have what roles they like"),
        (Box::new(serverless), None, Some("principal-a"), "the workspace's, never the system-assigned one"),
        (Box::new(move |g| { serverless(g); g.workspace_identity = Some(identity(None, &["a", "b"])); }), None, None, "which of them is Azure's choice"),
        (Box::new(move |g| { serverless(g); g.workspace_identity = Some(identity(None, &["a", "b"])); set(g, "identity", json!({"type": "Managed", "resourceId": "/ids/b"})); }), None, Some("principal-b"), "the one that is named"),
        (Box::new(move |g| { serverless(g); g.workspace_identity = None; }), None, None, "the workspace does not tell"),
        (Box::new(named), Some(identity(Some("theirs"), &[])), Some("theirs"), "that of a compute by its name, once it was seen"),
        (Box::new(named), Some(identity(None, &["a"])), Some("principal-a"), "its only one"),
        (Box::new(named), None, None, "before that it is not known"),
    ];
    for (change, compute, expected, why) in rows {
        let want = want_with(|g| {
            plain(g);
            change(g);
        });
        let seen = Seen {
            compute: compute.map_or(Sight::Unknown, |identity| Sight::Present(NamedCompute {
                id: "/computes/theirs".to_owned(),
                kind: "SynapseSpark".to_owned(),
                identity: Some(identity),
                ..NamedCompute::default()
            })),
            ..Seen::default()
        };
        let asked = want.questions(&seen);
        let principals: Vec<&str> = asked.iter().map(|question| question.principal_id.as_str()).collect();
        assert_eq!(principals, expected.into_iter().collect::<Vec<_>>(), "{why}");
    }
}

pub(super) const POOL: &str =
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.Synapse/workspaces/syn/bigDataPools/p";
pub(super) const POOL_SCOPE: &str = "workspaces/syn/bigDataPools/p";

/// On an attachment that grants no role on its pool.
pub(super) fn ungranted(given: &mut Given) {
    plain(given);
    set(given, "outputs", json!({}));
    if let Some(Reference::Ready(pool)) = &mut given.attachment {
        pool.ungranted_pool = Some(POOL.to_owned());
    }
}

pub(super) fn on_theirs(given: &mut Given) {
    plain(given);
    set(given, "outputs", json!({}));
    given.attachment = None;
    set(given, "compute", json!({"name": "theirs"}));
}

pub(super) fn theirs(pool: Option<&str>) -> Sight<NamedCompute> {
    Sight::Present(NamedCompute {
        id: "/computes/theirs".to_owned(),
        kind: "SynapseSpark".to_owned(),
        identity: Some(identity(Some("theirs"), &[])),
        pool: pool.map(str::to_owned),
    })
}

#[test]
#[rustfmt::skip]
fn a_pool_is_asked_for_where_it_and_the_identity_are_known_and_nothing_is_granted_here() {
    type Change = fn(&mut Given);
    let nobody: Change = |g| {
        ungranted(g);
        if let Some(Reference::Ready(pool)) = &mut g.attachment {
            pool.identity = None;
        }
    };
    let person: Change = |g| { ungranted(g); set(g, "identity", json!({"type": "UserIdentity"})); };
    let strange: Change = |g| {
        ungranted(g);
        if let Some(Reference::Ready(pool)) = &mut g.attachment {
            pool.ungranted_pool = Some("/subscriptions/s".to_owned());
        }
    };
    let serverless: Change = |g| {
        ungranted(g);
        set(g, "compute", json!({"serverless": {"instanceType": "standard_e4s_v3", "runtimeVersion": "3.4"}}));
        set(g, "identity", json!({"type": "Managed"}));
        g.workspace_identity = Some(identity(None, &["a"]));
        g.attachment = None;
    };
    let slash = format!("{POOL}/");
    let rows: Vec<(Change, Sight<NamedCompute>, Option<&str>, &str)> = vec![
        (plain, Sight::Unknown, None, "the attachment grants the role, and tells itself whether it has an effect"),
        (ungranted, Sight::Unknown, Some("pool"), "it grants none"),
        (nobody, Sight::Unknown, None, "nobody knows who it runs as"),
        (person, Sight::Unknown, None, "the documentation speaks of the identity of the compute"),
        (strange, Sight::Unknown, None, "that is no pool"),
        (serverless, Sight::Unknown, None, "there is no pool"),
        (on_theirs, theirs(Some(POOL)), Some("theirs"), "whoever manages the compute"),
        (on_theirs, theirs(Some(&slash)), Some("theirs"), "however its id is written"),
        (on_theirs, theirs(None), None, "Azure does not say which pool it is"),
        (on_theirs, Sight::Unknown, None, "it was not seen"),
    ];
    for (change, compute, expected, why) in rows {
        let seen = Seen { compute, ..Seen::default() };
        let expected = expected.map(|principal| PoolQuestion {
            scope: POOL_SCOPE.to_owned(),
            principal_id: principal.to_owned(),
        });
        assert_eq!(want_with(change).pool_question(&seen), expected, "{why}");
    }
}
