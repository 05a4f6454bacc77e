use serde_json::json;

use super::counts::what;
use super::*;
use crate::site::Site;

fn entry(body: Option<&'static str>) -> Entry {
    Entry {
        number: 0,
        time: Timestamp::UNIX_EPOCH,
        host: "localhost".to_owned(),
        method: "PUT".to_owned(),
        path: "/p".to_owned(),
        status: None,
        caller: None,
        api_version: None,
        body: body.map(|body| Sent(Bytes::from_static(body.as_bytes()))),
    }
}

fn asked(what: &str) -> Asked {
    Asked {
        caller: Some("me".to_owned()),
        method: "PUT".to_owned(),
        what: what.to_owned(),
    }
}

fn numbers(ledger: &Ledger, since: u64) -> Vec<u64> {
    ledger
        .since(since)
        .iter()
        .map(|entry| entry.number)
        .collect()
}

#[test]
fn the_latest_are_kept_and_all_are_counted() {
    let ledger = Ledger::default();
    let noted: Vec<Noted> = (0..5)
        .map(|_| ledger.arrived(entry(None), asked("jobs"), 3))
        .collect();
    assert_eq!(numbers(&ledger, 0), [3, 4, 5]);
    assert_eq!(numbers(&ledger, 4), [5]);
    assert_eq!(numbers(&ledger, 5), [0; 0]);
    for (noted, status) in noted.iter().zip([201, 429, 500, 429, 200]) {
        ledger.answered(noted, status);
    }
    let status: Vec<_> = ledger.since(0).iter().map(|entry| entry.status).collect();
    assert_eq!(status, [Some(500), Some(429), Some(200)]);
    let summary = serde_json::to_value(ledger.summary()).unwrap();
    assert_eq!(
        summary,
        json!({"last": 5, "requests": [{
            "caller": "me", "method": "PUT", "what": "jobs", "count": 5, "throttled": 2, "refused": 1,
        }]})
    );
}

#[test]
fn a_ledger_that_keeps_nothing_still_counts() {
    let ledger = Ledger::default();
    let noted = ledger.arrived(entry(None), asked("jobs"), 0);
    ledger.answered(&noted, 429);
    assert_eq!(numbers(&ledger, 0), [0; 0]);
    let summary = ledger.summary();
    assert_eq!((summary.last, summary.requests.len()), (1, 1));
    assert_eq!(summary.requests[0].throttled, 1);
}

#[test]
fn numbers_go_on_after_a_reset_and_counts_begin_anew() {
    let ledger = Ledger::default();
    let before = ledger.arrived(entry(None), asked("jobs"), 9);
    ledger.clear();
    ledger.arrived(entry(None), asked("jobs"), 9);
    ledger.answered(&before, 200);
    assert_eq!(numbers(&ledger, 0), [2]);
    assert_eq!(ledger.since(0)[0].status, None);
    assert_eq!(ledger.summary().requests[0].count, 1);
}

#[test]
fn a_body_is_shown_without_its_secrets() {
    let shown = |body| serde_json::to_value(entry(body)).unwrap()["body"].clone();
    assert_eq!(
        shown(Some(r#"{"clientSecret": "s", "a": 1}"#)),
        json!({"clientSecret": "REDACTED", "a": 1})
    );
    assert_eq!(shown(Some("no json")), Value::Null);
    assert_eq!(shown(None), Value::Null);
}

#[test]
fn names_do_not_count() {
    let ws = "/subscriptions/s/resourcegroups/g/providers/microsoft.machinelearningservices/workspaces/w";
    let rows = [
        (
            format!("{ws}/jobs?x"),
            "Microsoft.MachineLearningServices/workspaces/*/jobs",
        ),
        (
            format!("{ws}/jobs/a"),
            "Microsoft.MachineLearningServices/workspaces/*/jobs/*",
        ),
        (
            format!("{ws}/JOBS/a/cancel"),
            "Microsoft.MachineLearningServices/workspaces/*/jobs/*/cancel",
        ),
        (
            format!("/history/v1.0{ws}/runs/a/details"),
            "history/Microsoft.MachineLearningServices/workspaces/*/runs/*/details",
        ),
        ("/tenant-1/oauth2/v2.0/token".to_owned(), "token"),
        ("/".to_owned(), ""),
    ];
    for (path, expected) in rows {
        let path = path.split('?').next().unwrap();
        assert_eq!(what(&Site::Main, path), expected, "{path}");
    }
    let synapse = Site::Synapse("w".to_owned());
    assert_eq!(
        what(&synapse, "/roleAssignments/1"),
        "synapse/roleAssignments"
    );
    assert_eq!(what(&Site::Blob("a".to_owned()), "/c/b"), "blob");
}
