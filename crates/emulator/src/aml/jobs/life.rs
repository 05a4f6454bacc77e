//! How a job moves through its states: by the clock, by a process, or by hand.

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::run_error::RunError;
use super::status::Status;
use crate::clock::after;

/// What a job is doing at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    pub(crate) status: Status,
    pub(crate) started: Option<Timestamp>,
    pub(crate) ended: Option<Timestamp>,
    /// Why it failed.
    pub(crate) error: Option<RunError>,
}

/// Where a job's states come from.
#[derive(Clone, Debug)]
pub(crate) enum Life {
    /// The instant runner: everything follows from the time, nothing runs.
    Timed(Timed),
    /// The runner `spark` says what happens.
    Driven(Driven),
    /// Somebody asked it to end, and no process has to end for that.
    Canceling(Canceling),
    /// Fixed: it ended, or somebody set it by hand.
    Fixed(Moment),
}

/// A life that only the clock drives.
#[derive(Clone, Debug)]
pub(crate) struct Timed {
    pub(crate) from: Timestamp,
    pub(crate) seconds: f64,
    /// The last state before the end. Those that usually come later are left out.
    pub(crate) last: Status,
    /// How it ends; nothing when it stays in its last state for ever.
    pub(crate) end: Option<(Status, Option<RunError>)>,
}

/// A life between a cancellation that was accepted and the end.
#[derive(Clone, Debug)]
pub(crate) struct Canceling {
    at: Timestamp,
    started: Option<Timestamp>,
    /// How long the job goes on in `CancelRequested`; nothing for ever.
    seconds: Option<f64>,
}

/// A life that a process drives.
#[derive(Clone, Debug)]
pub(crate) struct Driven {
    pub(crate) moment: Moment,
    /// Ends the process.
    pub(crate) cancel: CancellationToken,
}

/// When each state of a timed life begins, as a part of its length.
const PHASES: [(f64, Status); 5] = [
    (0.95, Status::Finalizing),
    (STARTED, Status::Running),
    (0.10, Status::Queued),
    (0.05, Status::Preparing),
    (0.0, Status::Starting),
];

/// From here on a timed life counts as started.
pub(crate) const STARTED: f64 = 0.20;

/// When a state begins that is the last one of a timed life.
fn begins(last: Status) -> f64 {
    match last {
        Status::Provisioning => 0.05,
        // What becomes of a job that ran.
        Status::NotResponding | Status::Paused | Status::Unknown | Status::CancelRequested => 0.5,
        other => PHASES
            .into_iter()
            .find(|(_, status)| *status == other)
            .map_or(0.0, |(part, _)| part),
    }
}

impl Moment {
    /// A moment in which nothing has run yet.
    pub(crate) fn waiting(status: Status) -> Self {
        Self {
            status,
            started: None,
            ended: None,
            error: None,
        }
    }
}

impl Life {
    /// What the job does now.
    pub(crate) fn at(&self, now: Timestamp) -> Moment {
        match self {
            Self::Timed(timed) => timed.at(now),
            Self::Driven(driven) => driven.moment.clone(),
            Self::Canceling(canceling) => canceling.at(now),
            Self::Fixed(moment) => moment.clone(),
        }
    }

    /// Asks the job to end after so many seconds, or never. The caller has seen that it can be asked.
    pub(crate) fn cancel(&mut self, now: Timestamp, seconds: Option<f64>) {
        match self {
            Self::Driven(driven) => {
                driven.moment.status = Status::CancelRequested;
                if seconds.is_some() {
                    driven.cancel.cancel();
                }
            }
            // The first request counts, unless it had no effect.
            Self::Canceling(Canceling {
                seconds: Some(_), ..
            }) => {}
            Self::Timed(_) | Self::Fixed(_) | Self::Canceling(_) => {
                let started = self.at(now).started;
                *self = Self::Canceling(Canceling {
                    at: now,
                    started,
                    seconds,
                });
            }
        }
    }

    /// Ends the process of the job, if there is one.
    pub(crate) fn kill(&self) {
        if let Self::Driven(driven) = self {
            driven.cancel.cancel();
        }
    }
}

impl Canceling {
    fn at(&self, now: Timestamp) -> Moment {
        let end = self.seconds.map(|seconds| after(self.at, seconds));
        let ended = end.filter(|end| now >= *end);
        Moment {
            status: if ended.is_some() {
                Status::Canceled
            } else {
                Status::CancelRequested
            },
            started: self.started,
            ended,
            error: None,
        }
    }
}

impl Timed {
    fn at(&self, now: Timestamp) -> Moment {
        let begin = |part: f64| after(self.from, self.seconds * part);
        let last = begins(self.last);
        let started = Some(begin(STARTED)).filter(|at| last >= STARTED && *at <= now);
        let end = begin(1.0);
        if let Some((outcome, error)) = self.end.as_ref().filter(|_| now >= end) {
            return Moment {
                status: *outcome,
                started,
                ended: Some(end),
                error: error.clone(),
            };
        }
        let status = if now >= begin(last) {
            self.last
        } else {
            PHASES
                .into_iter()
                .find(|(part, _)| *part < last && now >= begin(*part))
                .map_or(Status::Starting, |(_, status)| status)
        };
        Moment {
            status,
            started,
            ended: None,
            error: None,
        }
    }
}

#[cfg(test)]
mod tests;
