//! Small scope, but all of it: one object, and every way in which up to two things go wrong early in its life.

use serde_json::{Value, json};

use crate::deed::Deed;
use crate::quirk::Quirk;
use crate::script::{Script, TWISTS};
use crate::simulate::{Broken, play_script};

/// Points at which something may go wrong, from the first on: enough to reach the end of an ordinary first pass and
/// of the one after it. `SIM_DEPTH` raises it.
const DEPTH: u32 = 14;

/// The same for one thing alone: a job whose packages and code have to be registered has come to its labels by then.
const LONG: u32 = 60;

fn every_way(first: &Deed, alone: u32, quirk: Quirk) -> Result<u32, Broken> {
    let depth = crate::number("SIM_DEPTH").map_or(DEPTH, |depth| u32::try_from(depth).unwrap());
    let mut told = 0;
    for one in points(1, alone.max(depth)) {
        if way(first, vec![one], quirk)? {
            told += 1;
            for other in points(one.0 + 1, depth) {
                told += u32::from(way(first, vec![one, other], quirk)?);
            }
        }
    }
    Ok(told)
}

fn way(first: &Deed, twists: Vec<(u32, u8)>, quirk: Quirk) -> Result<bool, Broken> {
    let script = Script::new(twists);
    // Told only where there is something to tell.
    play_script(first, &script, quirk, false).or_else(|_| play_script(first, &script, quirk, true))
}

fn points(from: u32, to: u32) -> impl Iterator<Item = (u32, u8)> {
    (from..=to).flat_map(|point| (0..TWISTS).map(move |twist| (point, twist)))
}

fn check(first: &Deed, alone: u32) {
    match every_way(first, alone, Quirk::None) {
        Ok(told) => assert!(told > 1_000, "only {told} ways"),
        Err(broken) => panic!("{}\n{}", broken.what, broken.tale.join("\n")),
    }
}

#[test]
fn a_job_in_every_way() {
    check(&Deed::CreateJob("a".to_owned()), DEPTH);
}

#[test]
fn a_job_of_everything_in_every_way() {
    check(&Deed::CreateJobLike("a".to_owned(), everything()), LONG);
}

/// Every step before its submission, and a further attempt after most ends.
fn everything() -> Value {
    json!({
        "code": {"sourceRef": {"kind": "GitRepository", "name": "app"}},
        "environment": {"conda": "dependencies: []"},
        "compute": {"serverless": {"instanceType": "standard_e4s_v3", "runtimeVersion": "3.4"}},
        "inputs": {"rows": {"type": "uri_file", "path": "azureml:rows@latest"}},
        "retry": {"maxAttempts": 2, "causes": ["Platform", "Script", "StartDeadline"]},
        "azureName": null, "suspend": null, "cancel": null, "activeDeadlineSeconds": null,
        "startDeadlineSeconds": 300, "ttlSecondsAfterFinished": 600,
    })
}

#[test]
fn an_attachment_in_every_way() {
    check(&Deed::CreateAttachment("p".to_owned()), DEPTH);
}

#[test]
fn a_link_in_every_way() {
    check(&Deed::CreateLink("l".to_owned()), DEPTH);
}

#[test]
fn every_wrong_operator_is_found_out() {
    for quirk in [
        Quirk::AbsenceIsBelieved,
        Quirk::ServerChoosesNames,
        Quirk::NoWriteAhead,
    ] {
        let found = every_way(&Deed::CreateJob("a".to_owned()), DEPTH, quirk);
        assert!(found.is_err(), "{quirk:?} goes unnoticed");
    }
}
