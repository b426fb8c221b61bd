//! The metrics service: scrapes that never touch Python.
//!
//! ```text
//! page ── scraper: a thread, its queue, formats
//!            │
//!         collect: all files as one table
//!            │
//!         files ── mapping            directory: what is in the folder
//!         retired ── persist          slots ── process: who writes, and what that uses
//! ```

pub mod accept;
pub mod collect;
pub mod config;
pub mod directory;
pub mod files;
pub mod mapping;
pub mod own;
pub mod page;
pub mod persist;
pub mod print;
pub mod process;
mod processes;
pub mod retired;
pub mod scraper;
pub mod slots;

use std::sync::Arc;

use furrow_rpc::FILE_DESCRIPTOR_SET;
use furrow_service_kit::config::{ConfigError, Environment, KitConfig};
use furrow_service_kit::{Kit, Program, StartError};
use tonic::service::Routes;

use crate::collect::Collector;
use crate::config::MetricsConfig;
use crate::own::Own;
use crate::page::DjangoPage;
use crate::scraper::Scraper;

/// The service as a program.
#[derive(Debug, Clone, Copy)]
pub struct MetricsProgram;

impl Program for MetricsProgram {
    const NAME: &'static str = "furrow-metrics";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SERVICE: &'static str = "farm.rpc.metrics.v1.MetricsService";
    const METHODS: &'static [&'static str] = &[
        "/farm.rpc.metrics.v1.MetricsService/Report",
        "/farm.rpc.metrics.v1.MetricsService/QuerySlo",
    ];
    const CONTRACTS: &'static [u8] = FILE_DESCRIPTOR_SET;
    type Config = MetricsConfig;

    fn configure(environment: &dyn Environment) -> Result<MetricsConfig, ConfigError> {
        MetricsConfig::from_environment(environment)
    }

    fn kit(config: &MetricsConfig) -> &KitConfig {
        &config.kit
    }

    async fn routes(config: MetricsConfig, kit: Kit) -> Result<Routes, StartError> {
        let own = Own::register(&kit.metrics);
        let collector = Collector::new(&config, own.clone());
        let scraper = Scraper::start(collector, own)
            .map_err(|error| StartError::Part(format!("no thread for scrapes: {error}")))?;
        kit.pages.serve(Arc::new(DjangoPage::new(scraper.clone())));
        let stopping = kit.stopping.clone();
        kit.background.spawn("state", async move {
            stopping.await;
            scraper.stop().await;
        });
        Ok(Routes::default())
    }
}
