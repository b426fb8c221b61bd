//! Settings from the environment, refused with a sentence before any port is bound.

use std::collections::HashMap;
use std::fmt::Display;
use std::hash::BuildHasher;
use std::net::SocketAddr;
use std::str::FromStr;
use std::time::Duration;

use crate::listen::Listen;

/// Where settings come from: the process environment, or a map in tests.
pub trait Environment {
    /// The value of a variable; None when it is not set or is empty.
    fn variable(&self, name: &str) -> Option<String>;
}

/// The environment of this process.
#[derive(Debug, Clone, Copy, Default)]
pub struct ProcessEnvironment;

impl Environment for ProcessEnvironment {
    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok().filter(|value| !value.is_empty())
    }
}

impl<S: BuildHasher> Environment for HashMap<&str, &str, S> {
    fn variable(&self, name: &str) -> Option<String> {
        let value = self.get(name).filter(|value| !value.is_empty());
        value.map(|value| (*value).to_owned())
    }
}

/// A setting that the service does not start with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name}={value:?} is refused: {reason}")]
pub struct ConfigError {
    name: String,
    value: String,
    reason: String,
}

impl ConfigError {
    /// A refusal of `name`'s value, for a reason that completes the sentence.
    pub fn new(name: &str, value: &str, reason: impl Display) -> Self {
        Self {
            name: name.to_owned(),
            value: value.to_owned(),
            reason: reason.to_string(),
        }
    }
}

/// The variable parsed, or the default where it is not set.
///
/// # Errors
/// [`ConfigError`] when the value cannot be parsed.
pub fn parsed_or<T>(environment: &dyn Environment, name: &str, default: T) -> Result<T, ConfigError>
where
    T: FromStr,
    T::Err: Display,
{
    match environment.variable(name) {
        None => Ok(default),
        Some(value) => value
            .parse()
            .map_err(|error: T::Err| ConfigError::new(name, &value, error)),
    }
}

/// The variable parsed and held between two limits, or the default where it is not set.
///
/// # Errors
/// [`ConfigError`] when the value is no number or outside the limits.
pub fn number_between(
    environment: &dyn Environment,
    name: &str,
    default: u64,
    (least, most): (u64, u64),
) -> Result<u64, ConfigError> {
    let number = parsed_or(environment, name, default)?;
    if (least..=most).contains(&number) {
        Ok(number)
    } else {
        let reason = format!("it must be between {least} and {most}");
        Err(ConfigError::new(name, &number.to_string(), reason))
    }
}

/// Settings that every service has; the names start with the service's own prefix.
#[derive(Debug, Clone)]
pub struct KitConfig {
    /// Where gRPC is served.
    pub listen: Listen,
    /// Where `/metrics`, `/livez` and `/readyz` are served.
    pub admin_listen: SocketAddr,
    /// Threads that compute.
    pub threads: usize,
    /// How long calls may go on after the signal to stop.
    pub drain_timeout: Duration,
    /// Whether the contracts can be asked for over gRPC.
    pub reflection: bool,
    /// Filter of log lines, as `tracing-subscriber` reads it.
    pub log_filter: String,
}

impl KitConfig {
    /// Reads `<prefix>_LISTEN`, `<prefix>_ADMIN_LISTEN`, `<prefix>_THREADS`, `<prefix>_DRAIN_S`,
    /// `<prefix>_REFLECTION` and `FURROW_LOG`.
    ///
    /// # Errors
    /// [`ConfigError`] for the first setting that is refused.
    pub fn from_environment(
        environment: &dyn Environment,
        prefix: &str,
        default_listen: Listen,
        default_admin: SocketAddr,
    ) -> Result<Self, ConfigError> {
        let name = |suffix: &str| format!("{prefix}_{suffix}");
        let cores = std::thread::available_parallelism().map_or(1, usize::from) as u64;
        let threads = number_between(environment, &name("THREADS"), cores.min(256), (1, 256))?;
        let drain_s = number_between(environment, &name("DRAIN_S"), 20, (1, 600))?;
        let log_filter = environment
            .variable("FURROW_LOG")
            .unwrap_or_else(|| "info".to_owned());
        crate::telemetry::check_filter(&log_filter)?;
        Ok(Self {
            listen: parsed_or(environment, &name("LISTEN"), default_listen)?,
            admin_listen: parsed_or(environment, &name("ADMIN_LISTEN"), default_admin)?,
            threads: usize::try_from(threads).expect("at most 256"),
            drain_timeout: Duration::from_secs(drain_s),
            reflection: on_or_off(environment, &name("REFLECTION"))?,
            log_filter,
        })
    }
}

/// Whether a variable is `on`; it is off where it is not set.
///
/// # Errors
/// [`ConfigError`] when it is neither `on` nor `off`.
pub fn on_or_off(environment: &dyn Environment, name: &str) -> Result<bool, ConfigError> {
    match environment.variable(name).as_deref() {
        None | Some("off") => Ok(false),
        Some("on") => Ok(true),
        Some(other) => Err(ConfigError::new(name, other, "it must be 'on' or 'off'")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&'static str, &'static str)]) -> Result<KitConfig, String> {
        let environment: HashMap<&str, &str> = variables.iter().copied().collect();
        let listen = Listen::Unix("/run/furrow/test.sock".into());
        let admin = SocketAddr::from(([127, 0, 0, 1], 9101));
        KitConfig::from_environment(&environment, "FURROW_TEST", listen, admin)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn an_empty_environment_gives_the_defaults() {
        let config = read(&[]).expect("defaults are valid");
        assert_eq!(config.listen.to_string(), "unix:/run/furrow/test.sock");
        assert_eq!(config.admin_listen.port(), 9101);
        assert!(!config.reflection);
        assert!(config.threads >= 1);
    }

    #[test]
    fn a_refusal_names_the_variable_the_value_and_the_reason() {
        let refused = |name, value| read(&[(name, value)]).expect_err("refused");
        assert_eq!(
            refused("FURROW_TEST_THREADS", "0"),
            "FURROW_TEST_THREADS=\"0\" is refused: it must be between 1 and 256"
        );
        assert_eq!(
            refused("FURROW_TEST_REFLECTION", "yes"),
            "FURROW_TEST_REFLECTION=\"yes\" is refused: it must be 'on' or 'off'"
        );
        assert!(refused("FURROW_TEST_LISTEN", "9100").contains("unix:/path or tcp:host:port"));
        assert!(refused("FURROW_TEST_ADMIN_LISTEN", "here").contains("invalid socket address"));
        assert!(refused("FURROW_LOG", "furrow=loud").contains("FURROW_LOG"));
    }
}
