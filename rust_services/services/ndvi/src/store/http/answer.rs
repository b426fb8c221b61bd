//! What an answer's head must say before its body is read.

use std::ops::Range;
use std::time::Duration;

use reqwest::header::{
    CONTENT_ENCODING, CONTENT_RANGE, ETAG, HeaderMap, HeaderName, LAST_MODIFIED, RETRY_AFTER,
};
use reqwest::{Response, StatusCode};

use super::failure::Failure;
use super::known::Known;

/// Longest tag or date that is kept.
const MAX_VERSION_BYTES: usize = 512;

/// The head of an answer that fits its request.
pub struct Head {
    pub known: Known,
    /// Bytes of the body.
    pub length: u64,
}

impl Head {
    /// Checks status and headers.
    ///
    /// # Arguments
    /// * `range`: what was asked for, not empty.
    /// * `before`: what the object's first answer said; None before that.
    pub fn of(
        response: &Response,
        range: &Range<u64>,
        before: Option<&Known>,
    ) -> Result<Self, Failure> {
        let headers = response.headers();
        let is_open = before.is_some();
        let known = |size| Known {
            size,
            e_tag: version(headers, &ETAG),
            last_modified: version(headers, &LAST_MODIFIED),
        };
        let said = text(headers, &CONTENT_RANGE);
        match response.status() {
            StatusCode::PARTIAL_CONTENT => {}
            // Of an empty object there is no range.
            StatusCode::OK if !is_open && response.content_length() == Some(0) => {
                return Ok(Self {
                    known: known(0),
                    length: 0,
                });
            }
            StatusCode::RANGE_NOT_SATISFIABLE if !is_open && said == Some("bytes */0") => {
                return Ok(Self {
                    known: known(0),
                    length: 0,
                });
            }
            status => return Err(refused(status, headers, is_open)),
        }
        if text(headers, &CONTENT_ENCODING).is_some_and(|packing| packing != "identity") {
            return Err(lie("packs what it sends"));
        }
        let (sent, size) = said
            .and_then(content_range)
            .ok_or_else(|| lie("does not say which bytes it sends"))?;
        let known = known(size);
        if before.is_some_and(|before| !before.is_same(&known)) {
            return Err(Failure::Changed);
        }
        if sent != (range.start..range.end.min(size)) {
            return Err(lie("sends other bytes than it was asked for"));
        }
        let length = sent.end - sent.start;
        if response.content_length().is_some_and(|said| said != length) {
            return Err(lie("says two lengths of one answer"));
        }
        Ok(Self { known, length })
    }
}

fn lie(what: &str) -> Failure {
    Failure::Denied(format!("its server {what}"))
}

fn refused(status: StatusCode, headers: &HeaderMap, is_open: bool) -> Failure {
    use StatusCode as S;
    match status {
        S::OK => lie("does not answer range requests"),
        S::NOT_FOUND | S::GONE => Failure::NotFound,
        S::UNAUTHORIZED | S::FORBIDDEN | S::PROXY_AUTHENTICATION_REQUIRED => {
            lie("does not allow it")
        }
        S::PRECONDITION_FAILED => Failure::Changed,
        // It was longer when it was opened.
        S::RANGE_NOT_SATISFIABLE if is_open => Failure::Changed,
        S::REQUEST_TIMEOUT | S::TOO_EARLY | S::TOO_MANY_REQUESTS => passing(status, headers),
        status if status.is_server_error() => passing(status, headers),
        status => lie(&format!("answers {}", status.as_u16())),
    }
}

fn passing(status: StatusCode, headers: &HeaderMap) -> Failure {
    // A date instead of seconds is rare, and the usual pause serves as well.
    let asked = text(headers, &RETRY_AFTER).and_then(|seconds| seconds.parse().ok());
    let words = format!("the server answers {}", status.as_u16());
    Failure::Passing(words, asked.map(Duration::from_secs))
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

fn version(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let said = text(headers, name)?;
    (!said.is_empty() && said.len() <= MAX_VERSION_BYTES).then(|| said.to_owned())
}

/// Bytes and size of `bytes 0-99/1234`, RFC 9110, 14.4; None where it makes no sense.
fn content_range(said: &str) -> Option<(Range<u64>, u64)> {
    let (range, size) = said.strip_prefix("bytes ")?.split_once('/')?;
    let (start, last) = range.split_once('-')?;
    let number = |digits: &str| {
        let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| digits.parse::<u64>().ok()).flatten()
    };
    let (start, last, size) = (number(start)?, number(last)?, number(size)?);
    (start <= last && last < size).then(|| (start..last + 1, size))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_that_makes_no_sense_is_none() {
        assert_eq!(content_range("bytes 0-99/1234"), Some((0..100, 1234)));
        for said in [
            "",
            "bytes",
            "bytes 0-99",
            "bytes 0-99/*",
            "bytes */1234",
            "bytes 9-0/1234",
            "bytes 0-1234/1234",
            "bytes -1-5/9",
            "bytes +1-5/9",
            "bytes 0-18446744073709551615/18446744073709551615",
            "bytes 0-99999999999999999999/999999999999999999999",
            "items 0-99/1234",
        ] {
            assert_eq!(content_range(said), None, "{said}");
        }
    }
}
