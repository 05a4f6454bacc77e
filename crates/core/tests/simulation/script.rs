//! Trouble by script instead of by chance: at the n-th point of a run where something can go wrong, this goes wrong.

use azureml_spark_core::Class;

use crate::azure::fault;
use crate::deed::Deed;
use crate::steering::Edit;
use crate::weather::{LATE, Read, STALE, Write};
use crate::world::{Job, Key, World};

/// What can happen at a point; not all of it can at each.
pub(crate) const TWISTS: u8 = 10;

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

    /// Whether trouble comes at all.
    pub(crate) fn is_long(&self) -> bool {
        !self.twists.is_empty()
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
        let job = match &key {
            Key::Job(name) => Some(name.clone()),
            Key::Attachment(_) | Key::Link(_) => None,
        };
        match (twist, job) {
            (6, _) => self.act(Deed::Delete(key)),
            (7, _) => self.act(Deed::EraseStatus(key)),
            (8, Some(name)) => {
                let held = |job: &Job| job.spec.suspend == Some(true);
                let edit = if self.jobs.get(&name).is_some_and(held) {
                    Edit::Resume
                } else {
                    Edit::Suspend
                };
                self.act(Deed::EditJob(name, edit));
            }
            (9, Some(name)) => self.act(Deed::EditJob(name, Edit::Cancel)),
            (_, _) => {
                self.script.void = true;
                return false;
            }
        }
        true
    }
}
