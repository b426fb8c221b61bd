//! Inputs that fuzzing found, through the same checks on every test run.

use std::fs;
use std::path::Path;

/// Runs a check on every file of a corpus.
fn replay(target: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fuzz/corpus")
        .join(target);
    let mut count = 0;
    for entry in fs::read_dir(&folder).expect("a corpus") {
        let path = entry.expect("an entry").path();
        let bytes = fs::read(&path).expect("an input");
        // Names the input where the check panics: tests capture what is printed.
        eprintln!("{}", path.display());
        check(&bytes);
        count += 1;
    }
    assert!(count > 20, "{} has {count} inputs", folder.display());
}

#[test]
fn headers_are_read_or_refused() {
    replay("tiff_headers", furrow_fuzz_checks::tiff_headers);
}

#[test]
fn tiles_are_decoded_or_refused() {
    replay("tiff_tiles", furrow_fuzz_checks::tiff_tiles);
}

#[test]
fn formulas_are_computed_or_refused() {
    replay("formulas", furrow_fuzz_checks::formulas);
}

#[test]
fn outlines_are_covered_or_refused() {
    replay("outlines", furrow_fuzz_checks::outlines);
}

#[test]
fn metric_files_are_merged_up_to_their_fault() {
    replay("metric_files", furrow_fuzz_checks::metric_files);
}

#[test]
fn metric_keys_are_read_as_json_is() {
    replay("metric_keys", furrow_fuzz_checks::metric_keys);
}
