//! Events tell transitions. They are derived from the conditions before and after a write, and so a restart
//! tells nothing twice, and a thousand equal looks tell nothing at all.

mod teller;

use azureml_spark_api::condition::ConditionType;
use azureml_spark_core::WAITING_FOR_BUDGET;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;

pub(crate) use teller::Teller;

/// Reason of the event that tells of a forced release.
pub(crate) const FORCE_RELEASED: &str = "ForceReleased";
/// Reason of the event on an object that does not fit its type.
pub(crate) const UNPARSABLE: &str = "Unparsable";

/// Something to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// It goes as wished.
    Good,
    /// Somebody should know.
    Bad,
}

/// One event to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct News {
    pub(crate) tone: Tone,
    pub(crate) reason: String,
    pub(crate) note: String,
}

/// What changed from `old` to `new`, most telling first, one event per reason. `troubled`: the last step failed.
pub(crate) fn news(old: &[Condition], new: &[Condition], troubled: bool) -> Vec<News> {
    let mut all: Vec<(u8, News)> = new
        .iter()
        .filter_map(|now| {
            let before = old.iter().find(|c| c.type_ == now.type_);
            if before.is_some_and(|c| c.status == now.status && c.reason == now.reason) {
                return None;
            }
            let (rank, tone) = weigh(before, now, troubled)?;
            let news = News {
                tone,
                reason: now.reason.clone(),
                note: now.message.clone(),
            };
            Some((rank, news))
        })
        .collect();
    all.sort_by_key(|(rank, _)| *rank);
    let mut told = Vec::<News>::new();
    for (_, one) in all {
        if told.iter().all(|earlier| earlier.reason != one.reason) {
            told.push(one);
        }
    }
    told
}

/// How telling a changed condition is (lower is more), or `None` if another one tells the same.
fn weigh(before: Option<&Condition>, now: &Condition, troubled: bool) -> Option<(u8, Tone)> {
    let is = |kind: ConditionType| now.type_ == kind.as_str();
    let holds = now.status == "True";
    if now.reason == WAITING_FOR_BUDGET {
        // Thousands may wait, and nothing is wrong: an event for each would cost as much as their submission.
        return None;
    }
    if is(ConditionType::Stalled) || is(ConditionType::Failed) {
        return holds.then_some((0, Tone::Bad));
    }
    if is(ConditionType::Reconciling) {
        let tone = if troubled { Tone::Bad } else { Tone::Good };
        return holds.then_some((4, tone));
    }
    if is(ConditionType::Ready) {
        // Why it is not ready is told by the condition that stands in the way.
        return holds.then_some((3, Tone::Good));
    }
    if !holds {
        // Not yet is no news; not any more is.
        return before
            .is_some_and(|c| c.status == "True")
            .then_some((1, Tone::Bad));
    }
    if is(ConditionType::Warning) {
        return Some((1, Tone::Bad));
    }
    if is(ConditionType::CodeUploaded) {
        // On the way to what is told: the submission.
        return None;
    }
    let expected = is(ConditionType::SpecAccepted) || is(ConditionType::ReferencesResolved);
    if expected && before.is_none() {
        return None;
    }
    Some((2, Tone::Good))
}

#[cfg(test)]
mod tests;
