//! How large a run is.

use azureml_spark_api::SparkJobSpec;
use azureml_spark_api::spark_job::{Cluster, Executor};

/// The executors as they are sent: with dynamic allocation and no number of them, Microsoft's SDK begins with the
/// fewest (contract §3.1).
pub(super) fn executor(spec: &SparkJobSpec) -> Executor {
    let fewest = spec
        .dynamic_allocation
        .as_ref()
        .map(|dynamic| dynamic.min_executors);
    Executor {
        instances: spec.executor.instances.or(fewest),
        ..spec.executor.clone()
    }
}

/// The size that is asked for: one executor runs on one node (contract §10).
pub(super) fn cluster(spec: &SparkJobSpec) -> Cluster {
    let most = match &spec.dynamic_allocation {
        Some(dynamic) => dynamic.max_executors,
        None => spec.executor.instances.unwrap_or_default(),
    };
    let memory = match parts(&spec.executor.memory) {
        Some((each, unit)) => format!("{}{unit}", each.saturating_mul(i64::from(most))),
        None => String::new(),
    };
    Cluster {
        executors: match &spec.dynamic_allocation {
            Some(dynamic) => format!("{}-{}", dynamic.min_executors, dynamic.max_executors),
            None => most.to_string(),
        },
        cores: i64::from(most).saturating_mul(i64::from(spec.executor.cores)),
        memory,
    }
}

/// Number and unit of a size such as `28g`, as Microsoft's SDK reads it (contract §10); none begins with a zero.
pub(super) fn parts(memory: &str) -> Option<(i64, char)> {
    let unit = memory
        .chars()
        .next_back()
        .filter(|c| "kKmMgGtTpP".contains(*c))?;
    let digits = memory.strip_suffix(unit)?;
    let sound = digits.starts_with(|c: char| c.is_ascii_digit() && c != '0')
        && digits.chars().all(|c| c.is_ascii_digit());
    sound.then_some(())?;
    Some((digits.parse().ok()?, unit))
}
