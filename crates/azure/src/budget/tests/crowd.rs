//! Many objects that each make several requests, by few passes, under a small budget.

use std::collections::VecDeque;

use super::*;
use crate::limits::Limits;

/// From a request to its answer.
const LATENCY: f64 = 0.1;

struct Crowd {
    objects: usize,
    /// That each makes in a pass; the last ends it.
    reads: usize,
    passes: usize,
    beds: usize,
}

#[derive(Clone, Copy)]
enum Event {
    Wakes,
    /// The number of the read, since when its pass waits for it, and whether it has a bed.
    Asks(usize, f64, bool),
    Answered(usize),
}

impl Crowd {
    /// When all were through, and how many requests that took. Everybody does as `Client::turn` does.
    fn play(&self, desk: &mut Desk) -> (f64, usize) {
        let mut events: Vec<(f64, usize, Event)> = (0..self.objects)
            .map(|object| (0.0, object, Event::Wakes))
            .collect();
        let mut queue = VecDeque::new();
        let (mut running, mut asleep, mut requests, mut done) = (0, 0, 0, 0);
        loop {
            let next = (0..events.len()).min_by(|a, b| events[*a].0.total_cmp(&events[*b].0));
            let (now, object, event) = events.remove(next.unwrap());
            if now > 3_600.0 {
                return (now, requests);
            }
            match event {
                Event::Wakes => queue.push_back(object),
                Event::Asks(read, since, bed) => {
                    asleep -= usize::from(bed);
                    let (id, path) = (object.to_string(), read.to_string());
                    let ticket = Ticket::new(Rank::Arrange, &"team".into(), &id, "GET", &path);
                    let ticket = ticket.begun(read > 0);
                    match desk.spend(&ticket, at(now)).map_err(seconds) {
                        Ok(sent) => {
                            requests += 1;
                            desk.answered(sent, None, at(now));
                            desk.is_back(sent, at(now));
                            events.push((now + LATENCY, object, Event::Answered(read)));
                        }
                        Err(back)
                            if (asleep < self.beds || !ticket.is_of_a_crowd())
                                && back - since <= ticket.patience().as_secs_f64() =>
                        {
                            let bed = ticket.is_of_a_crowd();
                            asleep += usize::from(bed);
                            events.push((back, object, Event::Asks(read, since, bed)));
                        }
                        Err(back) => {
                            running -= 1;
                            if ticket.is_begun() {
                                desk.leave(&ticket, at(now));
                            }
                            events.push((back.max(now + 0.25), object, Event::Wakes));
                        }
                    }
                }
                Event::Answered(read) if read + 1 < self.reads => {
                    events.push((now, object, Event::Asks(read + 1, now, false)));
                }
                Event::Answered(_) => {
                    running -= 1;
                    done += 1;
                }
            }
            while running < self.passes
                && let Some(object) = queue.pop_front()
            {
                running += 1;
                events.push((now, object, Event::Asks(0, now, false)));
            }
            if done == self.objects {
                return (now, requests);
            }
        }
    }
}

#[test]
fn looks_of_several_requests_do_not_live_off_each_others_repetitions() {
    let rows = [
        (100, 400, 32),
        (100, 400, 128),
        (50, 200, 32),
        (20, 100, 32),
        (20, 300, 32),
        (10, 100, 32),
        (2, 50, 32),
    ];
    for (percent, objects, passes) in rows {
        let rate = Limits::default().reads.part(percent);
        let crowd = Crowd {
            objects,
            reads: 4,
            passes,
            beds: passes - usize::from(AWAKE),
        };
        let (last, spent) = crowd.play(&mut busy(rate));
        let needed = objects * crowd.reads;
        let ideal = f64::from(u32::try_from(needed).unwrap()) / rate.per_second;
        assert!(
            last <= ideal * 1.1 + 10.0 && spent <= needed + needed / 20,
            "{percent} % of {objects}: {last} s, {ideal} at best; {spent} requests, {needed} needed"
        );
    }
}
