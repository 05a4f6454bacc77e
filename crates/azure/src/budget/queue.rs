//! Who waits, and in which order: the higher rank first, within a rank whoever has begun, and then one share after the
//! other.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::{Rank, Ticket};

/// Whoever does not come back for so long after the time that he was told has lost his place.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Clone, Debug, Default)]
pub(super) struct Queue {
    ranks: [Rows; Rank::ALL.len()],
}

/// Those of one rank.
#[derive(Clone, Debug, Default)]
struct Rows {
    /// Who has begun loses what it has got if it does not go on, and is soon done.
    begun: Row,
    others: Row,
}

/// Those who are served in turn.
#[derive(Clone, Debug, Default)]
struct Row {
    waiting: HashMap<u64, Place>,
    shares: HashMap<Arc<str>, Share>,
    /// Grows with every ticket that was served or came: an order of both.
    events: u64,
}

#[derive(Clone, Debug)]
struct Place {
    share: Arc<str>,
    number: i64,
    expected: Timestamp,
}

#[derive(Clone, Debug, Default)]
struct Share {
    /// Number and id, in the order of numbers.
    tickets: VecDeque<(i64, u64)>,
    /// When one of its tickets was served last, and when the share came: who has the least is next.
    order: (u64, u64),
}

impl Queue {
    /// Puts a ticket behind the others of its share, unless it waits already.
    pub(super) fn enter(&mut self, ticket: &Ticket, expected: Timestamp) {
        let Rows { begun, others } = self.rows(ticket.rank);
        let (row, other) = if ticket.begun {
            (begun, others)
        } else {
            (others, begun)
        };
        other.leave(ticket.id);
        row.enter(ticket, expected, false);
    }

    /// Puts a ticket that had been served before the others of its share.
    pub(super) fn enter_again(&mut self, ticket: &Ticket, expected: Timestamp) {
        self.row(ticket).enter(ticket, expected, true);
    }

    /// How many are to be served before it.
    pub(super) fn ahead(&self, ticket: &Ticket) -> usize {
        let above = self.ranks.iter().take(ticket.rank as usize);
        let above: usize = above.map(Rows::len).sum();
        let rows = self.ranks.get(ticket.rank as usize);
        above + rows.map_or(0, |rows| rows.ahead(ticket))
    }

    /// It is served, and its share is the last to be served again.
    pub(super) fn serve(&mut self, ticket: &Ticket) {
        let row = self.row(ticket);
        row.events += 1;
        let now = row.events;
        if let Some(share) = row.shares.get_mut(&ticket.share) {
            share.order.0 = now;
        }
        row.leave(ticket.id);
    }

    /// It waits no more.
    pub(super) fn leave(&mut self, ticket: &Ticket) {
        self.row(ticket).leave(ticket.id);
    }

    /// Keeps when it is expected back.
    pub(super) fn expect(&mut self, ticket: &Ticket, at: Timestamp) {
        if let Some(place) = self.row(ticket).waiting.get_mut(&ticket.id) {
            place.expected = at;
        }
    }

    /// Lets those go who have not come back.
    pub(super) fn drop_the_late(&mut self, now: Timestamp) {
        let rows = self.ranks.iter_mut();
        for row in rows.flat_map(|rows| [&mut rows.begun, &mut rows.others]) {
            let late = row.waiting.iter().filter(|(_, place)| {
                Duration::try_from(now.duration_since(place.expected)).is_ok_and(|d| d > PATIENCE)
            });
            let late: Vec<u64> = late.map(|(id, _)| *id).collect();
            for id in late {
                row.leave(id);
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.ranks.iter().map(Rows::len).sum()
    }

    fn row(&mut self, ticket: &Ticket) -> &mut Row {
        let rows = self.rows(ticket.rank);
        if ticket.begun {
            &mut rows.begun
        } else {
            &mut rows.others
        }
    }

    fn rows(&mut self, rank: Rank) -> &mut Rows {
        let [urgent, follow, arrange, submit] = &mut self.ranks;
        match rank {
            Rank::Urgent => urgent,
            Rank::Follow => follow,
            Rank::Arrange => arrange,
            Rank::Submit => submit,
        }
    }
}

impl Rows {
    fn ahead(&self, ticket: &Ticket) -> usize {
        let before = if ticket.begun {
            self.begun.ahead(ticket.id)
        } else {
            let own = self.others.ahead(ticket.id);
            own.map(|own| self.begun.waiting.len() + own)
        };
        before.unwrap_or_default()
    }

    fn len(&self) -> usize {
        self.begun.waiting.len() + self.others.waiting.len()
    }
}

impl Row {
    fn enter(&mut self, ticket: &Ticket, expected: Timestamp, first: bool) {
        if self.waiting.contains_key(&ticket.id) {
            return;
        }
        self.events += 1;
        let came = self.events;
        let share = self
            .shares
            .entry(Arc::clone(&ticket.share))
            .or_insert_with(|| Share {
                order: (0, came),
                ..Share::default()
            });
        let number = if first {
            let number = share.tickets.front().map_or(0, |(number, _)| number - 1);
            share.tickets.push_front((number, ticket.id));
            number
        } else {
            let number = share.tickets.back().map_or(0, |(number, _)| number + 1);
            share.tickets.push_back((number, ticket.id));
            number
        };
        let place = Place {
            share: Arc::clone(&ticket.share),
            number,
            expected,
        };
        self.waiting.insert(ticket.id, place);
    }

    /// One round after the other takes one ticket of each share, the share that was served longest ago first.
    fn ahead(&self, id: u64) -> Option<usize> {
        let place = self.waiting.get(&id)?;
        let own = self.shares.get(&place.share)?;
        let round = own.position(place.number)?;
        let others = self.shares.iter().filter(|(name, _)| **name != place.share);
        let before = others.map(|(_, other)| {
            let same_round = other.tickets.len() > round && other.order < own.order;
            other.tickets.len().min(round) + usize::from(same_round)
        });
        Some(round + before.sum::<usize>())
    }

    fn leave(&mut self, id: u64) {
        let Some(place) = self.waiting.remove(&id) else {
            return;
        };
        if let Some(share) = self.shares.get_mut(&place.share)
            && let Some(at) = share.position(place.number)
        {
            share.tickets.remove(at);
        }
        if self.waiting.is_empty() {
            // Who was served last matters while somebody waits.
            *self = Self::default();
        }
    }
}

impl Share {
    fn position(&self, number: i64) -> Option<usize> {
        self.tickets
            .binary_search_by_key(&number, |(number, _)| *number)
            .ok()
    }
}
