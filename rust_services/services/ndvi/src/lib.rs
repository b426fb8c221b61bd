//! The NDVI service: gRPC in front of the raster and index crates.
