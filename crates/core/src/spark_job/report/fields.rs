//! What is published for people, and is no memory.

use azureml_spark_api::SparkJobStatus;
use azureml_spark_api::spark_job::OutputStatus;
use jiff::SignedDuration;

use crate::machine::Pass;
use crate::spark_job::memo::Memo;
use crate::spark_job::next::{is_further, ours};
use crate::spark_job::{End, Seen, SparkJob, Want};

pub(super) fn publish(status: &mut SparkJobStatus, pass: &Pass<'_, SparkJob>, want: &Want) {
    let memo = pass.memo;
    status.cluster = Some(want.cluster.clone());
    if let Some(identity) = &want.identity {
        status.effective_identity = Some(identity.clone());
    }
    if let Some(source) = &want.source {
        status.source = Some(source.clone());
    }
    let told = std::mem::take(&mut status.missing_roles);
    let ended = memo.ended.as_ref().map(|ended| ended.reason);
    if ended != Some(End::Completed) {
        // Nobody looks any more once it is submitted: what was told then stands, but for a run that needed none of it.
        status.missing_roles = want.missing_roles(pass.seen, &told);
    }
    let before = std::mem::take(&mut status.outputs);
    let asked = outputs(want);
    status.outputs = match &memo.ended {
        Some(_) => found(asked, &before, pass.seen),
        None => asked,
    };
    let told = (
        status.attempt,
        status.definition_hash.take(),
        status.code_id.take(),
    );
    status.definition_hash = definition_hash(memo);
    status.code_id = memo.pinned.as_ref().map(|pinned| pinned.code_id.clone());
    status.duration = duration(pass);
    // Between two attempts the last one is told, and while nobody knows whether another followed.
    let last = memo.past.last();
    let current = memo.submission.as_ref().filter(|_| !is_further(memo));
    (status.attempt, status.azure_name) = match (current, last) {
        (Some(submission), _) => (
            Some(submission.attempt),
            Some(want.run_name(submission.attempt)),
        ),
        (None, Some(last)) => (Some(last.attempt), Some(last.azure_name.clone())),
        (None, None) => (None, Some(want.run_name(1))),
    };
    let seen = memo.submission.as_ref().map(|s| s.seen_by_azure);
    let seen = if is_further(memo) { Some(true) } else { seen };
    if seen != Some(true) {
        status.azure_id = None;
    }
    if seen == Some(false) || memo.is_blank() {
        status.studio_url = None;
    }
    let run = pass.seen.and_then(|seen| seen.run.present());
    if let Some(run) = run.filter(|run| seen == Some(true) && ours(want, run, memo)) {
        status.azure_id = Some(run.azure_id.clone());
        if run.studio_url.is_some() {
            status.studio_url.clone_from(&run.studio_url);
        }
        if status.code_id.is_none() {
            status.code_id.clone_from(&run.code_id);
        }
    }
    let other = told.1.zip(status.definition_hash.as_ref());
    let same = told.0 == status.attempt && other.is_none_or(|(told, now)| told == *now);
    if status.code_id.is_none() && seen != Some(false) && same {
        // Of a run that was found only a look tells it, and not every look shows the run. What was told of a submission
        // that met an older run is not of that.
        status.code_id = told.2;
    }
}

/// Of the current attempt; of an earlier one while there is none, for all attempts run with the same.
fn definition_hash(memo: &Memo) -> Option<String> {
    let current = memo.submission.as_ref().filter(|s| s.is_known());
    let current = current.map(|submission| &submission.definition_hash);
    let pinned = || memo.pinned.as_ref().map(|pinned| &pinned.definition_hash);
    current.or_else(pinned).or(memo.first.as_ref()).cloned()
}

/// The outputs of a run that is over: as Azure tells them, or told them before.
fn found(
    asked: Vec<OutputStatus>,
    before: &[OutputStatus],
    seen: Option<&Seen>,
) -> Vec<OutputStatus> {
    let seen = seen.and_then(|seen| seen.outputs.present());
    let known = |output: OutputStatus| {
        let Some(written) = seen.and_then(|seen| seen.get(&output.name)) else {
            let before = before.iter().find(|old| old.name == output.name);
            return before.cloned().unwrap_or(output);
        };
        // What is no data asset of the user's has a name that Azure made up.
        let asset = written.asset.as_ref().filter(|_| output.asset.is_some());
        OutputStatus {
            path: written.path.clone().unwrap_or(output.path),
            asset: asset
                .map(|(name, version)| format!("azureml:{name}:{version}"))
                .or(output.asset),
            name: output.name,
        }
    };
    asked.into_iter().map(known).collect()
}

fn outputs(want: &Want) -> Vec<OutputStatus> {
    want.outputs
        .iter()
        .map(|(name, output)| OutputStatus {
            name: name.clone(),
            path: output.path.clone(),
            asset: output.register_as.as_ref().map(|asset| {
                match &asset.version {
                    Some(version) => format!("azureml:{}:{version}", asset.name),
                    // Azure counts on.
                    None => format!("azureml:{}", asset.name),
                }
            }),
        })
        .collect()
}

/// From the first start to the end, in whole seconds, such as `4m12s`.
fn duration(pass: &Pass<'_, SparkJob>) -> Option<String> {
    let (started, ended) = (pass.memo.started?, pass.memo.ended.as_ref()?);
    let whole = SignedDuration::from_secs(ended.at.duration_since(started).as_secs().max(0));
    Some(format!("{whole:#}").replace(' ', ""))
}
