//! How long Azure asks to be left alone.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;

use crate::response::Response;
use crate::tolerant;

/// ARM's own range ends at 600 s (contract §0.3); an hour still believes a region in trouble, and
/// no wrong value shuts a subscription for days.
const LONGEST: Duration = Duration::from_hours(1);

/// From `x-ms-retry-after-ms`, `retry-after-ms` or `Retry-After` (seconds or a date).
pub(crate) fn retry_after(response: &Response, now: Timestamp) -> Option<Duration> {
    let milliseconds = ["x-ms-retry-after-ms", "retry-after-ms"]
        .iter()
        .find_map(|name| {
            response
                .header(name)?
                .trim()
                .parse()
                .ok()
                .map(Duration::from_millis)
        });
    let asked = milliseconds.or_else(|| {
        let text = response.header("retry-after")?;
        tolerant::seconds(text).or_else(|| until_date(text, now))
    })?;
    Some(asked.min(LONGEST))
}

fn until_date(text: &str, now: Timestamp) -> Option<Duration> {
    // An HTTP date is RFC 2822's with the zone spelt GMT (RFC 9110 §5.6.7).
    let at = rfc2822::DateTimeParser::new()
        .parse_timestamp(text.trim())
        .ok()?;
    Some(Duration::try_from(at.duration_since(now)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

    type Headers = [(&'static str, &'static str)];

    fn asked(headers: &Headers) -> Option<Duration> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
        }
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        retry_after(
            &Response {
                status: 429,
                headers: map,
                body: Bytes::new(),
            },
            now,
        )
    }

    #[test]
    fn every_spelling_is_read_and_bounded() {
        let rows: &[(&Headers, Option<u64>)] = &[
            (&[], None),
            (&[("retry-after", "17")], Some(17_000)),
            (
                &[("retry-after", "17"), ("x-ms-retry-after-ms", "250")],
                Some(250),
            ),
            (
                &[("retry-after", "Thu, 01 Jan 2026 00:00:30 GMT")],
                Some(30_000),
            ),
            (&[("retry-after", "Wed, 01 Jan 2020 00:00:30 GMT")], Some(0)),
            (&[("retry-after", "99999999")], Some(3_600_000)),
            (&[("retry-after", "soon")], None),
        ];
        for (headers, expected) in rows {
            assert_eq!(
                asked(headers),
                expected.map(Duration::from_millis),
                "{headers:?}"
            );
        }
    }
}
