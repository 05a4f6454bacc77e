//! Fields for people.

use serde_json::json;

use super::{Change, any, say, say_after};
use crate::machine::Sight::{Absent, Present};
use crate::spark_job::source::Source;
use crate::spark_job::tests::object::{
    asked, between, condition, ended, followed, foreign, meant, now, past, run, seen, set, since,
    want_with,
};
use crate::spark_job::{Artifact, End, Folder, Memo, RunState, Seen, Submission, Written};

#[test]
fn the_fields_are_those_of_the_run() {
    let mut running = run(RunState::Running);
    running.studio_url = Some("https://ml.azure.com/runs/x".into());
    let writes: Change = |g| {
        set(
            g,
            "outputs",
            json!({"out": {
                "type": "uri_folder", "path": "abfss://c@a/out", "registerAs": {"name": "wrangled", "version": "3"},
            }}),
        );
    };
    let status = say(
        writes,
        &seen(Present(running)),
        &since(9, RunState::Running),
    );
    let cluster = status.cluster.as_ref().unwrap();
    assert_eq!(
        (
            cluster.executors.as_str(),
            cluster.cores,
            cluster.memory.as_str()
        ),
        ("6", 24, "168g")
    );
    assert_eq!(status.state.as_deref(), Some("Running"));
    assert_eq!(status.attempt, Some(1));
    assert_eq!(status.azure_id.as_deref(), Some("/jobs/titanic"));
    assert_eq!(
        status.studio_url.as_deref(),
        Some("https://ml.azure.com/runs/x")
    );
    assert_eq!(status.effective_identity.as_ref().unwrap().type_, "Managed");
    assert_eq!(status.outputs[0].path, "abfss://c@a/out");
    assert_eq!(
        status.outputs[0].asset.as_deref(),
        Some("azureml:wrangled:3")
    );
    assert_eq!(status.code_id.as_deref(), Some("/codes/1"));
    let resolved = status.resolved.unwrap();
    assert_eq!(
        resolved.definition_hash,
        Some(meant().definition_hash),
        "what every attempt runs with"
    );
}

#[test]
fn the_hash_is_that_of_what_runs() {
    let found = Memo {
        first: Some("found".into()),
        pinned: None,
        ..between(vec![past(1, End::ScriptFailed)])
    };
    let mut taken = followed(60);
    taken.submission.as_mut().unwrap().definition_hash = "theirs".into();
    let mine = meant().definition_hash;
    let rows = [
        (Memo::default(), None, "nothing was submitted"),
        (asked(5), Some(mine.as_str()), "it is being submitted"),
        (followed(60), Some(mine.as_str()), "it runs"),
        (taken, Some("theirs"), "a run that was taken over"),
        (ended(RunState::Completed), Some(mine.as_str()), "it ran"),
        (
            between(vec![past(1, End::NoCapacity)]),
            Some(mine.as_str()),
            "the next is the same",
        ),
        (found, Some("found"), "as it was found"),
    ];
    for (memo, expected, why) in rows {
        let status = say(any, &Seen::default(), &memo);
        assert_eq!(status.definition_hash.as_deref(), expected, "{why}");
    }
}

#[test]
fn nothing_of_somebody_elses_run_is_published() {
    let named: Change = |g| set(g, "azureName", json!("nightly"));
    let other = say(named, &seen(Present(foreign())), &Memo::default());
    assert_eq!((&other.azure_id, &other.state), (&None, &None));
    let message = |status: &azureml_spark_api::SparkJobStatus| {
        let submitted = status.conditions.iter().find(|c| c.type_ == "Submitted");
        submitted.unwrap().message.clone()
    };
    assert!(message(&other).contains("and is not this one"));
    let mut held = foreign();
    held.held_by = Some("SparkJob 'a'".into());
    let other = say(named, &seen(Present(held)), &Memo::default());
    assert!(message(&other).contains("and belongs to SparkJob 'a': choose"));
}

#[test]
fn a_further_attempt_has_nothing_of_the_one_before() {
    let mut running = run(RunState::Running);
    running.studio_url = Some("https://ml.azure.com/runs/x".into());
    let first = say(any, &seen(Present(running)), &since(9, RunState::Running));
    let waiting = between(vec![past(1, End::Suspended)]);
    let held = say_after(any, &Seen::default(), &waiting, &first);
    let names = want_with(any);
    assert_eq!(
        held.azure_name,
        Some(names.run_name(1)),
        "the last one is told"
    );
    assert_eq!((held.attempt, held.azure_id.clone()), (Some(1), None));
    let mut second = Memo {
        past: waiting.past,
        ..asked(0)
    };
    second.submission.as_mut().unwrap().attempt = 2;
    let again = say_after(any, &seen(Absent), &second, &held);
    assert_eq!(again.azure_name, Some(names.run_name(2)));
    assert_ne!(again.azure_name, held.azure_name);
    assert_eq!(
        (again.attempt, again.azure_id, again.studio_url, again.state),
        (Some(2), None, None, None)
    );
}

#[test]
fn what_is_not_seen_yet_has_a_name_all_the_same() {
    let status = say(any, &seen(Absent), &Memo::default());
    assert_eq!(status.azure_name, Some(want_with(any).run_name(1)));
    assert_eq!(status.attempt, None);
    let status = say(any, &seen(Present(run(RunState::Queued))), &followed(9));
    assert!(status.azure_id.is_some());
}

#[test]
fn where_outputs_are_is_told_once_and_stays() {
    let writes: Change = |g| {
        set(
            g,
            "outputs",
            json!({"out": {
                "type": "uri_folder", "path": "abfss://c@a/out", "registerAs": {"name": "wrangled"},
            }, "plain": {"type": "uri_file", "path": "abfss://c@a/plain"}}),
        );
    };
    let written = |path: Option<&str>, version: &str| Written {
        path: path.map(str::to_owned),
        asset: Some(("wrangled".to_owned(), version.to_owned())),
    };
    let told = Seen {
        outputs: Present(
            [
                ("out".to_owned(), written(Some("azureml://out"), "7")),
                ("plain".to_owned(), written(None, "1")),
            ]
            .into(),
        ),
        ..seen(Present(run(RunState::Completed)))
    };
    let first = say(writes, &told, &ended(RunState::Completed));
    let shown = |status: &azureml_spark_api::SparkJobStatus| -> Vec<(String, Option<String>)> {
        let outputs = status.outputs.iter();
        outputs.map(|o| (o.path.clone(), o.asset.clone())).collect()
    };
    assert_eq!(
        shown(&first),
        [
            (
                "azureml://out".to_owned(),
                Some("azureml:wrangled:7".to_owned())
            ),
            ("abfss://c@a/plain".to_owned(), None),
        ],
        "an output that the user does not register has a made-up name"
    );
    let later = say_after(
        writes,
        &Seen::default(),
        &ended(RunState::Completed),
        &first,
    );
    assert_eq!(shown(&later), shown(&first));
}

#[test]
fn the_source_that_was_submitted_stays_told() {
    let sourced: Change = |g| {
        g.source = Some(Source::Ready(Artifact {
            revision: "main@sha1:1".into(),
            digest: "sha256:2".into(),
            folder: Folder::default(),
        }));
    };
    let first = say(sourced, &Seen::default(), &Memo::default());
    let later = say_after(any, &Seen::default(), &asked(1), &first);
    for status in [first, later] {
        let source = status.source.unwrap();
        assert_eq!(
            (source.revision.as_str(), source.digest.as_str()),
            ("main@sha1:1", "sha256:2")
        );
    }
}

#[test]
fn the_code_of_a_run_that_was_found_stays_told() {
    let found = |attempt: i32| {
        let mut memo = since(9, RunState::Running);
        memo.pinned = None;
        memo.submission.as_mut().unwrap().attempt = attempt;
        memo
    };
    let running = say(any, &seen(Present(run(RunState::Running))), &found(1));
    assert_eq!(running.code_id.as_deref(), Some("/codes/1"));
    let unseen = say_after(any, &Seen::default(), &found(1), &running);
    assert_eq!(unseen.code_id, running.code_id, "nobody looked");
    let next = say_after(any, &Seen::default(), &found(2), &running);
    assert_eq!(next.code_id, None, "another attempt");
}

#[test]
fn the_code_of_a_submission_is_not_told_of_an_older_run_that_it_met() {
    let sent = say(any, &Seen::default(), &asked(1));
    assert_eq!(sent.code_id.as_deref(), Some("/codes/1"));
    let met = Memo {
        first: Some("older".into()),
        past: vec![past(1, End::NoCapacity)],
        ..Memo::default()
    };
    let status = say_after(any, &seen(Present(run(RunState::Failed))), &met, &sent);
    assert_eq!(status.attempt, sent.attempt);
    assert_eq!(status.code_id, None, "it ran with other code");
}

#[test]
fn while_another_attempt_is_only_looked_for_the_last_one_is_told() {
    let mut over = run(RunState::Canceled);
    over.studio_url = Some("https://ml.azure.com/runs/x".into());
    let first = say(
        any,
        &seen(Present(over.clone())),
        &since(9, RunState::Running),
    );
    let mut searching = Memo {
        past: vec![past(1, End::CanceledOutside)],
        ..since(9, RunState::Canceled)
    };
    searching.sighted = None;
    searching.submission = Some(Submission::forgotten(2, now()));
    let blocked: Change = |g| g.config_maps.clear();
    for (change, seen) in [
        (any as Change, seen(Present(over))),
        (any, seen(Absent)),
        (any, Seen::default()),
        (blocked, Seen::default()),
    ] {
        let status = say_after(change, &seen, &searching, &first);
        assert_eq!(status.azure_name, Some(want_with(any).run_name(1)));
        assert_eq!(
            (status.attempt, &status.azure_id, &status.studio_url),
            (Some(1), &first.azure_id, &first.studio_url)
        );
        let submitted = condition(&status.conditions, "Submitted").unwrap();
        assert_eq!(submitted.status, "True");
        let reconciling = condition(&status.conditions, "Reconciling").unwrap();
        assert_eq!(reconciling.reason, "Finalizing");
        assert!(reconciling.message.contains("another attempt"));
    }
    searching.submission.as_mut().unwrap().seen_by_azure = true;
    let status = say_after(any, &seen(Absent), &searching, &first);
    assert_eq!(status.attempt, Some(2), "it is there");
}
