//! Tables: what is given, what is decided and said, and why.

use azureml_spark_api::{AzureMLWorkspaceStatus, Reason};
use jiff::SignedDuration;

use super::{CredentialsFound, Facts, Given, Memo, Seen, Workspace};
use crate::machine::{Act, Machine, Pass, Sight, Wake};
use crate::place::Place;
use crate::{Class, Fault, Trouble};

pub(super) use crate::samples::now;

pub(super) fn given() -> Given {
    Given {
        place: Place {
            namespace: "team".to_owned(),
            name: "ml".to_owned(),
        },
        azure_id: "/subscriptions/s/workspaces/ml".to_owned(),
        azure_name: "ml".to_owned(),
        cloud: ("AzurePublic".to_owned(), true),
        credentials: CredentialsFound::Complete,
        holders: Vec::new(),
        deleting: false,
        identities: Vec::new(),
        sync_period: SignedDuration::from_hours(1),
        warnings: Vec::new(),
    }
}

pub(super) fn facts() -> Facts {
    Facts {
        azure_id: "/subscriptions/S/workspaces/ml".to_owned(),
        location: "eastus".to_owned(),
        spark_ready: Some(true),
        ..Facts::default()
    }
}

fn look(workspace: Sight<Facts>) -> Seen {
    Seen {
        workspace,
        ..Seen::default()
    }
}

fn say(given: &Given, seen: Option<&Seen>, trouble: Option<&Trouble>) -> AzureMLWorkspaceStatus {
    let want = Workspace::want(given).unwrap();
    let memo = Memo::default();
    let pass = Pass {
        generation: 1,
        want: Ok(&want),
        seen,
        memo: &memo,
        trouble,
        paused: false,
    };
    Workspace::report(&pass, &AzureMLWorkspaceStatus::default(), now())
}

pub(super) fn standing(status: &AzureMLWorkspaceStatus) -> (&'static str, &str, &str) {
    let find = |kind: &str| {
        status
            .conditions
            .iter()
            .find(|c| c.type_ == kind && c.status == "True")
    };
    let standing = match (find("Ready"), find("Reconciling"), find("Stalled")) {
        (Some(_), None, None) => "Ready",
        (None, Some(_), None) => "Reconciling",
        (None, None, Some(_)) => "Stalled",
        all => panic!("{all:?}"),
    };
    let ready = status
        .conditions
        .iter()
        .find(|c| c.type_ == "Ready")
        .unwrap();
    (standing, &ready.reason, &ready.message)
}

pub(super) fn trouble(class: Class) -> Trouble {
    let fault = Fault {
        class,
        code: "SomeCode".to_owned(),
        op: "read the workspace",
        text: "no".to_owned(),
        request_id: None,
        retry_after: None,
    };
    Trouble { fault, tries: 1 }
}

#[test]
#[rustfmt::skip]
fn what_is_missing_is_told_apart() {
    type Change = fn(&mut Given);
    let rows: [(Change, Reason, &str, &str); 5] = [
        (|g| g.cloud = ("Moon".into(), false), Reason::CloudNotFound, "no cloud 'Moon'", "Azure cannot be addressed"),
        (|g| g.credentials = CredentialsFound::NotAllowed, Reason::IdentityNotAllowed, "namespace 'team'", "not everybody may be the operator"),
        (|g| g.credentials = CredentialsFound::SecretMissing("azure".into()), Reason::SecretNotFound, "no Secret 'azure'", "nobody to be"),
        (|g| { g.credentials = CredentialsFound::SecretLacks { secret: "azure".into(), key: "AZURE_CLIENT_ID" } }, Reason::SecretInvalid, "AZURE_CLIENT_ID", "half of somebody"),
        (|g| { g.cloud = ("Moon".into(), false); g.credentials = CredentialsFound::NotAllowed; }, Reason::CloudNotFound, "no cloud", "the outermost first"),
    ];
    for (change, reason, text, why) in rows {
        let mut given = given();
        change(&mut given);
        let want = Workspace::want(&given).unwrap();
        assert!(!want.looks(), "{why}: Azure is not asked");
        let status = say(&given, Some(&Seen::default()), None);
        let (stands, found, message) = standing(&status);
        assert_eq!((stands, found), ("Stalled", reason.as_str()), "{why}");
        assert!(message.contains(text), "{message}");
        let accepted = status
            .conditions
            .iter()
            .find(|c| c.type_ == "SpecAccepted")
            .unwrap();
        assert_eq!(
            accepted.status == "False",
            reason == Reason::CloudNotFound,
            "{why}"
        );
        let moved = Workspace::next(&want, &Seen::default(), &Memo::default(), now());
        assert_eq!(
            moved.act,
            Act::Rest(Wake::At(now() + SignedDuration::from_secs(15))),
            "a Secret is not watched"
        );
    }
}

type Row = (
    Option<Sight<Facts>>,
    Option<Class>,
    &'static str,
    Reason,
    &'static str,
);

#[test]
#[rustfmt::skip]
fn what_azure_says_is_told_apart() {
    let until = now();
    let rows: Vec<Row> = vec![
        (Some(Sight::Present(facts())), None, "Ready", Reason::Ready, "it was read"),
        (Some(Sight::Absent), None, "Stalled", Reason::AzureWorkspaceNotFound, "a slip of the pen, or deleted"),
        (None, Some(Class::Absent), "Stalled", Reason::AzureWorkspaceNotFound, "the resource group or subscription is not there"),
        (None, Some(Class::Forbidden), "Stalled", Reason::Forbidden, "the credentials are right and have no role"),
        (None, Some(Class::Credential), "Stalled", Reason::CredentialsRejected, "the credentials are wrong"),
        (None, Some(Class::Retryable), "Reconciling", Reason::AzureUnavailable, "it passes"),
        (None, Some(Class::Throttled { until }), "Reconciling", Reason::WaitingForBudget, "it passes"),
        (Some(Sight::Unknown), None, "Reconciling", Reason::Pending, "not looked at yet"),
        (None, None, "Reconciling", Reason::Pending, "not looked at yet"),
    ];
    for (seen, class, stands, reason, why) in rows {
        let trouble = class.map(trouble);
        let seen = seen.map(look);
        let status = say(&given(), seen.as_ref(), trouble.as_ref());
        let found = standing(&status);
        assert_eq!((found.0, found.1), (stands, reason.as_str()), "{why}");
    }
}

#[test]
fn what_was_read_is_published_and_stays() {
    let status = say(&given(), Some(&look(Sight::Present(facts()))), None);
    assert_eq!(status.location.as_deref(), Some("eastus"));
    assert_eq!(
        status.azure_id.as_deref(),
        Some("/subscriptions/S/workspaces/ml"),
        "in Azure's casing"
    );
    assert_eq!(status.spark_ready, Some(true));
    let want = Workspace::want(&given()).unwrap();
    let trouble = trouble(Class::Retryable);
    let pass = Pass {
        generation: 1,
        want: Ok(&want),
        seen: None,
        memo: &Memo::default(),
        trouble: Some(&trouble),
        paused: false,
    };
    let later = Workspace::report(&pass, &status, now());
    assert_eq!(
        (later.location, later.azure_id),
        (status.location, status.azure_id),
        "a failed look takes nothing back"
    );
}

#[test]
fn it_stays_while_somebody_needs_it() {
    let hour = || Act::Rest(Wake::At(now() + SignedDuration::from_hours(1)));
    let holders = vec!["SparkJob titanic".to_owned()];
    for (deleting, holders, act, needed, why) in [
        (false, vec![], hour(), false, "the regular look"),
        (
            false,
            holders.clone(),
            hour(),
            true,
            "the same, with the finalizer",
        ),
        (true, holders, hour(), true, "their end wakes us"),
        (true, vec![], Act::Release, false, "nobody needs it"),
    ] {
        let given = Given {
            holders,
            deleting,
            ..given()
        };
        let want = Workspace::want(&given).unwrap();
        assert_eq!(want.looks(), !deleting, "{why}");
        let moved = Workspace::next(&want, &Seen::default(), &Memo::default(), now());
        assert_eq!(
            (moved.act, Workspace::holds(&moved.memo)),
            (act, needed),
            "{why}"
        );
    }
    let given = Given {
        deleting: true,
        holders: vec!["SparkJob titanic".into()],
        ..given()
    };
    let status = say(&given, Some(&Seen::default()), None);
    let (stands, reason, message) = standing(&status);
    assert_eq!((stands, reason), ("Reconciling", Reason::InUse.as_str()));
    assert!(message.ends_with("SparkJob titanic"), "{message}");
    let given = Given {
        holders: Vec::new(),
        ..given
    };
    let status = say(&given, Some(&Seen::default()), None);
    assert!(
        standing(&status).2.ends_with("any more"),
        "nobody to be named"
    );
}
