//! Whose a compute is.

use azureml_spark_api::azure_id::{self, SparkPoolId};
use azureml_spark_api::policy::AdoptionPolicy;

use super::drift::{differences, fields};
use super::{Compute, ComputeWish, Memo, OWNER_TAG, Want};

/// Whether the compute leads to this pool.
pub(super) fn leads_to(pool: &SparkPoolId, compute: &Compute) -> bool {
    azure_id::same(&compute.pool_id, &pool.to_string())
}

/// The uid in our tag, and whatever else it says.
pub(super) fn mark(compute: &Compute) -> Option<(&str, &str)> {
    let value = compute.tags.get(OWNER_TAG)?;
    Some(value.split_once(' ').unwrap_or((value, "")))
}

/// Whether the compute carries this object's mark.
pub(super) fn is_marked(wish: &ComputeWish, compute: &Compute) -> bool {
    mark(compute).is_some_and(|(uid, _)| uid == wish.owner)
}

/// Whether the compute is this object's to take back: by its mark, or because this object asked for it and the mark was
/// lost. One that leads to another pool was attached by somebody else.
pub(super) fn is_ours(want: &Want, compute: &Compute, memo: &Memo) -> bool {
    let there = want.pool(memo).map(|pool| leads_to(&pool, compute));
    match mark(compute) {
        Some((uid, _)) => uid == want.compute.owner && there != Some(false),
        None => memo.wish.is_some() && there == Some(true),
    }
}

/// Why the compute of that name is not to be touched.
pub(super) fn conflict(want: &Want, compute: &Compute, memo: &Memo) -> Option<String> {
    let wish = &want.compute;
    let name = &wish.name;
    if let Some(pool) = wish.pool.as_ref().filter(|pool| !leads_to(pool, compute)) {
        return Some(format!(
            "compute '{name}' leads to {}, and the spec to {pool}: where a compute leads is never changed, jobs may run there: choose another spec.azureName, or detach it",
            compute.pool_id
        ));
    }
    if want.observes() {
        return None;
    }
    let adoption = want.policies.adoption;
    match mark(compute) {
        Some((uid, _)) if uid == wish.owner => None,
        Some(_) if adoption == AdoptionPolicy::Always && !memo.owned => None,
        Some((uid, name_of)) => {
            let owner = if name_of.is_empty() {
                format!("the object with uid {uid}")
            } else {
                format!("SynapseSparkAttachment {name_of} (uid {uid})")
            };
            let mend = match (memo.owned, adoption) {
                (true, _) => {
                    "it was taken over from this object, which does not take it back: choose another spec.azureName"
                }
                (false, AdoptionPolicy::Never) => "choose another spec.azureName",
                (false, AdoptionPolicy::IfIdentical | AdoptionPolicy::Always) => {
                    "choose another spec.azureName, or take it over with spec.adoptionPolicy Always"
                }
            };
            Some(format!("compute '{name}' belongs to {owner}: {mend}"))
        }
        // We asked for it, and the mark was lost.
        None if memo.wish.is_some() => None,
        None => unmarked(want, compute, memo),
    }
}

/// Why a compute that nobody has marked, and this object never asked for, is not to be taken over.
fn unmarked(want: &Want, compute: &Compute, memo: &Memo) -> Option<String> {
    let name = &want.compute.name;
    match want.policies.adoption {
        AdoptionPolicy::Always => None,
        AdoptionPolicy::Never => Some(format!(
            "compute '{name}' exists, and spec.adoptionPolicy is Never: choose another spec.azureName, or detach it"
        )),
        AdoptionPolicy::IfIdentical => {
            let mut others = differences(want, compute, memo);
            let mark = format!("tags.{OWNER_TAG}");
            others.retain(|difference| difference.field != mark);
            (!others.is_empty()).then(|| {
                format!(
                    "compute '{name}' exists and differs in {}: describe it as it is, or take it over with spec.adoptionPolicy Always",
                    fields(&others)
                )
            })
        }
    }
}
