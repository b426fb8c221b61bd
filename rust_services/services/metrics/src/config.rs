//! Settings of the metrics service.

use std::net::SocketAddr;
use std::path::PathBuf;

use furrow_service_kit::config::{ConfigError, Environment, KitConfig, number_between};
use furrow_service_kit::listen::Listen;

use crate::sources::Source;

/// Settings of the metrics service.
#[derive(Debug, Clone)]
pub struct MetricsConfig {
    /// What every service has.
    pub kit: KitConfig,
    /// Where Python processes keep their files.
    pub folder: PathBuf,
    /// Where the service keeps what must outlive it.
    pub state_folder: PathBuf,
    /// Services whose metrics are read for questions.
    pub sources: Vec<Source>,
    /// Series that are kept and shown; more are dropped and counted.
    pub most_series: usize,
}

impl MetricsConfig {
    /// Reads `FURROW_METRICS_*` and `PROMETHEUS_MULTIPROC_DIR`.
    ///
    /// # Errors
    /// [`ConfigError`] for the first setting that is refused.
    pub fn from_environment(environment: &dyn Environment) -> Result<Self, ConfigError> {
        let listen = Listen::Unix("/run/furrow/metrics.sock".into());
        let admin = SocketAddr::from(([127, 0, 0, 1], 9201));
        let most_series = number_between(
            environment,
            "FURROW_METRICS_MAX_SERIES",
            1_000_000,
            (1000, 10_000_000),
        )?;
        let folder = |name: &str, default: Option<&str>| {
            let value = environment.variable(name);
            let value = value.or_else(|| default.map(str::to_owned));
            let path = PathBuf::from(value.clone().unwrap_or_default());
            if path.is_absolute() {
                Ok(path)
            } else {
                let reason = "it must be the absolute path of a folder";
                Err(ConfigError::new(name, &value.unwrap_or_default(), reason))
            }
        };
        let sources = "FURROW_METRICS_SOURCES";
        let text = environment.variable(sources).unwrap_or_default();
        let sources =
            Source::list(&text).map_err(|reason| ConfigError::new(sources, &text, reason))?;
        Ok(Self {
            sources,
            kit: KitConfig::from_environment(environment, "FURROW_METRICS", listen, admin)?,
            folder: folder("PROMETHEUS_MULTIPROC_DIR", None)?,
            state_folder: folder("FURROW_METRICS_STATE_DIR", Some("/var/lib/furrow/metrics"))?,
            most_series: usize::try_from(most_series).expect("at most ten millions"),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn read(variables: &[(&'static str, &'static str)]) -> Result<MetricsConfig, String> {
        let environment: HashMap<&str, &str> = variables.iter().copied().collect();
        MetricsConfig::from_environment(&environment).map_err(|error| error.to_string())
    }

    #[test]
    fn the_folder_of_the_files_is_all_that_must_be_said() {
        let config = read(&[("PROMETHEUS_MULTIPROC_DIR", "/run/multiproc")]).expect("valid");
        assert_eq!(config.kit.admin_listen.port(), 9201);
        assert_eq!(
            config.kit.listen.to_string(),
            "unix:/run/furrow/metrics.sock"
        );
        assert_eq!(
            config.state_folder,
            PathBuf::from("/var/lib/furrow/metrics")
        );
        assert_eq!(config.most_series, 1_000_000);
    }

    #[test]
    fn a_folder_that_depends_on_where_one_stands_is_refused() {
        let refused = read(&[]).expect_err("refused");
        assert!(
            refused.starts_with("PROMETHEUS_MULTIPROC_DIR=\"\" is refused"),
            "{refused}"
        );
        let state = ("FURROW_METRICS_STATE_DIR", "state");
        let refused = read(&[("PROMETHEUS_MULTIPROC_DIR", "/run/m"), state]).expect_err("refused");
        assert!(
            refused.starts_with("FURROW_METRICS_STATE_DIR=\"state\""),
            "{refused}"
        );
        let few = ("FURROW_METRICS_MAX_SERIES", "10");
        assert!(read(&[("PROMETHEUS_MULTIPROC_DIR", "/run/m"), few]).is_err());
    }
}
