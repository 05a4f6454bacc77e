//! How a job moves through its states: by the clock, by a process, or by hand.

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::status::Status;
use crate::clock::after;

/// What a job is doing at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    pub(crate) status: Status,
    pub(crate) started: Option<Timestamp>,
    pub(crate) ended: Option<Timestamp>,
    /// Why it failed.
    pub(crate) error: Option<String>,
}

/// Where a job's states come from.
#[derive(Clone, Debug)]
pub(crate) enum Life {
    /// The instant runner: everything follows from the time, nothing runs.
    Timed(Timed),
    /// The runner `spark` says what happens.
    Driven(Driven),
    /// Fixed: it ended, or somebody set it by hand.
    Fixed(Moment),
}

/// A life that only the clock drives.
#[derive(Clone, Debug)]
pub(crate) struct Timed {
    pub(crate) from: Timestamp,
    pub(crate) seconds: f64,
    pub(crate) outcome: Status,
    pub(crate) error: Option<String>,
    pub(crate) canceled: Option<Cancel>,
}

/// A cancellation that was accepted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cancel {
    pub(crate) at: Timestamp,
    /// How long the job goes on in `CancelRequested`.
    pub(crate) seconds: f64,
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
    (0.20, Status::Running),
    (0.10, Status::Queued),
    (0.05, Status::Preparing),
    (0.0, Status::Starting),
];

/// From here on a timed life counts as started.
const STARTED: f64 = 0.20;

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
            Self::Fixed(moment) => moment.clone(),
        }
    }

    /// Asks the job to end. The caller has seen that it can be asked.
    pub(crate) fn cancel(&mut self, now: Timestamp, seconds: f64) {
        match self {
            Self::Timed(timed) => {
                timed.canceled.get_or_insert(Cancel { at: now, seconds });
            }
            Self::Driven(driven) => {
                driven.moment.status = Status::CancelRequested;
                driven.cancel.cancel();
            }
            Self::Fixed(moment) => {
                *self = Self::Timed(Timed {
                    from: now,
                    seconds: f64::MAX,
                    outcome: Status::Canceled,
                    error: moment.error.take(),
                    canceled: Some(Cancel { at: now, seconds }),
                });
            }
        }
    }
}

impl Life {
    /// Ends the process of the job, if there is one.
    pub(crate) fn kill(&self) {
        if let Self::Driven(driven) = self {
            driven.cancel.cancel();
        }
    }
}

impl Timed {
    fn at(&self, now: Timestamp) -> Moment {
        let begin = |part: f64| after(self.from, self.seconds * part);
        let started = Some(begin(STARTED));
        if let Some(cancel) = self.canceled {
            let end = after(cancel.at, cancel.seconds);
            let started = started.filter(|started| *started <= cancel.at);
            let over = now >= end;
            return Moment {
                status: if over {
                    Status::Canceled
                } else {
                    Status::CancelRequested
                },
                started,
                ended: over.then_some(end),
                error: None,
            };
        }
        let end = begin(1.0);
        if now >= end {
            let ended = Some(end);
            return Moment {
                status: self.outcome,
                started,
                ended,
                error: self.error.clone(),
            };
        }
        let status = PHASES
            .into_iter()
            .find(|(part, _)| now >= begin(*part))
            .map_or(Status::Starting, |(_, status)| status);
        Moment {
            status,
            started: started.filter(|at| *at <= now),
            ended: None,
            error: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start() -> Timestamp {
        "2026-01-02T03:04:05Z".parse().unwrap()
    }

    fn timed(seconds: f64, outcome: Status) -> Life {
        let error = (outcome == Status::Failed).then(|| "told to fail".to_owned());
        Life::Timed(Timed {
            from: start(),
            seconds,
            outcome,
            error,
            canceled: None,
        })
    }

    #[test]
    fn a_timed_life_passes_all_states() {
        let life = timed(100.0, Status::Failed);
        let rows = [
            (0.0, Status::Starting),
            (6.0, Status::Preparing),
            (11.0, Status::Queued),
            (21.0, Status::Running),
            (96.0, Status::Finalizing),
            (100.0, Status::Failed),
            (1e9, Status::Failed),
        ];
        for (seconds, status) in rows {
            assert_eq!(
                life.at(after(start(), seconds)).status,
                status,
                "after {seconds} s"
            );
        }
        let end = life.at(after(start(), 200.0));
        assert_eq!(end.started, Some(after(start(), 20.0)));
        assert_eq!(end.ended, Some(after(start(), 100.0)));
        assert_eq!(end.error.as_deref(), Some("told to fail"));
    }

    #[test]
    fn no_time_at_all_is_an_end_at_once() {
        assert_eq!(
            timed(0.0, Status::Completed).at(start()).status,
            Status::Completed
        );
    }

    #[test]
    fn a_cancellation_takes_its_time_and_is_final() {
        let mut life = timed(100.0, Status::Completed);
        life.cancel(after(start(), 50.0), 5.0);
        life.cancel(after(start(), 54.0), 5.0);
        assert_eq!(
            life.at(after(start(), 54.0)).status,
            Status::CancelRequested
        );
        let end = life.at(after(start(), 200.0));
        assert_eq!(end.status, Status::Canceled);
        assert_eq!(end.ended, Some(after(start(), 55.0)));
        assert_eq!(end.started, Some(after(start(), 20.0)));
    }

    #[test]
    fn a_job_that_was_set_by_hand_can_be_canceled() {
        let mut life = Life::Fixed(Moment::waiting(Status::Paused));
        life.cancel(start(), 1.0);
        assert_eq!(life.at(start()).status, Status::CancelRequested);
        assert_eq!(life.at(after(start(), 1.0)).status, Status::Canceled);
    }
}
