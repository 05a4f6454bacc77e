//! What will make jobs fail, though the attachment is as it should be.

use serde_json::json;

use super::object::{compute, condition, grant, rested, seen, set};
use super::report::{said, standing};
use crate::attachment::{Given, Pool, Seen, Synapse};
use crate::machine::Sight::{self, Present, Unknown};
use crate::place::Reference;
use crate::summary::Warning;

type Change = fn(&mut Given);

/// The object, the look, the reason and texts of what is said, and why.
type Warned = (
    Change,
    Seen,
    Option<(&'static str, Vec<&'static str>)>,
    &'static str,
);

fn any(_: &mut Given) {}

/// Roles on one account, and the workspace's own account.
fn accounts(given: &mut Given) {
    let account = json!({"accountId": "/accounts/data/", "roles": ["Reader"]});
    set(
        given,
        "grants",
        json!({"synapseRoles": [], "storage": [account]}),
    );
    if let Reference::Ready(workspace) = &mut given.workspace {
        workspace.storage_account_id = Some("/accounts/own".to_owned());
    }
}

fn look(synapse: Sight<Synapse>, location: Option<&str>) -> Seen {
    let location = location.map(str::to_owned);
    Seen {
        pool: Present(Pool { location }),
        synapse,
        ..seen(Present(compute()), &[grant("principal")])
    }
}

fn managed(endpoints: &[&str]) -> Sight<Synapse> {
    Present(Synapse {
        managed_network: true,
        approved_endpoints: endpoints.iter().map(|&id| id.to_owned()).collect(),
        ..Synapse::default()
    })
}

#[test]
#[rustfmt::skip]
fn one_condition_says_it_all() {
    let closed = || Present(Synapse { public_network_access_disabled: true, ..Synapse::default() });
    let rows: Vec<Warned> = vec![
        (any, look(Unknown, None), None, "what may not be read is not warned of"),
        (any, look(Present(Synapse::default()), Some("East US")), None, "the same region in other words"),
        (any, look(Unknown, Some("westus")), Some(("OtherRegion", vec!["westus", "eastus"])), "another region"),
        (any, look(closed(), None), Some(("PublicAccessDisabled", vec!["syn"])), "nobody gets in"),
        (any, look(closed(), Some("westus")), Some(("PublicAccessDisabled", vec!["syn", "westus"])), "two at once"),
        (any, look(managed(&[]), None), None, "no account is known to count"),
        (accounts, look(managed(&[]), None), Some(("PrivateEndpointMissing", vec!["/accounts/data", "/accounts/own"])), "neither can be reached"),
        (accounts, look(managed(&["/ACCOUNTS/own"]), None), Some(("PrivateEndpointMissing", vec!["/accounts/data"])), "one can"),
        (accounts, look(managed(&["/accounts/own/", "/accounts/Data"]), None), None, "both can"),
        (accounts, look(Present(Synapse::default()), None), None, "without a managed network none is needed"),
        (|g| g.warnings.push(Warning::new(azureml_spark_api::Reason::InvalidAnnotation, "sync-period 'soon'")), look(Unknown, None), Some(("InvalidAnnotation", vec!["soon"])), "what was found of the object itself"),
    ];
    for (change, look, expected, why) in rows {
        let status = said(change, &look, &rested(any, &[grant("principal")]));
        let found = condition(&status.conditions, "Warning");
        assert_eq!(found.map(|c| c.reason.as_str()), expected.as_ref().map(|(reason, _)| *reason), "{why}");
        for text in expected.map(|(_, texts)| texts).unwrap_or_default() {
            assert!(found.unwrap().message.contains(text), "{why}: {}", found.unwrap().message);
        }
    }
    let status = said(any, &look(Unknown, Some("westus")), &rested(any, &[grant("principal")]));
    assert_eq!(standing(&status).0, "Ready", "a warning changes nothing");
    let going: Change = |g| g.deleting = true;
    let status = said(going, &look(Unknown, Some("westus")), &rested(any, &[]));
    assert!(condition(&status.conditions, "Warning").is_none(), "nobody will run here");
}
