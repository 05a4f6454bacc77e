//! From the manifest and what it names, to a run or to what it waits for.

use azureml_spark_api::Reason;
use serde_json::json;

use super::object::{given, given_with, set, want_with};
use crate::machine::Machine;
use crate::place::Reference;
use crate::spark_job::{AttachedPool, ComputeChoice, Given, IdentityChoice, InputChoice, SparkJob};

#[test]
#[rustfmt::skip]
fn a_run_waits_for_what_it_names_and_says_so() {
    type Row = (fn(&mut Given), Reason, &'static str, &'static str);
    let rows: &[Row] = &[
        (|g| g.workspace = Reference::Missing, Reason::WorkspaceNotFound, "spec.workspaceRef: no AzureMLWorkspace 'ml'", "nowhere to run"),
        (|g| g.workspace = Reference::NotReady("no secret".into()), Reason::WorkspaceNotReady, "no secret", "its own reason is passed on"),
        (|g| g.attachment = Some(Reference::Missing), Reason::AttachmentNotFound, "spec.compute.attachmentRef: no SynapseSparkAttachment 'pool'", "nothing to run on"),
        (|g| g.attachment = None, Reason::AttachmentNotFound, "'pool'", "it was not looked for, so it is not there"),
        (|g| g.attachment = Some(Reference::NotReady("being attached".into())), Reason::AttachmentNotReady, "being attached", "its own reason is passed on"),
        (|g| { g.config_maps.clear(); }, Reason::ConfigMapNotFound, "no ConfigMap 'src'", "no code, never asked for"),
        (|g| { g.config_maps.insert("src".into(), None); }, Reason::ConfigMapNotFound, "no ConfigMap 'src'", "no code, asked for"),
        (|g| { set(g, "code", json!({"configMaps": [{"name": "src", "items": [{"key": "gone.py", "path": "main.py"}]}]})) }, Reason::KeyNotFound, "'src' has no key 'gone.py'", "a key that is not there"),
        (|g| set(g, "entry", json!({"file": "mian.py"})), Reason::EntryNotFound, "'mian.py' is not among the files of spec.code: main.py", "a slip of the pen, shown beside what is there"),
        (|g| { set(g, "code", json!({"configMaps": [{"name": "src"}, {"name": "src", "items": [{"key": "main.py", "path": "main.py"}]}]})) }, Reason::DuplicateFile, "'main.py'", "which of the two runs would be chance"),
        (|g| { set(g, "identity", json!({"type": "UserIdentity"})); if let Reference::Ready(workspace) = &mut g.workspace { workspace.operators_identity = true; } }, Reason::IdentityNotAllowed, "UserIdentity would be the operator's own identity", "a job must not become the operator"),
        (|g| { g.workspace = Reference::Missing; g.attachment = Some(Reference::Missing); g.config_maps.clear(); }, Reason::WorkspaceNotFound, "spec.workspaceRef", "the first unmet need is told, from the outermost in"),
    ];
    for (change, reason, text, why) in rows {
        let want = SparkJob::want(&given_with(change)).unwrap();
        let blocked = want.definition.expect_err(why);
        assert_eq!(blocked.reason, *reason, "{why}");
        assert!(blocked.message.contains(text), "{why}: {}", blocked.message);
    }
}

#[test]
#[rustfmt::skip]
fn names_that_no_script_could_use_are_invalid() {
    let path = json!({"type": "uri_file", "path": "azureml://datastores/d/paths/p"});
    let output = json!({"type": "uri_folder", "path": "azureml://datastores/d/paths/p"});
    let rows = [
        ("inputs", json!({"rows-max": {"value": "5"}}), "", "spec.inputs", "a hyphen is no part of a variable"),
        ("inputs", json!({"1st": path}), "", "spec.inputs", "nor is a digit its beginning"),
        ("inputs", json!({"": path}), "", "spec.inputs", "nor is nothing a name"),
        ("outputs", json!({"out.csv": output}), "", "spec.outputs", "a dot would split the reference"),
        ("inputs", json!({"a": path}), "--x ${{inputs.b}}", "spec.args", "refers to an input that is not there"),
        ("inputs", json!({"a": path}), "--x ${{outputs.a}}", "spec.args", "refers to an input as an output"),
        ("outputs", json!({"a": output}), "--x ${{ inputs.a }}", "spec.args", "refers to an output as an input"),
        ("inputs", json!({"a": path}), "--x ${{a}}", "spec.args", "refers to nothing in particular"),
    ];
    for (field, value, args, wrong, why) in rows {
        let given = given_with(|g| {
            set(g, field, value);
            set(g, "args", json!(args));
        });
        let invalid = SparkJob::want(&given).expect_err(why);
        assert_eq!(
            (invalid.field.as_str(), invalid.reason),
            (wrong, Reason::InvalidSpec),
            "{why}"
        );
        assert_eq!(
            SparkJob::want(&given).expect_err(why),
            invalid,
            "invalid is final"
        );
        let deleting = Given {
            deleting: true,
            ..given
        };
        assert!(
            SparkJob::want(&deleting).is_ok(),
            "whatever is wrong, it can be deleted: {why}"
        );
    }
}

#[test]
fn references_in_the_arguments_are_found_whatever_their_spacing() {
    let given = given_with(|g| {
        set(
            g,
            "inputs",
            json!({"titanic_data": {"type": "uri_file", "path": "azureml://datastores/d/paths/p"}, "_n": {"value": "5"}}),
        );
        set(
            g,
            "outputs",
            json!({"out": {"type": "uri_folder", "path": "abfss://c@a/out"}}),
        );
        set(
            g,
            "args",
            json!(
                "--a ${{inputs.titanic_data}} --n=${{ inputs._n }} --b ${{outputs.out}} ${HOME} {{x}} ${{unclosed"
            ),
        );
    });
    let definition = SparkJob::want(&given).unwrap().definition.unwrap();
    assert_eq!(
        definition.inputs["_n"],
        InputChoice::Literal("5".to_owned())
    );
    assert_eq!(definition.outputs["out"].1, "abfss://c@a/out");
}

#[test]
#[rustfmt::skip]
fn the_size_is_that_of_all_executors() {
    type Row = (
        i32,
        i32,
        &'static str,
        Option<(i32, i32)>,
        (&'static str, i64, &'static str),
        &'static str,
    );
    let rows: [Row; 5] = [
        (6, 4, "28g", None, ("6", 24, "168g"), "the example of the contract"),
        (1, 1, "512m", None, ("1", 1, "512m"), "the unit is the spec's"),
        (2, 2, "2g", Some((1, 4)), ("1-4", 8, "8g"), "with dynamic allocation at most"),
        (3, 8, "56G", Some((2, 2)), ("2-2", 16, "112G"), "the most counts, not the instances"),
        (10_000, 256, "1000000p", None, ("10000", 2_560_000, "10000000000p"), "no size is too large to be said"),
    ];
    for (instances, cores, memory, dynamic, (executors, all_cores, all_memory), why) in rows {
        let want = want_with(|g| {
            set(
                g,
                "executor",
                json!({"cores": cores, "memory": memory, "instances": instances}),
            );
            if let Some((least, most)) = dynamic {
                set(
                    g,
                    "dynamicAllocation",
                    json!({"minExecutors": least, "maxExecutors": most}),
                );
            }
        });
        let size = (
            want.cluster.executors.as_str(),
            want.cluster.cores,
            want.cluster.memory.as_str(),
        );
        assert_eq!(size, (executors, all_cores, all_memory), "{why}");
    }
}

#[test]
fn a_size_that_is_none_is_invalid_and_can_be_deleted() {
    for (executor, field) in [
        (
            json!({"cores": 1, "memory": "2g"}),
            "spec.executor.instances",
        ),
        (
            json!({"cores": 1, "memory": "", "instances": 1}),
            "spec.executor.memory",
        ),
        (
            json!({"cores": 1, "memory": "g", "instances": 1}),
            "spec.executor.memory",
        ),
        (
            json!({"cores": 1, "memory": "zwei GiB…", "instances": 1}),
            "spec.executor.memory",
        ),
    ] {
        let given = given_with(|g| set(g, "executor", executor.clone()));
        assert_eq!(
            SparkJob::want(&given).unwrap_err().field,
            field,
            "{executor}"
        );
        let deleting = Given {
            deleting: true,
            ..given
        };
        assert!(SparkJob::want(&deleting).is_ok(), "{executor}");
    }
}

#[test]
#[rustfmt::skip]
fn the_identity_is_spelt_out() {
    let of_the_pool = |g: &mut Given| {
        g.attachment = Some(Reference::Ready(AttachedPool {
            compute_id: "/computes/pool".into(),
            default_identity: Some("/identities/first".into()),
        }));
    };
    let managed = |client_id: Option<&str>, resource_id: Option<&str>| IdentityChoice::Managed {
        client_id: client_id.map(str::to_owned),
        resource_id: resource_id.map(str::to_owned),
    };
    let none = want_with(|_| {}).definition.unwrap().identity;
    assert_eq!(
        none,
        managed(None, None),
        "the pool's system-assigned identity needs no name"
    );
    let first = want_with(of_the_pool).definition.unwrap().identity;
    assert_eq!(
        first,
        managed(None, Some("/identities/first")),
        "of several, Azure would choose by chance (contract §2.1)"
    );
    for (identity, expected, why) in [
        (json!({"type": "Managed"}), managed(None, Some("/identities/first")), "Managed alone means the pool's own"),
        (json!({"type": "Managed", "clientId": "c"}), managed(Some("c"), None), "what is named is taken"),
        (json!({"type": "Managed", "resourceId": "/r"}), managed(None, Some("/r")), "what is named is taken"),
        (json!({"type": "UserIdentity"}), IdentityChoice::User, "the credentials are the workspace's own"),
    ] {
        let want = want_with(|g| {
            of_the_pool(g);
            set(g, "identity", identity);
        });
        assert_eq!(want.definition.unwrap().identity, expected, "{why}");
    }
}

#[test]
fn serverless_needs_no_attachment() {
    let want = want_with(|g| {
        g.attachment = None;
        set(
            g,
            "compute",
            json!({"serverless": {"instanceType": "standard_e4s_v3", "runtimeVersion": "3.4"}}),
        );
    });
    let choice = ComputeChoice::Serverless {
        instance_type: "standard_e4s_v3".to_owned(),
        runtime_version: "3.4".to_owned(),
    };
    assert_eq!(want.definition.unwrap().compute, choice);
}

#[test]
fn the_code_is_laid_out_as_a_volume_would_be() {
    let want = want_with(|g| {
        set(
            g,
            "code",
            json!({"configMaps": [{"name": "src"}, {"name": "lib", "items": [{"key": "u.py", "path": "lib/util.py"}]}]}),
        );
        let lib = [
            ("u.py".to_owned(), b"2".to_vec()),
            ("unused.py".to_owned(), b"3".to_vec()),
        ];
        g.config_maps.insert("lib".into(), Some(lib.into()));
    });
    let definition = want.definition.unwrap();
    let files: Vec<_> = definition.code.files().collect();
    assert_eq!(
        files,
        [("lib/util.py", &b"2"[..]), ("main.py", &b"1"[..])],
        "with items only those, without every key"
    );
}

type Change = fn(&mut Given);

#[test]
#[rustfmt::skip]
fn whatever_makes_another_run_makes_another_hash() {
    let hash = |change: fn(&mut Given)| want_with(change).definition.unwrap().hash();
    let first = hash(|_| {});
    assert_eq!(first, hash(|_| {}));
    assert_eq!(
        first,
        hash(|g| g.uid = "another".into()),
        "a restored object finds its run by the hash"
    );
    let changes: [(Change, &str); 6] = [
        (|g| { g.config_maps.insert("src".into(), Some([("main.py".into(), b"2".to_vec())].into())); }, "code"),
        (|g| set(g, "args", json!("--x")), "arguments"),
        (|g| set(g, "conf", json!({"spark.x": "1"})), "configuration"),
        (|g| set(g, "tags", json!({"a": "b"})), "tags"),
        (|g| set(g, "driver", json!({"cores": 2, "memory": "2g"})), "driver"),
        (|g| set(g, "identity", json!({"type": "UserIdentity"})), "identity"),
    ];
    for (change, what) in changes {
        assert_ne!(first, hash(change), "{what}");
    }
}

#[test]
fn the_name_in_azure_is_chosen_or_follows_from_the_uid() {
    let derived = SparkJob::want(&given()).unwrap();
    assert!(derived.azure_name.starts_with("titanic-") && !derived.explicit_name);
    let again = want_with(|g| g.uid = "another".into());
    assert_ne!(
        derived.azure_name, again.azure_name,
        "a re-created object is a new run"
    );
    let chosen = want_with(|g| set(g, "azureName", json!("nightly")));
    assert_eq!(
        (chosen.azure_name.as_str(), chosen.explicit_name),
        ("nightly", true)
    );
}
