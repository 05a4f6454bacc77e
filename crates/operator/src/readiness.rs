//! Whether an object that another one names can be relied on.

use azureml_spark_api::condition::{Condition, ConditionType};
use azureml_spark_core::place::Reference;
use kube::Resource;

/// What an object says of itself in one of its conditions, for the generation that it has now.
pub(crate) fn reference<O, T>(
    so: ConditionType,
    object: Option<&O>,
    observed: impl Fn(&O) -> Option<i64>,
    conditions: impl Fn(&O) -> &[Condition],
    facts: impl Fn(&O) -> Option<T>,
) -> Reference<T>
where
    O: Resource,
{
    let Some(object) = object else {
        return Reference::Missing;
    };
    if object.meta().deletion_timestamp.is_some() {
        return Reference::NotReady("it is being deleted".to_owned());
    }
    let Some(found) = conditions(object).iter().find(|c| c.type_ == so.as_str()) else {
        return Reference::NotReady("the operator has not looked at it yet".to_owned());
    };
    if observed(object) != object.meta().generation {
        return Reference::NotReady("its latest change has not been looked at yet".to_owned());
    }
    if found.status != "True" {
        return Reference::NotReady(found.message.clone());
    }
    facts(object).map_or_else(
        || Reference::NotReady("its status is incomplete".to_owned()),
        Reference::Ready,
    )
}
