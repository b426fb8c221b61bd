//! What hostile files cost: each is read in a process of its own, whose peak memory is looked up, and
//! which is ended where it takes more processor time or address space than any file may.

use std::io::{Read, Write};
use std::process::{Command, Stdio};

use super::super::{Limits, Parsed, SparseBytes, TiffError, parse};
use super::bombs::{self, Bomb};

/// Most memory beside the file's bytes, KiB: what [`Limits`] promises.
const MAX_HEADER_KIB: u64 = 128 << 10;
const MAX_CHUNK_KIB: u64 = 4 * (64 << 10);
/// Seconds of processor time and KiB of address space after which a process is ended.
const MAX_SECONDS: u32 = 30;
const MAX_ADDRESSES_KIB: u32 = 2 << 20;
/// Tiles or strips that are decoded of each image, for each of so many bands.
const MAX_CHUNKS: usize = 64;
const MAX_BANDS: u16 = 4;

/// A number of this process, in KiB, of Linux's `/proc`.
fn status_kib(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with(name));
    let number = line.and_then(|line| line.split_whitespace().nth(1));
    number.and_then(|kib| kib.parse().ok()).expect("a number")
}

/// Reads a file as a service would, and decodes what can be.
fn read(file: &[u8]) -> Result<(), TiffError> {
    let mut bytes = SparseBytes::new(file.len() as u64);
    let index = |at| usize::try_from(at).expect("64 bits");
    let tiff = loop {
        match parse(&bytes, &Limits::default())? {
            Parsed::Ready(tiff) => break tiff,
            Parsed::NeedMore(range) => {
                let part = file[index(range.start)..index(range.end)].to_vec();
                bytes.insert(range.start, part);
            }
        }
    };
    for image in tiff.images.iter().chain(&tiff.masks) {
        for band in 0..image.bands.min(MAX_BANDS) {
            let chunks = image.chunks_covering(band, image.full_window());
            for chunk in chunks.into_iter().take(MAX_CHUNKS) {
                if let Some(range) = image.byte_range(chunk) {
                    let data = &file[index(range.start)..index(range.end)];
                    image.decode(chunk, data, &[band])?;
                }
            }
        }
    }
    Ok(())
}

#[test]
#[ignore = "a process that the other tests start"]
fn reads_what_comes_in() {
    let mut file = Vec::new();
    std::io::stdin().read_to_end(&mut file).expect("a file");
    let before = status_kib("VmRSS:");

    let reason = match read(&file) {
        Ok(()) => "fine".to_owned(),
        Err(error) => format!("{} {error}", error.reason()),
    };

    let grown = status_kib("VmHWM:").saturating_sub(before);
    writeln!(std::io::stdout(), "cost {grown} {reason}").expect("a pipe");
}

/// Peak memory in KiB, and the refusal, of reading a file in a process of its own.
fn cost(bomb: &Bomb) -> (u64, String) {
    let limits = format!("ulimit -t {MAX_SECONDS}; ulimit -v {MAX_ADDRESSES_KIB}; exec \"$@\"");
    let mut process = Command::new("sh")
        .args(["-c", &limits, "sh"])
        .arg(std::env::current_exe().expect("this test"))
        .args(["--exact", "tiff::tests::memory::reads_what_comes_in"])
        .args(["--ignored", "--nocapture", "--test-threads=1"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a shell");
    let mut pipe = process.stdin.take().expect("piped");
    pipe.write_all(&bomb.file).expect("read to its end");
    drop(pipe);
    let done = process.wait_with_output().expect("an end");
    let text = String::from_utf8_lossy(&done.stdout);
    let name = bomb.name;
    assert!(done.status.success(), "{name}: {}: {text}", done.status);
    let line = text.lines().find_map(|line| line.split_once("cost "));
    let (_, line) = line.unwrap_or_else(|| panic!("{name}: {text}"));
    let (grown, reason) = line.split_once(' ').expect("two words");
    (grown.parse().expect("a number"), reason.to_owned())
}

fn all_cost_at_most(bombs: Vec<Bomb>, most_kib: u64) {
    for bomb in bombs {
        let (grown, reason) = cost(&bomb);
        let Bomb { name, words, file } = bomb;
        eprintln!("{name}: {} bytes, {grown} KiB, {reason}", file.len());
        assert!(reason.contains(words), "{name}: {reason}");
        assert!(grown <= most_kib, "{name}: {grown} KiB, {reason}");
    }
}

#[test]
fn no_header_costs_more_than_its_budget() {
    all_cost_at_most(bombs::headers(), MAX_HEADER_KIB);
}

#[test]
fn no_tile_costs_more_than_its_budget() {
    all_cost_at_most(bombs::tiles(), MAX_CHUNK_KIB);
}
