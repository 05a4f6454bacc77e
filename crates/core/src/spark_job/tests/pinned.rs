//! From a definition to what is sent, and what further attempts run with.

use azureml_spark_api::Reason;
use azureml_spark_api::spark_job::DataType;
use azureml_spark_api::workspace::{ResourceIdentity, UserAssignedIdentity};
use serde_json::{Value, json};

use super::object::{set, want_with};
use crate::machine::Sight;
use crate::place::Reference;
use crate::spark_job::pinned::{Unresolved, resolve};
use crate::spark_job::{
    AssetName, CodeChoice, ComputeChoice, Definition, EnvironmentChoice, Given, IdentityChoice,
    InputChoice, NamedCompute, Pinned, Produced, Seen, Step,
};

const SUB: &str =
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w";

/// Everything that only Azure can tell.
fn everything(given: &mut Given) {
    given.attachment = None;
    set(given, "code", json!({"asset": "azureml:src@latest"}));
    set(given, "environment", json!({"asset": "azureml:env:1"}));
    set(given, "compute", json!({"name": "their-pool"}));
    set(
        given,
        "inputs",
        json!({
            "data": {"type": "mltable", "path": "azureml:titanic@latest"},
            "plain": {"type": "uri_file", "path": "abfss://c@a/p"},
            "rows": {"value": "5"},
            "before": {"fromJob": {"name": "prepare", "output": "out"}},
        }),
    );
    let written = [(
        "out".to_owned(),
        (DataType::UriFolder, "abfss://c@a/out".to_owned()),
    )];
    given
        .produced
        .insert("prepare".to_owned(), Produced::Done(written.into()));
}

fn definition(change: impl FnOnce(&mut Given)) -> Definition {
    *want_with(change).definition.unwrap()
}

fn compute(ids: &[&str]) -> NamedCompute {
    NamedCompute {
        id: format!("{SUB}/computes/their-pool"),
        kind: "SynapseSpark".to_owned(),
        identity: Some(ResourceIdentity {
            type_: if ids.is_empty() {
                "SystemAssigned"
            } else {
                "UserAssigned"
            }
            .to_owned(),
            user_assigned: ids
                .iter()
                .map(|id| UserAssignedIdentity {
                    resource_id: (*id).to_owned(),
                    ..UserAssignedIdentity::default()
                })
                .collect(),
            ..ResourceIdentity::default()
        }),
        ..NamedCompute::default()
    }
}

fn seen() -> Seen {
    Seen {
        code: Sight::Present(format!("{SUB}/codes/src/versions/7")),
        environment: Sight::Present(format!("{SUB}/environments/env/versions/1")),
        inputs: [(
            "data".to_owned(),
            Sight::Present(format!("{SUB}/data/titanic/versions/2")),
        )]
        .into(),
        compute: Sight::Present(compute(&["/ids/a"])),
        ..Seen::default()
    }
}

#[test]
fn names_become_ids_and_every_attempt_runs_with_them() {
    let first = definition(everything);
    let pinned = resolve(&first, &seen()).unwrap();
    let expected = Pinned {
        definition_hash: first.hash(),
        code_id: format!("{SUB}/codes/src/versions/7"),
        environment_id: Some(format!("{SUB}/environments/env/versions/1")),
        inputs: [
            (
                "data".to_owned(),
                (DataType::Mltable, format!("{SUB}/data/titanic/versions/2")),
            ),
            (
                "plain".to_owned(),
                (DataType::UriFile, "abfss://c@a/p".to_owned()),
            ),
            (
                "before".to_owned(),
                (DataType::UriFolder, "abfss://c@a/out".to_owned()),
            ),
        ]
        .into(),
        compute_id: Some(format!("{SUB}/computes/their-pool")),
        identity_id: Some("/ids/a".to_owned()),
    };
    assert_eq!(pinned, expected);

    // Nothing of what was named is there any more.
    let again = definition(|g| {
        everything(g);
        g.produced.clear();
        g.config_maps.clear();
        g.source = None;
        g.pinned = Some(pinned.clone());
    });
    assert_eq!(again.hash(), first.hash(), "it is the same run once more");
    let id = |id: &str| AssetName::Id(format!("{SUB}{id}"));
    assert_eq!(again.code, CodeChoice::Asset(id("/codes/src/versions/7")));
    assert_eq!(
        again.environment,
        Some(EnvironmentChoice::Asset(id("/environments/env/versions/1")))
    );
    assert_eq!(
        again.compute,
        ComputeChoice::Attached(format!("{SUB}/computes/their-pool"))
    );
    assert_eq!(
        again.identity,
        IdentityChoice::Managed {
            client_id: None,
            resource_id: Some("/ids/a".to_owned())
        }
    );
    let path = |type_, path: &str| InputChoice::Path(type_, path.to_owned());
    assert_eq!(
        again.inputs,
        [
            (
                "data".to_owned(),
                path(DataType::Mltable, &format!("{SUB}/data/titanic/versions/2"))
            ),
            ("plain".to_owned(), path(DataType::UriFile, "abfss://c@a/p")),
            (
                "before".to_owned(),
                path(DataType::UriFolder, "abfss://c@a/out")
            ),
            ("rows".to_owned(), InputChoice::Literal("5".to_owned())),
        ]
        .into()
    );
    assert_eq!(
        (again.outputs, again.executor, again.conf),
        (first.outputs, first.executor, first.conf),
        "the rest is the spec's, which cannot change"
    );
}

#[test]
fn a_further_attempt_still_needs_somewhere_to_run() {
    for (change, reason) in [
        (
            (|g: &mut Given| g.workspace = Reference::NotReady("x".into())) as fn(&mut Given),
            Reason::WorkspaceNotReady,
        ),
        (
            |g| g.attachment = Some(Reference::NotReady("x".into())),
            Reason::AttachmentNotReady,
        ),
    ] {
        let want = want_with(|g| {
            g.pinned = Some(Pinned::default());
            change(g);
        });
        assert_eq!(want.definition.unwrap_err().reason, reason);
    }
}

#[test]
#[rustfmt::skip]
fn what_is_missing_in_azure_is_told_before_anything_is_registered() {
    type Row<'a> = (Box<dyn Fn(&mut Given)>, Box<dyn Fn(&mut Seen)>, Result<(), (Option<Reason>, &'a str)>, &'a str);
    let blocked = |reason, text| Err((Some(reason), text));
    let same = || -> Box<dyn Fn(&mut Given)> { Box::new(|_| {}) };
    let field = |name: &'static str, value: Value| -> Box<dyn Fn(&mut Given)> { Box::new(move |g| set(g, name, value.clone())) };
    let rows: Vec<Row<'_>> = vec![
        (same(), Box::new(|_| {}), Ok(()), "all is there"),
        (same(), Box::new(|s| s.code = Sight::Absent), blocked(Reason::AssetNotFound, "spec.code.asset: the workspace has no 'azureml:src@latest': register it"), "an asset is not ours to register"),
        (same(), Box::new(|s| s.environment = Sight::Absent), blocked(Reason::AssetNotFound, "spec.environment.asset: the workspace has no 'azureml:env:1'"), "nor is this one"),
        (same(), Box::new(|s| { s.inputs.insert("data".to_owned(), Sight::Absent); }), blocked(Reason::AssetNotFound, "spec.inputs.data.path: the workspace has no 'azureml:titanic@latest'"), "nor is this one"),
        (same(), Box::new(|s| s.compute = Sight::Absent), blocked(Reason::ComputeNotFound, "spec.compute.name: the workspace has no compute 'their-pool'"), "there is none"),
        (same(), Box::new(|s| s.compute = Sight::Present(NamedCompute { kind: "AmlCompute".to_owned(), ..compute(&[]) })), blocked(Reason::ComputeNotFound, "'their-pool' is a compute of type AmlCompute"), "Spark does not run there"),
        (same(), Box::new(|s| s.compute = Sight::Present(compute(&["/ids/a", "/ids/b"]))), blocked(Reason::IdentityNotAttached, "compute 'their-pool' has no identity of its own but a, b"), "which of the two would be chance"),
        (field("identity", json!({"type": "Managed", "clientId": "c"})), Box::new(|_| {}), blocked(Reason::IdentityNotAttached, "spec.identity.clientId: the identity 'c' is not attached to compute 'their-pool', which has a"), "it is not there"),
        (field("identity", json!({"type": "Managed", "resourceId": "/IDS/a"})), Box::new(|_| {}), Ok(()), "it is there"),
        (field("identity", json!({"type": "UserIdentity"})), Box::new(|_| {}), Ok(()), "that needs no identity of the compute"),
        (same(), Box::new(|s| s.code = Sight::Unknown), Err((None, "Unknown")), "nobody looked"),
        (same(), Box::new(|s| s.inputs.clear()), Err((None, "Unknown")), "nobody looked"),
        (same(), Box::new(|s| s.compute = Sight::Unknown), Err((None, "Unknown")), "nobody looked"),
        (same(), Box::new(|s| { s.code = Sight::Unknown; s.environment = Sight::Absent; }), blocked(Reason::AssetNotFound, "spec.environment.asset"), "what a person must mend is told first"),
        (field("environment", json!({"conda": "dependencies: []"})), Box::new(|s| s.environment = Sight::Absent), Err((None, "Needs(RegisterEnvironment)")), "packages are ours to register"),
        (field("environment", json!({"conda": "dependencies: []"})), Box::new(|s| { s.environment = Sight::Absent; s.compute = Sight::Absent; }), blocked(Reason::ComputeNotFound, "'their-pool'"), "nothing is registered for a run that cannot be"),
        (field("environment", json!({"conda": "dependencies: []"})), Box::new(|s| { s.environment = Sight::Absent; s.compute = Sight::Unknown; }), Err((None, "Unknown")), "nor for one of which that is not known"),
        (field("code", json!({"uri": "https://a/b/c"})), Box::new(|s| s.code = Sight::Absent), Err((None, "Needs(UploadCode)")), "an address is ours to register"),
        (field("code", json!({"configMaps": [{"name": "src"}]})), Box::new(|s| s.code = Sight::Absent), Err((None, "Needs(UploadCode)")), "so is a folder"),
    ];
    for (change, look, expected, why) in rows {
        let definition = definition(|g| { everything(g); change(g); });
        let mut seen = seen();
        look(&mut seen);
        match (resolve(&definition, &seen), expected) {
            (Ok(_), Ok(())) => {}
            (Err(Unresolved::Blocked(blocked)), Err((Some(reason), text))) => {
                assert_eq!(blocked.reason, reason, "{why}: {}", blocked.message);
                assert!(blocked.message.contains(text), "{why}: {}", blocked.message);
            }
            (Err(unresolved), Err((None, text))) => assert_eq!(format!("{unresolved:?}"), text, "{why}"),
            (found, _) => panic!("{why}: {found:?}"),
        }
    }
}

#[test]
fn without_names_there_is_nothing_to_look_up() {
    let definition = definition(|_| {});
    let seen = Seen {
        code: Sight::Present("/codes/1".to_owned()),
        ..Seen::default()
    };
    let pinned = resolve(&definition, &seen).unwrap();
    let expected = Pinned {
        definition_hash: definition.hash(),
        code_id: "/codes/1".to_owned(),
        compute_id: Some("/computes/pool".to_owned()),
        ..Pinned::default()
    };
    assert_eq!(pinned, expected);
    assert_ne!(
        resolve(&definition, &Seen::default()),
        Err(Unresolved::Needs(Step::UploadCode)),
        "silence is not absence"
    );
}
