//! The weather service: gRPC in front of the agrometeorology crate.
//!
//! ```text
//! grpc ── observations | days | air | et | heat | chill | frost | disease | rain | water | windows
//!                          │ one module a noun: message → columns → compute → message
//!               hourly, daily, columns: messages ↔ columns, with every length and value checked
//! ```
//!
//! It keeps nothing: a state comes with the request and goes with the answer.

mod air;
mod chill;
mod columns;
pub mod config;
mod daily;
mod days;
mod disease;
mod et;
mod frost;
pub mod grpc;
mod heat;
mod hourly;
mod local_hours;
mod observations;
mod rain;
mod sites;
pub mod status;
mod water;
mod windows;

use std::sync::Arc;

use furrow_rpc::FILE_DESCRIPTOR_SET;
use furrow_rpc::weather::v1::weather_service_server::WeatherServiceServer;
use furrow_service_kit::config::{ConfigError, Environment, KitConfig};
use furrow_service_kit::{Kit, Program, StartError};
use tonic::server::NamedService;
use tonic::service::Routes;

use crate::config::WeatherConfig;
use crate::grpc::Grpc;

/// Largest message in both directions: thirty years of hours in five columns.
const MAX_MESSAGE_BYTES: usize = 16 << 20;

/// Columns of an answer; what is around them is small.
const MAX_ANSWER_BYTES: usize = MAX_MESSAGE_BYTES - (64 << 10);

/// The service as a program.
#[derive(Debug, Clone, Copy)]
pub struct Weather;

impl Program for Weather {
    const NAME: &'static str = "furrow-weather";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SERVICE: &'static str = <WeatherServiceServer<Grpc> as NamedService>::NAME;
    const METHODS: &'static [&'static str] = &[
        "/farm.rpc.weather.v1.WeatherService/ResampleHours",
        "/farm.rpc.weather.v1.WeatherService/JudgeHours",
        "/farm.rpc.weather.v1.WeatherService/AggregateDays",
        "/farm.rpc.weather.v1.WeatherService/DescribeAir",
        "/farm.rpc.weather.v1.WeatherService/EstimateHourlyEt",
        "/farm.rpc.weather.v1.WeatherService/EstimateDailyEt",
        "/farm.rpc.weather.v1.WeatherService/AccumulateHeat",
        "/farm.rpc.weather.v1.WeatherService/AccumulateChill",
        "/farm.rpc.weather.v1.WeatherService/AssessFrost",
        "/farm.rpc.weather.v1.WeatherService/AssessDisease",
        "/farm.rpc.weather.v1.WeatherService/SummarizeRain",
        "/farm.rpc.weather.v1.WeatherService/BalanceWater",
        "/farm.rpc.weather.v1.WeatherService/FindWindows",
    ];
    const CONTRACTS: &'static [u8] = FILE_DESCRIPTOR_SET;
    type Config = WeatherConfig;

    fn configure(environment: &dyn Environment) -> Result<WeatherConfig, ConfigError> {
        WeatherConfig::from_environment(environment)
    }

    fn kit(config: &WeatherConfig) -> &KitConfig {
        &config.kit
    }

    async fn routes(_config: WeatherConfig, kit: Kit) -> Result<Routes, StartError> {
        let server = WeatherServiceServer::new(Grpc::new(Arc::clone(&kit.compute)))
            .max_decoding_message_size(MAX_MESSAGE_BYTES)
            .max_encoding_message_size(MAX_MESSAGE_BYTES);
        Ok(Routes::new(server))
    }
}
