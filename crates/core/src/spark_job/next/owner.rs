//! Whose a run is.

use azureml_spark_api::policy::AdoptionPolicy;

use crate::spark_job::{Memo, Run, Want};

/// Whether a run of our name is this object's: by our property with its uid. A run without it, under a name that a
/// person chose, is somebody else's, unless the policy lets it be taken over; one that is on record was, and what the
/// spec names may be gone by now.
pub(in crate::spark_job) fn ours(want: &Want, run: &Run, memo: &Memo) -> bool {
    if run.owner.as_deref() == Some(want.owner.as_str()) {
        return true;
    }
    if run.held_by.is_some() {
        // Two that follow one run would each cancel it for the other.
        return false;
    }
    if !want.explicit_name || want.steering.adoption == AdoptionPolicy::Never {
        // What is on record may have been sent a moment after somebody else's, and was refused.
        return false;
    }
    let attempt = memo.attempt();
    if want.steering.adoption == AdoptionPolicy::Always && attempt == 1 {
        return true;
    }
    if run.attempt != Some(attempt) {
        // The name of a further attempt may be what somebody else has chosen, and the other way round.
        return false;
    }
    let hash = run.definition_hash.as_deref().filter(|h| !h.is_empty());
    let on_record = memo.submission.as_ref();
    if let (Some(found), Some(known)) = (hash, on_record)
        && known.definition_hash == found
    {
        return true;
    }
    hash.is_some_and(|found| is_wanted(want, memo, found))
}

/// Whether a live run of the chosen name may be this object's, and nobody can tell as long as it is not known what we
/// would submit.
pub(in crate::spark_job) fn may_be_ours(want: &Want, run: &Run, memo: &Memo) -> bool {
    let comparable = run
        .definition_hash
        .as_deref()
        .is_some_and(|h| !h.is_empty());
    want.explicit_name
        && want.steering.compares()
        && memo.knows_of_no_run()
        && want.definition.is_err()
        && comparable
        && run.held_by.is_none()
        && run.attempt == Some(1)
        && !run.state.is_end()
        && !ours(want, run, memo)
}

/// Whether this is the hash of what we would submit.
fn is_wanted(want: &Want, memo: &Memo, found: &str) -> bool {
    match (&memo.pinned, &want.definition) {
        (Some(pinned), _) => pinned.definition_hash == found,
        (None, Ok(definition)) => definition.hash() == found,
        (None, Err(_)) => false,
    }
}

/// Whether a run that is taken over is known to be another than we would submit.
pub(super) fn is_foreign(want: &Want, run: &Run, memo: &Memo) -> bool {
    let knows = memo.pinned.is_some() || want.definition.is_ok();
    run.owner.as_deref() != Some(want.owner.as_str())
        && knows
        && !is_wanted(
            want,
            memo,
            run.definition_hash.as_deref().unwrap_or_default(),
        )
}
