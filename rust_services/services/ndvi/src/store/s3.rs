//! Objects in a bucket.

use std::fmt;
use std::path::Path as FilePath;
use std::time::Duration;

use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path;
use object_store::{BackoffConfig, RetryConfig};
use url::Url;

use super::client::{self, Connector};

/// Bytes of each part of an upload: S3 takes 10,000 of them, of 5 MiB at least.
pub(super) const PART_BYTES: usize = 8 << 20;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);

/// Longest wait for one request: a part goes up a line of 1 Mbit/s within it.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(90);

/// How long requests that fail are made again.
const RETRY_TIMEOUT: Duration = Duration::from_secs(10);

/// A bucket and the right to use it.
#[derive(Clone, PartialEq, Eq)]
pub struct S3Config {
    /// The bucket.
    pub bucket: String,
    /// What every key begins with in the bucket; may be empty.
    pub prefix: Path,
    /// Address of the service; None: Amazon's own.
    pub endpoint: Option<Url>,
    /// Region that requests are signed for.
    pub region: String,
    /// Name of the key that signs.
    pub access_key_id: String,
    /// The key itself.
    pub secret_access_key: String,
    /// Token of a key that is lent.
    pub session_token: Option<String>,
}

/// Without what is secret.
impl fmt::Debug for S3Config {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("S3Config");
        shown.field("bucket", &self.bucket);
        shown.field("prefix", &self.prefix);
        shown.field("endpoint", &self.endpoint.as_ref().map(Url::as_str));
        shown.field("region", &self.region).finish_non_exhaustive()
    }
}

impl S3Config {
    /// The key in the bucket.
    pub(super) fn path(&self, key: &Path) -> Path {
        self.prefix.parts().chain(key.parts()).collect()
    }

    /// Connects to the bucket; nothing is asked yet.
    ///
    /// # Errors
    /// Words that say what does not work.
    pub(super) fn open(&self, ca_file: Option<&FilePath>) -> Result<AmazonS3, String> {
        let client = client::build(
            client::builder(ca_file)?
                .connect_timeout(CONNECT_TIMEOUT)
                .read_timeout(IDLE_TIMEOUT)
                .timeout(REQUEST_TIMEOUT),
        )?;
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&self.bucket)
            .with_region(&self.region)
            .with_access_key_id(&self.access_key_id)
            .with_secret_access_key(&self.secret_access_key)
            // One's own server has one name for all buckets; Amazon has one for each.
            .with_virtual_hosted_style_request(self.endpoint.is_none())
            .with_http_connector(Connector(client))
            .with_retry(RetryConfig {
                backoff: BackoffConfig {
                    init_backoff: Duration::from_millis(100),
                    max_backoff: Duration::from_secs(2),
                    base: 2.0,
                },
                max_retries: 3,
                retry_timeout: RETRY_TIMEOUT,
            });
        if let Some(token) = &self.session_token {
            builder = builder.with_token(token);
        }
        if let Some(endpoint) = &self.endpoint {
            builder = builder
                .with_endpoint(endpoint.as_str().trim_end_matches('/'))
                .with_allow_http(endpoint.scheme() == "http");
        }
        let built = builder.build();
        built.map_err(|error| format!("the bucket cannot be used: {error}"))
    }
}
