use super::*;

fn start() -> Timestamp {
    "2026-01-02T03:04:05Z".parse().unwrap()
}

fn timed(seconds: f64, outcome: Status) -> Life {
    let error = (outcome == Status::Failed).then(|| RunError::user("told to fail"));
    Life::Timed(Timed {
        from: start(),
        seconds,
        last: Status::Finalizing,
        end: Some((outcome, error)),
    })
}

fn statuses(life: &Life, rows: &[(f64, Status)]) {
    for (seconds, status) in rows {
        let moment = life.at(after(start(), *seconds));
        assert_eq!(moment.status, *status, "after {seconds} s");
    }
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
    statuses(&life, &rows);
    let end = life.at(after(start(), 200.0));
    assert_eq!(end.started, Some(after(start(), 20.0)));
    assert_eq!(end.ended, Some(after(start(), 100.0)));
    assert_eq!(end.error, Some(RunError::user("told to fail")));
}

#[test]
fn no_time_at_all_is_an_end_at_once() {
    assert_eq!(
        timed(0.0, Status::Completed).at(start()).status,
        Status::Completed
    );
}

#[test]
fn a_life_that_ends_before_it_runs_has_not_started() {
    let life = Life::Timed(Timed {
        from: start(),
        seconds: 100.0,
        last: Status::Queued,
        end: Some((Status::Failed, Some(RunError::user("no room")))),
    });
    let rows = [
        (6.0, Status::Preparing),
        (11.0, Status::Queued),
        (99.0, Status::Queued),
        (100.0, Status::Failed),
    ];
    statuses(&life, &rows);
    assert_eq!(life.at(after(start(), 200.0)).started, None);
}

#[test]
fn a_life_can_be_stuck_in_any_state() {
    let rows = [
        (Status::NotStarted, Status::NotStarted, false),
        (Status::Starting, Status::Starting, false),
        (Status::Provisioning, Status::Provisioning, false),
        (Status::Preparing, Status::Preparing, false),
        (Status::Queued, Status::Queued, false),
        (Status::Running, Status::Running, true),
        (Status::Finalizing, Status::Running, true),
        (Status::NotResponding, Status::NotResponding, true),
    ];
    for (last, at_60, started) in rows {
        let life = Life::Timed(Timed {
            from: start(),
            seconds: 100.0,
            last,
            end: None,
        });
        statuses(&life, &[(60.0, at_60), (1e6, last)]);
        let late = life.at(after(start(), 1e6));
        assert_eq!(
            (late.started.is_some(), late.ended),
            (started, None),
            "{last:?}"
        );
    }
}

#[test]
fn a_cancellation_takes_its_time_and_is_final() {
    let mut life = timed(100.0, Status::Completed);
    life.cancel(after(start(), 50.0), Some(5.0));
    life.cancel(after(start(), 54.0), Some(5.0));
    statuses(&life, &[(54.0, Status::CancelRequested)]);
    let end = life.at(after(start(), 200.0));
    assert_eq!(end.status, Status::Canceled);
    assert_eq!(end.ended, Some(after(start(), 55.0)));
    assert_eq!(end.started, Some(after(start(), 20.0)));
}

#[test]
fn a_cancellation_without_effect_stays_until_one_has_an_effect() {
    let mut life = timed(100.0, Status::Completed);
    life.cancel(after(start(), 5.0), None);
    statuses(&life, &[(1e6, Status::CancelRequested)]);
    life.cancel(after(start(), 1e6), Some(1.0));
    let end = life.at(after(start(), 2e6));
    assert_eq!((end.status, end.started), (Status::Canceled, None));
}

#[test]
fn a_job_that_was_set_by_hand_can_be_canceled() {
    let mut life = Life::Fixed(Moment::waiting(Status::Paused));
    life.cancel(start(), Some(1.0));
    assert_eq!(life.at(start()).status, Status::CancelRequested);
    assert_eq!(life.at(after(start(), 1.0)).status, Status::Canceled);
}
