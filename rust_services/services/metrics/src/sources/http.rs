//! A GET over HTTP/1.0: one answer a connection, whole when the peer closes it.

use std::io;
use std::time::Duration;

use furrow_exposition::parse::{ParseLimits, Syntax};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::Source;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// Largest head of an answer, bytes.
const MAX_HEAD_BYTES: usize = 16 << 10;

/// An answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) syntax: Syntax,
    pub(super) body: Vec<u8>,
}

/// Why there is none.
#[derive(Debug, thiserror::Error)]
pub(super) enum FetchError {
    #[error("it cannot be reached: {0}")]
    Unreachable(#[from] io::Error),
    #[error("it did not answer within {} s", PATIENCE.as_secs())]
    TooSlow,
    #[error("its answer {0}")]
    Wrong(&'static str),
}

pub(super) async fn fetch(source: &Source) -> Result<Page, FetchError> {
    let asked = tokio::time::timeout(PATIENCE, ask(source)).await;
    page(asked.unwrap_or(Err(FetchError::TooSlow))?)
}

async fn ask(source: &Source) -> Result<Vec<u8>, FetchError> {
    let mut stream = TcpStream::connect(&source.authority).await?;
    let request = format!(
        "GET {} HTTP/1.0\r\nHost: {}\r\nAccept: application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5\r\nUser-Agent: furrow-metrics\r\nConnection: close\r\n\r\n",
        source.path, source.authority
    );
    stream.write_all(request.as_bytes()).await?;
    let most = ParseLimits::default().bytes + MAX_HEAD_BYTES;
    let mut answer = Vec::new();
    stream
        .take(most as u64 + 1)
        .read_to_end(&mut answer)
        .await?;
    if answer.len() > most {
        return Err(FetchError::Wrong("is too long"));
    }
    Ok(answer)
}

/// Takes an answer apart.
pub(super) fn page(mut answer: Vec<u8>) -> Result<Page, FetchError> {
    let wrong = FetchError::Wrong;
    let searched = &answer[..answer.len().min(MAX_HEAD_BYTES)];
    let end = searched.windows(4).position(|window| window == b"\r\n\r\n");
    let end = end.ok_or(wrong("has no end of its head"))?;
    let head =
        std::str::from_utf8(&answer[..end]).map_err(|_| wrong("has a head that is no text"))?;
    let mut lines = head.split("\r\n");
    let mut status = lines.next().unwrap_or_default().split(' ');
    let is_http = status
        .next()
        .is_some_and(|version| version.starts_with("HTTP/1."));
    if !is_http || status.next() != Some("200") {
        return Err(wrong("is not 200"));
    }
    let mut syntax = Syntax::Text;
    let mut length = None;
    for line in lines {
        let Some((name, value)) = line.split_once(':') else {
            return Err(wrong("has a header that is none"));
        };
        let value = value.trim();
        if name.eq_ignore_ascii_case("content-type") {
            syntax = Syntax::of_content_type(value);
        } else if name.eq_ignore_ascii_case("content-length") {
            length = Some(
                value
                    .parse::<usize>()
                    .map_err(|_| wrong("has a wrong length"))?,
            );
        } else if name.eq_ignore_ascii_case("transfer-encoding")
            || name.eq_ignore_ascii_case("content-encoding")
        {
            return Err(wrong("is packed, which was not asked for"));
        }
    }
    answer.drain(..end + 4);
    if length.is_some_and(|length| length != answer.len()) {
        return Err(wrong("was cut"));
    }
    Ok(Page {
        syntax,
        body: answer,
    })
}
