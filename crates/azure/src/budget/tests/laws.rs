//! What holds whoever asks, when, and at which pace.

use super::*;

fn rate() -> impl Strategy<Value = Rate> {
    (1.0..60.0, 0.5..40.0).prop_map(|(size, per_second)| Rate { size, per_second })
}

fn rank() -> impl Strategy<Value = Rank> {
    prop::sample::select(Rank::ALL.to_vec())
}

fn askers() -> impl Strategy<Value = Vec<Asker>> {
    let one = (rank(), 0..4_usize, 0.0..20.0, 0.0..5.0);
    prop::collection::vec(one, 1..150).prop_map(|all| {
        let asker = |(number, (rank, share, comes, late))| Asker {
            ticket: ticket(rank, &format!("share-{share}"), number),
            comes,
            late,
        };
        all.into_iter().enumerate().map(asker).collect()
    })
}

/// A request that went, and what Azure answered once it arrived there; `None` before it goes.
type Journey = Option<(Sent, Option<f64>)>;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_window_sees_more_than_azure_gives(rate in rate(), askers in askers()) {
        let mut desk = Desk::new(Some(rate), at(0.0));
        let served = serve(&mut desk, &askers);
        for (begin, (from, _)) in served.iter().enumerate() {
            for (end, (to, _)) in served.iter().enumerate().skip(begin) {
                let given = f64::from(u32::try_from(end - begin + 1).unwrap());
                let most = rate.size + rate.per_second * (to - from);
                prop_assert!(given <= most + 1e-3, "{given} of {most} from {from} to {to}");
            }
        }
    }

    #[test]
    fn azure_never_refuses_however_long_requests_are_on_their_way(
        rate in rate(),
        askers in prop::collection::vec((rank(), 0.0..10.0, 0.0..3.0, 0.0..3.0), 1..150),
    ) {
        let mut desk = Desk::new(Some(rate), at(0.0));
        let (mut tokens, mut counted, mut served) = (rate.size, 0.0, 0);
        // What happens next: somebody asks, a request arrives at Azure, or its answer arrives here.
        let mut events: Vec<(f64, usize, Journey)> =
            (0..).zip(&askers).map(|(who, (_, comes, ..))| (*comes, who, None)).collect();
        while let Some(next) = (0..events.len()).min_by(|a, b| events[*a].0.total_cmp(&events[*b].0)) {
            let (now, who, event) = events.swap_remove(next);
            let (rank, _, there, back) = askers[who];
            match event {
                None => match desk.spend(&ticket(rank, "a", who), at(now)) {
                    Ok(sent) => events.push((now + there, who, Some((sent, None)))),
                    Err(back) => events.push((seconds(back), who, None)),
                },
                Some((sent, None)) => {
                    tokens = (tokens + (now - counted) * rate.per_second).min(rate.size);
                    counted = now;
                    prop_assert!(tokens >= 1.0 - 1e-3, "refused at {now} with {tokens}");
                    tokens -= 1.0;
                    events.push((now + back, who, Some((sent, Some(tokens.max(0.0).floor())))));
                }
                Some((sent, left)) => {
                    desk.answered(sent, left, at(now));
                    desk.is_back(sent, at(now));
                    served += 1;
                }
            }
        }
        prop_assert_eq!(served, askers.len());
    }

    #[test]
    fn everybody_is_served_once_and_before_long(rate in rate(), askers in askers()) {
        let count = askers.len();
        let mut desk = Desk::new(Some(rate), at(0.0));
        let served = serve(&mut desk, &askers);
        let ids: HashSet<u64> = served.iter().map(|(_, ticket)| ticket.id).collect();
        prop_assert_eq!(ids.len(), count);
        let last = served.last().unwrap().0;
        // All have come after 20 s. A bucket of one token loses what comes while the next in line is late, each time
        // 5 s at most, and a place may be lost by that.
        let tokens = f64::from(u32::try_from(count).unwrap());
        let most = 20.0 + tokens * (1.0 / rate.per_second + 5.0) + 60.0;
        prop_assert!(last <= most, "{last} s for {count}, {most} s at most");
        prop_assert_eq!(desk.read(at(last)).1, 0);
    }

    #[test]
    fn one_of_another_share_does_not_wait_behind_a_crowd(crowd in 10..800_usize, per_second in 1.0..50.0) {
        let mut desk = busy(Rate { size: 200.0, per_second });
        let now = at(0.0);
        for number in 0..crowd {
            desk.claim(&ticket(Rank::Submit, "crowd", number), now).unwrap_err();
        }
        let single = ticket(Rank::Submit, "single", 0);
        let back = desk.claim(&single, now).unwrap_err();
        prop_assert!(seconds(back) <= 2.0 / per_second + 0.01, "{back}");
        desk.spend(&single, back).unwrap();
    }

    #[test]
    fn shares_that_wait_together_are_served_in_turn(shares in 2..6_usize, each in 5..30_usize) {
        let mut desk = busy(Rate { size: 200.0, per_second: 10.0 });
        let asker = |share: usize, number: usize| Asker {
            ticket: ticket(Rank::Submit, &format!("share-{share}"), number),
            comes: f64::from(u32::try_from(share).unwrap()) / 1e4,
            late: 0.0,
        };
        let askers = (0..shares).flat_map(|share| (0..each).map(move |number| asker(share, number)));
        let served = serve(&mut desk, &askers.collect::<Vec<_>>());
        let mut counts = BTreeMap::<Arc<str>, usize>::new();
        for (_, ticket) in &served[..shares * (each - 2)] {
            *counts.entry(Arc::clone(&ticket.share)).or_default() += 1;
            let most = counts.values().max().unwrap();
            let least = if counts.len() < shares { 0 } else { *counts.values().min().unwrap() };
            prop_assert!(most - least <= 2, "{counts:?}");
        }
    }

    #[test]
    fn nothing_goes_while_azure_rests_and_little_right_after(wait in 1.0..600.0, count in 2..100_usize) {
        let mut desk = Desk::new(Some(Rate { size: 200.0, per_second: 10.0 }), at(0.0));
        let first = desk.spend(&ticket(Rank::Submit, "a", 0), at(0.0)).unwrap();
        let kept = ticket(Rank::Submit, "a", 1);
        desk.claim(&kept, at(0.5)).unwrap();
        desk.shut(first, at(wait), at(0.5));
        prop_assert!(desk.spend(&kept, at(0.5)).is_err(), "a token from before the refusal");
        let askers = (2..count + 2).map(|number| Asker {
            ticket: ticket(Rank::Submit, "a", number), comes: 0.5, late: 0.0,
        });
        let served = serve(&mut desk, &askers.collect::<Vec<_>>());
        prop_assert!(served.iter().all(|(when, _)| *when >= wait));
        let soon = served.iter().filter(|(when, _)| *when <= wait + 1.0).count();
        prop_assert!(soon <= 6, "{soon} within a second at half the pace");
    }
}
