//! What the four models of chill cost: `chill_portions <file> <repetitions> [<results>]`.
//!
//! The file holds temperatures by the hour, °C, little-endian doubles. Prints the nanoseconds of each
//! repetition, one a line; the cumulative portions go to the results, doubles likewise.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "an example measures and reads files; the crate does neither"
)]

use std::hint::black_box;
use std::io::Write as _;
use std::process::ExitCode;
use std::time::Instant;

use furrow_agromet::{ChillState, accumulate_chill};

fn run(arguments: &[String]) -> Result<(), String> {
    let [file, repetitions, results @ ..] = arguments else {
        return Err("chill_portions <file> <repetitions> [<results>]".to_owned());
    };
    let bytes = std::fs::read(file).map_err(|error| format!("{file}: {error}"))?;
    let (values, rest) = bytes.as_chunks::<8>();
    if !rest.is_empty() {
        return Err(format!(
            "{file} has {} bytes, no multiple of 8",
            bytes.len()
        ));
    }
    let temperatures_c: Vec<f64> = values.iter().map(|b| f64::from_le_bytes(*b)).collect();
    let repetitions: u32 = repetitions
        .parse()
        .map_err(|error| format!("{repetitions}: {error}"))?;
    let mut portions = Vec::new();
    let mut out = std::io::stdout().lock();
    for _ in 0..repetitions {
        let begin = Instant::now();
        let columns = accumulate_chill(black_box(&temperatures_c), ChillState::default());
        let columns = black_box(columns);
        let nanoseconds = begin.elapsed().as_nanos();
        writeln!(out, "{nanoseconds}").map_err(|error| error.to_string())?;
        portions = columns.chill_portions;
    }
    if let [results, ..] = results {
        let bytes: Vec<u8> = portions.iter().flat_map(|p| p.to_le_bytes()).collect();
        std::fs::write(results, bytes).map_err(|error| format!("{results}: {error}"))?;
    }
    Ok(())
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("{reason}");
            ExitCode::from(64)
        }
    }
}
