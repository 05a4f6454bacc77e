//! What Azure says of a failed run, read for its cause. Azure files nearly everything under `UserError` (contract §0.2):
//! the words of the message decide, and only words that are Azure's own.

use azureml_spark_api::spark_job::Failure;

use super::End;

/// Azure's code for what it holds to be the user's doing (contract §0.2).
const USER_ERROR: &str = "usererror";

/// Words of Azure that also come wrapped in an exception of the script: the run's identity lacks a right or is not there.
const IDENTITY: [&str; 6] = [
    // Contract §0.2, recorded.
    "userassignedidentitynotfound",
    "is not attached to aml workspace",
    // Synapse, for a caller without the right to use a pool (contract §7).
    "does not have the required synapse rbac permission",
    // Storage, in code and in words.
    "authorizationpermissionmismatch",
    "this request is not authorized to perform this operation",
    "authorizationfailed",
];

/// Words of Azure in a message that is no exception of the script, and what they mean; the first counts.
const WORDS: [(&str, End); 22] = [
    // Quotas of the Synapse workspace, and of the subscription's machines.
    ("maximum_workspace_capacity_exceeded", End::QuotaExceeded),
    ("available_workspace_capacity_exceeded", End::QuotaExceeded),
    // Contract §9.
    ("core limit", End::QuotaExceeded),
    ("quotaexceeded", End::QuotaExceeded),
    ("corequota", End::QuotaExceeded),
    ("exceeding approved", End::QuotaExceeded),
    ("exceeding quota limits", End::QuotaExceeded),
    // The pool is full or too small (contract §9), or Azure has no machines for it.
    ("available_compute_capacity_exceeded", End::NoCapacity),
    ("when the compute has a capacity of", End::NoCapacity),
    ("cluster_creation_timed_out", End::NoCapacity),
    ("failed_cluster_creation", End::NoCapacity),
    ("allocationfailed", End::NoCapacity),
    ("overconstrainedallocationrequest", End::NoCapacity),
    ("skunotavailable", End::NoCapacity),
    // Images and packages: a session fails after 15 minutes of installing (contract §3.4).
    ("image build failed", End::ImageFailed),
    ("imagebuildfailure", End::ImageFailed),
    ("librarymanagement", End::ImageFailed),
    ("library_management", End::ImageFailed),
    ("resolvepackagenotfound", End::ImageFailed),
    ("condaenvexception", End::ImageFailed),
    // Spark died under the script: which of the two it was, nobody says.
    ("livy_job_state_dead", End::PlatformFailed),
    ("livy_job_timed_out", End::PlatformFailed),
];

pub(super) fn classify(failure: &Failure) -> End {
    let code = failure.code.to_ascii_lowercase();
    let message = failure.message.to_ascii_lowercase();
    let says = |word: &str| code.contains(word) || message.contains(word);
    if IDENTITY.into_iter().any(says) {
        return End::IdentityFailed;
    }
    let user = code == USER_ERROR;
    if user && is_exception(&failure.message) {
        return End::ScriptFailed;
    }
    let told = WORDS.into_iter().find(|(word, _)| says(word));
    match told {
        Some((_, end)) => end,
        None if user => End::ScriptFailed,
        None => End::PlatformFailed,
    }
}

/// `KeyError: 'Age'`, `org.apache.spark.SparkException: Job aborted …`, or a whole traceback.
fn is_exception(message: &str) -> bool {
    let message = message.trim_start();
    let class = message.split_once(':').map_or(message, |(class, _)| class);
    let is_name = |word: &str| {
        word.chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '$'))
    };
    let is_class = is_name(class)
        && ["Error", "Exception", "Interrupt", "Exit"]
            .iter()
            .any(|tail| class.ends_with(tail));
    is_class || message.starts_with("Traceback (most recent call last)")
}
