//! The words on a run that may change while it is there.

use jiff::Timestamp;

use crate::spark_job::memo::{LabelState, Labelled, Memo, labels_again};
use crate::spark_job::{Seen, Step, Want};

/// Sends the labels unless the run has them, or Azure has refused these: for good, or not long ago.
pub(super) fn send(
    want: &Want,
    seen: &Seen,
    mut memo: Memo,
    now: Timestamp,
) -> (Memo, Option<Step>) {
    let hash = want.labels.hash();
    let known = memo.labels.take().filter(|labels| labels.hash == hash);
    let has_them = seen.labels.present() == Some(&hash);
    let since = known.as_ref().and_then(|labels| labels.since);
    let labelled = |state, again: Option<Timestamp>| Labelled {
        hash: hash.clone(),
        state,
        again,
        since: since.filter(|_| again.is_some()),
    };
    let (labels, step) = match known.map(|labels| (labels.state, labels.again)) {
        Some((LabelState::Sent, _)) => (labelled(LabelState::Sent, None), None),
        Some((LabelState::Sending | LabelState::Refused, _)) | None if has_them => {
            (labelled(LabelState::Sent, None), None)
        }
        // The refusal is told until there is another answer.
        Some((LabelState::Refused, Some(again))) if again <= now => (
            labelled(
                LabelState::Refused,
                Some(labels_again(since.unwrap_or(now), now)),
            ),
            Some(Step::Relabel),
        ),
        Some((LabelState::Refused, again)) => (labelled(LabelState::Refused, again), None),
        Some((LabelState::Sending, _)) | None => {
            (labelled(LabelState::Sending, None), Some(Step::Relabel))
        }
    };
    memo.labels = Some(labels);
    (memo, step)
}

/// When they are sent again.
pub(super) fn again(memo: &Memo) -> Option<Timestamp> {
    memo.labels.as_ref()?.again
}
