//! Bytes of objects: from the folder of the store by key, or over HTTP from hosts that the operator
//! allowed. Nothing else is reachable, whatever a request says.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use furrow_service_kit::metrics::Metrics;
use futures::StreamExt as _;
use object_store::client::{HttpClient, HttpConnector};
use object_store::http::HttpBuilder;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    ClientOptions, GetOptions, GetRange, GetResult, GetResultPayload, MultipartUpload, ObjectStore,
    ObjectStoreExt as _, PutPayload, RetryConfig, coalesce_ranges,
};
use url::Url;

use crate::config::{AllowedHost, NdviConfig};
use crate::status::NdviError;

/// Read with the first request: the whole header of most cloud-optimized files.
const FIRST_READ_BYTES: u64 = 64 * 1024;

/// Ranges nearer than this are read in one request: on a network, a round trip costs more.
const COALESCE_BYTES: u64 = 64 * 1024;

/// Longest wait for a connection, and for the next bytes of an answer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const READ_TIMEOUT: Duration = Duration::from_secs(10);

/// Longest wait for a whole answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// Redirects that are followed, all within one host.
const MAX_REDIRECTS: usize = 3;

/// Where an object lies, checked for form but not yet for existence.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Location {
    /// Key in the store.
    Key(Path),
    /// HTTP address.
    Url(Url),
}

impl Location {
    /// A key: relative, 1 to 512 bytes, without `.` and `..`.
    ///
    /// # Errors
    /// Words that say what is wrong.
    pub fn key(text: &str) -> Result<Self, String> {
        if !(1..=512).contains(&text.len()) {
            return Err("must have 1 to 512 bytes".to_owned());
        }
        if text.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return Err("must be relative and without empty, '.' or '..' parts".to_owned());
        }
        Path::parse(text)
            .map(Self::Key)
            .map_err(|_| "has a character that keys may not have".to_owned())
    }

    /// An HTTP address without credentials.
    ///
    /// # Errors
    /// Words that say what is wrong.
    pub fn url(text: &str) -> Result<Self, String> {
        if !(8..=2048).contains(&text.len()) {
            return Err("must have 8 to 2048 bytes".to_owned());
        }
        let mut url = Url::parse(text).map_err(|error| format!("is no address: {error}"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err("must be an http: or https: address".to_owned());
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("must not hold credentials".to_owned());
        }
        url.set_fragment(None);
        Ok(Self::Url(url))
    }
}

/// How an object is called in errors and logs: addresses without their query, which may be secret.
impl std::fmt::Display for Location {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Key(key) => write!(formatter, "{key}"),
            Self::Url(url) => {
                let mut shown = url.clone();
                shown.set_query(None);
                write!(formatter, "{shown}")
            }
        }
    }
}

/// An object that exists, as it was when it was opened.
#[derive(Debug, Clone)]
pub struct Object {
    /// How errors call it.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// Changes whenever the bytes do: entity tag, or time of change.
    pub version: String,
    entity_tag: Option<String>,
    path: Path,
    store: Arc<dyn ObjectStore>,
    metrics: Metrics,
}

/// The stores that requests may name objects of.
#[derive(Debug)]
pub struct Stores {
    root: PathBuf,
    local: Arc<LocalFileSystem>,
    allowed_hosts: Vec<AllowedHost>,
    http: Option<reqwest::Client>,
    metrics: Metrics,
}

impl Stores {
    /// Opens the folder of the store, and a client where hosts are allowed.
    ///
    /// # Errors
    /// Words that say what does not work.
    pub fn open(config: &NdviConfig, metrics: Metrics) -> Result<Self, String> {
        let root = config
            .store_root
            .canonicalize()
            .map_err(|error| format!("the store's folder cannot be used: {error}"))?;
        let local = LocalFileSystem::new_with_prefix(&root)
            .map_err(|error| format!("the store's folder cannot be used: {error}"))?;
        let http = if config.allowed_hosts.is_empty() {
            None
        } else {
            Some(http_client()?)
        };
        Ok(Self {
            root,
            local: Arc::new(local),
            allowed_hosts: config.allowed_hosts.clone(),
            http,
            metrics,
        })
    }

    /// Finds an object and reads its beginning, in one request.
    ///
    /// # Errors
    /// [`NdviError`] when it does not exist, may not be read or cannot be reached.
    pub async fn open_object(&self, location: &Location) -> Result<(Object, Bytes), NdviError> {
        let name = location.to_string();
        let (store, path): (Arc<dyn ObjectStore>, Path) = match location {
            Location::Key(key) => {
                self.within_root(key, &name).await?;
                (Arc::clone(&self.local) as _, key.clone())
            }
            Location::Url(url) => self.http_store(url, &name)?,
        };
        let options = GetOptions {
            range: Some(GetRange::Bounded(0..FIRST_READ_BYTES)),
            ..GetOptions::default()
        };
        let failed = |error| store_error(name.clone(), error);
        let (meta, start) = match store.get_opts(&path, options).await {
            Ok(found) => {
                let meta = found.meta.clone();
                let start = bytes_of(found, FIRST_READ_BYTES).await;
                (meta, start.map_err(failed)?)
            }
            // An empty object has no first byte; reading its header says what is wrong with it.
            Err(error @ object_store::Error::Generic { .. }) => match store.head(&path).await {
                Ok(meta) if meta.size == 0 => (meta, Bytes::new()),
                _ => return Err(failed(error)),
            },
            Err(error) => return Err(failed(error)),
        };
        self.metrics.store_read_bytes.inc_by(start.len() as u64);
        let version = meta
            .e_tag
            .clone()
            .unwrap_or_else(|| meta.last_modified.to_rfc3339());
        let object = Object {
            name,
            size: meta.size,
            version,
            // A weak tag never matches where a strong one is asked for, RFC 9110, 13.1.1.
            entity_tag: meta.e_tag.filter(|tag| !tag.starts_with("W/")),
            path,
            store,
            metrics: self.metrics.clone(),
        };
        Ok((object, start))
    }

    /// Starts an object that is there whole or not at all: its parts go to a file beside it, which is
    /// renamed at the end, or removed when the upload is dropped before.
    ///
    /// # Errors
    /// [`NdviError`] when it may not be written or the store fails.
    pub async fn begin(&self, key: &Path) -> Result<Upload, NdviError> {
        let name = key.to_string();
        self.within_root(key, &name).await?;
        let begun = self.local.put_multipart(key).await;
        Ok(Upload {
            parts: begun.map_err(|error| store_error(name.clone(), error))?,
            name,
        })
    }

    /// A file on the store's disk for what does not fit into memory. It has no name, so that it goes
    /// with its last handle, also when the process is killed.
    ///
    /// # Errors
    /// [`NdviError`] when the disk does not take it.
    pub async fn scratch(&self) -> Result<File, NdviError> {
        let root = self.root.clone();
        let made = tokio::task::spawn_blocking(move || tempfile::tempfile_in(root)).await;
        made.map_err(io::Error::other)
            .flatten()
            .map_err(scratch_error)
    }

    /// Refuses keys that a symbolic link leads out of the store.
    async fn within_root(&self, key: &Path, name: &str) -> Result<(), NdviError> {
        let path = self.root.join(key.as_ref());
        // What does not exist yet is judged by the nearest folder that does.
        for path in path.ancestors() {
            match tokio::fs::canonicalize(path).await {
                Ok(existing) if existing.starts_with(&self.root) => return Ok(()),
                Ok(_) => break,
                Err(_) => {}
            }
        }
        Err(NdviError::StoreDenied {
            object: name.to_owned(),
            reason: "it lies outside the store".to_owned(),
        })
    }

    fn http_store(&self, url: &Url, name: &str) -> Result<(Arc<dyn ObjectStore>, Path), NdviError> {
        let denied = |reason: &str| NdviError::StoreDenied {
            object: name.to_owned(),
            reason: reason.to_owned(),
        };
        let allowed = self.allowed_hosts.iter().any(|host| host.admits(url));
        let (true, Some(client)) = (allowed, &self.http) else {
            return Err(denied("its host is not among the allowed ones"));
        };
        let path = Path::from_url_path(url.path()).map_err(|_| denied("its path is not usable"))?;
        // The query stays with the base, so that signed addresses work.
        let mut base = url.clone();
        base.set_path("");
        let store = HttpBuilder::new()
            .with_url(base)
            .with_http_connector(Connector(client.clone()))
            .with_retry(RetryConfig {
                max_retries: 2,
                retry_timeout: CONNECT_TIMEOUT,
                ..RetryConfig::default()
            })
            .build()
            .map_err(|error| store_error(name.to_owned(), error))?;
        Ok((Arc::new(store), path))
    }
}

/// An object in the making, see [`Stores::begin`].
#[derive(Debug)]
pub struct Upload {
    parts: Box<dyn MultipartUpload>,
    name: String,
}

impl Upload {
    /// Adds the next bytes.
    ///
    /// # Errors
    /// [`NdviError`] when the store fails.
    pub async fn add(&mut self, bytes: Bytes) -> Result<(), NdviError> {
        let added = self.parts.put_part(PutPayload::from_bytes(bytes)).await;
        added.map_err(|error| store_error(self.name.clone(), error))
    }

    /// Makes the object visible, in place of one that was there before.
    ///
    /// # Errors
    /// [`NdviError`] when the store fails.
    pub async fn finish(mut self) -> Result<(), NdviError> {
        let done = self.parts.complete().await.map(drop);
        done.map_err(|error| store_error(self.name, error))
    }
}

/// A scratch file that cannot be written or read back: the disk is full, as a rule.
pub fn scratch_error(error: io::Error) -> NdviError {
    let source = object_store::Error::Generic {
        store: "scratch file",
        source: error.into(),
    };
    store_error("the store".to_owned(), source)
}

impl Object {
    /// Reads ranges, near ones together.
    ///
    /// # Errors
    /// [`NdviError`] when the object vanished, changed or cannot be reached.
    pub async fn read(&self, ranges: &[Range<u64>]) -> Result<Vec<Bytes>, NdviError> {
        let fetch = |range: Range<u64>| async move {
            let length = range.end - range.start;
            let options = GetOptions {
                range: Some(GetRange::Bounded(range)),
                if_match: self.entity_tag.clone(),
                ..GetOptions::default()
            };
            let found = self.store.get_opts(&self.path, options).await?;
            let bytes = bytes_of(found, length).await?;
            self.metrics.store_read_bytes.inc_by(bytes.len() as u64);
            if bytes.len() as u64 != length {
                return Err(wrong_length(bytes.len() as u64, length));
            }
            Ok(bytes)
        };
        coalesce_ranges(ranges, fetch, COALESCE_BYTES)
            .await
            .map_err(|error| store_error(self.name.clone(), error))
    }
}

/// What a store answers, if it is not more than was asked for: a server that sends on and on is cut
/// off.
async fn bytes_of(found: GetResult, most: u64) -> object_store::Result<Bytes> {
    // A file is read by its range, and in one go.
    if matches!(found.payload, GetResultPayload::File(..)) {
        return found.bytes().await;
    }
    let mut parts = found.into_stream();
    let mut bytes = BytesMut::new();
    while let Some(part) = parts.next().await {
        let part = part?;
        let length = bytes.len() as u64 + part.len() as u64;
        if length > most {
            return Err(wrong_length(length, most));
        }
        bytes.extend_from_slice(&part);
    }
    Ok(bytes.freeze())
}

fn wrong_length(found: u64, wanted: u64) -> object_store::Error {
    object_store::Error::Generic {
        store: "furrow",
        source: format!("{found} bytes came where {wanted} were asked for").into(),
    }
}

/// The one client for all hosts; it carries the timeouts and never leaves a host.
fn http_client() -> Result<reqwest::Client, String> {
    // Fails only where a provider was installed before, which serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let same_host = reqwest::redirect::Policy::custom(|attempt| {
        let stays = attempt.previous().first().is_some_and(|first| {
            let next = attempt.url();
            (first.scheme(), first.host_str(), first.port())
                == (next.scheme(), next.host_str(), next.port())
        });
        if stays && attempt.previous().len() <= MAX_REDIRECTS {
            attempt.follow()
        } else {
            attempt.stop()
        }
    });
    reqwest::Client::builder()
        .user_agent(concat!("furrow-ndvi/", env!("CARGO_PKG_VERSION")))
        .redirect(same_host)
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(READ_TIMEOUT)
        .timeout(ANSWER_TIMEOUT)
        .no_proxy()
        .build()
        .map_err(|error| format!("the HTTP client cannot be made: {error}"))
}

/// Hands the one client to every store.
#[derive(Debug)]
struct Connector(reqwest::Client);

impl HttpConnector for Connector {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.0.clone()))
    }
}

fn store_error(object: String, error: object_store::Error) -> NdviError {
    use object_store::Error as E;
    let denied = |object, reason: &str| NdviError::StoreDenied {
        object,
        reason: reason.to_owned(),
    };
    match error {
        E::NotFound { .. } => NdviError::ObjectNotFound { object },
        E::PermissionDenied { .. } | E::Unauthenticated { .. } => {
            denied(object, "the store does not allow it")
        }
        E::NotSupported { .. } => denied(object, "its server does not answer range requests"),
        source => NdviError::StoreUnavailable { object, source },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_cannot_leave_the_store() {
        for key in [
            "",
            "/etc/passwd",
            "a/../b",
            "..",
            "./a",
            "a//b",
            "a/",
            "a\u{0}b",
        ] {
            assert!(Location::key(key).is_err(), "{key:?}");
        }
        assert!(Location::key("scenes/12/ab34/B04 10m.tif").is_ok());
    }

    #[test]
    fn addresses_are_http_without_credentials_and_shown_without_their_query() {
        for url in [
            "file:///etc/passwd",
            "ftp://a.org/b",
            "http://user:secret@a.org/b",
            "http",
        ] {
            assert!(Location::url(url).is_err(), "{url}");
        }
        let signed = Location::url("https://a.org/b.tif?sig=secret#part").expect("an address");
        assert_eq!(signed.to_string(), "https://a.org/b.tif");
    }
}
