use super::*;

pub(crate) fn place() -> Place {
    Place {
        namespace: "team".into(),
        name: "ml".into(),
    }
}

/// As far as its state alone matters.
pub(crate) fn run(state: RunState) -> Run {
    Run {
        azure_id: "id".into(),
        state,
        owner: None,
        definition_hash: None,
        attempt: None,
        held_by: None,
        code_id: None,
        studio_url: None,
        started: None,
        ended: None,
    }
}

#[test]
fn a_job_is_woken_by_news_alone_and_an_end_is_final() {
    let board = Board::new(Duration::from_secs(10));
    board.put(&place(), "a", run(RunState::Queued), ObjectRef::new("a"));
    assert_eq!(board.update(&place(), "a", run(RunState::Queued)), []);
    assert_eq!(
        board.update(&place(), "a", run(RunState::Completed)),
        [ObjectRef::new("a")]
    );
    assert!(!board.any_live(&place()));
    assert_eq!(
        board.update(&place(), "a", run(RunState::Running)),
        [],
        "an older listing"
    );
    assert_eq!(board.get(&place(), "a").unwrap().state, RunState::Completed);
    assert_eq!(board.update(&place(), "other", run(RunState::Running)), []);
}

#[tokio::test(start_paused = true)]
async fn a_live_run_that_nobody_saw_for_long_is_unknown_and_an_end_is_not() {
    let board = Board::new(Duration::from_secs(30));
    board.put(
        &place(),
        "live",
        run(RunState::Running),
        ObjectRef::new("live"),
    );
    board.put(
        &place(),
        "ended",
        run(RunState::Completed),
        ObjectRef::new("ended"),
    );
    tokio::time::advance(Duration::from_secs(89)).await;
    assert!(board.get(&place(), "live").is_some());
    assert!(board.unseen(&place()).is_empty());
    tokio::time::advance(Duration::from_secs(2)).await;
    assert_eq!(board.get(&place(), "live"), None);
    assert!(board.get(&place(), "ended").is_some());
    assert_eq!(board.unseen(&place()), [ObjectRef::new("live")]);
    board.update(&place(), "live", run(RunState::Running));
    assert!(board.get(&place(), "live").is_some());
}

#[tokio::test(start_paused = true)]
async fn a_state_lasts_since_the_run_came_into_it() {
    let board = Board::new(Duration::from_secs(10));
    let lasts = || board.lasts(&place(), "a");
    assert_eq!(lasts(), None);
    board.put(&place(), "a", run(RunState::Starting), ObjectRef::new("a"));
    tokio::time::advance(Duration::from_secs(40)).await;
    board.update(&place(), "a", run(RunState::Starting));
    assert_eq!(lasts(), None, "nobody saw how it came into it");
    board.update(&place(), "a", run(RunState::Queued));
    tokio::time::advance(Duration::from_secs(40)).await;
    board.update(&place(), "a", run(RunState::Queued));
    board.put(&place(), "a", run(RunState::Queued), ObjectRef::new("b"));
    assert_eq!(lasts(), Some((RunState::Queued, Duration::from_secs(40))));
    board.put(&place(), "a", run(RunState::Running), ObjectRef::new("b"));
    tokio::time::advance(Duration::from_secs(7)).await;
    assert_eq!(lasts(), Some((RunState::Running, Duration::from_secs(7))));
}

#[test]
fn all_who_follow_a_run_are_woken_and_the_last_to_leave_takes_it_along() {
    let board = Board::new(Duration::from_secs(10));
    let [one, other] = ["one", "other"].map(ObjectRef::new);
    for job in [&one, &other, &one] {
        board.put(&place(), "shared", run(RunState::Queued), job.clone());
    }
    let running = board.update(&place(), "shared", run(RunState::Running));
    assert_eq!(running, [one.clone(), other.clone()]);
    board.leave(&place(), "shared", &one);
    let ended = board.update(&place(), "shared", run(RunState::Completed));
    assert_eq!(ended, std::slice::from_ref(&other));
    board.leave(&place(), "shared", &other);
    assert_eq!(board.get(&place(), "shared"), None);
    assert!(board.lock().places.is_empty());
}

#[test]
fn who_comes_to_a_run_that_is_on_the_board_is_woken_as_who_put_it_there() {
    let board = Board::new(Duration::from_secs(10));
    let [one, other] = ["one", "other"].map(ObjectRef::new);
    board.join(&place(), "shared", other.clone());
    assert_eq!(board.get(&place(), "shared"), None, "nobody saw it");
    board.put(&place(), "shared", run(RunState::Queued), one.clone());
    for job in [&one, &other, &other] {
        board.join(&place(), "shared", job.clone());
    }
    let both = [one, other];
    let running = board.update(&place(), "shared", run(RunState::Running));
    assert_eq!(running, both);
    assert_eq!(board.forget(&place(), "shared"), both);
}

#[tokio::test(start_paused = true)]
async fn a_state_that_is_known_is_a_sighting_and_another_one_is_not_yet() {
    let board = Board::new(Duration::from_secs(10));
    let sighted = |state| board.sighted(&place(), "a", &state);
    assert_eq!(
        sighted(RunState::Running),
        Sighting::Known,
        "nobody follows it"
    );
    board.put(&place(), "a", run(RunState::Queued), ObjectRef::new("a"));
    tokio::time::advance(Duration::from_secs(7)).await;
    assert_eq!(sighted(RunState::Running), Sighting::New);
    assert_eq!(board.age(&place()), Some(Duration::from_secs(7)));
    assert_eq!(sighted(RunState::Queued), Sighting::Known);
    assert_eq!(board.age(&place()), Some(Duration::ZERO));
    board.update(&place(), "a", run(RunState::Failed));
    assert_eq!(
        sighted(RunState::Running),
        Sighting::Known,
        "an end is an end"
    );
    assert_eq!((board.age(&place()), board.places()), (None, 0));
}

#[tokio::test(start_paused = true)]
async fn a_state_alone_is_news_and_leaves_the_rest() {
    let board = Board::new(Duration::from_secs(10));
    board.put(&place(), "a", run(RunState::Queued), ObjectRef::new("a"));
    board.put(&place(), "b", run(RunState::Running), ObjectRef::new("b"));
    tokio::time::advance(Duration::from_secs(7)).await;
    let advance = |state| board.advance(&place(), "a", state);
    assert_eq!(advance(RunState::Other("Waiting".into())), Some(vec![]));
    assert_eq!(advance(RunState::Queued), Some(vec![]));
    assert_eq!(
        board.lasts(&place(), "a"),
        None,
        "as it was when it was put"
    );
    assert_eq!(board.age(&place()), Some(Duration::from_secs(7)), "of b");
    assert_eq!(board.places(), 1);
    let followers = Some(vec![ObjectRef::new("a")]);
    assert_eq!(advance(RunState::Running), followers);
    assert_eq!(board.get(&place(), "a"), Some(run(RunState::Running)));
    assert_eq!(
        board.lasts(&place(), "a"),
        Some((RunState::Running, Duration::ZERO))
    );
    board.update(&place(), "a", run(RunState::Completed));
    assert_eq!(advance(RunState::Running), Some(vec![]), "an end is an end");
    assert_eq!(board.get(&place(), "a"), Some(run(RunState::Completed)));
}

#[tokio::test(start_paused = true)]
async fn an_older_state_is_a_sighting_and_takes_nothing_back() {
    let board = Board::new(Duration::from_secs(10));
    let other = || RunState::Other("New".into());
    for (known, told) in [
        (RunState::Running, RunState::Queued),
        (RunState::Queued, RunState::NotStarted),
        (RunState::CancelRequested, RunState::Finalizing),
        (RunState::NotResponding, RunState::Running),
        (RunState::Paused, RunState::Queued),
        (RunState::Running, RunState::Paused),
        (other(), RunState::Running),
    ] {
        board.put(&place(), "a", run(known.clone()), ObjectRef::new("a"));
        tokio::time::advance(Duration::from_secs(7)).await;
        assert_eq!(
            board.advance(&place(), "a", told.clone()),
            None,
            "{told:?} after {known:?}"
        );
        assert_eq!(board.get(&place(), "a"), Some(run(known)));
        assert_eq!(board.age(&place()), Some(Duration::ZERO));
    }
    for (known, told) in [
        (RunState::NotStarted, RunState::Preparing),
        (RunState::Running, RunState::CancelRequested),
    ] {
        board.put(&place(), "a", run(known), ObjectRef::new("a"));
        let followers = Some(vec![ObjectRef::new("a")]);
        assert_eq!(board.advance(&place(), "a", told.clone()), followers);
        assert_eq!(board.get(&place(), "a"), Some(run(told)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_on_record_is_awaited_until_somebody_tells_of_it_and_not_for_long() {
    let board = Board::new(Duration::from_secs(10));
    let [one, other] = ["one", "other"].map(ObjectRef::new);
    assert!(board.awaits(&place(), "a", &one));
    assert!(board.awaits(&place(), "a", &other));
    assert!(board.any_live(&place()) && board.awaits_any(&place()));
    assert_eq!(board.live(&place()), ["a"], "so it is looked for");
    assert_eq!(
        board.get(&place(), "a"),
        None,
        "and nothing is believed of it"
    );
    assert_eq!(
        board.sighted(&place(), "a", &RunState::Running),
        Sighting::New
    );
    assert_eq!(board.advance(&place(), "a", RunState::Running), None);
    let both = [one.clone(), other.clone()];
    assert_eq!(board.update(&place(), "a", run(RunState::Running)), both);
    assert!(!board.awaits(&place(), "a", &one) && !board.awaits_any(&place()));
    assert_eq!(board.get(&place(), "a"), Some(run(RunState::Running)));
    assert_eq!(
        board.lasts(&place(), "a"),
        None,
        "nobody saw it come into its state"
    );

    // Whom nobody is told of asks for himself, but is looked for all the same.
    assert!(board.awaits(&place(), "b", &one));
    tokio::time::advance(AWAITED_FOR).await;
    assert!(board.awaits(&place(), "b", &one));
    tokio::time::advance(Duration::from_secs(1)).await;
    assert!(!board.awaits(&place(), "b", &one));
    assert!(!board.awaits_any(&place()));
    assert!(board.live(&place()).contains(&"b".to_owned()));
}

#[test]
fn what_was_looked_for_in_vain_is_not_awaited_again() {
    let board = Board::new(Duration::from_secs(10));
    let job = ObjectRef::new("one");
    for known in [false, true] {
        if known {
            board.put(&place(), "a", run(RunState::Running), job.clone());
        } else {
            assert!(board.awaits(&place(), "a", &job));
        }
        let followers = board.forget(&place(), "a");
        assert_eq!(followers, std::slice::from_ref(&job));
        assert!(
            !board.awaits(&place(), "a", &job),
            "its job asks for itself"
        );
        assert!(!board.any_live(&place()));
        assert_eq!(board.update(&place(), "a", run(RunState::Running)), []);
        assert_eq!(board.get(&place(), "a"), None);
        board.leave(&place(), "a", &job);
        assert!(board.lock().places.is_empty());
    }
}

#[test]
fn who_was_not_seen_for_longest_is_asked_for_first() {
    let board = Board::new(Duration::from_secs(10));
    for name in ["a", "b", "c"] {
        board.put(&place(), name, run(RunState::Running), ObjectRef::new(name));
    }
    board.update(&place(), "a", run(RunState::Running));
    let names = ["a", "b", "c", "gone"].map(str::to_owned);
    assert_eq!(board.longest_unseen(&place(), names.clone(), 2), ["b", "c"]);
    board.update(&place(), "c", run(RunState::Failed));
    assert_eq!(
        board.longest_unseen(&place(), names, 9),
        ["b", "a"],
        "what has ended is not asked for"
    );
    board.put(&place(), "c", run(RunState::Queued), ObjectRef::new("c"));
    assert_eq!(board.forget(&place(), "b"), [ObjectRef::new("b")]);
    assert_eq!(board.live(&place()).len(), 2);
}
