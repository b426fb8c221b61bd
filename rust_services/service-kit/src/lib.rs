//! What every service shares: configuration, telemetry, health, admin server, compute pool, shutdown.
