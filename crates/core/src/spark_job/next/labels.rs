//! The words on a run that may change while it is there.

use crate::machine::Sight;
use crate::spark_job::memo::{LabelState, Labelled, Memo};
use crate::spark_job::{Seen, Step, Want};

/// Sends the labels unless the run has them, or Azure has refused these.
pub(super) fn send(want: &Want, seen: &Seen, mut memo: Memo) -> (Memo, Option<Step>) {
    let hash = want.labels.hash();
    let known = memo
        .labels
        .as_ref()
        .filter(|labels| labels.hash == hash)
        .map(|labels| labels.state);
    let (state, step) = match known {
        Some(state @ (LabelState::Sent | LabelState::Refused)) => (state, None),
        Some(LabelState::Sending) | None => match &seen.labels {
            Sight::Present(sent) if *sent == hash => (LabelState::Sent, None),
            Sight::Present(_) | Sight::Unknown | Sight::Absent => {
                (LabelState::Sending, Some(Step::Relabel))
            }
        },
    };
    memo.labels = Some(Labelled { hash, state });
    (memo, step)
}
