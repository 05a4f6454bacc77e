//! The object's time after the end.

use serde_json::json;

use super::{Change, Told, check};
use crate::machine::Sight::Unknown;
use crate::spark_job::RunState;
use crate::spark_job::tests::object::{ended, set};

#[test]
#[rustfmt::skip]
fn the_object_goes_when_its_time_is_over() {
    let hour: Change = |g| set(g, "ttlSecondsAfterFinished", json!(3_600));
    let day: Change = |g| set(g, "ttlSecondsAfterFinished", json!(86_400));
    let short: Change = |g| set(g, "ttlSecondsAfterFinished", json!(5));
    let held: Change = |g| { set(g, "ttlSecondsAfterFinished", json!(0)); g.held = true; };
    let none: Change = super::any;
    let over = || ended(RunState::Completed);
    check(&[
        (none, Unknown, over(), Told::OnChange, "for ever"),
        (hour, Unknown, over(), Told::In(3_595), "not yet"),
        (day, Unknown, over(), Told::In(3_600), "nobody sleeps longer than an hour"),
        (short, Unknown, over(), Told::Expire, "now"),
        (held, Unknown, over(), Told::In(10), "the finalizer goes first"),
        (super::going, Unknown, over(), Told::Release, "it goes already"),
    ]);
}
