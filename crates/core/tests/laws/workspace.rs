//! The laws of an `AzureMLWorkspace`.

use azureml_spark_api::AzureMLWorkspaceStatus;
use azureml_spark_core::place::Place;
use azureml_spark_core::workspace::{CredentialsFound, Facts, Given, Memo, Workspace};
use azureml_spark_core::{Act, Machine, Pass, Trouble, Wake};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use crate::conditions;
use crate::job_inputs::sight;
use crate::times::{at, fault, text};
use crate::walk::SYNC;

fn given() -> impl Strategy<Value = Given> {
    let credentials = prop_oneof![
        Just(CredentialsFound::Complete),
        Just(CredentialsFound::NotAllowed),
        text().prop_map(CredentialsFound::SecretMissing),
        text().prop_map(|secret| CredentialsFound::SecretLacks {
            secret,
            key: "AZURE_CLIENT_ID"
        }),
    ];
    (
        text(),
        any::<bool>(),
        credentials,
        vec(text(), 0..40),
        any::<bool>(),
    )
        .prop_map(|(cloud, known, credentials, holders, deleting)| Given {
            place: Place {
                namespace: "team".to_owned(),
                name: "ml".to_owned(),
            },
            azure_id: "/workspaces/ml".to_owned(),
            azure_name: "ml".to_owned(),
            cloud: (cloud, known),
            credentials,
            holders,
            deleting,
            sync_period: SYNC,
        })
}

fn facts() -> impl Strategy<Value = Facts> {
    (text(), option::of(text())).prop_map(|(location, tenant_id)| Facts {
        azure_id: "/workspaces/ML".to_owned(),
        location,
        tenant_id,
        ..Facts::default()
    })
}

proptest! {
    #[test]
    fn it_is_calm_and_leaves_only_when_nobody_needs_it(given in given(), seen in sight(facts()), now in 0_i64..1_000_000) {
        let want = Workspace::want(&given).unwrap();
        let now = at(now);
        let moved = Workspace::next(&want, &seen, &Memo::default(), now);
        prop_assert_eq!(Workspace::holds(&moved.memo), !given.holders.is_empty());
        match moved.act {
            Act::Release => prop_assert!(given.deleting && given.holders.is_empty()),
            Act::Rest(Wake::At(time)) => prop_assert!(time > now && time.duration_since(now) <= SYNC),
            Act::Rest(Wake::OnChange) => {}
            Act::Do(step) => match step {},
        }
    }

    #[test]
    fn what_it_says_is_calm(given in given(), seen in option::of(sight(facts())), fault in option::of(fault())) {
        let want = Workspace::want(&given).unwrap();
        let memo = Memo::default();
        let say = |tries, old: &AzureMLWorkspaceStatus, millis| {
            let trouble = fault.clone().map(|fault| Trouble { fault, tries });
            let pass = Pass { generation: 3, want: Ok(&want), seen: seen.as_ref(), memo: &memo, trouble: trouble.as_ref(), paused: false };
            Workspace::report(&pass, old, at(millis))
        };
        let status = say(1, &AzureMLWorkspaceStatus::default(), 0);
        prop_assert_eq!(conditions::wrong(&status.conditions), None);
        prop_assert_eq!(&say(9, &status, 500_000), &status);
        let back: AzureMLWorkspaceStatus = serde_json::from_str(&serde_json::to_string(&status).unwrap()).unwrap();
        prop_assert_eq!(back, status);
    }
}
