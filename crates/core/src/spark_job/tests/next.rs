//! What is done next: one row per state of the run and of the memory.

mod adoption;
mod again;
mod cancel;
mod deadlines;
mod follow;
mod forgotten;
mod labels;
mod leave;
mod older;
mod passing;
mod submit;
mod suspend;
mod ttl;

use serde_json::json;

use super::object::{now, seen, set, want_with};
use crate::machine::{Act, Machine, Sight, Wake};
use crate::place::Reference;
use crate::spark_job::{Given, Memo, Run, Seen, SparkJob, Step};

type Change = fn(&mut Given);

/// What is decided.
#[derive(Debug, PartialEq)]
enum Told {
    Upload,
    Register,
    Submit,
    Cancel,
    Relabel,
    Expire,
    OnChange,
    /// After so many seconds.
    In(i64),
    Release,
}

/// The act, and what is remembered with it.
fn decide(change: Change, seen: &Seen, memo: &Memo) -> (Told, Memo) {
    let moved = SparkJob::next(&want_with(change), seen, memo, now());
    let told = match moved.act {
        Act::Do(Step::UploadCode) => Told::Upload,
        Act::Do(Step::RegisterEnvironment) => Told::Register,
        Act::Do(Step::Submit) => Told::Submit,
        Act::Do(Step::Cancel) => Told::Cancel,
        Act::Do(Step::Relabel) => Told::Relabel,
        Act::Do(Step::Expire) => Told::Expire,
        Act::Rest(Wake::OnChange) => Told::OnChange,
        Act::Rest(Wake::At(time)) => Told::In(time.duration_since(now()).as_secs()),
        Act::Release => Told::Release,
    };
    (told, moved.memo)
}

fn check(rows: &[(Change, Sight<Run>, Memo, Told, &str)]) {
    for (change, run, memo, told, why) in rows {
        let (found, _) = decide(*change, &seen(run.clone()), memo);
        assert_eq!(found, *told, "{why}");
    }
}

fn any(_: &mut Given) {}

fn held(given: &mut Given) {
    given.held = true;
}

fn chosen(given: &mut Given) {
    set(given, "azureName", json!("nightly"));
}

fn blocked(given: &mut Given) {
    given.config_maps.clear();
}

fn suspended(given: &mut Given) {
    set(given, "suspend", json!(true));
}

fn cancelled(given: &mut Given) {
    set(given, "cancel", json!(true));
}

fn retried(given: &mut Given) {
    set(given, "retry", json!({"maxAttempts": 3}));
}

fn going(given: &mut Given) {
    given.held = true;
    given.deleting = true;
    given.config_maps.clear();
}

fn stranded(given: &mut Given) {
    going(given);
    given.workspace = Reference::Missing;
}
