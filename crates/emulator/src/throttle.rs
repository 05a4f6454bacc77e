//! Token buckets per principal and kind of request (contract §0.4); off unless the settings say so.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use axum::http::header::RETRY_AFTER;
use axum::http::{Method, StatusCode};
use jiff::Timestamp;

use crate::error::Refusal;
use crate::settings::{Bucket, Limits};

/// How full the buckets are.
#[derive(Debug, Default)]
pub(crate) struct Throttle {
    levels: Mutex<BTreeMap<(String, Kind), Level>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Reads,
    Writes,
    Deletes,
}

#[derive(Clone, Copy, Debug)]
struct Level {
    tokens: f64,
    at: Timestamp,
}

/// What is left after a request that was let through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Remaining {
    /// The response header's name.
    pub(crate) header: &'static str,
    /// Whole tokens.
    pub(crate) tokens: String,
}

impl Throttle {
    /// Takes a token, or refuses with 429.
    pub(crate) fn take(
        &self,
        limits: Limits,
        principal: &str,
        method: &Method,
        now: Timestamp,
    ) -> Result<Option<Remaining>, Refusal> {
        if !limits.enabled {
            return Ok(None);
        }
        let (kind, bucket, header) = match *method {
            Method::GET | Method::HEAD => (
                Kind::Reads,
                limits.reads,
                "x-ms-ratelimit-remaining-subscription-reads",
            ),
            Method::DELETE => (
                Kind::Deletes,
                limits.deletes,
                "x-ms-ratelimit-remaining-subscription-deletes",
            ),
            _ => (
                Kind::Writes,
                limits.writes,
                "x-ms-ratelimit-remaining-subscription-writes",
            ),
        };
        let mut levels = self.levels.lock().unwrap_or_else(PoisonError::into_inner);
        let level = levels.entry((principal.to_owned(), kind)).or_insert(Level {
            tokens: bucket.size,
            at: now,
        });
        level.refill(bucket, now);
        if level.tokens < 1.0 {
            return Err(refusal((1.0 - level.tokens) / bucket.per_second.max(0.001)));
        }
        level.tokens -= 1.0;
        Ok(Some(Remaining {
            header,
            tokens: format!("{:.0}", level.tokens.floor()),
        }))
    }

    /// All buckets are full again.
    pub(crate) fn clear(&self) {
        self.levels
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}

impl Level {
    fn refill(&mut self, bucket: Bucket, now: Timestamp) {
        let seconds = now.duration_since(self.at).as_secs_f64().max(0.0);
        self.tokens = (self.tokens + seconds * bucket.per_second).min(bucket.size);
        self.at = now;
    }
}

fn refusal(seconds: f64) -> Refusal {
    Refusal::plain(
        StatusCode::TOO_MANY_REQUESTS,
        "SubscriptionRequestsThrottled",
        "Number of requests for subscription and this kind of operation exceeded the limit. \
         Please try again after the time that Retry-After says.",
    )
    .header(RETRY_AFTER, &format!("{:.0}", seconds.ceil().max(1.0)))
}

#[cfg(test)]
mod tests {
    use axum::http::{Method, StatusCode};
    use axum::response::IntoResponse;
    use jiff::{SignedDuration, Timestamp};

    use super::Throttle;
    use crate::settings::{Bucket, Limits};

    #[test]
    fn an_empty_bucket_refuses_until_it_refills() {
        let throttle = Throttle::default();
        let limits = Limits {
            enabled: true,
            reads: Bucket {
                size: 2.0,
                per_second: 0.5,
            },
            ..Limits::default()
        };
        let now = Timestamp::UNIX_EPOCH;
        let take = |seconds| {
            throttle.take(
                limits,
                "p",
                &Method::GET,
                now + SignedDuration::from_secs(seconds),
            )
        };
        assert_eq!(take(0).unwrap().unwrap().tokens, "1");
        assert_eq!(take(0).unwrap().unwrap().tokens, "0");
        let refused = take(0).unwrap_err().into_response();
        assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(refused.headers()["retry-after"], "2");
        assert!(throttle.take(limits, "other", &Method::GET, now).is_ok());
        assert!(throttle.take(limits, "p", &Method::DELETE, now).is_ok());
        assert_eq!(take(2).unwrap().unwrap().tokens, "0");
    }
}
