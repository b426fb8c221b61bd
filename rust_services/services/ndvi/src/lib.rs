//! The NDVI service: gRPC in front of the raster and index crates.
//!
//! ```text
//! grpc ── convert ── summarize | render | write | measure | describe
//!                          │ blocks, pipeline: which parts, read ahead
//!                        mosaic: the scenes of one day as one
//!                          │
//!                        stack: bands, masks and indices of a scene on one grid
//!                          │
//!                        scenes: headers and pixels of rasters
//!                          │
//!                        store: bytes by key or from an allowed host
//! ```

pub mod blocks;
pub mod config;
mod convert;
pub mod describe;
pub mod grpc;
pub mod measure;
pub mod mosaic;
pub mod parts;
pub mod picture;
pub mod pipeline;
pub mod render;
pub mod request;
pub mod scenes;
pub mod stack;
pub mod status;
pub mod store;
pub mod summarize;
pub mod tile;
pub mod tile_address;
mod tile_cache;
pub mod tile_http;
pub mod tile_layer;
pub mod write;

use std::sync::Arc;

use furrow_rpc::FILE_DESCRIPTOR_SET;
use furrow_rpc::ndvi::v1::ndvi_service_server::NdviServiceServer;
use furrow_service_kit::config::{ConfigError, Environment, KitConfig};
use furrow_service_kit::{Kit, Program, StartError};
use tonic::server::NamedService;
use tonic::service::Routes;

use crate::config::NdviConfig;
use crate::grpc::Grpc;
use crate::scenes::Rasters;
use crate::store::Stores;
use crate::tile_http::Tiles;

/// Largest request: ten thousand outlines.
const MAX_REQUEST_BYTES: usize = 16 << 20;

/// Largest answer: a picture of a mebibyte with room to spare.
const MAX_ANSWER_BYTES: usize = 4 << 20;

/// The service as a program.
#[derive(Debug, Clone, Copy)]
pub struct Ndvi;

impl Program for Ndvi {
    const NAME: &'static str = "furrow-ndvi";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SERVICE: &'static str = <NdviServiceServer<Grpc> as NamedService>::NAME;
    const METHODS: &'static [&'static str] = &[
        "/farm.rpc.ndvi.v1.NdviService/DescribeRaster",
        "/farm.rpc.ndvi.v1.NdviService/MeasureDigitalNumbers",
        "/farm.rpc.ndvi.v1.NdviService/SummarizeFields",
        "/farm.rpc.ndvi.v1.NdviService/RenderIndex",
        "/farm.rpc.ndvi.v1.NdviService/RenderTile",
        "/farm.rpc.ndvi.v1.NdviService/WriteIndex",
    ];
    const CONTRACTS: &'static [u8] = FILE_DESCRIPTOR_SET;
    type Config = NdviConfig;

    fn configure(environment: &dyn Environment) -> Result<NdviConfig, ConfigError> {
        NdviConfig::from_environment(environment)
    }

    fn kit(config: &NdviConfig) -> &KitConfig {
        &config.kit
    }

    async fn routes(config: NdviConfig, kit: Kit) -> Result<Routes, StartError> {
        let stores = Stores::open(&config, kit.metrics.clone()).map_err(StartError::Part)?;
        let rasters = Rasters::new(stores, config.max_pixels, kit.metrics.clone());
        let service = Grpc::new(rasters, Arc::clone(&kit.compute), config.max_pixels);
        if let Some(key) = config.tile_key {
            let (rasters, compute) = (Arc::clone(&service.rasters), Arc::clone(&kit.compute));
            let tiles = Tiles::new(rasters, compute, config.max_pixels, key);
            kit.pages.serve(Arc::new(tiles));
        }
        let server = NdviServiceServer::new(service)
            .max_decoding_message_size(MAX_REQUEST_BYTES)
            .max_encoding_message_size(MAX_ANSWER_BYTES);
        Ok(Routes::new(server))
    }
}
