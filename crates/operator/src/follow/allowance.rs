//! What a look may cost: following takes half of what this operator may use at most, however many workspaces there are and
//! whatever their lists are like.

use std::time::Duration;

use azureml_spark_azure::Rate;

/// A page, and a run by its name.
const LEAST: f64 = 2.0;

/// Most requests of one look at one of so many workspaces with live runs, of an operator that may use so many percent of
/// what Azure gives. They count as if all were of one subscription.
/// The other half is for what jobs and attachments need to begin.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between 2 and half of a bucket"
)]
pub(super) fn of(reads: Rate, percent: u8, period: Duration, places: usize) -> usize {
    let reads = reads.part(percent);
    let places = u32::try_from(places.max(1)).unwrap_or(u32::MAX);
    let half = reads.per_second * period.as_secs_f64() / 2.0;
    let most = (reads.size / 2.0).max(LEAST);
    (half / f64::from(places)).clamp(LEAST, most) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUBLISHED: Rate = Rate {
        size: 250.0,
        per_second: 25.0,
    };

    #[test]
    fn half_of_what_azure_gives_is_shared_by_all_workspaces() {
        for (percent, seconds, places, requests) in [
            (100, 10, 1, 125),
            (100, 10, 0, 125),
            (100, 10, 3, 41),
            (100, 10, 10, 12),
            (100, 10, 1_000, 2),
            (100, 1, 1, 12),
            (100, 3_600, 1, 125),
            (100, 30, 10, 37),
            (20, 10, 1, 25),
            (20, 10, 10, 2),
            (20, 3_600, 1, 25),
            (1, 10, 1, 2),
        ] {
            let found = of(PUBLISHED, percent, Duration::from_secs(seconds), places);
            assert_eq!(
                found, requests,
                "{percent} %, {seconds} s, {places} workspaces"
            );
        }
    }
}
