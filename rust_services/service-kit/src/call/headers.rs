//! What a call's headers say: its ids, and how long its caller waits.

use std::fmt::Write as _;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::{Duration, Instant};

use http::{HeaderMap, HeaderName};

pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");

/// Longest id of a request that is taken over from the caller.
const MAX_ID_BYTES: usize = 128;

/// How much earlier than the caller's deadline a call is given up: tonic's own timer ends calls with
/// CANCELLED, which would hide what happened.
const HEAD_START: Duration = Duration::from_millis(30);

/// Longest time of a call, and that of one whose caller does not say how long it waits: nothing holds
/// a slot for ever.
const LONGEST_CALL: Duration = Duration::from_secs(15 * 60);

/// The caller's id if it is plain, else a new one.
pub(super) fn request_id(headers: &HeaderMap) -> String {
    let given = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok());
    plain_id(given)
}

/// The same of an id by itself.
pub(crate) fn plain_id(given: Option<&str>) -> String {
    let plain = |id: &&str| {
        (1..=MAX_ID_BYTES).contains(&id.len())
            && id
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    };
    given.filter(plain).map_or_else(new_id, str::to_owned)
}

/// 128 bits from the keys that the standard library draws for each hash state.
fn new_id() -> String {
    let mut id = String::with_capacity(32);
    for _ in 0..2 {
        write!(id, "{:016x}", RandomState::new().build_hasher().finish()).expect("a string grows");
    }
    id
}

/// The W3C trace context, if it looks like one.
pub(super) fn traceparent(headers: &HeaderMap) -> String {
    let given = headers
        .get(TRACEPARENT)
        .and_then(|value| value.to_str().ok());
    let shaped = |value: &&str| {
        value.len() == 55 && value.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
    };
    given.filter(shaped).unwrap_or_default().to_owned()
}

/// When the call is given up: when the caller stops waiting, less the head start, or after the longest
/// time of a call.
pub(super) fn deadline(headers: &HeaderMap) -> Instant {
    let asked = timeout(headers).map(|asked| asked.saturating_sub(HEAD_START.min(asked / 10)));
    Instant::now() + asked.unwrap_or(LONGEST_CALL).min(LONGEST_CALL)
}

/// How long the caller waits, if it says so.
fn timeout(headers: &HeaderMap) -> Option<Duration> {
    let timeout = headers.get(TIMEOUT)?.to_str().ok()?;
    let (number, unit) = timeout.split_at_checked(timeout.len().checked_sub(1)?)?;
    let number: u64 = number.parse().ok()?;
    Some(match unit {
        "H" => Duration::from_secs(number.saturating_mul(3600)),
        "M" => Duration::from_secs(number.saturating_mul(60)),
        "S" => Duration::from_secs(number),
        "m" => Duration::from_millis(number),
        "u" => Duration::from_micros(number),
        "n" => Duration::from_nanos(number),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(name: HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn a_plain_id_is_kept_and_a_strange_one_replaced() {
        assert_eq!(request_id(&headers(REQUEST_ID, "a1-b2")), "a1-b2");
        let fresh = request_id(&headers(REQUEST_ID, "a b\"c"));
        assert_eq!(fresh.len(), 32);
        assert_ne!(fresh, request_id(&HeaderMap::new()));
    }

    #[test]
    fn a_deadline_is_a_little_earlier_than_the_callers() {
        let now = Instant::now();
        let left = deadline(&headers(TIMEOUT, "2S")).duration_since(now);
        assert!(left > Duration::from_millis(1900) && left < Duration::from_secs(2));
    }

    #[test]
    fn a_call_without_a_deadline_or_with_a_far_one_ends_after_the_longest_time() {
        for headers in [
            HeaderMap::new(),
            headers(TIMEOUT, ""),
            headers(TIMEOUT, "soon"),
            headers(TIMEOUT, "16M"),
            headers(TIMEOUT, "99999999H"),
        ] {
            let now = Instant::now();
            let left = deadline(&headers).duration_since(now);
            assert!(left >= LONGEST_CALL && left < LONGEST_CALL + Duration::from_secs(5));
        }
    }
}
