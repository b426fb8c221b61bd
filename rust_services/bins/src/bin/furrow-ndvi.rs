//! The NDVI service as a program.

use std::process::ExitCode;

use furrow_ndvi::Ndvi;

fn main() -> ExitCode {
    furrow_service_kit::run::<Ndvi>()
}
