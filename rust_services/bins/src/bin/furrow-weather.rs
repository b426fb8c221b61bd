//! The weather service as a program.

use std::process::ExitCode;

use furrow_weather::Weather;

fn main() -> ExitCode {
    furrow_service_kit::run::<Weather>()
}
