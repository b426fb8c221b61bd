//! `furrow-metrics print DIR…`: what a scrape of a folder would say, on standard output.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use furrow_exposition::Format;

use crate::collect::Collector;
use crate::own::Own;

/// Exit code for a call that names no folder, as in BSD's `sysexits.h`.
const EXIT_USAGE: u8 = 64;

/// As in the service's own default.
const MOST_SERIES: usize = 1_000_000;

/// Prints each folder's files as one text in format 0.0.4. Of several folders each text stands below a
/// line `# folder: DIR`. Fails if one could not be listed; the others are printed all the same.
pub fn print(folders: &[OsString], out: &mut impl Write, complaints: &mut impl Write) -> ExitCode {
    if folders.is_empty() {
        let _ = writeln!(complaints, "usage: furrow-metrics print DIR...");
        return ExitCode::from(EXIT_USAGE);
    }
    let mut code = ExitCode::SUCCESS;
    for folder in folders {
        let folder = Path::new(folder);
        let mut text = Vec::new();
        if folders.len() > 1 {
            text.extend_from_slice(format!("# folder: {}\n", folder.display()).as_bytes());
        }
        if let Err(error) = merged(folder, &mut text) {
            let _ = writeln!(complaints, "{}: {error}", folder.display());
            code = ExitCode::FAILURE;
        }
        if out.write_all(&text).is_err() {
            return ExitCode::FAILURE;
        }
    }
    code
}

fn merged(folder: &Path, text: &mut Vec<u8>) -> io::Result<()> {
    std::fs::read_dir(folder)?;
    let mut collector = Collector::without_state(folder, MOST_SERIES, Own::default());
    collector.collect(Instant::now());
    collector.encode(Format::Text, text);
    Ok(())
}
