//! What is kept of a job that is over. There may be ten thousand of them for each that runs, and nobody asks more of
//! them than how they ended, what they wrote and what their runs were called.

use std::collections::BTreeMap;

use azureml_spark_api::condition::Condition;
use azureml_spark_api::meta::is_paused;
use azureml_spark_api::spark_job::{Code, Compute, Driver, Entry, Executor};
use azureml_spark_api::{SparkJob, SparkJobSpec, SparkJobStatus};
use azureml_spark_core::Wake;
use azureml_spark_engine::finalizer;
use jiff::SignedDuration;
use kube::ResourceExt;
use kube::core::ObjectMeta;

/// Longest part of a condition's message that others tell, in characters.
const SHOWN: usize = 200;

/// When a job that is over, and said so of the spec that it has, is next due: at the end of its time to live, if it has
/// one. Nothing of it is held, and nobody has paused it.
pub(super) fn settled(job: &SparkJob) -> Option<Wake> {
    let status = job.status.as_ref()?;
    let ended = status.completion_time.as_ref()?;
    let meta = &job.metadata;
    let paused =
        is_paused(job.annotations()) || status.conditions.iter().any(|c| c.type_ == "Paused");
    if finalizer::is_on(meta) || paused || status.observed_generation != meta.generation {
        return None;
    }
    let ttl = job.spec.ttl_seconds_after_finished;
    let (None, Some(ttl)) = (&meta.deletion_timestamp, ttl) else {
        return Some(Wake::OnChange);
    };
    let over = ended.0.checked_add(SignedDuration::from_secs(ttl));
    Some(over.map_or(Wake::OnChange, Wake::At))
}

/// The job without what nobody asks for, once it is settled.
pub(super) fn slim(job: SparkJob) -> SparkJob {
    if settled(&job).is_none() {
        return job;
    }
    let SparkJob {
        metadata,
        spec,
        status,
    } = job;
    SparkJob {
        metadata: meta(metadata),
        spec: SparkJobSpec {
            workspace_ref: spec.workspace_ref,
            azure_name: None,
            display_name: None,
            adoption_policy: None,
            experiment_name: None,
            description: None,
            tags: None,
            code: Code::default(),
            entry: Entry::default(),
            py_files: None,
            jars: None,
            files: None,
            archives: None,
            args: None,
            inputs: None,
            outputs: spec.outputs,
            conf: None,
            driver: Driver {
                cores: 0,
                memory: String::new(),
            },
            executor: Executor {
                cores: 0,
                memory: String::new(),
                instances: None,
            },
            dynamic_allocation: None,
            environment: None,
            compute: Compute::default(),
            identity: None,
            suspend: None,
            cancel: None,
            active_deadline_seconds: None,
            start_deadline_seconds: None,
            retry: None,
            ttl_seconds_after_finished: spec.ttl_seconds_after_finished,
            deletion_policy: None,
        },
        status: status.map(said),
    }
}

/// The schema lets nobody name no code at all.
pub(super) fn is_slim(job: &SparkJob) -> bool {
    job.spec.code == Code::default()
}

fn meta(whole: ObjectMeta) -> ObjectMeta {
    let ours = |annotations: BTreeMap<String, String>| {
        let ours = annotations
            .into_iter()
            .filter(|(key, _)| key.starts_with("spark.azureml.dev/"));
        let ours: BTreeMap<String, String> = ours.collect();
        (!ours.is_empty()).then_some(ours)
    };
    ObjectMeta {
        name: whole.name,
        namespace: whole.namespace,
        uid: whole.uid,
        resource_version: whole.resource_version,
        generation: whole.generation,
        deletion_timestamp: whole.deletion_timestamp,
        annotations: whole.annotations.and_then(ours),
        ..ObjectMeta::default()
    }
}

fn said(whole: SparkJobStatus) -> SparkJobStatus {
    let mut conditions: Vec<Condition> = whole.conditions.into_iter().filter_map(told).collect();
    // They lie where all of them lay.
    conditions.shrink_to_fit();
    SparkJobStatus {
        observed_generation: whole.observed_generation,
        conditions,
        // The names of its runs, for their logs.
        attempt: whole.attempt,
        attempts: whole.attempts,
        azure_name: whole.azure_name,
        azure_id: whole.azure_id.map(|_| String::new()),
        completion_time: whole.completion_time,
        state: whole.state,
        end_reason: whole.end_reason,
        // What others read.
        outputs: whole.outputs,
        ..SparkJobStatus::default()
    }
}

/// How it stands, for the counts; and why it failed, for those who wait for it.
fn told(condition: Condition) -> Option<Condition> {
    let (reason, message) = match condition.type_.as_str() {
        "Ready" | "Stalled" => (String::new(), String::new()),
        "Failed" => (
            condition.reason,
            condition.message.chars().take(SHOWN).collect(),
        ),
        _ => return None,
    };
    Some(Condition {
        reason,
        message,
        ..condition
    })
}

#[cfg(test)]
mod tests;
