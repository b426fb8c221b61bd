//! What every service shares: configuration, telemetry, health, admin server, compute pool, shutdown.
//!
//! A service implements [`Program`]; its `main` is one call of [`run`].

pub mod admin;
pub mod call;
pub mod compute;
pub mod config;
pub mod cpu;
pub mod health;
pub mod http;
pub mod listen;
pub mod metrics;
pub mod program;
pub mod refusal;
pub mod serve;
pub mod stopping;
pub mod telemetry;
mod watch;

pub use compute::{Cancel, ComputePool, Slot, Stopped};
pub use config::{ConfigError, Environment, KitConfig};
pub use cpu::CpuScope;
pub use program::{Program, run};
pub use refusal::Refusal;
pub use serve::{Kit, StartError};
pub use stopping::{Background, Stopping};
