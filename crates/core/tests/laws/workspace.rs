//! The laws of an `AzureMLWorkspace`.

use azureml_spark_api::AzureMLWorkspaceStatus;
use azureml_spark_api::workspace::{ResourceIdentity, UserAssignedIdentity};
use azureml_spark_core::place::Place;
use azureml_spark_core::summary::Warning;
use azureml_spark_core::workspace::{
    ATTACH_IDENTITIES, CredentialsFound, Facts, Given, Memo, Seen, Step, Workspace,
};
use azureml_spark_core::{Act, Fault, Machine, Pass, Trouble, Wake};
use proptest::collection::{btree_map, vec};
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
        vec(id(), 0..4),
        option::of(text()),
    )
        .prop_map(
            |(cloud, known, credentials, holders, deleting, identities, odd)| Given {
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
                identities,
                sync_period: SYNC,
                warnings: odd
                    .iter()
                    .map(|value| Warning::of_sync_period(value))
                    .collect(),
            },
        )
}

/// Few enough that what is wished and what is there often meet, in two casings.
fn id() -> impl Strategy<Value = String> {
    proptest::sample::select(vec!["/ids/a", "/ids/A", "/ids/b", "/ids/c"]).prop_map(str::to_owned)
}

fn facts() -> impl Strategy<Value = Facts> {
    let identity = (text(), vec(id(), 0..3)).prop_map(|(type_, ids)| ResourceIdentity {
        type_,
        user_assigned: ids
            .into_iter()
            .map(|resource_id| UserAssignedIdentity {
                resource_id,
                ..UserAssignedIdentity::default()
            })
            .collect(),
        ..ResourceIdentity::default()
    });
    let network = (any::<bool>(), option::of(any::<bool>()));
    let rest = (option::of(text()), option::of(any::<bool>()));
    (text(), option::of(identity), network, rest).prop_map(|(location, identity, network, rest)| {
        Facts {
            azure_id: "/workspaces/ML".to_owned(),
            location,
            identity,
            managed_network: network.0,
            spark_ready: network.1,
            tenant_id: rest.0,
            v1_legacy_mode: rest.1,
            ..Facts::default()
        }
    })
}

fn seen() -> impl Strategy<Value = Seen> {
    let identities = btree_map(id(), sight(Just(())), 0..4);
    (sight(facts()), identities).prop_map(|(workspace, identities)| Seen {
        workspace,
        identities,
    })
}

/// What a look finds of such an object: nothing, where nobody looks.
fn look(given: &Given, seen: Seen) -> Seen {
    if Workspace::want(given).unwrap().looks() {
        seen
    } else {
        Seen::default()
    }
}

proptest! {
    #[test]
    fn it_is_calm_and_leaves_only_when_nobody_needs_it(given in given(), seen in seen(), asked in option::of(-200_000_i64..1_000_000), now in 0_i64..1_000_000) {
        let want = Workspace::want(&given).unwrap();
        let seen = look(&given, seen);
        let now = at(now);
        let memo = Memo { requested: asked.map(|millis| azureml_spark_api::condition::whole_second(at(millis))), ..Memo::default() };
        let moved = Workspace::next(&want, &seen, &memo, now);
        match moved.act {
            Act::Release => prop_assert!(given.deleting && given.holders.is_empty()),
            Act::Rest(Wake::At(time)) => prop_assert!(time > now && time.duration_since(now) <= SYNC),
            Act::Rest(Wake::OnChange) => {}
            Act::Do(Step::AttachIdentities { ids, .. }) => {
                let Some(facts) = seen.workspace.present() else { panic!("nothing was seen") };
                let there: Vec<&String> = facts.identity.iter().flat_map(|i| &i.user_assigned).map(|one| &one.resource_id).collect();
                prop_assert_eq!(ids.iter().take(there.len()).collect::<Vec<_>>(), there, "nobody loses an identity");
                prop_assert!(ids.len() > facts.identity.as_ref().map_or(0, |i| i.user_assigned.len()), "for nothing");
                prop_assert_eq!(Workspace::holds(&moved.memo), Workspace::holds(&memo), "an effect that nobody takes back");
                let again = Workspace::next(&want, &seen, &moved.memo, now);
                prop_assert!(matches!(again.act, Act::Rest(_)), "hot: {:?}", again.act);
                return Ok(());
            }
        }
        prop_assert_eq!(Workspace::holds(&moved.memo), !given.holders.is_empty());
        let again = Workspace::next(&want, &seen, &moved.memo, now);
        prop_assert_eq!((again.act, again.memo), (moved.act, moved.memo));
    }

    #[test]
    fn what_it_says_is_calm(given in given(), seen in option::of(seen()), fault in option::of((fault(), any::<bool>())), asked in option::of(0_i64..1_000), paused: bool) {
        let want = Workspace::want(&given).unwrap();
        let seen = seen.map(|seen| look(&given, seen));
        let memo = Memo { requested: asked.map(|seconds| at(seconds * 1_000)), ..Memo::default() };
        let fault = fault.map(|(fault, ours)| Fault { op: if ours { ATTACH_IDENTITIES } else { fault.op }, ..fault });
        let say = |tries, old: &AzureMLWorkspaceStatus, millis| {
            let trouble = fault.clone().map(|fault| Trouble { fault, tries });
            let pass = Pass { generation: 3, want: Ok(&want), seen: seen.as_ref(), memo: &memo, trouble: trouble.as_ref(), paused };
            Workspace::report(&pass, old, at(millis))
        };
        let status = say(1, &AzureMLWorkspaceStatus::default(), 0);
        prop_assert_eq!(Workspace::recall(&status), memo, "the status loses its memo");
        prop_assert_eq!(conditions::wrong(&status.conditions), None);
        prop_assert_eq!(status.conditions.iter().any(|c| c.type_ == "Paused"), paused);
        prop_assert_eq!(&say(9, &status, 500_000), &status);
        let back: AzureMLWorkspaceStatus = serde_json::from_str(&serde_json::to_string(&status).unwrap()).unwrap();
        prop_assert_eq!(back, status);
    }
}
