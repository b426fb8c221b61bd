//! Counters of Python processes: read from their files, merged, and written as Prometheus reads them.

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
