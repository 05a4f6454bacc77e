//! Trouble by script instead of by chance: at the n-th point of a run where something can go wrong, this goes wrong.

use azureml_spark_core::Class;

use crate::azure::fault;
use crate::scenario::Deed;
use crate::weather::{LATE, Read, STALE, Write};
use crate::world::World;

/// What can happen at a point; not all of it can at each.
pub(crate) const TWISTS: u8 = 8;

/// Trouble to come, as (point, twist), and how far the run is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Script {
    twists: Vec<(u32, u8)>,
    point: u32,
    /// A twist stood at a point where it cannot happen: the run tells nothing new.
    pub(crate) void: bool,
}

impl Script {
    pub(crate) fn new(twists: Vec<(u32, u8)>) -> Self {
        Self {
            twists,
            ..Self::default()
        }
    }

    fn next(&mut self) -> Option<u8> {
        self.point += 1;
        let found = self.twists.iter().find(|(point, _)| *point == self.point);
        found.map(|(_, twist)| *twist)
    }
}

impl World {
    /// Whether the script knows what becomes of this write.
    pub(crate) fn scripted_write(&mut self, op: &'static str) -> Option<Write> {
        match self.script.next()? {
            0 => Some(Write::Refused(fault(
                Class::Retryable,
                "ServiceUnavailable",
                op,
            ))),
            1 => Some(Write::Lost(Some(0))),
            2 => Some(Write::Lost(None)),
            3 => Some(Write::Lost(Some(LATE))),
            4 => Some(Write::Crash(Some(0))),
            5 => Some(Write::Crash(None)),
            other => self.somebody(other).then_some(Write::Done),
        }
    }

    /// Whether the script knows what becomes of this read.
    pub(crate) fn scripted_read(&mut self, op: &'static str) -> Option<Read> {
        match self.script.next()? {
            0 => Some(Read::Failed(fault(
                Class::Retryable,
                "ServiceUnavailable",
                op,
            ))),
            1 => Some(Read::Answer(STALE - 1)),
            4 => Some(Read::Crash),
            other => self.somebody(other).then_some(Read::Answer(0)),
        }
    }

    /// Whether the process ends here, beside a write to the apiserver.
    pub(crate) fn scripted_crash(&mut self) -> bool {
        match self.script.next() {
            None => false,
            Some(4) => true,
            Some(other) => {
                self.somebody(other);
                false
            }
        }
    }

    /// Somebody does something just now.
    fn somebody(&mut self, twist: u8) -> bool {
        let Some(key) = self.keys().first().cloned().filter(|_| twist >= 6) else {
            self.script.void = true;
            return false;
        };
        if twist == 6 {
            self.act(Deed::Delete(key));
        } else {
            self.act(Deed::EraseStatus(key));
        }
        true
    }
}
