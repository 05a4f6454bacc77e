//! An object with a time to live, which somebody describes anew as soon as it is gone, as tools do that keep what is
//! written in a repository. Deletions that nobody waits for any more arrive late.

use crate::deed::Deed;
use crate::quirk::Quirk;
use crate::simulate::{Broken, play_deeds_in};
use crate::steering::Edit;
use crate::weather::Weather;

/// Runs differ in how long they take.
const SEEDS: u64 = 40;

/// Processes end often, at every point.
const WEATHER: Weather = Weather {
    trouble: 6,
    stale: 2,
    crash: 12,
};

/// The object is there within two seconds, whatever becomes of it.
fn deeds() -> Vec<(i64, Deed)> {
    let name = || "a".to_owned();
    (0..450)
        .flat_map(|turn| {
            [
                (turn * 2_000, Deed::CreateJob(name())),
                (turn * 2_000, Deed::EditJob(name(), Edit::Short)),
            ]
        })
        .collect()
}

fn play(seed: u64, quirk: Quirk, told: bool) -> Result<(), Broken> {
    play_deeds_in(seed, WEATHER, &deeds(), quirk, told)
}

#[test]
fn each_goes_in_its_own_time() {
    for seed in 0..SEEDS {
        if let Err(broken) = play(seed, Quirk::None, true) {
            panic!("{} ({seed})\n{}", broken.what, broken.tale.join("\n"));
        }
    }
}

#[test]
fn going_by_the_name_is_found_out() {
    let found = (0..SEEDS).any(|seed| {
        let end = play(seed, Quirk::ObjectsGoByTheirNames, false);
        end.is_err_and(|broken| broken.what.contains("deletes"))
    });
    assert!(found);
}
