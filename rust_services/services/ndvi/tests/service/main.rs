//! The service as callers meet it: gRPC over a unix socket, real files in a store.

mod errors;
mod http;
mod http_lies;
mod http_server;
mod layouts;
mod lifecycle;
mod masks;
mod metrics;
mod mosaic_files;
mod mosaics;
mod rasters;
mod shared_imagery;
mod summaries;
mod support;
mod tiles;
