//! Text 0.0.4 and `OpenMetrics` 1.0: lines from a plan, and numbers.

use crate::number::write_number;
use crate::table::{Plan, Source};

/// Longest number with its line end: sign, 17 digits, point, exponent.
const NUMBER_BYTES: usize = 26;

/// Appends the lines of a metric; nothing if it has no sample. `values` are those of all cells and
/// their times.
pub(crate) fn encode(plan: &Plan, is_open: bool, values: (&[f64], &[f64]), out: &mut Vec<u8>) {
    let (values, stamps) = values;
    let head = if is_open {
        &plan.open_head
    } else {
        &plan.text_head
    };
    let text = plan.text.as_bytes();
    out.reserve(head.len() + text.len() + plan.lines.len() * NUMBER_BYTES);
    let before = out.len();
    out.extend_from_slice(head.as_bytes());
    let empty = out.len();
    let mut start = 0;
    let mut total = 0.0;
    for line in &plan.lines {
        let end = line.end as usize;
        let name = start..end;
        start = end;
        let cell = line.cell as usize;
        let value = match line.source {
            Source::Counter if is_open && (values[cell].is_nan() || values[cell] < 0.0) => continue,
            Source::NegativeSum | Source::NegativeTotal if is_open => continue,
            Source::Newest if stamps[cell] <= 0.0 => continue,
            Source::Cell | Source::Counter | Source::Newest | Source::NegativeSum => values[cell],
            Source::FirstBucket => {
                total = 0.0 + values[cell];
                total
            }
            Source::NextBucket => {
                total += values[cell];
                total
            }
            Source::Total | Source::NegativeTotal => total,
        };
        out.extend_from_slice(&text[name]);
        write_number(value, out);
        out.push(b'\n');
    }
    if out.len() == empty {
        out.truncate(before);
    }
}
