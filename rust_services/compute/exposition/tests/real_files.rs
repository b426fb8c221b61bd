//! The files of a real service, against what the Python client's own merging made of them.

use std::collections::BTreeSet;
use std::path::PathBuf;

use furrow_exposition::{FileEntries, FileName, Format, Limits, Table};

/// Tests read what real programs wrote; the crate itself is given bytes.
#[allow(clippy::disallowed_methods, reason = "a test reads its data")]
fn read(path: &std::path::Path) -> Vec<u8> {
    std::fs::read(path).expect("a file of the data set")
}

#[allow(clippy::disallowed_methods, reason = "CI must have the data")]
fn data() -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../../../shared/data/prometheus/multiprocess");
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(
        std::env::var("CI").as_deref() != Ok("true"),
        "{} is absent",
        folder.display()
    );
    eprintln!("skipped: {} is absent", folder.display());
    None
}

#[test]
fn the_files_of_three_workers_are_merged_as_the_client_merged_them() {
    let Some(folder) = data() else { return };
    let mut files: Vec<(FileName, Vec<u8>)> = folder
        .read_dir()
        .expect("the data set")
        .filter_map(|entry| {
            let path = entry.expect("a file").path();
            let name = FileName::parse(path.file_name()?.to_str()?)?;
            Some((name, read(&path)))
        })
        .collect();
    assert_eq!(files.len(), 27);
    files.sort_by(|(a, _), (b, _)| a.order().cmp(&b.order()));

    let mut table = Table::new(Limits::default());
    let mut known = Vec::new();
    for (name, bytes) in files {
        let mut file = FileEntries::new(name);
        table.read_file(&bytes, &mut file).expect("a good file");
        known.push((file, bytes));
    }
    table.reset();
    for (file, bytes) in &known {
        table.add_file(bytes, file);
    }
    let mut out = Vec::new();
    table.encode(Format::Text, &mut out);

    let expected = String::from_utf8(read(&folder.join("expected.prom"))).expect("UTF-8");
    let found = String::from_utf8(out).expect("UTF-8");
    let lines = |text: &str| -> BTreeSet<String> { text.lines().map(str::to_owned).collect() };
    assert_eq!(lines(&found), lines(&expected));
}
