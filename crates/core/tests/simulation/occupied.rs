//! A job runs on an attachment while somebody takes roles out of the spec of the latter. In a world that is drawn that
//! happens in one of some hundred, and nothing follows from how many of them are played.

use serde_json::json;

use crate::deed::Deed;
use crate::quirk::Quirk;
use crate::simulate::{Broken, play_deeds};

/// Runs differ in how long they take, and attachments in the roles that they begin with.
const SEEDS: u64 = 30;

/// When the roles are others, in milliseconds.
const TIMES: [i64; 3] = [150_000, 200_000, 300_000];

fn play(seed: u64, edited: i64, quirk: Quirk, told: bool) -> Result<(), Broken> {
    let pool = || "p".to_owned();
    let like = json!({
        "compute": {"attachmentRef": {"name": pool()}},
        "suspend": null, "cancel": null, "activeDeadlineSeconds": null, "startDeadlineSeconds": null,
    });
    let deeds = [
        (0, Deed::CreateAttachment(pool())),
        (30_000, Deed::CreateJobLike("a".to_owned(), like)),
        (edited, Deed::EditAttachment(pool(), 3)),
    ];
    play_deeds(seed, &deeds, quirk, told)
}

fn worlds() -> impl Iterator<Item = (u64, i64)> {
    let all = |at| (0..SEEDS).map(move |seed| (seed, at));
    TIMES.into_iter().flat_map(all)
}

#[test]
fn a_job_keeps_the_roles_that_it_began_with() {
    for (seed, at) in worlds() {
        if let Err(broken) = play(seed, at, Quirk::None, true) {
            panic!("{} ({seed}, {at})\n{}", broken.what, broken.tale.join("\n"));
        }
    }
}

#[test]
fn taking_a_role_from_a_running_job_is_found_out() {
    let found = worlds().filter(|(seed, at)| {
        let end = play(*seed, *at, Quirk::JobsAreForgotten, false);
        end.is_err_and(|broken| broken.what.contains("under its jobs"))
    });
    assert!(found.count() > worlds().count() / 10);
}
