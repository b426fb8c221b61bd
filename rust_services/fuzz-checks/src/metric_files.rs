//! Files of the Python client: merged up to their first fault, whole or as they grow.

use furrow_exposition::{
    Cells, FileEntries, FileError, FileKind, FileName, Format, GaugeMode, Limits, Table, Totals,
};

const LIMITS: Limits = Limits {
    max_cells: 64,
    max_families: 16,
    max_text_bytes: 16 << 10,
};

/// Most bytes that a scrape within the limits comes to: text, help texts, a number a line.
const MAX_OUT: usize = 512 << 10;

/// Reads a file of a kind that the first byte chooses; the second says how much of it is there at
/// first.
///
/// # Panics
/// Where a promise of `furrow_exposition::Table` is broken.
pub fn metric_files(bytes: &[u8]) {
    let [kind, share, file @ ..] = bytes else {
        return;
    };
    let kinds = [FileKind::Counter, FileKind::Summary, FileKind::Histogram];
    let kinds = kinds.into_iter().chain(GaugeMode::ALL.map(FileKind::Gauge));
    let kinds: Vec<FileKind> = kinds.collect();
    let kind = kinds[usize::from(*kind) % kinds.len()];
    let file = file.to_vec();

    let (mut whole, read, mut entries) = read(kind, &[&file]);
    if let Err(error) = &read {
        assert!(!error.to_string().is_empty() && !error.problem.reason().is_empty());
        assert!(error.offset <= file.len().max(8) && error.offset >= entries.parsed_upto());
    }
    assert!(entries.parsed_upto() <= file.len().max(8));
    assert!(entries.parsed_upto() % 8 == 0);
    let mut last = 8;
    for (offset, _) in entries.iter() {
        assert!(offset % 8 == 0 && offset > last && offset + 16 <= entries.parsed_upto());
        last = offset;
    }
    let counts = whole.counts();
    assert!(counts.cells <= LIMITS.max_cells && counts.families <= LIMITS.max_families);

    let text = scrape(&mut whole, &file, &entries, Format::Text);
    check_text(&text);
    assert_eq!(
        text,
        scrape(&mut whole, &file, &entries, Format::Text),
        "a scrape repeats itself"
    );
    for format in [Format::OpenMetrics, Format::Protobuf] {
        assert!(scrape(&mut whole, &file, &entries, format).len() <= MAX_OUT);
    }

    // As long as the file is being written, less of it is in use.
    let used = usize::try_from(file.used()).unwrap_or(0).min(file.len());
    let part = (used * usize::from(*share) / 255) & !7;
    if part >= 8 && read.is_ok() {
        let mut partial = file.clone();
        partial[..4].copy_from_slice(&u32::try_from(part).unwrap_or(0).to_ne_bytes());
        let (mut grown, read, grown_entries) = self::read(kind, &[&partial, &file]);
        assert_eq!(read, Ok(()), "a good file is good when it grew");
        assert_eq!(
            scrape(&mut grown, &file, &grown_entries, Format::Text),
            text
        );
    }

    let mut totals = Totals::default();
    whole.fold_file(&file, &entries, &mut totals);
    let gone = std::mem::replace(&mut entries, FileEntries::new(name(kind)));
    whole.remove_file(gone);
    assert_eq!(whole.counts().cells, totals.len());
    if kind.is_cumulative() {
        whole.reset();
        whole.add_totals(&totals);
        let mut kept = Vec::new();
        whole.encode(Format::Text, &mut kept);
        assert_eq!(
            kept, text,
            "sums of a file that is gone are those of the file"
        );
    }
    let saved = whole.saved_totals(&totals);
    let mut again = Totals::default();
    whole.restore_totals(&saved, &mut again);
    assert_eq!(
        whole.saved_totals(&again),
        saved,
        "what is stored is read back"
    );
    whole.release_totals(totals);
    whole.release_totals(again);
    assert_eq!((whole.counts().cells, whole.counts().families), (0, 0));
}

fn name(kind: FileKind) -> FileName {
    FileName {
        kind,
        ident: "7".to_owned(),
    }
}

/// A table that read states of one file; what became of the last.
fn read(kind: FileKind, states: &[&Vec<u8>]) -> (Table, Result<(), FileError>, FileEntries) {
    let mut table = Table::new(LIMITS);
    let mut entries = FileEntries::new(name(kind));
    let mut read = Ok(());
    for state in states {
        read = table.read_file(*state, &mut entries);
    }
    (table, read, entries)
}

fn scrape(table: &mut Table, file: &Vec<u8>, entries: &FileEntries, format: Format) -> Vec<u8> {
    table.reset();
    table.add_file(file, entries);
    let mut out = Vec::new();
    table.encode(format, &mut out);
    out
}

/// Every line is a head or a sample, and no sample stands there twice.
fn check_text(text: &[u8]) {
    assert!(text.len() <= MAX_OUT);
    let text = std::str::from_utf8(text).expect("UTF-8");
    let mut seen = std::collections::HashSet::new();
    for line in text.split_terminator('\n') {
        if line.starts_with("# HELP ") || line.starts_with("# TYPE ") {
            continue;
        }
        let (name, number) = line.rsplit_once(' ').expect("a number behind a name");
        assert!(number.parse::<f64>().is_ok(), "{line}");
        assert!(seen.insert(name), "{name} stands there twice");
        let plain = name.split('{').next().unwrap_or_default();
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
        assert!(!plain.is_empty() && plain.chars().all(fits), "{line}");
    }
}
