//! How far a live run is.

use azureml_spark_api::Reason;
use azureml_spark_api::spark_job::CancelCause;

use crate::spark_job::memo::{Cancel, Memo};
use crate::spark_job::next::is_further;
use crate::spark_job::patience::{Patience, spoken};
use crate::spark_job::{RunState, Want};
use crate::summary::Standing;

/// While the next name is asked for.
pub(super) const FURTHER: &str =
    "the run has ended; whether another attempt followed it is being looked for";

pub(super) fn standing(want: &Want, memo: &Memo) -> Standing {
    if let Some(standing) = resisted(want, memo) {
        return standing;
    }
    if is_further(memo) {
        return Standing::Reconciling(Reason::Finalizing, FURTHER.to_owned());
    }
    // A look that said nothing leaves what was known.
    let state = memo.sighted.as_ref().map(|sighted| &sighted.state);
    let (reason, message) = match (state, &memo.cancel) {
        (Some(RunState::Finalizing), _) => (
            Reason::Finalizing,
            "the script has ended; Azure writes the traces",
        ),
        (Some(state), Some(cancel)) if !state.is_end() => canceling(cancel.why),
        (Some(RunState::NotResponding), _) => return silent(want.patience),
        (Some(state), _) => at(state),
        (None, _) => (Reason::Submitted, "the run is submitted"),
    };
    Standing::Reconciling(reason, message.to_owned())
}

fn silent(patience: Patience) -> Standing {
    Standing::Reconciling(
        Reason::NotResponding,
        format!(
            "Azure hears nothing of the run; it may come back, and is cancelled after {}",
            spoken(patience.silence)
        ),
    )
}

/// A cancel that is refused, or has no effect.
pub(super) fn resisted(want: &Want, memo: &Memo) -> Option<Standing> {
    let cancel = memo.cancel.as_ref()?;
    if let Some(words) = &cancel.refused {
        return Some(Standing::Stalled(
            Reason::CancelRefused,
            format!(
                "Azure refuses to cancel the run: {words}; grant the credentials of the AzureMLWorkspace the role 'AzureML Data Scientist', or have somebody who may cancel it in Studio (status.studioUrl); it is asked for again every 5 minutes"
            ),
        ));
    }
    let patience = want.patience;
    if lingers(cancel, memo, patience) {
        return Some(Standing::Reconciling(
            Reason::CancelStuck,
            format!(
                "the run has been about to end for {}, and takes no cancel; it is asked for again every 5 minutes: if it goes on like this, ask Azure's support, with status.studioUrl",
                spoken(patience.cancel)
            ),
        ));
    }
    is_stuck(cancel, patience).then(|| {
        Standing::Reconciling(
            Reason::CancelStuck,
            format!(
                "the cancel has had no effect for {}; it is asked for again every 5 minutes: if it goes on like this, ask Azure's support, with status.studioUrl",
                spoken(patience.cancel)
            ),
        )
    })
}

/// Whether it was asked for although the run is about to end, for it has been so for too long.
fn lingers(cancel: &Cancel, memo: &Memo, patience: Patience) -> bool {
    let sighted = memo.sighted.as_ref();
    let ending = sighted.filter(|sighted| sighted.state == RunState::Finalizing);
    ending.is_some_and(|sighted| cancel.asked.duration_since(sighted.since) >= patience.cancel)
}

fn is_stuck(cancel: &Cancel, patience: Patience) -> bool {
    cancel.asked.duration_since(cancel.since) >= patience.cancel
}

fn canceling(why: CancelCause) -> (Reason, &'static str) {
    match why {
        CancelCause::Asked => (
            Reason::Canceling,
            "spec.cancel is true: the run is being cancelled",
        ),
        CancelCause::Suspend => (
            Reason::Suspending,
            "spec.suspend was set: the run is being cancelled, and made anew once it is taken back",
        ),
        CancelCause::Deadline => (
            Reason::Canceling,
            "spec.activeDeadlineSeconds are over: the run is being cancelled",
        ),
        CancelCause::StartDeadline => (
            Reason::Canceling,
            "the run did not start within spec.startDeadlineSeconds and is being cancelled",
        ),
        CancelCause::NotResponding => (
            Reason::Canceling,
            "Azure has heard nothing of the run for longer than the operator waits: it is being cancelled",
        ),
        CancelCause::Deleted => (Reason::Canceling, "the run is being cancelled"),
    }
}

fn at(state: &RunState) -> (Reason, &'static str) {
    match state {
        RunState::NotStarted | RunState::Starting => {
            (Reason::Submitted, "Azure has accepted the run")
        }
        RunState::Provisioning | RunState::Preparing => {
            (Reason::Preparing, "Azure is preparing the run")
        }
        RunState::Queued => (Reason::Queued, "the run waits for machines"),
        RunState::Running => (Reason::Running, "the run is running"),
        RunState::Finalizing => (
            Reason::Finalizing,
            "the script has ended; Azure writes the traces",
        ),
        RunState::CancelRequested => (Reason::Canceling, "somebody has cancelled the run in Azure"),
        RunState::NotResponding => (Reason::NotResponding, "Azure hears nothing of the run"),
        RunState::Paused | RunState::Other(_) => {
            (Reason::Running, "the run is in a state that may pass")
        }
        RunState::Completed | RunState::Failed | RunState::Canceled | RunState::Lost => (
            Reason::Finalizing,
            "the run has ended; its traces are being read",
        ),
    }
}
