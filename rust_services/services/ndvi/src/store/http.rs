//! Ranges of objects on HTTP servers: from allowed hosts, checked answer by answer.
//!
//! Nothing that a server says is believed before it fits what was asked: a server that answers other
//! bytes, more, or packed ones is refused; one that breaks off is asked again for what is missing.

mod answer;
mod failure;
mod known;

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use furrow_service_kit::metrics::{Metrics, StoreLabel};
use reqwest::header::{ACCEPT_ENCODING, IF_MATCH, LOCATION, RANGE};
use reqwest::{Client, Response, StatusCode};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use url::Url;

use self::answer::Head;
use self::failure::{Failure, broken};
use self::known::Known;
pub(crate) use self::known::Remote;
use super::client;
use super::hosts::{AllowedHost, CheckedNames, Lookup, Reach};
use crate::status::NdviError;

/// Redirects that are followed.
const MAX_REDIRECTS: usize = 3;

/// Requests to all hosts at the same time.
const MAX_REQUESTS: usize = 32;

/// First pause before a request is made again; each further one is twice as long.
const PAUSE: Duration = Duration::from_millis(100);

/// Longest pause that a server may ask for; one that asks for more is as good as away.
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

/// Settings for reading over HTTP.
#[derive(Debug, Clone, Default)]
pub struct HttpConfig {
    /// Hosts that may be asked.
    pub allowed_hosts: Vec<AllowedHost>,
    /// Further authorities that servers' certificates may be from, PEM.
    pub ca_file: Option<PathBuf>,
    /// How long servers are waited for.
    pub patience: Patience,
}

/// How long servers are waited for.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For a connection, with the look-up of the name.
    pub connect: Duration,
    /// For the next bytes.
    pub idle: Duration,
    /// For one whole answer.
    pub answer: Duration,
    /// How often a request that broke off is made again.
    pub retries: u32,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            idle: Duration::from_secs(10),
            answer: Duration::from_secs(30),
            retries: 2,
        }
    }
}

/// A range on its way: what has come of it stays when a connection breaks.
struct Reading {
    url: Url,
    wanted: Range<u64>,
    known: Option<Known>,
    bytes: BytesMut,
}

impl Reading {
    fn missing(&self) -> Range<u64> {
        let end = match &self.known {
            Some(known) => self.wanted.end.min(known.size),
            None => self.wanted.end,
        };
        self.wanted.start + self.bytes.len() as u64..end
    }
}

/// Reads from the allowed hosts.
#[derive(Debug)]
pub(crate) struct HttpStore {
    allowed_hosts: Vec<AllowedHost>,
    /// Connections to public hosts are kept apart from those into the own network.
    public: Client,
    private: Client,
    patience: Patience,
    requests: Semaphore,
    metrics: Metrics,
}

impl HttpStore {
    /// # Errors
    /// Words that say what does not work.
    pub fn new(
        config: &HttpConfig,
        lookup: &Arc<dyn Lookup>,
        metrics: Metrics,
    ) -> Result<Self, String> {
        let client = |reach| {
            let names = CheckedNames {
                lookup: Arc::clone(lookup),
                reach,
            };
            let Patience { connect, idle, .. } = config.patience;
            client::build(
                client::builder(config.ca_file.as_deref())?
                    .dns_resolver(names)
                    .connect_timeout(connect)
                    .read_timeout(idle),
            )
        };
        Ok(Self {
            allowed_hosts: config.allowed_hosts.clone(),
            public: client(Reach::Public)?,
            private: client(Reach::Private)?,
            patience: config.patience,
            requests: Semaphore::new(MAX_REQUESTS),
            metrics,
        })
    }

    /// Finds an object and reads at most so many bytes of its beginning.
    ///
    /// # Errors
    /// [`NdviError`] when it does not exist, may not be read or cannot be reached.
    pub async fn open(
        &self,
        url: &Url,
        name: &str,
        most: u64,
    ) -> Result<(Remote, Bytes), NdviError> {
        let mut reading = Reading {
            url: url.clone(),
            wanted: 0..most,
            known: None,
            bytes: BytesMut::new(),
        };
        let done = self.read_all(&mut reading).await;
        done.map_err(|failure| failure.of(name))?;
        let remote = Remote {
            url: reading.url,
            known: reading.known.expect("an answer was taken"),
        };
        Ok((remote, reading.bytes.freeze()))
    }

    /// Reads a range of an object.
    ///
    /// # Errors
    /// [`NdviError`] when it vanished, changed or cannot be reached.
    pub async fn read(
        &self,
        remote: &Remote,
        name: &str,
        range: Range<u64>,
    ) -> Result<Bytes, NdviError> {
        let mut reading = Reading {
            url: remote.url.clone(),
            wanted: range,
            known: Some(remote.known.clone()),
            bytes: BytesMut::new(),
        };
        let done = self.read_all(&mut reading).await;
        done.map_err(|failure| failure.of(name))?;
        Ok(reading.bytes.freeze())
    }

    async fn read_all(&self, reading: &mut Reading) -> Result<(), Failure> {
        let mut pause = PAUSE;
        for _ in 0..self.patience.retries {
            match self.read_missing(reading).await {
                Err(Failure::Passing(_, asked)) if asked.unwrap_or(pause) <= LONGEST_PAUSE => {
                    sleep(asked.unwrap_or(pause)).await;
                    pause *= 2;
                }
                done => return done,
            }
            // What cannot be told from another object's bytes is not joined to them.
            if reading
                .known
                .as_ref()
                .is_some_and(|known| known.version().is_none())
            {
                reading.bytes.clear();
            }
        }
        self.read_missing(reading).await
    }

    async fn read_missing(&self, reading: &mut Reading) -> Result<(), Failure> {
        let _turn = self.requests.acquire().await.expect("it is never closed");
        let read = timeout(self.patience.answer, self.read_once(reading));
        read.await.unwrap_or(Err(Failure::Slow))
    }

    /// One answer, as far as it comes.
    async fn read_once(&self, reading: &mut Reading) -> Result<(), Failure> {
        let missing = reading.missing();
        if missing.is_empty() {
            return Ok(());
        }
        let tag = reading.known.as_ref().and_then(Known::strong_tag);
        let mut response = self.ask(&mut reading.url, &missing, tag).await?;
        let head = Head::of(&response, &missing, reading.known.as_ref())?;
        // The first answer stays what later ones are held to: one may say less.
        reading.known.get_or_insert(head.known);
        let mut left = head.length;
        while let Some(part) = response.chunk().await.map_err(broken)? {
            self.metrics.reading.store_bytes.inc_by(part.len() as u64);
            left = left.checked_sub(part.len() as u64).ok_or_else(|| {
                Failure::Denied("its server sends more bytes than it was asked for".to_owned())
            })?;
            reading.bytes.extend_from_slice(&part);
        }
        if left > 0 {
            return Err(Failure::Passing("the answer ended early".to_owned(), None));
        }
        Ok(())
    }

    /// Sends the request, wherever allowed hosts pass it on to.
    async fn ask(
        &self,
        url: &mut Url,
        range: &Range<u64>,
        tag: Option<&str>,
    ) -> Result<Response, Failure> {
        for _ in 0..=MAX_REDIRECTS {
            let client = self.client(url).ok_or_else(|| {
                Failure::Denied("its host is not among the allowed ones".to_owned())
            })?;
            let last = range.end - 1;
            let mut request = client
                .get(url.clone())
                .header(RANGE, format!("bytes={}-{last}", range.start))
                .header(ACCEPT_ENCODING, "identity");
            if let Some(tag) = tag {
                request = request.header(IF_MATCH, tag);
            }
            self.metrics
                .reading
                .store_requests
                .get_or_create(&StoreLabel::HTTP)
                .inc();
            let response = request.send().await.map_err(broken)?;
            match redirection(url, &response)? {
                None => return Ok(response),
                Some(target) if self.client(&target).is_some() => *url = target,
                Some(_) => {
                    let reason = "it leads to a host that is not among the allowed ones";
                    return Err(Failure::Denied(reason.to_owned()));
                }
            }
        }
        Err(Failure::Denied("it is passed on too often".to_owned()))
    }

    fn client(&self, url: &Url) -> Option<&Client> {
        let host = self.allowed_hosts.iter().find(|host| host.admits(url))?;
        Some(match host.reach() {
            Reach::Public => &self.public,
            Reach::Private => &self.private,
        })
    }
}

/// Where an answer leads, if it leads elsewhere: never from a private connection to an open one.
fn redirection(url: &Url, response: &Response) -> Result<Option<Url>, Failure> {
    use StatusCode as S;
    if !matches!(
        response.status(),
        S::MOVED_PERMANENTLY
            | S::FOUND
            | S::SEE_OTHER
            | S::TEMPORARY_REDIRECT
            | S::PERMANENT_REDIRECT
    ) {
        return Ok(None);
    }
    let target = response.headers().get(LOCATION);
    let target = target.and_then(|target| url.join(target.to_str().ok()?).ok());
    let is_fit = |target: &Url| {
        let keeps_secrecy = target.scheme() == "https" || target.scheme() == url.scheme();
        let names_nobody = target.username().is_empty() && target.password().is_none();
        matches!(target.scheme(), "http" | "https") && keeps_secrecy && names_nobody
    };
    target.filter(is_fit).map(Some).ok_or_else(|| {
        Failure::Denied("its server leads to where it may not be followed".to_owned())
    })
}
