//! The status of a run, and the memory that lives in it.

mod ends;
mod facts;
mod fields;
mod memory;
mod roles;
mod standing;
mod under_way;
mod warnings;

use azureml_spark_api::SparkJobStatus;
use azureml_spark_api::condition::merge;
use jiff::Timestamp;

pub(super) use memory::recall;

use super::SparkJob;
use crate::machine::Pass;
use crate::summary;

pub(super) fn report(
    pass: &Pass<'_, SparkJob>,
    old: &SparkJobStatus,
    now: Timestamp,
) -> SparkJobStatus {
    let mut status = old.clone();
    status.observed_generation = Some(pass.generation);
    memory::remember(&mut status, pass.memo);
    let mut facts = match pass.want {
        Err(invalid) => summary::refused(invalid),
        Ok(want) => {
            fields::publish(&mut status, pass, want);
            facts::facts(pass, want, old, &status.missing_roles)
        }
    };
    facts.extend(summary::paused(pass.paused));
    status.conditions = merge(&old.conditions, &facts, pass.generation, now);
    status
}
