//! Bytes of objects: from the store by key, or over HTTP from hosts that the operator allowed.
//! Nothing else is reachable, whatever a request says.
//!
//! ```text
//! Stores ── folder | s3: keys, over object_store ── upload: objects in the making
//!    │  └── http: addresses ── hosts: which, and where they may lie
//!    │        └── answer: what is believed ── known, failure: what it means
//!    └─ object: what was opened ── ranges: few requests for many ranges
//! ```

mod client;
mod folder;
pub mod hosts;
pub mod http;
mod location;
mod object;
mod ranges;
pub mod s3;
mod upload;

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use furrow_service_kit::cpu;
use furrow_service_kit::metrics::{Metrics, StoreLabel};
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectStore, ObjectStoreExt as _};

use self::hosts::{Lookup, SystemLookup};
use self::http::HttpStore;
pub use self::location::Location;
pub use self::object::Object;
use self::object::{Source, bytes_of};
use self::s3::S3Config;
pub use self::upload::Upload;
use crate::config::NdviConfig;
use crate::status::NdviError;

/// Read with the first request: the whole header of most cloud-optimized files.
const FIRST_READ_BYTES: u64 = 64 * 1024;

/// Where the objects of the store lie.
#[derive(Debug, Clone)]
pub enum StoreConfig {
    /// Below a folder.
    Folder(PathBuf),
    /// In a bucket.
    S3(Box<S3Config>),
}

/// The stores that requests may name objects of.
#[derive(Debug)]
pub struct Stores {
    kept: Kept,
    scratch: PathBuf,
    http: Option<Arc<HttpStore>>,
    metrics: Metrics,
}

/// The store of keys.
#[derive(Debug)]
enum Kept {
    Folder(PathBuf, Arc<dyn ObjectStore>),
    S3(Box<S3Config>, Arc<dyn ObjectStore>),
}

impl Kept {
    /// The store, and an object's place in it.
    async fn place(&self, key: &Path) -> Result<(Arc<dyn ObjectStore>, Path), NdviError> {
        match self {
            Self::Folder(root, files) => {
                folder::within(root, key).await?;
                Ok((Arc::clone(files), key.clone()))
            }
            Self::S3(config, bucket) => Ok((Arc::clone(bucket), config.path(key))),
        }
    }

    fn label(&self) -> StoreLabel {
        match self {
            Self::Folder(..) => StoreLabel::FOLDER,
            Self::S3(..) => StoreLabel::S3,
        }
    }
}

impl Stores {
    /// Opens the store, and clients where hosts are allowed.
    ///
    /// # Errors
    /// Words that say what does not work.
    pub fn open(config: &NdviConfig, metrics: Metrics) -> Result<Self, String> {
        Self::with_lookup(config, &(Arc::new(SystemLookup) as _), metrics)
    }

    /// As [`open`](Self::open), with names looked up elsewhere than by the system.
    ///
    /// # Errors
    /// Words that say what does not work.
    pub fn with_lookup(
        config: &NdviConfig,
        lookup: &Arc<dyn Lookup>,
        metrics: Metrics,
    ) -> Result<Self, String> {
        let (kept, scratch) = match &config.store {
            StoreConfig::Folder(folder) => {
                let (root, files) = folder::open(folder)?;
                (Kept::Folder(root.clone(), Arc::new(files)), root)
            }
            StoreConfig::S3(s3) => {
                let bucket = s3.open(config.http.ca_file.as_deref())?;
                (Kept::S3(s3.clone(), Arc::new(bucket)), std::env::temp_dir())
            }
        };
        let http = if config.http.allowed_hosts.is_empty() {
            None
        } else {
            let http = HttpStore::new(&config.http, lookup, metrics.clone())?;
            Some(Arc::new(http))
        };
        Ok(Self {
            kept,
            scratch: config.scratch_folder.clone().unwrap_or(scratch),
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
        let (size, version, source, start) = match location {
            Location::Key(key) => self.open_kept(key, &name).await?,
            Location::Url(url) => {
                let http = self.http.as_ref().ok_or_else(|| NdviError::StoreDenied {
                    object: name.clone(),
                    reason: "its host is not among the allowed ones".to_owned(),
                })?;
                let (remote, start) = http.open(url, &name, FIRST_READ_BYTES).await?;
                let version = remote.known.version().map(str::to_owned);
                let size = remote.known.size;
                (
                    size,
                    version,
                    Source::Remote(Arc::clone(http), remote),
                    start,
                )
            }
        };
        let object = Object {
            name,
            identity: location.identity(),
            size,
            version,
            source,
            metrics: self.metrics.clone(),
        };
        Ok((object, start))
    }

    async fn open_kept(
        &self,
        key: &Path,
        name: &str,
    ) -> Result<(u64, Option<String>, Source, Bytes), NdviError> {
        let (store, path) = self.kept.place(key).await?;
        let options = GetOptions {
            range: Some(GetRange::Bounded(0..FIRST_READ_BYTES)),
            ..GetOptions::default()
        };
        let failed = |error| store_error(name.to_owned(), error);
        let requests = self
            .metrics
            .reading
            .store_requests
            .get_or_create_owned(&self.kept.label());
        requests.inc();
        let (meta, start) = match store.get_opts(&path, options).await {
            Ok(found) => {
                let meta = found.meta.clone();
                let start = bytes_of(found, FIRST_READ_BYTES).await;
                (meta, start.map_err(failed)?)
            }
            // An empty object has no first byte; reading its header says what is wrong with it.
            Err(error @ object_store::Error::Generic { .. }) => {
                requests.inc();
                match store.head(&path).await {
                    Ok(meta) if meta.size == 0 => (meta, Bytes::new()),
                    _ => return Err(failed(error)),
                }
            }
            Err(error) => return Err(failed(error)),
        };
        self.metrics.reading.store_bytes.inc_by(start.len() as u64);
        let changed = || meta.last_modified.to_rfc3339();
        let version = meta.e_tag.clone().unwrap_or_else(changed);
        let source = Source::Kept {
            label: self.kept.label(),
            store,
            path,
            // A weak tag never matches where a strong one is asked for, RFC 9110, 13.1.1.
            entity_tag: meta.e_tag.filter(|tag| !tag.starts_with("W/")),
        };
        Ok((meta.size, Some(version), source, start))
    }

    /// Starts an object that is there whole or not at all: what was sent of it is removed when the
    /// upload is dropped before it is finished.
    ///
    /// # Errors
    /// [`NdviError`] when it may not be written or the store fails.
    pub async fn begin(&self, key: &Path) -> Result<Upload, NdviError> {
        let name = key.to_string();
        let (store, path) = self.kept.place(key).await?;
        let begun = store.put_multipart(&path).await;
        let parts = begun.map_err(|error| store_error(name.clone(), error))?;
        let part_bytes = match self.kept {
            Kept::Folder(..) => None,
            Kept::S3(..) => Some(s3::PART_BYTES),
        };
        Ok(Upload::new(name, parts, part_bytes))
    }

    /// A file on disk for what does not fit into memory: beside the store's own files, or where the
    /// system keeps such. It has no name, so that it goes with its last handle, also when the
    /// process is killed.
    ///
    /// # Errors
    /// [`NdviError`] when the disk does not take it.
    pub async fn scratch(&self) -> Result<File, NdviError> {
        let folder = self.scratch.clone();
        let made = cpu::spawn_blocking(move || tempfile::tempfile_in(folder)).await;
        made.map_err(io::Error::other)
            .flatten()
            .map_err(scratch_error)
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

fn store_error(object: String, error: object_store::Error) -> NdviError {
    use object_store::Error as E;
    match error {
        // A bucket that is not there says nothing of its objects.
        E::NotFound { ref source, .. } if source.to_string().contains("NoSuchBucket") => {
            NdviError::StoreUnavailable {
                object,
                source: error,
            }
        }
        E::NotFound { .. } => NdviError::ObjectNotFound { object },
        E::PermissionDenied { .. } | E::Unauthenticated { .. } => NdviError::StoreDenied {
            object,
            reason: "the store does not allow it".to_owned(),
        },
        E::Precondition { .. } => NdviError::ObjectChanged { object },
        source => NdviError::StoreUnavailable { object, source },
    }
}
