//! Messages of `io.prometheus.client`, each `MetricFamily` behind its length.

use crate::file_name::{FileKind, GaugeMode};
use crate::table::{ProtoMetric, ProtoPlan};

/// Appends a number, seven bits a byte.
pub(crate) fn put_varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
}

/// Bytes that [`put_varint`] appends.
const fn varint_len(value: u64) -> usize {
    let bits = 64 - (value | 1).leading_zeros() as usize;
    bits.div_ceil(7)
}

/// Appends a field with a length: text, bytes, a message. Fields here are below 16.
pub(crate) fn put_bytes(field: u8, bytes: &[u8], out: &mut Vec<u8>) {
    out.push(field << 3 | 2);
    put_varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

/// Appends a field of 64 bits.
fn put_double(field: u8, value: f64, out: &mut Vec<u8>) {
    out.push(field << 3 | 1);
    out.extend_from_slice(&value.to_le_bytes());
}

/// Bytes of a field of 64 bits.
const DOUBLE: usize = 9;

/// A count as the messages hold it: whole, not negative.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn whole(count: f64) -> u64 {
    count.round() as u64
}

/// Appends a metric; nothing if it has no sample. `values` are those of all cells and their times.
pub(crate) fn encode(plan: &ProtoPlan, values: (&[f64], &[f64]), out: &mut Vec<u8>) {
    let (values, stamps) = values;
    let at = |cell: Option<u32>| cell.map_or(0.0, |cell| values[cell as usize]);
    let start = out.len();
    out.extend_from_slice(&plan.head);
    let empty = out.len();
    let (mut labels_start, mut buckets_start) = (0, 0);
    for metric in &plan.metrics {
        let ProtoMetric {
            labels_end,
            buckets_end,
            value,
            count,
        } = *metric;
        let labels = &plan.labels[labels_start..labels_end];
        let buckets = &plan.buckets[buckets_start..buckets_end];
        (labels_start, buckets_start) = (labels_end, buckets_end);
        match plan.kind {
            Some(FileKind::Counter) if value.is_some() => put_value(3, labels, at(value), out),
            Some(FileKind::Gauge(mode)) => {
                let is_newest = matches!(mode, GaugeMode::MostRecent | GaugeMode::LiveMostRecent);
                let Some(cell) = value else { continue };
                if !is_newest || stamps[cell as usize] > 0.0 {
                    put_value(2, labels, at(value), out);
                }
            }
            Some(FileKind::Summary) => {
                let count = whole(at(count));
                let body = 1 + varint_len(count) + DOUBLE;
                put_metric(4, labels, body, out);
                put_count(count, out);
                put_double(2, at(value), out);
            }
            Some(FileKind::Histogram) => put_histogram(labels, buckets, at(value), values, out),
            _ => {}
        }
    }
    if out.len() == empty {
        return out.truncate(start);
    }
    // The length is known only now: the message moves on by as much as it takes.
    let len = out.len() - start;
    let prefix = varint_len(len as u64);
    out.resize(out.len() + prefix, 0);
    out.copy_within(start..start + len, start + prefix);
    let mut varint = Vec::with_capacity(prefix);
    put_varint(len as u64, &mut varint);
    out[start..start + prefix].copy_from_slice(&varint);
}

fn put_histogram(
    labels: &[u8],
    buckets: &[(f64, u32)],
    sum: f64,
    values: &[f64],
    out: &mut Vec<u8>,
) {
    let running = |total: &mut f64, &(bound, cell): &(f64, u32)| {
        *total += values[cell as usize];
        Some((bound, whole(*total)))
    };
    let bucket_len = |count: u64| 1 + varint_len(count) + DOUBLE;
    let (mut count, mut len) = (0, 0);
    for (_, total) in buckets.iter().scan(0.0, running) {
        count = total;
        len += 2 + bucket_len(total);
    }
    put_metric(7, labels, 1 + varint_len(count) + DOUBLE + len, out);
    put_count(count, out);
    put_double(2, sum, out);
    for (bound, total) in buckets.iter().scan(0.0, running) {
        out.push(3 << 3 | 2);
        put_varint(bucket_len(total) as u64, out);
        put_count(total, out);
        put_double(2, bound, out);
    }
}

/// Field 1 as a whole number.
fn put_count(count: u64, out: &mut Vec<u8>) {
    out.push(1 << 3);
    put_varint(count, out);
}

/// A whole message `Metric` with one double in one message.
fn put_value(field: u8, labels: &[u8], value: f64, out: &mut Vec<u8>) {
    put_metric(field, labels, DOUBLE, out);
    put_double(1, value, out);
}

/// The beginning of a message `Metric`, up to where `body` bytes of its value follow.
fn put_metric(field: u8, labels: &[u8], body: usize, out: &mut Vec<u8>) {
    let len = labels.len() + 1 + varint_len(body as u64) + body;
    out.push(4 << 3 | 2);
    put_varint(len as u64, out);
    out.extend_from_slice(labels);
    out.push(field << 3 | 2);
    put_varint(body as u64, out);
}
