//! Settings of the service.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use furrow_service_kit::config::{ConfigError, Environment, KitConfig, number_between, on_or_off};
use furrow_service_kit::listen::Listen;
use object_store::path::Path;
use url::{Host, Url};

use crate::store::StoreConfig;
use crate::store::hosts::AllowedHost;
use crate::store::http::{HttpConfig, Patience};
use crate::store::s3::S3Config;

use crate::tile_address::TileKey;

/// Prefix of the service's own settings.
const PREFIX: &str = "FURROW_NDVI";

/// Pixels of one band of a Sentinel-2 scene at 10 m are 120.56 million; the default lets them pass.
const DEFAULT_MAX_PIXELS: u64 = 130_000_000;

/// Settings of the service.
#[derive(Debug, Clone)]
pub struct NdviConfig {
    /// What every service has.
    pub kit: KitConfig,
    /// Where the objects of the store lie.
    pub store: StoreConfig,
    /// Folder for what does not fit into memory; None: the store's, or the system's for a bucket.
    pub scratch_folder: Option<PathBuf>,
    /// From where and how rasters may be read over HTTP.
    pub http: HttpConfig,
    /// Most pixels of a raster, and of a window that is summarized, drawn or written.
    pub max_pixels: u64,
    /// What addresses of tiles are signed with; None: no tiles over HTTP.
    pub tile_key: Option<TileKey>,
}

impl NdviConfig {
    /// Reads the settings.
    ///
    /// # Errors
    /// [`ConfigError`] for the first setting that is refused.
    pub fn from_environment(environment: &dyn Environment) -> Result<Self, ConfigError> {
        let listen = Listen::Unix("/run/furrow/ndvi.sock".into());
        let admin = SocketAddr::from(([127, 0, 0, 1], 9101));
        let pixels = (1_000_000, 2_000_000_000);
        let max_pixels = "FURROW_NDVI_MAX_PIXELS";
        Ok(Self {
            kit: KitConfig::from_environment(environment, PREFIX, listen, admin)?,
            store: store(environment)?,
            scratch_folder: scratch_folder(environment)?,
            http: HttpConfig {
                allowed_hosts: allowed_hosts(environment)?,
                ca_file: ca_file(environment)?,
                patience: Patience::default(),
            },
            max_pixels: number_between(environment, max_pixels, DEFAULT_MAX_PIXELS, pixels)?,
            tile_key: TileKey::from_environment(environment)?,
        })
    }
}

const STORE_URL: &str = "FURROW_STORE_URL";

fn store(environment: &dyn Environment) -> Result<StoreConfig, ConfigError> {
    let text = environment
        .variable(STORE_URL)
        .unwrap_or_else(|| "file:///var/lib/furrow/store".to_owned());
    let refused = |reason: &str| ConfigError::new(STORE_URL, &text, reason);
    let url = Url::parse(&text).map_err(|error| refused(&error.to_string()))?;
    match url.scheme() {
        "file" => folder(&url).map(StoreConfig::Folder).map_err(refused),
        "s3" => {
            let (bucket, prefix) = bucket(&url).map_err(refused)?;
            let config = s3(environment, bucket, prefix)?;
            Ok(StoreConfig::S3(Box::new(config)))
        }
        _ => Err(refused(
            "it must be file:///<absolute folder> or s3://<bucket>/<prefix>",
        )),
    }
}

fn folder(url: &Url) -> Result<PathBuf, &'static str> {
    let path = url
        .to_file_path()
        .map_err(|()| "it names no absolute path")?;
    if path.is_dir() {
        Ok(path)
    } else {
        Err("there is no such folder")
    }
}

/// Bucket and prefix of `s3://bucket/prefix`.
fn bucket(url: &Url) -> Result<(String, Path), &'static str> {
    let bucket = url.host_str().unwrap_or_default();
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c);
    if !(3..=63).contains(&bucket.len()) || !bucket.chars().all(is_plain) {
        return Err("it names no bucket, as s3://<bucket>/<prefix> does");
    }
    let is_bare = url.username().is_empty()
        && url.password().is_none()
        && url.port().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    if !is_bare {
        return Err("keys and endpoints have variables of their own");
    }
    let prefix = Path::from_url_path(url.path()).map_err(|_| "its prefix cannot be used")?;
    Ok((bucket.to_owned(), prefix))
}

fn s3(
    environment: &dyn Environment,
    bucket: String,
    prefix: Path,
) -> Result<S3Config, ConfigError> {
    // What is secret never stands in a refusal.
    let needed = |name: &str| {
        let reason = "a store in S3 needs it";
        environment
            .variable(name)
            .ok_or_else(|| ConfigError::new(name, "", reason))
    };
    let region = ["AWS_REGION", "AWS_DEFAULT_REGION"]
        .iter()
        .find_map(|name| environment.variable(name));
    Ok(S3Config {
        bucket,
        prefix,
        endpoint: s3_endpoint(environment)?,
        region: region.unwrap_or_else(|| "us-east-1".to_owned()),
        access_key_id: needed("AWS_ACCESS_KEY_ID")?,
        secret_access_key: needed("AWS_SECRET_ACCESS_KEY")?,
        session_token: environment.variable("AWS_SESSION_TOKEN"),
    })
}

/// The S3 server, which is asked in the clear only on this machine or where the operator says so.
fn s3_endpoint(environment: &dyn Environment) -> Result<Option<Url>, ConfigError> {
    let allow_http = on_or_off(environment, "FURROW_S3_ALLOW_HTTP")?;
    let names = [
        "FURROW_S3_ENDPOINT",
        "AWS_ENDPOINT_URL_S3",
        "AWS_ENDPOINT_URL",
    ];
    let Some((name, text)) = names
        .iter()
        .find_map(|name| Some((name, environment.variable(name)?)))
    else {
        return Ok(None);
    };
    let refused = |reason: &str| ConfigError::new(name, &text, reason);
    let url = Url::parse(&text).map_err(|error| refused(&error.to_string()))?;
    let is_loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
        None => false,
    };
    match url.scheme() {
        "https" => Ok(Some(url)),
        "http" if allow_http || is_loopback => Ok(Some(url)),
        "http" => Err(refused(
            "it must be an https: address, unless FURROW_S3_ALLOW_HTTP is 'on'",
        )),
        _ => Err(refused("it must be an https: address")),
    }
}

fn scratch_folder(environment: &dyn Environment) -> Result<Option<PathBuf>, ConfigError> {
    existing(
        environment,
        "FURROW_NDVI_SCRATCH_DIR",
        "there is no such folder",
        std::path::Path::is_dir,
    )
}

fn ca_file(environment: &dyn Environment) -> Result<Option<PathBuf>, ConfigError> {
    existing(
        environment,
        "FURROW_NDVI_CA_FILE",
        "there is no such file",
        std::path::Path::is_file,
    )
}

fn existing(
    environment: &dyn Environment,
    name: &str,
    reason: &str,
    exists: fn(&std::path::Path) -> bool,
) -> Result<Option<PathBuf>, ConfigError> {
    let Some(text) = environment.variable(name) else {
        return Ok(None);
    };
    let path = PathBuf::from(&text);
    if exists(&path) {
        Ok(Some(path))
    } else {
        Err(ConfigError::new(name, &text, reason))
    }
}

fn allowed_hosts(environment: &dyn Environment) -> Result<Vec<AllowedHost>, ConfigError> {
    const NAME: &str = "FURROW_NDVI_ALLOWED_HOSTS";
    let text = environment.variable(NAME).unwrap_or_default();
    let entries = text
        .split(',')
        .map(str::trim)
        .filter(|entry| !entry.is_empty());
    entries
        .map(|entry| {
            AllowedHost::parse(entry).ok_or_else(|| {
                ConfigError::new(
                    NAME,
                    entry,
                    "host, host:port or private:host:port is expected",
                )
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn read(variables: &[(&'static str, &'static str)]) -> Result<NdviConfig, String> {
        let mut environment = HashMap::from([("FURROW_STORE_URL", "file:///tmp")]);
        environment.extend(variables.iter().copied());
        NdviConfig::from_environment(&environment).map_err(|error| error.to_string())
    }

    #[test]
    fn nothing_is_read_over_http_unless_a_host_is_named() {
        assert_eq!(read(&[]).expect("valid").http.allowed_hosts, []);
        let named = read(&[("FURROW_NDVI_ALLOWED_HOSTS", "a.org, private:nas:80,")]);
        assert_eq!(named.expect("valid").http.allowed_hosts.len(), 2);
    }

    /// The settings of a bucket, with some more or others.
    fn s3(more: &[(&'static str, &'static str)]) -> Result<S3Config, String> {
        let mut variables = vec![
            ("FURROW_STORE_URL", "s3://a-farm/store/one"),
            ("AWS_ACCESS_KEY_ID", "name"),
            ("AWS_SECRET_ACCESS_KEY", "do not tell"),
        ];
        variables.extend(more);
        match read(&variables)?.store {
            StoreConfig::S3(config) => Ok(*config),
            StoreConfig::Folder(folder) => panic!("{}", folder.display()),
        }
    }

    #[test]
    fn a_bucket_has_a_prefix_a_region_and_a_key_that_nobody_sees() {
        let config = s3(&[("AWS_REGION", "eu-central-1")]).expect("valid");

        assert_eq!(config.bucket, "a-farm");
        assert_eq!(config.prefix.as_ref(), "store/one");
        assert_eq!(config.region, "eu-central-1");
        assert_eq!(config.endpoint, None);
        let shown = format!("{config:?}");
        assert!(!shown.contains("do not tell"), "{shown}");
    }

    #[test]
    fn an_endpoint_is_asked_in_the_clear_on_this_machine_or_on_demand() {
        let endpoint = |url| s3(&[("FURROW_S3_ENDPOINT", url)]);
        for url in [
            "https://s3.example.org",
            "http://127.0.0.1:9000",
            "http://localhost:9000",
            "http://[::1]:9000",
        ] {
            assert!(endpoint(url).is_ok(), "{url}");
        }
        let refused = endpoint("http://nas.lan:9000").expect_err("refused");
        assert!(refused.contains("FURROW_S3_ALLOW_HTTP"), "{refused}");
        let demanded = s3(&[
            ("AWS_ENDPOINT_URL", "http://nas.lan:9000"),
            ("FURROW_S3_ALLOW_HTTP", "on"),
        ]);
        assert!(demanded.is_ok());
    }

    #[test]
    fn a_refused_setting_says_what_is_wrong() {
        let refused = |name, value| read(&[(name, value)]).expect_err("refused");
        assert!(refused("FURROW_STORE_URL", "ftp://a").contains("file:///<absolute folder>"));
        assert!(refused("FURROW_STORE_URL", "file:///no/such").contains("no such folder"));
        assert!(refused("FURROW_STORE_URL", "s3://a").contains("names no bucket"));
        assert!(refused("FURROW_STORE_URL", "s3://user:pw@bucket").contains("variables"));
        assert!(refused("FURROW_STORE_URL", "s3://bucket").contains("AWS_ACCESS_KEY_ID"));
        assert!(refused("FURROW_NDVI_ALLOWED_HOSTS", "a b").contains("private:host:port"));
        assert!(refused("FURROW_NDVI_CA_FILE", "/no/such").contains("no such file"));
        assert!(refused("FURROW_NDVI_SCRATCH_DIR", "/no/such").contains("no such folder"));
        assert!(refused("FURROW_NDVI_MAX_PIXELS", "12").contains("between 1000000"));
    }
}
