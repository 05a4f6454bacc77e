//! Roles that seem to be missing are told, and decide nothing.

use std::collections::BTreeMap;

use azureml_spark_core::spark_job::{Assigned, SparkJob};
use azureml_spark_core::{Machine, Sight};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

use crate::job_inputs::{given, memo, seen, sight};
use crate::times::{at, text};

fn roles() -> impl Strategy<Value = Sight<BTreeMap<String, Vec<Assigned>>>> {
    let role = prop_oneof![
        Just("b24988ac-6180-42a0-ab88-20f7382dd24c".to_owned()),
        text()
    ];
    let one = (role, text()).prop_map(|(role, scope)| Assigned { role, scope });
    sight(btree_map(text(), vec(one, 0..3), 0..3))
}

proptest! {
    #[test]
    fn what_is_done_does_not_depend_on_roles(
        given in given(), memo in memo(), mut seen in seen(), roles in roles(), may in sight(any::<bool>()), now in 0_i64..2_000_000,
    ) {
        if let Ok(want) = SparkJob::want(&given) {
            let without = SparkJob::next(&want, &seen, &memo, at(now));
            (seen.roles, seen.may_use_pool) = (roles, may);
            let with = SparkJob::next(&want, &seen, &memo, at(now));
            prop_assert_eq!(format!("{with:?}"), format!("{without:?}"));
        }
    }
}
