//! A request whose turn has not come.

use jiff::Timestamp;

use super::Client;
use crate::budget::{Lane, Ticket};
use crate::error::Error;
use crate::request::Call;

/// The place in the line of a request that is not made yet, and then the token that is kept for it.
#[derive(Clone, Debug)]
pub struct Place {
    client: Client,
    lane: Lane,
    ticket: Ticket,
}

impl Place {
    /// Asks whether the turn has come, or when to come back: not before, since nothing is there, and not much after, since
    /// the place is lost then. What is given is kept for the request for a minute.
    pub fn ask(&self) -> Result<(), Timestamp> {
        let budget = &self.client.inner.options.budget;
        budget.claim(&self.lane, &self.ticket)
    }

    /// Gives it up, so that others do not wait for who does not come. A token that was not used is there for them.
    pub fn leave(&self) {
        let budget = &self.client.inner.options.budget;
        budget.leave(&self.lane, &self.ticket);
    }
}

/// Stands in line for a request that is not made yet.
#[derive(Clone, Debug)]
pub struct Waiting {
    place: Place,
    op: &'static str,
    until: Timestamp,
}

impl Waiting {
    /// Where.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// When to come back.
    pub fn until(&self) -> Timestamp {
        self.until
    }

    /// What the request would be answered with.
    pub fn error(&self) -> Error {
        Error::waiting(self.op, self.until)
    }
}

impl Client {
    /// Has a token kept for a call that is about to be sent by this client, or stands in line for it. What cannot be
    /// addressed waits for nothing and has no place: sending it tells why.
    pub fn claim<T>(&self, call: &Call<T>) -> Result<Option<Place>, Box<Waiting>> {
        let Ok(url) = call.request.url(self.cloud()) else {
            return Ok(None);
        };
        let (lane, ticket) = self.place(&call.request, &url);
        let place = Place {
            client: self.clone(),
            lane,
            ticket,
        };
        match place.ask() {
            Ok(()) => Ok(Some(place)),
            Err(until) => Err(Box::new(Waiting {
                place,
                op: call.request.op,
                until,
            })),
        }
    }
}
