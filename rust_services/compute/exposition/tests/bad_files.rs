//! Files that make no sense: told where, never read past their end, what was good before stays.

mod folder;

use folder::{Folder, bytes, plain};
use furrow_exposition::entries::{HEADER_BYTES, MAX_KEY_BYTES, file_bytes, read_entries};
use furrow_exposition::{FileError, KeyError, Problem};
use proptest::prelude::*;

/// A file with two good entries, and where the second begins.
fn good() -> (Vec<u8>, usize) {
    let first = [plain("a_total", &[], 1.0)];
    let both = [plain("a_total", &[], 1.0), plain("b_total", &[], 2.0)];
    (bytes(&both), bytes(&first).len())
}

fn set(bytes: &mut [u8], offset: usize, value: i32) {
    bytes[offset..offset + 4].copy_from_slice(&value.to_ne_bytes());
}

/// What becomes of a file and of the samples before its fault.
fn read(bytes: Vec<u8>) -> (Result<(), FileError>, Vec<String>) {
    let mut folder = Folder::new();
    let read = folder.put("counter_1.db", bytes);
    (read, folder.samples())
}

#[test]
fn a_file_without_entries_is_empty_whatever_its_header_says() {
    for bytes in [
        vec![],
        vec![1; 7],
        vec![0; 65536],
        (-8_i32).to_ne_bytes().repeat(4),
        file_bytes([]),
        [3, 0, 0, 0, 0, 0, 0, 0].to_vec(),
    ] {
        let (read, samples) = read(bytes);
        assert_eq!((read, samples.len()), (Ok(()), 0));
    }
}

#[test]
fn a_fault_is_told_with_its_place_and_what_was_before_stays() {
    type Spoil = fn(&mut Vec<u8>, usize);
    let cases: [(Spoil, &str); 9] = [
        (|file, at| set(file, at, -1), "key_length"),
        (|file, at| set(file, at, 0), "key_length"),
        (|file, at| set(file, at, i32::MAX), "key_too_long"),
        (|file, at| set(file, at, 5000), "overrun"),
        (|file, at| file[at + 4] = b'{', "json"),
        (|file, at| file[at + 6] = 0xff, "not_utf8"),
        (
            |file, _| {
                let value = file.len() - 16;
                file[value - 1] = b'x';
            },
            "padding",
        ),
        (
            |file, _| {
                let len = i32::try_from(file.len()).expect("small");
                set(file, 0, len + 800);
            },
            "used_beyond_end",
        ),
        (|file, at| file.truncate(at + 8), "used_beyond_end"),
    ];
    for (spoil, reason) in cases {
        let (mut file, second) = good();
        spoil(&mut file, second);

        let (read, samples) = read(file);
        let error = read.expect_err(reason);
        assert_eq!(error.problem.reason(), reason, "{error}");
        assert_eq!(samples[0], "a_total 1.0", "{error}");
        assert!(error.offset >= second, "{error}");
    }
}

#[test]
fn a_header_that_is_no_multiple_of_eight_or_goes_back_is_a_fault() {
    let (mut file, second) = good();
    let mut folder = Folder::new();
    folder
        .put("counter_1.db", file.clone())
        .expect("a good file");

    set(&mut file, 0, i32::try_from(second).expect("small"));
    let shrank = folder
        .put("counter_1.db", file.clone())
        .expect_err("fewer bytes");
    assert_eq!(shrank.problem.reason(), "used_shrank");
    set(&mut file, 0, 13);
    let (read, _) = read(file);
    let unaligned = FileError {
        offset: HEADER_BYTES,
        problem: Problem::UsedUnaligned { used: 13 },
    };
    assert_eq!(read, Err(unaligned));
}

#[test]
fn a_file_that_grew_is_read_on_from_where_it_ended() {
    let (file, second) = good();
    let mut folder = Folder::new();
    folder
        .put("counter_1.db", bytes(&[plain("a_total", &[], 1.0)]))
        .expect("a file");
    assert_eq!(folder.files[0].0.parsed_upto(), second);

    folder.put("counter_1.db", file).expect("a file that grew");

    assert_eq!(folder.samples(), ["a_total 1.0", "b_total 2.0"]);
}

#[test]
fn a_file_that_was_cut_off_is_read_on_once_it_is_whole() {
    let (file, second) = good();
    let mut folder = Folder::new();
    folder
        .put("counter_1.db", file[..second].to_vec())
        .expect_err("cut off");

    folder.put("counter_1.db", file).expect("whole");

    assert_eq!(folder.samples(), ["a_total 1.0", "b_total 2.0"]);
}

#[test]
fn keys_up_to_the_bound_are_read_and_longer_ones_are_not() {
    let entry = |len: usize| {
        let frame = bytes(&[plain("a_total", &[("l", "")], 1.0)]);
        let short = i32::from_ne_bytes([frame[8], frame[9], frame[10], frame[11]]);
        plain(
            "a_total",
            &[(
                "l",
                &"x".repeat(len - usize::try_from(short).expect("positive")),
            )],
            1.0,
        )
    };

    // Larger than the window that is looked at in one go, and at every alignment.
    let entries: Vec<_> = (0..9).map(|less| entry(MAX_KEY_BYTES - less)).collect();
    let (fine, samples) = read(bytes(&entries));
    assert_eq!((fine, samples.len()), (Ok(()), 9));
    let (long, _) = read(bytes(&[entry(MAX_KEY_BYTES + 1)]));
    assert_eq!(
        long.expect_err("a long key").problem.reason(),
        "key_too_long"
    );
}

#[test]
fn half_a_surrogate_pair_is_replaced_and_counted() {
    let key: &[u8] = br#"["a", "a_total", {"l": "\udc80"}, ""]"#;
    let mut folder = Folder::new();
    folder
        .put("counter_1.db", file_bytes([(key, 1.0, 0.0)]))
        .expect("a file");

    assert_eq!(folder.samples(), ["a_total{l=\"\u{fffd}\"} 1.0"]);
    assert_eq!(folder.table.counts().lone_surrogates, 1);
}

#[test]
fn an_error_says_what_was_found_and_what_is_allowed() {
    let problem = Problem::Key(KeyError::Expected {
        wanted: "`[`",
        position: 0,
    });
    let error = FileError { offset: 8, problem };
    assert_eq!(
        error.to_string(),
        "the key has no `[` at byte 0, at offset 8"
    );
}

proptest! {
    #[test]
    fn entries_are_read_back(
        entries in proptest::collection::vec(
            (proptest::collection::vec(any::<u8>(), 1..40), any::<f64>(), any::<f64>()), 0..30),
    ) {
        let file = file_bytes(entries.iter().map(|(key, value, time)| (key.as_slice(), *value, *time)));
        let mut found = Vec::new();
        let end = read_entries(&file, 0, |offset, key| {
            use furrow_exposition::Cells;
            let (value, time) = file.stamped(offset);
            found.push((key.to_vec(), value.to_bits(), time.to_bits()));
            Ok(())
        });
        let wanted: Vec<_> =
            entries.into_iter().map(|(k, v, t)| (k, v.to_bits(), t.to_bits())).collect();
        prop_assert_eq!(end, Ok(file.len()));
        prop_assert_eq!(found, wanted);
    }

    #[test]
    fn a_byte_that_flips_never_panics_and_places_stay_inside(
        place in 0_usize..400, mask in 1_u8..=255, cut in 0_usize..400,
    ) {
        let entries: Vec<_> = (0..5).map(|n| plain("a_total", &[("l", &"x".repeat(n))], 1.0)).collect();
        let mut file = bytes(&entries);
        let len = file.len();
        file[place % len] ^= mask;
        file.truncate(len - cut % len.min(50));
        let mut folder = Folder::new();
        if let Err(error) = folder.put("counter_1.db", file.clone()) {
            prop_assert!(error.offset <= file.len().max(HEADER_BYTES));
        }
        let _samples = folder.samples();
    }
}
