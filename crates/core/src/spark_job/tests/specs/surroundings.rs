//! What may be found at the ends of a spec's references, and in Azure.

use azureml_spark_api::spark_job::DataType;
use azureml_spark_api::workspace::{ResourceIdentity, UserAssignedIdentity};
use proptest::prelude::*;
use proptest::sample::select;

use super::super::object::given;
use super::fields::{KEYS, word};
use crate::machine::Sight;
use crate::place::Reference;
use crate::spark_job::{
    Artifact, AttachedPool, Folder, Given, NamedCompute, Pinned, Produced, Seen, Source,
};

fn identity() -> impl Strategy<Value = Option<ResourceIdentity>> {
    let user_assigned = proptest::collection::vec(
        (word(), proptest::option::of(word())).prop_map(|(resource_id, client_id)| {
            UserAssignedIdentity {
                resource_id,
                client_id,
                principal_id: None,
            }
        }),
        0..3,
    );
    let words = &["SystemAssigned", "UserAssigned", "None"][..];
    proptest::option::of(
        (select(words), user_assigned).prop_map(|(type_, user_assigned)| ResourceIdentity {
            type_: type_.to_owned(),
            user_assigned,
            ..ResourceIdentity::default()
        }),
    )
}

/// What may be found at the ends of the references.
pub(super) fn surroundings() -> impl Strategy<Value = Given> {
    let files = || proptest::collection::btree_map(word(), any::<Vec<u8>>(), 0..4);
    let folder = files().prop_map(|files| {
        let files = files.into_iter().map(|(path, bytes)| (path, bytes.into()));
        files.collect::<Folder>()
    });
    let source = prop_oneof![
        3 => folder.prop_map(|folder| Source::Ready(Artifact { revision: "r".to_owned(), digest: "d".to_owned(), folder })),
        1 => word().prop_map(Source::NotReady),
        1 => word().prop_map(Source::Unusable),
        1 => Just(Source::Missing),
    ];
    let produced = prop_oneof![
        3 => word().prop_map(|path| Produced::Done([("a".to_owned(), (DataType::UriFile, path))].into())),
        1 => word().prop_map(|why| Produced::Waiting { why, outputs: ["a".to_owned()].into() }),
        1 => word().prop_map(Produced::Failed),
        1 => Just(Produced::Missing),
    ];
    let pool =
        (proptest::option::of(word()), identity()).prop_map(|(default_identity, identity)| {
            Reference::Ready(AttachedPool {
                compute_id: "/computes/pool".to_owned(),
                default_identity,
                identity,
                spark_version: Some("3.4".to_owned()),
                ..AttachedPool::default()
            })
        });
    let attachment = prop_oneof![3 => pool, 1 => word().prop_map(Reference::NotReady), 1 => Just(Reference::Missing)];
    let pinned = (word(), proptest::option::of(word())).prop_map(|(code_id, compute_id)| Pinned {
        code_id,
        compute_id,
        inputs: [("a".to_owned(), (DataType::UriFile, "p".to_owned()))].into(),
        ..Pinned::default()
    });
    (
        proptest::option::of(attachment),
        identity(),
        proptest::collection::btree_map(word(), proptest::option::of(files()), 0..3),
        proptest::option::of(source),
        proptest::collection::btree_map(word(), produced, 0..3),
        proptest::option::weighted(0.1, pinned),
        any::<[bool; 3]>(),
    )
        .prop_map(
            |(
                attachment,
                workspace_identity,
                maps,
                source,
                produced,
                pinned,
                [usual, workspace, deleting],
            )| {
                let mut given = given();
                if !workspace {
                    given.workspace = Reference::NotReady("no".to_owned());
                }
                if !usual {
                    given.config_maps = maps;
                    given.attachment = attachment;
                }
                Given {
                    workspace_identity,
                    source,
                    produced,
                    pinned,
                    deleting: deleting && !usual,
                    ..given
                }
            },
        )
}

pub(super) fn seen() -> impl Strategy<Value = Seen> {
    let sight = || {
        prop_oneof![
            Just(Sight::Unknown),
            Just(Sight::Absent),
            word().prop_map(Sight::Present)
        ]
    };
    let compute = (word(), identity()).prop_map(|(id, identity)| {
        Sight::Present(NamedCompute {
            id,
            kind: "SynapseSpark".to_owned(),
            identity,
            ..NamedCompute::default()
        })
    });
    (
        sight(),
        sight(),
        proptest::collection::btree_map(select(KEYS).prop_map(str::to_owned), sight(), 0..3),
        prop_oneof![3 => compute, 1 => Just(Sight::Absent), 1 => Just(Sight::Unknown)],
    )
        .prop_map(|(code, environment, inputs, compute)| Seen {
            code,
            environment,
            inputs,
            compute,
            ..Seen::default()
        })
}
