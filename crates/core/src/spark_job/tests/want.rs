//! From the manifest and what it names, to a run or to what is in the way.

use azureml_spark_api::Reason;
use serde_json::json;

use super::object::{given, given_with, set, want_with};
use crate::machine::Machine;
use crate::place::Reference;
use crate::spark_job::{
    AttachedPool, ComputeChoice, EntryChoice, Given, Produced, Source, SparkJob, config_maps, jobs,
};

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
        (|g| { g.workspace = Reference::Missing; g.attachment = Some(Reference::Missing); g.config_maps.clear(); }, Reason::WorkspaceNotFound, "spec.workspaceRef", "the first unmet need is told, from the outermost in"),
        (|g| { g.attachment = Some(Reference::Missing); g.config_maps.clear(); }, Reason::AttachmentNotFound, "'pool'", "the same"),
        (|g| { g.attachment = Some(Reference::NotReady("being attached".into())); g.config_maps.clear(); }, Reason::ConfigMapNotFound, "'src'", "what a person must mend comes before what only has to be waited for"),
        (|g| { g.attachment = Some(Reference::NotReady("being attached".into())); set(g, "entry", json!({"file": "mian.py"})); }, Reason::EntryNotFound, "'mian.py'", "the same"),
        (|g| { g.attachment = Some(Reference::NotReady("being attached".into())); g.workspace = Reference::NotReady("no secret".into()); g.config_maps.clear(); }, Reason::WorkspaceNotReady, "no secret", "without a workspace nothing else counts"),
    ];
    for (change, reason, text, why) in rows {
        let want = SparkJob::want(&given_with(change)).unwrap();
        let blocked = want.definition.expect_err(why);
        assert_eq!(blocked.reason, *reason, "{why}");
        assert!(blocked.message.contains(text), "{why}: {}", blocked.message);
    }
}

#[test]
fn what_a_spec_names_is_known_before_it_is_looked_for() {
    let given = given_with(|g| {
        set(
            g,
            "code",
            json!({"configMaps": [{"name": "src"}, {"name": "lib"}]}),
        );
        set(
            g,
            "environment",
            json!({"condaConfigMapKeyRef": {"name": "packages", "key": "conda.yaml"}}),
        );
        set(
            g,
            "inputs",
            json!({"a": {"fromJob": {"name": "prepare", "output": "x"}}, "b": {"fromJob": {"name": "prepare", "output": "y"}}, "c": {"value": "5"}}),
        );
    });
    let maps: Vec<&str> = config_maps(&given.spec).into_iter().collect();
    assert_eq!(maps, ["lib", "packages", "src"]);
    let all: Vec<&str> = jobs(&given.spec).into_iter().collect();
    assert_eq!(all, ["prepare"]);
    let plain = given_with(|g| set(g, "code", json!({"asset": "azureml:src:1"})));
    assert!(config_maps(&plain.spec).is_empty() && jobs(&plain.spec).is_empty());
}

#[test]
fn serverless_and_a_compute_by_its_name_need_no_attachment() {
    let serverless = want_with(|g| {
        g.attachment = None;
        set(g, "identity", json!({"type": "UserIdentity"}));
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
    assert_eq!(serverless.definition.unwrap().compute, choice);
    let named = want_with(|g| {
        g.attachment = None;
        set(g, "compute", json!({"name": "their-pool"}));
    });
    assert_eq!(
        named.definition.unwrap().compute,
        ComputeChoice::Named("their-pool".to_owned())
    );
}

#[test]
#[rustfmt::skip]
fn a_retired_spark_is_a_warning_and_no_more() {
    let serverless = |version: &str| json!({"serverless": {"instanceType": "standard_e4s_v3", "runtimeVersion": version}});
    let rows = [
        (Some("3.2"), None, true, "it is on the list"),
        (Some("3.2.1"), None, true, "a patch of it is it too"),
        (Some("3.4"), None, false, "it is not on the list"),
        (Some("3.20"), None, false, "that is another version"),
        (None, Some("3.3"), true, "a pool has a version of its own"),
        (None, Some("3.4"), false, "the same, and it is not on the list"),
        (None, None, false, "nobody knows the version of the pool"),
    ];
    for (own, of_pool, warned, why) in rows {
        let want = want_with(|g| {
            g.retired = ["3.2".to_owned(), "3.3".to_owned()].into();
            if let Some(version) = own {
                set(g, "identity", json!({"type": "UserIdentity"}));
                set(g, "compute", serverless(version));
            }
            g.attachment = Some(Reference::Ready(AttachedPool {
                compute_id: "/computes/pool".into(),
                spark_version: of_pool.map(str::to_owned),
                ..AttachedPool::default()
            }));
        });
        assert!(want.definition.is_ok(), "{why}");
        let reasons: Vec<Reason> = want.warnings.iter().map(|w| w.reason).collect();
        let expected: &[Reason] = if warned { &[Reason::RetiredRuntime] } else { &[] };
        assert_eq!(reasons, expected, "{why}");
        let field = if own.is_some() { "spec.compute.serverless.runtimeVersion" } else { "spec.compute.attachmentRef" };
        assert!(want.warnings.iter().all(|w| w.message.starts_with(field)), "{why}");
    }
}

#[test]
fn a_class_is_an_entry_that_no_file_has_to_be() {
    let want = want_with(|g| {
        set(g, "entry", json!({"className": "com.example.WordCount"}));
        set(g, "jars", json!(["lib/wordcount.jar"]));
        let files = [("wordcount.jar".to_owned(), b"PK".to_vec())];
        g.config_maps.insert("src".to_owned(), Some(files.into()));
        set(
            g,
            "code",
            json!({"configMaps": [{"name": "src", "items": [{"key": "wordcount.jar", "path": "lib/wordcount.jar"}]}]}),
        );
    });
    let definition = want.definition.unwrap();
    assert_eq!(
        definition.entry,
        EntryChoice::Class("com.example.WordCount".to_owned())
    );
    assert_eq!(definition.jars, ["lib/wordcount.jar"]);
}

#[test]
fn what_is_not_looked_for_is_not_needed() {
    // Neither a source nor another job is named, so that none is in the way.
    let want = want_with(|g| {
        g.source = Some(Source::Missing);
        g.produced.insert("other".to_owned(), Produced::Missing);
    });
    assert!(want.definition.is_ok());
}

#[test]
fn whatever_is_wrong_the_object_can_be_deleted_and_the_run_be_followed() {
    let wrong = given_with(|g| set(g, "entry", json!({"file": "/etc/passwd"})));
    assert_eq!(
        SparkJob::want(&wrong).unwrap_err(),
        SparkJob::want(&wrong).unwrap_err(),
        "invalid is final"
    );
    let deleting = Given {
        deleting: true,
        ..wrong.clone()
    };
    assert!(SparkJob::want(&deleting).is_ok());
    let found = Given {
        begun: true,
        ..wrong.clone()
    };
    assert!(SparkJob::want(&found).is_ok(), "nor for what was found");
    let under_way = Given {
        pinned: Some(crate::spark_job::Pinned::default()),
        ..wrong
    };
    assert!(
        SparkJob::want(&under_way).is_ok(),
        "rules that have become stricter are not for what runs already"
    );
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
