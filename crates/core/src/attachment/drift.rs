//! Where a compute is not as wished.

use azureml_spark_api::attachment::AttachmentIdentityType;
use azureml_spark_api::azure_id;
use azureml_spark_api::policy::Difference;

use super::{Compute, ComputeWish, Memo, OWNER_TAG, Want, owner};

/// The fields in which the compute is not as wished. Tags that neither the spec names nor this object has set do not
/// count (Azure Policy adds some), nor what the spec does not speak of, nor the casing of ids, nor the order of
/// identities.
pub(super) fn differences(want: &Want, compute: &Compute, memo: &Memo) -> Vec<Difference> {
    let wish = &want.compute;
    let mut all = Vec::new();
    if let Some(pool) = &wish.pool
        && !owner::leads_to(pool, compute)
    {
        all.push(difference(
            "pool",
            Some(pool.to_string()),
            Some(compute.pool_id.clone()),
        ));
    }
    let found = compute.description.as_deref().unwrap_or_default();
    if wish
        .description
        .as_deref()
        .is_some_and(|wanted| wanted != found)
    {
        all.push(difference(
            "description",
            wish.description.clone(),
            compute.description.clone(),
        ));
    }
    tags(want, compute, memo, &mut all);
    identity(wish, compute, &mut all);
    all
}

fn tags(want: &Want, compute: &Compute, memo: &Memo, all: &mut Vec<Difference>) {
    let wish = &want.compute;
    let of = |key: &String| format!("tags.{key}");
    for (key, value) in &wish.tags {
        let found = compute.tags.get(key);
        let same = if key == OWNER_TAG {
            // Whoever only looks puts no mark; and the words after the uid are for people.
            want.observes() || owner::is_marked(wish, compute)
        } else {
            found == Some(value)
        };
        if !same {
            all.push(difference(&of(key), Some(value.clone()), found.cloned()));
        }
    }
    for key in &memo.managed_tags {
        if let (None, Some(found)) = (wish.tags.get(key), compute.tags.get(key)) {
            all.push(difference(&of(key), None, Some(found.clone())));
        }
    }
}

fn identity(wish: &ComputeWish, compute: &Compute, all: &mut Vec<Difference>) {
    let found = &compute.identity;
    let type_ = match wish.identity {
        AttachmentIdentityType::SystemAssigned => "SystemAssigned",
        AttachmentIdentityType::UserAssigned => "UserAssigned",
    };
    if !found.type_.eq_ignore_ascii_case(type_) {
        all.push(difference(
            "identity.type",
            Some(type_.to_owned()),
            Some(found.type_.clone()).filter(|type_| !type_.is_empty()),
        ));
    }
    let has = |wanted: &String| {
        found
            .user_assigned
            .iter()
            .any(|f| azure_id::same(&f.resource_id, wanted))
    };
    if wish.identity == AttachmentIdentityType::UserAssigned
        && (found.user_assigned.len() != wish.user_assigned.len()
            || !wish.user_assigned.iter().all(has))
    {
        let ids = found.user_assigned.iter().map(|f| f.resource_id.clone());
        all.push(difference(
            "identity.userAssignedIdentities",
            list(wish.user_assigned.iter().cloned()),
            list(ids),
        ));
    }
}

/// In one order, whatever Azure's: another one would be another status.
fn list(ids: impl Iterator<Item = String>) -> Option<String> {
    let mut ids: Vec<String> = ids.collect();
    ids.sort_by_key(|id| id.to_ascii_lowercase());
    (!ids.is_empty()).then(|| ids.join(", "))
}

fn difference(field: &str, desired: Option<String>, observed: Option<String>) -> Difference {
    Difference {
        field: field.to_owned(),
        desired,
        observed,
    }
}

/// Whether nothing differs that a job could meet.
pub(super) fn are_labels(differences: &[Difference]) -> bool {
    differences
        .iter()
        .all(|one| one.field == "description" || one.field.starts_with("tags."))
}

/// The names of the fields, for a sentence.
pub(super) fn fields(differences: &[Difference]) -> String {
    let names: Vec<&str> = differences.iter().map(|d| d.field.as_str()).collect();
    names.join(", ")
}
