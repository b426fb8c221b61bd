//! The metrics service: scrapes that never touch Python.
//!
//! ```text
//! page ── scraper: a thread, its queue        grpc ── convert
//!            │                                   │ Report      │ QuerySlo
//!         collect: all files as one table ◄── report         slo ── ring ── sources
//!            │ files ── mapping     directory
//!            │ retired ── persist   slots ── process
//! ```

pub mod accept;
pub mod collect;
pub mod config;
mod convert;
pub mod directory;
pub mod files;
pub mod grpc;
pub mod mapping;
pub mod own;
pub mod page;
pub mod persist;
pub mod print;
pub mod process;
mod processes;
pub mod report;
pub mod retired;
pub mod ring;
pub mod scraper;
pub mod slo;
pub mod slots;
pub mod sources;
pub mod status;

use std::future::IntoFuture as _;
use std::sync::Arc;

use furrow_rpc::FILE_DESCRIPTOR_SET;
use furrow_service_kit::config::{ConfigError, Environment, KitConfig};
use furrow_service_kit::{Kit, Program, StartError};
use tonic::service::Routes;

use crate::collect::Collector;
use crate::config::MetricsConfig;
use crate::grpc::Grpc;
use crate::own::Own;
use crate::page::DjangoPage;
use crate::persist::StateFolder;
use crate::report::{Limits, Pushed, Reports};
use crate::scraper::Scraper;
use crate::sources::{Sampler, SamplerParts};

/// The service as a program.
#[derive(Debug, Clone, Copy)]
pub struct MetricsProgram;

impl Program for MetricsProgram {
    const NAME: &'static str = "furrow-metrics";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SERVICE: &'static str = grpc::SERVICE;
    const METHODS: &'static [&'static str] = grpc::METHODS;
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
        let reports = Arc::new(Reports::open(
            config.state_folder.clone(),
            Limits::default(),
        ));
        let mut collector = Collector::new(&config, own.clone());
        collector.contribute(Box::new(Pushed::new(Arc::clone(&reports))));
        let scraper = Scraper::start(collector, own)
            .map_err(|error| StartError::Part(format!("no thread for scrapes: {error}")))?;
        // Ready is who has read all files once: the first scrape is no slower than the others.
        let _ = scraper.sample(|_| ()).await;
        kit.pages.serve(Arc::new(DjangoPage::new(scraper.clone())));
        let parts = SamplerParts {
            sources: config.sources,
            python: Box::new(scraper.clone()),
            metrics: kit.metrics.clone(),
            folder: StateFolder::new(&config.state_folder),
        };
        let (sampler, sampling) = Sampler::new(parts, kit.stopping.clone().into_future());
        kit.background.spawn("sampler", sampling);
        let stopping = kit.stopping.clone();
        kit.background.spawn("state", async move {
            stopping.await;
            scraper.stop().await;
        });
        let service = Grpc::new(reports, sampler, Arc::clone(&kit.compute), &kit.metrics);
        Ok(Routes::new(service.into_server()))
    }
}
