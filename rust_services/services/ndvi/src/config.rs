//! Settings of the service.

use std::net::SocketAddr;
use std::path::PathBuf;

use furrow_service_kit::config::{ConfigError, Environment, KitConfig, number_between};
use furrow_service_kit::listen::Listen;
use url::Url;

/// Prefix of the service's own settings.
const PREFIX: &str = "FURROW_NDVI";

/// Pixels of one band of a Sentinel-2 scene at 10 m are 120.56 million; the default lets them pass.
const DEFAULT_MAX_PIXELS: u64 = 130_000_000;

/// Settings of the service.
#[derive(Debug, Clone)]
pub struct NdviConfig {
    /// What every service has.
    pub kit: KitConfig,
    /// Folder of the object store.
    pub store_root: PathBuf,
    /// Hosts that rasters may be read from over HTTP.
    pub allowed_hosts: Vec<AllowedHost>,
    /// Most pixels of a raster, and of a window that is summarized, drawn or written.
    pub max_pixels: u64,
}

/// A host that rasters may be read from; without a port, the scheme's own one is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedHost {
    host: String,
    port: Option<u16>,
}

impl AllowedHost {
    /// Reads `host` or `host:port`.
    fn parse(text: &str) -> Option<Self> {
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) => (host, Some(port.parse().ok()?)),
            None => (text, None),
        };
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
        (!host.is_empty() && host.chars().all(is_plain)).then(|| Self {
            host: host.to_ascii_lowercase(),
            port,
        })
    }

    /// Whether an address lies on this host.
    pub fn admits(&self, url: &Url) -> bool {
        let port_fits = match self.port {
            None => url.port().is_none(),
            port => url.port_or_known_default() == port,
        };
        url.host_str() == Some(self.host.as_str()) && port_fits
    }
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
            store_root: store_root(environment)?,
            allowed_hosts: allowed_hosts(environment)?,
            max_pixels: number_between(environment, max_pixels, DEFAULT_MAX_PIXELS, pixels)?,
        })
    }
}

fn store_root(environment: &dyn Environment) -> Result<PathBuf, ConfigError> {
    const NAME: &str = "FURROW_STORE_URL";
    let text = environment
        .variable(NAME)
        .unwrap_or_else(|| "file:///var/lib/furrow/store".to_owned());
    let refused = |reason: &str| ConfigError::new(NAME, &text, reason);
    let url = Url::parse(&text).map_err(|error| refused(&error.to_string()))?;
    if url.scheme() != "file" {
        return Err(refused(
            "it must be a file: address, such as file:///var/lib/furrow/store",
        ));
    }
    let path = url
        .to_file_path()
        .map_err(|()| refused("it names no absolute path"))?;
    if path.is_dir() {
        Ok(path)
    } else {
        Err(refused("there is no such folder"))
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
            AllowedHost::parse(entry)
                .ok_or_else(|| ConfigError::new(NAME, entry, "host or host:port is expected"))
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
        assert_eq!(read(&[]).expect("valid").allowed_hosts, []);
    }

    #[test]
    fn a_host_admits_its_own_port_only() {
        let config = read(&[(
            "FURROW_NDVI_ALLOWED_HOSTS",
            "Data.example.org, 127.0.0.1:8000",
        )]);
        let hosts = config.expect("valid").allowed_hosts;
        let admits = |text: &str| {
            let url = Url::parse(text).expect("an address");
            hosts.iter().any(|host| host.admits(&url))
        };
        assert!(admits("https://data.example.org/a.tif"));
        assert!(admits("http://127.0.0.1:8000/a.tif"));
        assert!(!admits("https://data.example.org:8443/a.tif"));
        assert!(!admits("http://127.0.0.1/a.tif"));
        assert!(!admits("https://evil.data.example.org/a.tif"));
    }

    #[test]
    fn a_refused_setting_says_what_is_wrong() {
        let refused = |name, value| read(&[(name, value)]).expect_err("refused");
        assert!(refused("FURROW_STORE_URL", "s3://bucket").contains("must be a file: address"));
        assert!(refused("FURROW_STORE_URL", "file:///no/such").contains("no such folder"));
        assert!(refused("FURROW_NDVI_ALLOWED_HOSTS", "a b").contains("host or host:port"));
        assert!(refused("FURROW_NDVI_MAX_PIXELS", "12").contains("between 1000000"));
    }
}
