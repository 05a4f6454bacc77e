//! A request whose turn has not come.

use jiff::Timestamp;

use super::Client;
use crate::budget::{Lane, Ticket};
use crate::error::Error;
use crate::request::Call;

/// Stands in line for a request that is not made yet.
#[derive(Clone, Debug)]
pub struct Waiting {
    client: Client,
    lane: Lane,
    ticket: Ticket,
    op: &'static str,
    until: Timestamp,
}

impl Waiting {
    /// When to come back: not before, since nothing is there, and not much after, since the place is lost then.
    pub fn until(&self) -> Timestamp {
        self.until
    }

    /// Asks whether the turn has come. Then the token is kept for the request for a minute.
    pub fn ask(&self) -> Result<(), Timestamp> {
        let budget = &self.client.inner.options.budget;
        budget.claim(&self.lane, &self.ticket)
    }

    /// What the request would be answered with.
    pub fn error(&self) -> Error {
        Error::waiting(self.op, self.until)
    }
}

impl Client {
    /// Has a token kept for a call that is about to be sent by this client, or stands in line for it. What cannot be
    /// addressed waits for nothing: sending it tells why.
    pub fn claim<T>(&self, call: &Call<T>) -> Result<(), Box<Waiting>> {
        let Ok(url) = call.request.url(self.cloud()) else {
            return Ok(());
        };
        let (lane, ticket) = self.place(&call.request, &url);
        let claimed = self.inner.options.budget.claim(&lane, &ticket);
        claimed.map_err(|until| {
            Box::new(Waiting {
                client: self.clone(),
                lane,
                ticket,
                op: call.request.op,
                until,
            })
        })
    }
}
