//! Which requests read a set of ranges: few, bounded, and with little that nobody wanted.

use std::ops::Range;

use bytes::{Bytes, BytesMut};

/// How ranges are put together.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reading {
    /// Widest gap that is read along: less than a round trip would bring.
    pub gap_bytes: u64,
    /// Largest request.
    pub request_bytes: u64,
    /// Requests at the same time.
    pub at_once: usize,
}

/// Requests that read ranges, in the order of the file, none overlapping another.
///
/// A gap is read along where it is narrow, and as long as the gaps of a run are not more than what
/// is wanted of it and one gap more: tiles that lie scattered are asked for one by one.
pub(crate) fn requests(wanted: &[Range<u64>], reading: Reading) -> Vec<Range<u64>> {
    let mut sorted: Vec<&Range<u64>> = wanted.iter().filter(|range| !range.is_empty()).collect();
    sorted.sort_unstable_by_key(|range| (range.start, range.end));
    let mut runs: Vec<Range<u64>> = Vec::new();
    let mut gaps = 0;
    for range in sorted {
        if let Some(run) = runs.last_mut() {
            let gap = range.start.saturating_sub(run.end);
            let useful = run.end - run.start - gaps;
            if gap <= reading.gap_bytes && gaps + gap <= useful + reading.gap_bytes {
                gaps += gap;
                run.end = run.end.max(range.end);
                continue;
            }
        }
        gaps = 0;
        runs.push(range.clone());
    }
    runs.into_iter()
        .flat_map(|run| pieces(run, reading.request_bytes))
        .collect()
}

/// A run in requests of at most so many bytes.
fn pieces(run: Range<u64>, most: u64) -> impl Iterator<Item = Range<u64>> {
    let count = (run.end - run.start).div_ceil(most);
    (0..count).map(move |number| {
        let start = run.start + number * most;
        start..run.end.min(start.saturating_add(most))
    })
}

/// The wanted bytes out of the requests' answers.
///
/// # Arguments
/// * `asked`: as [`requests`] gave them, with the answer to each, of the same length.
pub(crate) fn cut(wanted: &Range<u64>, asked: &[(Range<u64>, Bytes)]) -> Bytes {
    let place = |at: u64| usize::try_from(at).expect("answers are in memory");
    let first = asked.partition_point(|(range, _)| range.end <= wanted.start);
    let within = asked[first..]
        .iter()
        .take_while(|(range, _)| range.start < wanted.end)
        .map(|(range, bytes)| {
            let start = wanted.start.max(range.start) - range.start;
            let end = wanted.end.min(range.end) - range.start;
            bytes.slice(place(start)..place(end))
        });
    let mut parts = within;
    match (parts.next(), parts.next()) {
        (None, _) => Bytes::new(),
        (Some(whole), None) => whole,
        (Some(one), Some(two)) => {
            let mut joined = BytesMut::from(&one[..]);
            joined.extend_from_slice(&two);
            parts.for_each(|part| joined.extend_from_slice(&part));
            joined.freeze()
        }
    }
}

#[cfg(test)]
#[expect(clippy::single_range_in_vec_init, reason = "lists of ranges")]
mod tests {
    use super::*;

    const READING: Reading = Reading {
        gap_bytes: 10,
        request_bytes: 100,
        at_once: 1,
    };

    fn read(wanted: &[Range<u64>]) -> Vec<Range<u64>> {
        let asked = requests(wanted, READING);
        let file: Bytes = (0..=255).collect::<Vec<u8>>().repeat(8).into();
        let part = |range: &Range<u64>| {
            let place = |at| usize::try_from(at).expect("small");
            file.slice(place(range.start)..place(range.end))
        };
        let answers: Vec<_> = asked
            .iter()
            .map(|range| (range.clone(), part(range)))
            .collect();
        for range in wanted {
            assert_eq!(cut(range, &answers), part(range), "{range:?}");
        }
        asked
    }

    #[test]
    fn near_ranges_are_one_request_and_far_ones_are_not() {
        assert_eq!(read(&[0..20, 25..40]), [0..40]);
        assert_eq!(read(&[0..20, 31..40]), [0..20, 31..40]);
    }

    #[test]
    fn order_repetition_and_overlap_do_not_matter() {
        assert_eq!(read(&[25..40, 0..20, 25..40, 10..30]), [0..40]);
        assert_eq!(read(&[0..50, 10..20, 5..5]), [0..50]);
        assert_eq!(read(&[]), []);
    }

    #[test]
    fn large_runs_are_read_in_bounded_requests() {
        assert_eq!(read(&[0..90, 90..250]), [0..100, 100..200, 200..250]);
    }

    #[test]
    fn scattered_crumbs_are_not_read_with_all_that_lies_between() {
        let crumbs: Vec<_> = (0..20).map(|number| number * 11..number * 11 + 1).collect();

        let asked = read(&crumbs);

        let bytes: u64 = asked.iter().map(|range| range.end - range.start).sum();
        assert!(
            bytes <= 2 * 20 + 10 * asked.len() as u64,
            "{bytes} in {asked:?}"
        );
        assert!(asked.len() <= 10, "{asked:?}");
    }
}
