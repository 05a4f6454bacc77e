//! What is put: always the whole compute, since Azure replaces all of it (contract §2.3).

use std::collections::{BTreeMap, BTreeSet};

use azureml_spark_api::attachment::AttachmentIdentityType;
use azureml_spark_api::azure_id::SparkPoolId;

use super::{Body, Compute, ComputeWish, Memo, OWNER_TAG};

/// The compute as wished. What the spec does not speak of stays as it is found.
pub(super) fn wished(
    wish: &ComputeWish,
    pool: &SparkPoolId,
    found: Option<&Compute>,
    memo: &Memo,
) -> Body {
    let mut tags: BTreeMap<String, String> =
        found.map_or_else(BTreeMap::new, |compute| compute.tags.clone());
    tags.retain(|key, _| !memo.managed_tags.contains(key));
    tags.extend(wish.tags.clone());
    Body {
        pool: pool.clone(),
        description: wish
            .description
            .clone()
            .or_else(|| found.and_then(|compute| compute.description.clone())),
        tags,
        identity: wish.identity,
        user_assigned: wish.user_assigned.clone(),
    }
}

/// The compute as it is found, without our mark.
pub(super) fn disowned(wish: &ComputeWish, pool: &SparkPoolId, found: &Compute) -> Body {
    let identity = &found.identity;
    let (type_, user_assigned) = match identity.type_.to_ascii_lowercase().as_str() {
        "systemassigned" => (AttachmentIdentityType::SystemAssigned, Vec::new()),
        "userassigned" => (
            AttachmentIdentityType::UserAssigned,
            identity
                .user_assigned
                .iter()
                .map(|one| one.resource_id.clone())
                .collect(),
        ),
        // A kind that no spec can describe.
        _ => (wish.identity, wish.user_assigned.clone()),
    };
    let mut tags = found.tags.clone();
    tags.remove(OWNER_TAG);
    Body {
        pool: pool.clone(),
        description: found.description.clone(),
        tags,
        identity: type_,
        user_assigned,
    }
}

/// Keys of the tags that the spec names.
pub(super) fn named_tags(wish: &ComputeWish) -> Vec<String> {
    wish.tags
        .keys()
        .filter(|key| *key != OWNER_TAG)
        .cloned()
        .collect()
}

/// Keys that may be in Azure by us once this wish was put: those of now, and those of before, should it not get there.
pub(super) fn managed_tags(wish: &ComputeWish, memo: &Memo) -> Vec<String> {
    let all: BTreeSet<String> = named_tags(wish)
        .into_iter()
        .chain(memo.managed_tags.iter().cloned())
        .collect();
    all.into_iter().collect()
}
