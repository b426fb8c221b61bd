//! Settings of the weather service.

use std::net::SocketAddr;

use furrow_service_kit::config::{ConfigError, Environment, KitConfig};
use furrow_service_kit::listen::Listen;

/// Settings of the weather service: those that every service has.
#[derive(Debug, Clone)]
pub struct WeatherConfig {
    /// What every service has.
    pub kit: KitConfig,
}

impl WeatherConfig {
    /// Reads `FURROW_WEATHER_*`.
    ///
    /// # Errors
    /// [`ConfigError`] for the first setting that is refused.
    pub fn from_environment(environment: &dyn Environment) -> Result<Self, ConfigError> {
        let listen = Listen::Unix("/run/furrow/weather.sock".into());
        let admin = SocketAddr::from(([127, 0, 0, 1], 9301));
        let kit = KitConfig::from_environment(environment, "FURROW_WEATHER", listen, admin)?;
        Ok(Self { kit })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn nothing_has_to_be_set() {
        let environment: HashMap<&str, &str> = HashMap::new();

        let config = WeatherConfig::from_environment(&environment).expect("defaults");

        assert_eq!(config.kit.admin_listen.port(), 9301);
    }
}
