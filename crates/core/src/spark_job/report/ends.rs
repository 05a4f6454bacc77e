//! How it ended, as on a `batch/v1` Job.

use azureml_spark_api::condition::{ConditionType, Fact};

use crate::spark_job::End;
use crate::spark_job::memo::{Ended, Memo};
use crate::summary::Standing;

/// `Complete` or `Failed`.
pub(super) fn fact(ended: &Ended, memo: &Memo) -> Fact {
    let kind = match ended.reason {
        End::Completed => ConditionType::Complete,
        _ => ConditionType::Failed,
    };
    Fact::yes(kind, ended.reason.reason(), message(ended, memo))
}

pub(super) fn standing(ended: &Ended, memo: &Memo) -> Standing {
    let (reason, message) = (ended.reason.reason(), message(ended, memo));
    match ended.reason {
        End::Completed => Standing::Ready(reason, message),
        _ => Standing::Stalled(reason, message),
    }
}

/// What happened, and what mends it.
fn message(ended: &Ended, memo: &Memo) -> String {
    if let (Some(note), Some(last)) = (&ended.note, memo.past.last()) {
        return format!(
            "attempt {} ended ({}), and there is none after it: {note} (see status.attempts)",
            last.attempt,
            last.reason.as_str()
        );
    }
    if let (Some(note), End::Conflict) = (&ended.note, ended.reason) {
        return format!("the run cannot be made: {note}");
    }
    let azures = || match &ended.failure {
        Some(failure) => format!("{}: {}", failure.code, failure.message),
        None => "Azure says no more than that it failed".to_owned(),
    };
    let told = match ended.reason {
        End::Completed => "the run ended well".to_owned(),
        End::ScriptFailed | End::PlatformFailed => azures(),
        End::QuotaExceeded => format!(
            "{}; ask for fewer cores, wait for other runs, or have the quota raised",
            azures()
        ),
        End::NoCapacity => format!(
            "{}; ask for fewer cores, try later, or use a larger pool",
            azures()
        ),
        End::ImageFailed => format!("{}; correct the packages of spec.environment", azures()),
        End::IdentityFailed => format!(
            "{}; attach the identity of the run, or grant it the role that it lacks",
            azures()
        ),
        End::Canceled if memo.submission.is_none() => {
            "spec.cancel is true, and no run was going on".to_owned()
        }
        End::Canceled => "the run was cancelled".to_owned(),
        End::CanceledOutside => {
            "somebody cancelled the run in Azure: create another SparkJob to run it again".to_owned()
        }
        End::DeadlineExceeded => {
            "the run took longer than spec.activeDeadlineSeconds and was cancelled".to_owned()
        }
        End::StartDeadlineExceeded => {
            "the run did not start within spec.startDeadlineSeconds and was cancelled: the pool may be full, or too small"
                .to_owned()
        }
        End::NotResponding => {
            "Azure had heard nothing of the run for longer than the operator waits, and it was cancelled".to_owned()
        }
        End::Lost => {
            "the run is not in the workspace any more: it was deleted there, or the workspace was; nobody can tell whether it did its work"
                .to_owned()
        }
        End::Conflict => {
            "the run cannot be made: its name in Azure is taken, or it would be another run than before".to_owned()
        }
        End::Suspended => "the run was suspended".to_owned(),
    };
    if memo.past.is_empty() {
        told
    } else {
        format!("{told} (see status.attempts for the attempts before)")
    }
}
