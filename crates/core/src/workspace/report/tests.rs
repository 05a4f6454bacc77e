//! What is said while identities are attached, and what is warned of.

use std::collections::BTreeMap;

use azureml_spark_api::condition::Time;
use azureml_spark_api::{AzureMLWorkspaceStatus, Reason};

use super::super::tests::{facts, given, now, standing, trouble};
use super::super::{ATTACH_IDENTITIES, Facts, Given, Memo, Seen, Workspace};
use crate::machine::{Machine, Pass, Sight};
use crate::summary::Warning;
use crate::{Class, Fault, Trouble};

const ETL: &str = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/etl-identity";

fn wishing() -> Given {
    Given {
        identities: vec![ETL.to_owned()],
        ..given()
    }
}

fn seen(facts: Facts, identity: Option<Sight<()>>) -> Seen {
    let identities = identity.map(|sight| (ETL.to_owned(), sight));
    Seen {
        workspace: Sight::Present(facts),
        identities: identities.into_iter().collect::<BTreeMap<_, _>>(),
    }
}

fn asked() -> Memo {
    Memo {
        requested: Some(now()),
        ..Memo::default()
    }
}

struct Said<'s> {
    given: Given,
    seen: Option<&'s Seen>,
    memo: Memo,
    trouble: Option<Trouble>,
    paused: bool,
}

impl Said<'_> {
    fn after(&self, old: &AzureMLWorkspaceStatus) -> AzureMLWorkspaceStatus {
        let want = Workspace::want(&self.given).unwrap();
        let pass = Pass {
            generation: 1,
            want: Ok(&want),
            seen: self.seen,
            memo: &self.memo,
            trouble: self.trouble.as_ref(),
            paused: self.paused,
        };
        Workspace::report(&pass, old, now())
    }
}

fn of(given: Given, seen: Option<&Seen>) -> Said<'_> {
    Said {
        given,
        seen,
        memo: Memo::default(),
        trouble: None,
        paused: false,
    }
}

fn warning(status: &AzureMLWorkspaceStatus) -> Option<(&str, &str)> {
    let found = status.conditions.iter().find(|c| c.type_ == "Warning")?;
    assert_eq!(found.status, "True");
    Some((&found.reason, &found.message))
}

#[test]
fn while_it_is_in_hand_it_says_which() {
    let seen = seen(facts(), Some(Sight::Present(())));
    let said = Said {
        memo: asked(),
        ..of(wishing(), Some(&seen))
    };
    let status = said.after(&AzureMLWorkspaceStatus::default());
    let (stands, reason, message) = standing(&status);
    assert_eq!(
        (stands, reason),
        ("Reconciling", Reason::Attaching.as_str())
    );
    assert!(message.contains(ETL), "{message}");
    assert_eq!(status.requested_time, Some(Time(now())));
    assert_eq!(
        status.location.as_deref(),
        Some("eastus"),
        "what was read is published"
    );
    let stopped = Said {
        paused: true,
        ..of(wishing(), Some(&seen))
    };
    let status = stopped.after(&AzureMLWorkspaceStatus::default());
    assert!(
        standing(&status).2.ends_with("while paused"),
        "nobody does it"
    );
}

#[test]
fn a_request_that_is_refused_each_time_is_news_once() {
    let seen = seen(facts(), Some(Sight::Unknown));
    let fault = Fault {
        op: ATTACH_IDENTITIES,
        ..trouble(Class::Forbidden).fault
    };
    let refused = Said {
        trouble: Some(Trouble { fault, tries: 1 }),
        ..of(wishing(), Some(&seen))
    };
    let status = refused.after(&AzureMLWorkspaceStatus::default());
    let (stands, reason, message) = standing(&status);
    assert_eq!((stands, reason), ("Stalled", Reason::Forbidden.as_str()));
    assert!(message.contains(ATTACH_IDENTITIES), "{message}");
    let again = Said {
        memo: asked(),
        ..of(wishing(), Some(&seen))
    };
    let on_record = again.after(&status);
    assert_eq!(on_record.requested_time, Some(Time(now())));
    assert_eq!(
        on_record.conditions, status.conditions,
        "it is refused again, or else it will show"
    );
    assert_eq!(refused.after(&on_record), status);
    let accepted = again.after(&on_record);
    assert_eq!(
        standing(&accepted).1,
        Reason::Attaching.as_str(),
        "this time it was not"
    );
}

/// What is said of whether the workspace can be read.
fn reachable(status: &AzureMLWorkspaceStatus) -> (&str, &str) {
    let found = status.conditions.iter().find(|c| c.type_ == "Reachable");
    found.map_or(("", ""), |c| (c.status.as_str(), c.reason.as_str()))
}

#[test]
fn what_can_be_read_is_reachable_whatever_its_identities() {
    let seen = seen(facts(), Some(Sight::Unknown));
    let refused = |op, class, tries| Said {
        trouble: Some(Trouble {
            fault: Fault {
                op,
                ..trouble(class).fault
            },
            tries,
        }),
        ..of(wishing(), Some(&seen))
    };
    let first = refused(ATTACH_IDENTITIES, Class::Forbidden, 1);
    let status = first.after(&AzureMLWorkspaceStatus::default());
    assert_eq!(standing(&status).0, "Stalled");
    assert_eq!(reachable(&status), ("True", "Ready"));
    let attaching = of(wishing(), Some(&seen)).after(&status);
    assert_eq!(standing(&attaching).1, Reason::Attaching.as_str());
    assert_eq!(reachable(&attaching), ("True", "Ready"));

    let look = |class, tries| refused("read the workspace", class, tries).after(&status);
    assert_eq!(
        reachable(&look(Class::Retryable, 1)).0,
        "True",
        "a lost answer"
    );
    assert_eq!(
        reachable(&look(Class::Retryable, 9)),
        ("False", "AzureUnavailable")
    );
    assert_eq!(
        reachable(&look(Class::Forbidden, 1)),
        ("False", "Forbidden")
    );
    let unread = of(wishing(), None).after(&AzureMLWorkspaceStatus::default());
    assert_eq!(reachable(&unread), ("False", "Pending"));
}

#[test]
fn an_identity_that_goes_under_is_not_a_workspace_that_does() {
    let seen = seen(facts(), Some(Sight::Unknown));
    let fault = Fault {
        op: ATTACH_IDENTITIES,
        ..trouble(Class::Absent).fault
    };
    let said = Said {
        trouble: Some(Trouble { fault, tries: 1 }),
        ..of(wishing(), Some(&seen))
    };
    let status = said.after(&AzureMLWorkspaceStatus::default());
    assert_eq!(standing(&status).1, Reason::Refused.as_str());
}

#[test]
#[rustfmt::skip]
fn what_will_make_jobs_fail_is_warned_of() {
    let plain = || Facts { spark_ready: None, ..facts() };
    let rows: [(Facts, Option<Reason>, &str, &str); 7] = [
        (plain(), None, "", "no managed network"),
        (Facts { managed_network: true, spark_ready: Some(true), ..plain() }, None, "", "one that lets Spark run"),
        (Facts { managed_network: true, spark_ready: Some(false), ..plain() }, Some(Reason::SparkNotReady), "includeSpark", "one that does not"),
        (Facts { managed_network: true, ..plain() }, Some(Reason::SparkNotReady), "az ml workspace provision-network --include-spark", "one that does not say so"),
        (Facts { v1_legacy_mode: Some(true), ..plain() }, Some(Reason::V1LegacyMode), "v1LegacyMode", "the API for jobs may be blocked"),
        (Facts { v1_legacy_mode: Some(false), ..plain() }, None, "", "it is not"),
        (Facts { public_network_access: Some("Disabled".into()), ..plain() }, None, "", "as somebody wanted it"),
    ];
    for (facts, reason, text, why) in rows {
        let seen = seen(facts, None);
        let status = of(given(), Some(&seen)).after(&AzureMLWorkspaceStatus::default());
        assert_eq!(standing(&status).0, "Ready", "{why}");
        let found = warning(&status);
        assert_eq!(found.map(|(reason, _)| reason), reason.map(Reason::as_str), "{why}");
        assert!(found.is_none_or(|(_, message)| message.contains(text)), "{found:?}");
    }
}

#[test]
fn all_warnings_stand_in_one_condition() {
    let facts = Facts {
        managed_network: true,
        spark_ready: Some(false),
        v1_legacy_mode: Some(true),
        ..facts()
    };
    let seen = seen(facts, Some(Sight::Absent));
    let annotated = Given {
        warnings: vec![Warning::of_sync_period("soon")],
        ..wishing()
    };
    let status = of(annotated, Some(&seen)).after(&AzureMLWorkspaceStatus::default());
    assert_eq!(
        standing(&status).0,
        "Ready",
        "a missing identity stops no other job"
    );
    let (reason, message) = warning(&status).unwrap();
    assert_eq!(reason, Reason::InvalidAnnotation.as_str());
    for part in ["'soon'", ETL, "includeSpark", "v1LegacyMode"] {
        assert!(message.contains(part), "{part}: {message}");
    }
}

#[test]
fn a_warning_stays_while_nobody_can_look_and_goes_with_its_cause() {
    let network = |ready| Facts {
        managed_network: true,
        spark_ready: Some(ready),
        ..facts()
    };
    let bad = seen(network(false), None);
    let status = of(given(), Some(&bad)).after(&AzureMLWorkspaceStatus::default());
    let blind = Said {
        trouble: Some(trouble(Class::Retryable)),
        ..of(given(), None)
    };
    let later = blind.after(&status);
    assert_eq!(warning(&later), warning(&status));
    let good = seen(network(true), None);
    assert_eq!(warning(&of(given(), Some(&good)).after(&later)), None);
    let gone = Given {
        deleting: true,
        ..given()
    };
    let unseen = Seen::default();
    assert_eq!(
        warning(&of(gone, Some(&unseen)).after(&status)),
        None,
        "no job comes any more"
    );
}

#[test]
fn an_annotation_is_told_though_azure_cannot_be_read() {
    let annotated = Given {
        warnings: vec![Warning::of_sync_period("soon")],
        ..given()
    };
    let status = of(annotated, None).after(&AzureMLWorkspaceStatus::default());
    assert_eq!(
        warning(&status).unwrap().0,
        Reason::InvalidAnnotation.as_str()
    );
}
