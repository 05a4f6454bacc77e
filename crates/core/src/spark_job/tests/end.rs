//! Why a run ended, from its state, our cancel and Azure's words.

use azureml_spark_api::spark_job::Failure;

use crate::spark_job::{End, RunState};

#[test]
#[rustfmt::skip]
fn azures_words_are_read_for_the_cause() {
    let rows = [
        ("UserError", "KeyError: 'no such column'", End::ScriptFailed),
        ("UserError", "Traceback (most recent call last):\n  File", End::ScriptFailed),
        ("UserError", "org.apache.spark.SparkException: Job aborted due to stage failure", End::ScriptFailed),
        ("UserError", "SystemExit: 3", End::ScriptFailed),
        ("UserError", "OSError: [Errno 122] QuotaExceeded on my disk", End::ScriptFailed),
        ("UserError", "exit code 1", End::ScriptFailed),
        ("UserError", "Failed to start session: [User] MAXIMUM_WORKSPACE_CAPACITY_EXCEEDED\nYour Spark job requested 24 vCores.", End::QuotaExceeded),
        ("UserError", "InvalidHttpRequestToLivy: Your Spark job requested 12 vcores. However, the workspace has a 0 core limit.", End::QuotaExceeded),
        ("QuotaExceeded", "Operation could not be completed", End::QuotaExceeded),
        ("UserError", "AVAILABLE_COMPUTE_CAPACITY_EXCEEDED: Livy session has failed. However, the pool only has 0 vcores available out of quota of 12 vcores.", End::NoCapacity),
        ("UserError", "Job was submitted with resources=[24] when the compute has a capacity of=[12]", End::NoCapacity),
        ("CLUSTER_CREATION_TIMED_OUT", "Cluster was in terminal state=[Cancelled]", End::NoCapacity),
        ("UserError", "Image build failed. For more details, check log file x.", End::ImageFailed),
        ("UserError", "LibraryManagement - Spark Job timed out for pool in workspace syn", End::ImageFailed),
        ("UserError", "(Unauthorized) The principal 'x' does not have the required Synapse RBAC permission to perform this action.", End::IdentityFailed),
        ("UserError", "java.nio.file.AccessDeniedException: Operation failed: \"This request is not authorized to perform this operation using this permission.\", 403", End::IdentityFailed),
        ("UserError", "User assigned identity x is not attached to AML workspace y", End::IdentityFailed),
        ("UserError", "LIVY_JOB_STATE_DEAD: Job failed during run time with state=[dead].", End::PlatformFailed),
        ("ServiceError", "InternalServerError", End::PlatformFailed),
        ("ServiceError", "KeyError: 'x'", End::PlatformFailed),
        ("Unknown", "", End::PlatformFailed),
    ];
    for (code, message, expected) in rows {
        let failure = Failure { code: code.into(), message: message.into(), log_tail: None };
        assert_eq!(End::of(&RunState::Failed, None, Some(&failure)), Some(expected), "{code}: {message}");
    }
    assert_eq!(End::of(&RunState::Failed, None, None), Some(End::PlatformFailed), "no word at all");
}

#[test]
fn every_word_is_read_back() {
    for end in End::ALL {
        assert_eq!(End::parse(end.as_str()), Some(end));
    }
    assert_eq!(End::parse("Running"), None);
}
