//! Generates the messages and services from `protos/` of this repository.
//!
//! The contracts are compiled by protox, in Rust, so that building needs no `protoc`. Paths are
//! relative to this crate: a source distribution keeps `protos/` beside `rust_services/`.

use std::path::{Path, PathBuf};
use std::{env, fs};

use protox::prost::Message as _;

/// The contracts that Rust services serve, below `protos/`.
const CONTRACTS: [&str; 3] = [
    "farm/rpc/metrics/v1/metrics.proto",
    "farm/rpc/ndvi/v1/ndvi.proto",
    "farm/rpc/weather/v1/weather.proto",
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../protos");
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    println!("cargo:rerun-if-changed={}", root.join("farm").display());

    let files = CONTRACTS.map(|contract| root.join(contract));
    let descriptors = protox::compile(files, [&root])?;
    fs::write(out.join("contracts.bin"), descriptors.encode_to_vec())?;
    // Columns of weather are read where they arrived instead of being copied out of the message.
    tonic_prost_build::configure()
        .bytes(".farm.rpc.weather")
        .compile_fds(descriptors)?;
    Ok(())
}
