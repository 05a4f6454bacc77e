//! Tests of the parent module.

use std::collections::{BTreeMap, HashSet};

use super::*;

const POOL: &str =
    "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Synapse/workspaces/syn/bigDataPools/p";

#[test]
fn ids_survive_azures_casing() {
    let ours: SparkPoolId = POOL.parse().unwrap();
    let theirs: SparkPoolId =
        "/subscriptions/S/resourcegroups/RG/providers/microsoft.synapse/workspaces/Syn/bigdatapools/P/"
            .parse()
            .unwrap();
    assert_eq!(ours, theirs);
    assert_eq!(HashSet::from([ours.clone()]), HashSet::from([theirs]));
    assert_eq!(ours.to_string(), POOL);
    assert_eq!((ours.workspace().name(), ours.pool()), ("syn", "p"));

    let workspace = WorkspaceId::new("s", "rg", "ws").unwrap();
    assert_eq!(
        workspace
            .to_string()
            .to_uppercase()
            .parse::<WorkspaceId>()
            .unwrap(),
        workspace
    );
    assert_eq!(workspace.compute("c").name(), "c");
}

#[test]
fn a_pool_is_in_its_synapse_workspace() {
    let pool: SparkPoolId = POOL.parse().unwrap();
    let id = POOL.trim_end_matches("/bigDataPools/p");
    let workspace: SynapseWorkspaceId = id.to_uppercase().parse().unwrap();
    assert_eq!(workspace, *pool.workspace());
    assert_eq!(workspace.pool("p").unwrap(), pool);
    assert_eq!(workspace.to_arm_id(), ArmId::new(id));
    assert!(workspace.pool("a/b").is_err());
    let error = POOL.parse::<SynapseWorkspaceId>().unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("is not the id of a Synapse workspace")
    );
}

#[test]
fn other_ids_are_not_taken_for_it() {
    for id in [
        "",
        "/",
        "p",
        POOL.trim_end_matches("/p"),
        &format!("{POOL}/x"),
        &POOL[1..],
    ] {
        assert!(id.parse::<SparkPoolId>().is_err(), "{id}");
        assert!(id.parse::<WorkspaceId>().is_err(), "{id}");
    }
    let error = POOL.parse::<WorkspaceId>().unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("is not the id of an Azure ML workspace")
    );
}

#[test]
fn names_that_would_change_the_path_are_refused() {
    for name in ["", ".", "..", "a/b", "a?b", "a#b", "a%2e", "a\\b", "a\nb"] {
        assert!(WorkspaceId::new("s", "rg", name).is_err(), "{name:?}");
        assert!(SparkPoolId::new("s", name, "syn", "p").is_err(), "{name:?}");
    }
    assert!(WorkspaceId::new("s", "my (group).x_1", "ws").is_ok());
}

#[test]
fn arm_ids_compare_ignoring_case_and_a_trailing_slash() {
    let map = BTreeMap::from([(ArmId::new("/Subscriptions/A/x"), 1)]);
    assert_eq!(map.get(&ArmId::new("/subscriptions/a/X/")), Some(&1));
    assert_ne!(
        ArmId::new("/subscriptions/a/x"),
        ArmId::new("/subscriptions/a/xy")
    );
    assert_eq!(
        ArmId::new("/subscriptions/a/X/").to_string(),
        "/subscriptions/a/X/"
    );
}

#[test]
fn assets_are_known_by_their_version() {
    let workspace = WorkspaceId::new("s", "rg", "ws").unwrap();
    for kind in AssetKind::ALL {
        let id = AssetId::new(&workspace, kind, "titanic", "1.0-rc_2").unwrap();
        assert_eq!(id.to_string().parse::<AssetId>().unwrap(), id);
        // In the mixed case that Azure ML answers in.
        let theirs: AssetId = id.to_string().to_uppercase().parse().unwrap();
        assert_eq!(theirs, id);
        assert_eq!((theirs.kind(), theirs.name()), (kind, "TITANIC"));
        assert_eq!(id.to_arm_id(), theirs.to_arm_id());
        assert_eq!((id.workspace(), id.version()), (&workspace, "1.0-rc_2"));
    }
    let wrong = [
        String::new(),
        format!("{workspace}/data/d"),
        format!("{workspace}/computes/c/versions/1"),
        format!("{workspace}/data/d/versions/1/x"),
        format!("{workspace}/data/d/versions/"),
        format!("{workspace}/data/../versions/1"),
        "azureml://registries/r/data/d/versions/1".to_owned(),
    ];
    for id in wrong {
        assert!(id.parse::<AssetId>().is_err(), "{id}");
    }
    assert!(AssetId::new(&workspace, AssetKind::Data, "a/b", "1").is_err());
    assert!(AssetId::new(&workspace, AssetKind::Data, "a", "..").is_err());
}
