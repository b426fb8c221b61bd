//! Counters of Python processes: read from their files, merged, and written as Prometheus reads them.
//!
//! The files are those that `prometheus_client` 0.26 writes in its multiprocess mode, one a process and
//! kind of metric ([`file_name`], [`entries`]). Keys are parsed once, into a [`Table`] of series; a
//! scrape adds doubles up, each as its kind of metric and gauge mode say, and writes numbers behind
//! text that is kept ([`Format`]). The crate is given bytes ([`Cells`]) and does no I/O.
//!
//! What it writes is what the client's own `MultiProcessCollector` and `generate_latest` write, sample by
//! sample and line by line (`tests/contract/metrics/test_equality.py`), but for these, on purpose:
//!
//! - HELP and TYPE of a metric without a sample are left out; metrics stand by name, series by labels.
//! - Files are read by identifier, not in the order of the folder: the last bits of sums, ties of
//!   newest values and the choice among help texts depend on no file system.
//! - NaN is the smallest or largest only where there is nothing else, not where it was read first.
//! - Half a surrogate pair is U+FFFD, and counted, where the client's scrape fails.
//! - A file that makes no sense is served up to its fault, where the client's scrape fails.
//! - Another type of one name is left out and counted, not written below the first; the same goes for
//!   a name that would write the lines of another metric. It stays out until its file is read anew.
//! - Another mode of one gauge is left out and counted; the client takes that of the last file for all.
//! - Samples and labels that the client does not write (`_created` in a file of counters, a label twice)
//!   are left out and counted.
//! - A histogram whose last bucket is not made yet is left out.
//! - An identifier with `_` is whole in the label `pid`; the client cuts it.
//! - Of a gauge a process, a label `pid` of its own is replaced; the client writes such series twice.
//! - What is beyond the [`Limits`] is left out and counted.
//!
//! `OpenMetrics` has two more, which its rules demand: no sum and count of a histogram with negative
//! bounds, and no counter that is NaN.

pub mod cells;
pub mod entries;
pub mod file_name;
pub mod format;
pub mod key;
pub mod limits;
pub mod number;
pub mod parse;
mod protobuf;
pub mod table;
mod text;

pub use cells::Cells;
pub use entries::{FileError, Problem};
pub use file_name::{FileKind, FileName, GaugeMode};
pub use format::Format;
pub use key::{Key, KeyError};
pub use limits::{Conflict, ConflictKind, Counts, Limits, Refusal};
pub use table::{CellId, FileEntries, LabelText, Part, Sample, SavedSeries, Table, Totals};
