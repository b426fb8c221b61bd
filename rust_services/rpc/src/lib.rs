//! Generated messages and services of the contracts in `protos/`.
//!
//! Nothing here is written by hand; the comments are those of the contracts.

/// The contracts as a file-descriptor set, for server reflection.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/contracts.bin"));

/// What contracts share.
pub mod common {
    /// Version 1.
    #[allow(clippy::pedantic, reason = "generated")]
    pub mod v1 {
        tonic::include_proto!("farm.rpc.common.v1");
    }
}

/// What programs counted.
pub mod metrics {
    /// Version 1.
    #[allow(clippy::pedantic, reason = "generated")]
    pub mod v1 {
        tonic::include_proto!("farm.rpc.metrics.v1");
    }
}

/// Vegetation indices.
pub mod ndvi {
    /// Version 1.
    #[allow(clippy::pedantic, reason = "generated")]
    pub mod v1 {
        tonic::include_proto!("farm.rpc.ndvi.v1");
    }
}

/// Weather.
pub mod weather {
    /// Version 1.
    #[allow(clippy::pedantic, clippy::large_enum_variant, reason = "generated")]
    pub mod v1 {
        tonic::include_proto!("farm.rpc.weather.v1");
    }
}
