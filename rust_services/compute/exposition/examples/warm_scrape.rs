//! What a scrape of files that are known costs, without files, sockets or a clock of the crate:
//! `warm_scrape <series> <files> <scrapes> [text|openmetrics|protobuf]`.
//!
//! Counts instructions well: `valgrind --tool=callgrind` of a run with n scrapes less one with 0.
//! Half of the lines are counters, two fifths are histograms' of 18 lines, the rest gauges.

use std::io::Write as _;
#[allow(
    clippy::disallowed_types,
    reason = "an example measures; the crate does not"
)]
use std::time::Instant;

use furrow_exposition::entries::file_bytes;
use furrow_exposition::{FileEntries, FileName, Format, Limits, Table};

const BOUNDS: [&str; 15] = [
    "0.005", "0.01", "0.025", "0.05", "0.075", "0.1", "0.25", "0.5", "0.75", "1.0", "2.5", "5.0",
    "7.5", "10.0", "+Inf",
];

/// Lines that a histogram writes: its buckets, its sum, its count.
const LINES: usize = BOUNDS.len() + 2;

/// Entries of one process, by the start of its files' names.
type Files = Vec<(&'static str, Vec<(Vec<u8>, f64)>)>;

fn entries(series: usize) -> Files {
    let labels = |n: usize| {
        let view = n / 5;
        format!(
            "\"code\": \"2{:02}\", \"method\": \"GET\", \"view\": \"farm-fields-{view}\"",
            n % 5
        )
    };
    let number = |n: usize| f64::from(u32::try_from(n % 1000).unwrap_or(0));
    let counters = (0..series / 2).map(|n| {
        let key = format!(
            "[\"django_http_responses_by_view_{0}\", \"django_http_responses_by_view_{0}_total\", \
             {{{1}}}, \"Count of responses.\"]",
            n % 10,
            labels(n / 10)
        );
        (key.into_bytes(), 1.0 + number(n))
    });
    let gauges = (0..series / 10).map(|n| {
        let name = "farm_newest_value";
        let key = format!("[\"{name}\", \"{name}\", {{{}}}, \"A value.\"]", labels(n));
        (key.into_bytes(), number(n) + 0.1)
    });
    let histograms = (0..series * 2 / 5 / LINES).flat_map(|n| {
        let name = "http_request_duration_seconds";
        let sum = format!(
            "[\"{name}\", \"{name}_sum\", {{{}}}, \"Seconds.\"]",
            labels(n)
        );
        let buckets = BOUNDS.iter().map(move |bound| {
            let all = format!("\"le\": \"{bound}\", {}", labels(n));
            let key = format!("[\"{name}\", \"{name}_bucket\", {{{all}}}, \"Seconds.\"]");
            (key.into_bytes(), number(n))
        });
        std::iter::once((sum.into_bytes(), number(n) * 0.137)).chain(buckets)
    });
    vec![
        ("counter", counters.collect()),
        ("gauge_sum", gauges.collect()),
        ("histogram", histograms.collect()),
    ]
}

#[allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "an example measures"
)]
fn main() {
    let mut words = std::env::args().skip(1);
    let mut number = |default| {
        words
            .next()
            .map_or(default, |word| word.parse().expect("a number"))
    };
    let (series, files, scrapes) = (number(10_000), number(4), number(100));
    let format = match words.next().as_deref() {
        Some("openmetrics") => Format::OpenMetrics,
        Some("protobuf") => Format::Protobuf,
        _ => Format::Text,
    };
    let held: Vec<(FileName, Vec<u8>)> = (0..files)
        .flat_map(|ident| {
            entries(series).into_iter().map(move |(kind, entries)| {
                let name = FileName::parse(&format!("{kind}_{ident}.db")).expect("a name");
                let entries = entries
                    .iter()
                    .map(|(key, value)| (key.as_slice(), *value, 0.0));
                (name, file_bytes(entries))
            })
        })
        .collect();

    let started = Instant::now();
    let mut table = Table::new(Limits::default());
    let mut known = Vec::new();
    for (name, bytes) in held {
        let mut file = FileEntries::new(name);
        table.read_file(&bytes, &mut file).expect("a good file");
        known.push((file, bytes));
    }
    let parsed = started.elapsed();
    let mut out = Vec::new();
    let mut times = Vec::new();
    for _ in 0..=scrapes {
        let started = Instant::now();
        out.clear();
        table.reset();
        for (file, bytes) in &known {
            table.add_file(bytes, file);
        }
        table.encode(format, &mut out);
        times.push(started.elapsed());
    }
    let first = times.remove(0);
    times.sort_unstable();
    let at = |share: usize| {
        times
            .get(times.len() * share / 100)
            .copied()
            .unwrap_or_default()
    };
    let lines = table.series();
    let told = writeln!(
        std::io::stdout(),
        "series={lines} files={files} scrapes={scrapes} format={} bytes={} parse_ms={:.3} first_ms={:.3} \
         p50_ms={:.3} p99_ms={:.3}",
        format.as_str(),
        out.len(),
        parsed.as_secs_f64() * 1e3,
        first.as_secs_f64() * 1e3,
        at(50).as_secs_f64() * 1e3,
        at(99).as_secs_f64() * 1e3,
    );
    told.expect("somebody listens");
}
