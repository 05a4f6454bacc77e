//! The budget, with its own clock: what is drawn is in `laws`, and here is what is said of one case each.

mod crowd;
mod laws;

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use proptest::prelude::*;

use super::desk::Desk;
use super::*;
use crate::limits::Rate;

fn at(seconds: f64) -> Timestamp {
    Timestamp::UNIX_EPOCH + Duration::from_secs_f64(seconds)
}

fn seconds(time: Timestamp) -> f64 {
    time.duration_since(Timestamp::UNIX_EPOCH).as_secs_f64()
}

fn ticket(rank: Rank, share: &str, number: usize) -> Ticket {
    Ticket::new(rank, &share.into(), "", "PUT", &number.to_string())
}

/// A desk whose first answer has come, and that has given what it had to lower ranks: now and then a token comes.
fn busy(rate: Rate) -> Desk {
    let mut desk = Desk::new(Some(rate), at(0.0));
    let first = desk
        .spend(&ticket(Rank::Submit, "warm", 0), at(0.0))
        .unwrap();
    desk.answered(first, None, at(0.0));
    desk.is_back(first, at(0.0));
    drain(&mut desk, Rank::Submit);
    desk
}

/// Takes what a rank may have, and leaves nobody in the line.
fn drain(desk: &mut Desk, rank: Rank) {
    let one = ticket(rank, "drain", 0);
    while desk.clone().spend(&one, at(0.0)).is_ok() {
        let sent = desk.spend(&one, at(0.0)).unwrap();
        desk.is_back(sent, at(0.0));
    }
}

/// Somebody who asks, and comes back when he is told.
#[derive(Clone, Debug)]
struct Asker {
    ticket: Ticket,
    comes: f64,
    late: f64,
}

/// Everybody asks and comes back until all were served; who was served when.
fn serve(desk: &mut Desk, askers: &[Asker]) -> Vec<(f64, Ticket)> {
    let mut queue: Vec<(f64, usize)> = askers.iter().map(|a| a.comes).zip(0..).collect();
    let mut served = Vec::new();
    for _ in 0..200_000 {
        let Some(next) = (0..queue.len()).min_by(|a, b| queue[*a].0.total_cmp(&queue[*b].0)) else {
            return served;
        };
        let (now, who) = queue.swap_remove(next);
        let asker = &askers[who];
        match desk.spend(&asker.ticket, at(now)) {
            Ok(sent) => {
                desk.answered(sent, None, at(now));
                desk.is_back(sent, at(now));
                served.push((now, asker.ticket.clone()));
            }
            Err(back) => {
                assert!(seconds(back) > now, "told to come back at once");
                queue.push((seconds(back) + asker.late, who));
            }
        }
    }
    panic!("{} are never served", queue.len());
}

#[test]
fn a_cancel_finds_a_token_whoever_else_waits() {
    let rate = Rate {
        size: 200.0,
        per_second: 10.0,
    };
    let mut desk = busy(rate);
    for number in 0..500 {
        desk.claim(&ticket(Rank::Submit, "crowd", number), at(0.0))
            .unwrap_err();
    }
    for rank in [Rank::Arrange, Rank::Follow, Rank::Urgent] {
        desk.claim(&ticket(rank, "crowd", 0), at(0.0)).unwrap();
    }
    let back = desk
        .claim(&ticket(Rank::Submit, "crowd", 0), at(0.3))
        .unwrap_err();
    assert!(
        seconds(back) <= 0.45,
        "the three took what the crowd got next: {back}"
    );
}

#[test]
fn higher_ranks_go_first_when_nothing_is_left() {
    let mut desk = busy(Rate {
        size: 2.0,
        per_second: 1.0,
    });
    let urgent = ticket(Rank::Urgent, "a", 0);
    let submit = ticket(Rank::Submit, "a", 0);
    desk.claim(&submit, at(0.0)).unwrap_err();
    drain(&mut desk, Rank::Urgent);
    desk.claim(&urgent, at(0.0)).unwrap_err();
    assert!(
        desk.claim(&submit, at(1.05)).is_err(),
        "an early asker does not overtake"
    );
    desk.claim(&urgent, at(1.1)).unwrap();
}

#[test]
fn whoever_does_not_come_back_loses_his_place() {
    let mut desk = busy(Rate {
        size: 10.0,
        per_second: 0.1,
    });
    let [gone, waits] = [0, 1].map(|number| ticket(Rank::Submit, "a", number));
    let back = desk.claim(&gone, at(0.0)).unwrap_err();
    desk.claim(&waits, at(0.0)).unwrap_err();
    assert!(
        desk.claim(&waits, back).is_err(),
        "one token, and one is before it"
    );
    assert_eq!(desk.read(back + Duration::from_secs(29)).1, 2);
    assert_eq!(desk.read(back + Duration::from_secs(32)).1, 1);
    desk.claim(&waits, back + Duration::from_secs(32)).unwrap();
}

#[test]
fn a_token_that_is_never_used_is_there_for_others_after_a_minute_and_no_sooner() {
    let mut desk = busy(Rate {
        size: 1.0,
        per_second: 0.001,
    });
    let [one, other] = [0, 1].map(|number| ticket(Rank::Submit, "a", number));
    desk.claim(&one, at(1_000.1)).unwrap();
    desk.claim(&one, at(1_059.0)).unwrap();
    desk.claim(&other, at(1_059.0)).unwrap_err();
    desk.claim(&other, at(1_062.0)).unwrap();
    desk.claim(&one, at(1_062.0)).unwrap_err();
}

#[test]
fn tokens_that_are_kept_and_those_that_come_meanwhile_are_never_more_than_azures_bucket_holds() {
    let (size, per_second) = (10.0, 10.0);
    let mut desk = busy(Rate { size, per_second });
    let mut given = 0;
    for second in 1..50 {
        for number in 0..20 {
            let one = ticket(Rank::Urgent, "a", second * 100 + number);
            given += u32::from(
                desk.claim(&one, at(f64::from(u32::try_from(second).unwrap())))
                    .is_ok(),
            );
        }
    }
    assert_eq!(given, 10, "they may all be sent at once");
    let one = ticket(Rank::Urgent, "a", 0);
    desk.claim(&one, at(200.0)).unwrap();
    assert_eq!(
        desk.read(at(200.0)).0,
        Some(9.0),
        "none was lost, and none came twice"
    );
}

#[test]
fn whoever_leaves_is_not_waited_for_and_what_he_had_is_for_others() {
    let mut desk = busy(Rate {
        size: 200.0,
        per_second: 10.0,
    });
    let ghosts = (0..5_000).map(|number| ticket(Rank::Submit, "a", number));
    for ghost in ghosts.clone() {
        desk.claim(&ghost, at(0.0)).unwrap_err();
    }
    let new = ticket(Rank::Submit, "a", 9_999);
    desk.claim(&new, at(0.0)).unwrap_err();
    ghosts.for_each(|ghost| desk.leave(&ghost, at(0.0)));
    assert_eq!(desk.read(at(0.0)).1, 1);
    desk.claim(&new, at(0.11)).unwrap();
    let other = ticket(Rank::Submit, "a", 10_000);
    desk.claim(&other, at(0.11)).unwrap_err();
    desk.leave(&new, at(0.11));
    desk.claim(&other, at(0.11)).unwrap();
}

#[test]
fn whoever_has_long_to_wait_asks_again_within_half_a_minute() {
    let mut desk = busy(Rate {
        size: 200.0,
        per_second: 10.0,
    });
    for number in 0..5_000 {
        let back = desk.claim(&ticket(Rank::Submit, "a", number), at(0.0));
        assert!(seconds(back.unwrap_err()) <= 30.0);
    }
}

#[test]
fn two_who_ask_the_same_have_a_place_each() {
    let mut desk = busy(Rate {
        size: 10.0,
        per_second: 1.0,
    });
    let [one, other] =
        ["one", "other"].map(|object| Ticket::new(Rank::Submit, &"a".into(), object, "GET", "/x"));
    desk.claim(&one, at(0.0)).unwrap_err();
    desk.claim(&other, at(0.0)).unwrap_err();
    assert_eq!(desk.read(at(0.0)).1, 2);
    desk.spend(&one, at(1.01)).unwrap();
    assert_eq!(desk.read(at(1.01)).1, 1, "the other keeps his place");
}

#[test]
fn who_has_begun_goes_before_who_has_not_and_not_before_a_higher_rank() {
    let mut desk = busy(Rate {
        size: 10.0,
        per_second: 1.0,
    });
    let ask = |rank, number| ticket(rank, "a", number);
    for number in 0..9 {
        desk.claim(&ask(Rank::Arrange, number), at(0.0)).ok();
    }
    drain(&mut desk, Rank::Urgent);
    let begun = ask(Rank::Arrange, 8).begun(true);
    let first = desk.claim(&ask(Rank::Follow, 0), at(0.0)).unwrap_err();
    let second = desk.claim(&begun, at(0.0)).unwrap_err();
    let third = desk.claim(&ask(Rank::Arrange, 7), at(0.0)).unwrap_err();
    assert!(first < second && second < third, "{first} {second} {third}");
    assert!(!ask(Rank::Submit, 0).begun(true).is_begun());
}

#[test]
fn what_others_use_is_learnt_once_however_many_answers_tell() {
    let mut desk = Desk::new(
        Some(Rate {
            size: 200.0,
            per_second: 10.0,
        }),
        at(0.0),
    );
    let sent: Vec<_> = (0..4_u32)
        .map(|number| {
            desk.spend(&ticket(Rank::Urgent, "a", number as usize), at(0.0))
                .unwrap()
        })
        .collect();
    assert!(
        desk.spend(&ticket(Rank::Urgent, "a", 9), at(0.0)).is_err(),
        "nothing is known yet"
    );
    // Others have used 100: 99 are left after the first of ours, 96 after the last. The answers may come in any order.
    for (number, sent) in sent.into_iter().enumerate().rev() {
        let left = 99.0 - f64::from(u32::try_from(number).unwrap());
        desk.answered(sent, Some(left), at(0.1));
    }
    let (left, _) = desk.read(at(0.1));
    let left = left.unwrap();
    assert!((left - 96.0).abs() < 0.01, "{left}");
}

#[test]
fn a_promise_of_more_is_not_believed() {
    let mut desk = Desk::new(
        Some(Rate {
            size: 20.0,
            per_second: 1.0,
        }),
        at(0.0),
    );
    let sent = desk.spend(&ticket(Rank::Urgent, "a", 0), at(0.0)).unwrap();
    desk.answered(sent, Some(11_999.0), at(0.0));
    assert_eq!(desk.read(at(0.0)).0, Some(19.0));
}

#[test]
fn requests_that_are_refused_together_slow_us_down_once() {
    let rate = Rate {
        size: 200.0,
        per_second: 16.0,
    };
    let mut desk = Desk::new(Some(rate), at(0.0));
    let sent: Vec<_> = (0..4)
        .map(|number| {
            desk.spend(&ticket(Rank::Urgent, "a", number), at(0.0))
                .unwrap()
        })
        .collect();
    for sent in sent {
        desk.shut(sent, at(10.0), at(0.1));
    }
    assert!(desk.spend(&ticket(Rank::Urgent, "a", 9), at(9.9)).is_err());
    desk.spend(&ticket(Rank::Urgent, "a", 9), at(10.0)).unwrap();
    let back = desk
        .claim(&ticket(Rank::Urgent, "a", 10), at(10.0))
        .unwrap_err();
    assert!(
        (seconds(back) - 10.0 - 1.0 / 8.0).abs() < 0.01,
        "half the pace: {back}"
    );
}

#[test]
fn a_scope_without_numbers_is_open_unless_azure_shut_it() {
    let mut desk = Desk::new(None, at(0.0));
    let mut last = None;
    for number in 0..1_000 {
        last = Some(
            desk.spend(&ticket(Rank::Submit, "a", number), at(0.0))
                .unwrap(),
        );
    }
    for _ in 0..32 {
        desk.shut(last.unwrap(), at(5.0), at(0.0));
    }
    let askers = (0..200).map(|number| Asker {
        ticket: ticket(Rank::Urgent, "a", number),
        comes: 4.0,
        late: 0.0,
    });
    let served = serve(&mut desk, &askers.collect::<Vec<_>>());
    let within = |time: f64| served.iter().filter(|(when, _)| *when <= time).count();
    assert_eq!((within(4.999), within(5.05)), (0, 1), "one tries it first");
    assert!((4..10).contains(&within(6.0)), "{}", within(6.0));
    assert!(served.last().unwrap().0 < 45.0);
    for number in 0..1_000 {
        desk.spend(&ticket(Rank::Submit, "a", number), at(100.0))
            .unwrap();
    }
}

#[test]
fn scopes_that_are_like_new_are_forgotten() {
    let budget = Budget::default();
    let lane = |name: &str| Lane {
        scope: Scope::of(
            &format!("https://h/subscriptions/{name}").parse().unwrap(),
            "me",
            Effect::Read,
        ),
        rate: None,
    };
    let one = ticket(Rank::Submit, "a", 0);
    drop(budget.spend(&lane("idle"), &one).unwrap());
    let shut = budget.spend(&lane("shut"), &one).unwrap();
    shut.shut(Timestamp::now() + Duration::from_mins(1));
    budget.claim(&lane("new"), &one).unwrap();
    let kept: HashSet<Scope> = budget.desks().keys().cloned().collect();
    assert_eq!(kept, HashSet::from([lane("shut").scope, lane("new").scope]));
}

#[test]
fn a_clock_that_is_set_back_or_forward_changes_nothing() {
    let time = Arc::new(Mutex::new((at(10_000.0), Duration::ZERO)));
    let read = Arc::clone(&time);
    let budget = Budget::by(Clock::from_fn(move || *read.lock().unwrap()), 100, 32);
    let rate = Rate {
        size: 1.0,
        per_second: 1.0,
    };
    let lane = Lane {
        scope: Scope::of(&"https://h/".parse().unwrap(), "me", Effect::Read),
        rate: Some(rate),
    };
    let asks = |wall: f64, passed: f64| {
        *time.lock().unwrap() = (at(wall), Duration::from_secs_f64(passed));
        budget.spend(&lane, &ticket(Rank::Urgent, "a", 0))
    };
    drop(asks(10_000.0, 0.0).unwrap());
    let back = asks(6_400.0, 0.1).unwrap_err();
    assert!((seconds(back) - 6_400.9).abs() < 0.01, "{back}");
    let trip = asks(6_401.0, 1.1).unwrap();
    asks(13_600.0, 1.2).unwrap_err();
    trip.shut(at(13_605.0));
    drop(trip);
    asks(1.0, 5.9).unwrap_err();
    asks(1.0, 6.5).unwrap();
}
