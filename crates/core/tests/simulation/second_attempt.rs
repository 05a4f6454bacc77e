//! One job that is held and taken up again, so that it has a second attempt; and then its status is lost, and it goes.

use crate::deed::Deed;
use crate::quirk::Quirk;
use crate::simulate::play_deeds;
use crate::steering::Edit;
use crate::world::Key;

/// Runs differ in how long they take: in some of so many the second attempt is live at the wrong moment.
const SEEDS: u64 = 30;

fn deeds(lost: i64) -> Vec<(i64, Deed)> {
    let name = || "a".to_owned();
    let mut deeds = vec![
        (0, Deed::CreateJob(name())),
        (100_000, Deed::EditJob(name(), Edit::Suspend)),
        (250_000, Deed::EditJob(name(), Edit::Resume)),
    ];
    if lost > 0 {
        deeds.push((lost, Deed::EraseStatus(Key::Job(name()))));
        deeds.push((lost + 20_000, Deed::Delete(Key::Job(name()))));
    }
    deeds
}

fn found(quirk: Quirk, by: &str) -> bool {
    let times = [0, 300_000, 400_000, 500_000];
    let mut all = times
        .into_iter()
        .flat_map(|lost| (0..SEEDS).map(move |seed| (seed, lost)));
    all.any(|(seed, lost)| {
        let end = play_deeds(seed, &deeds(lost), quirk, false);
        end.is_err_and(|broken| broken.what.contains(by))
    })
}

#[test]
fn nothing_is_forgotten() {
    for lost in [0, 150_000, 255_000, 300_000, 400_000, 500_000] {
        for seed in 0..SEEDS {
            if let Err(broken) = play_deeds(seed, &deeds(lost), Quirk::None, true) {
                panic!(
                    "{} ({seed}, {lost})\n{}",
                    broken.what,
                    broken.tale.join("\n")
                );
            }
        }
    }
}

#[test]
fn the_wrong_last_attempt_is_found_out() {
    assert!(found(Quirk::AnEndIsTheLast, "which is gone"));
}

#[test]
fn a_resumption_under_the_old_name_is_found_out() {
    assert!(found(Quirk::ResumesUnderTheOldName, "has the name of"));
}
