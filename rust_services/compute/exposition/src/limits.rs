//! How much a table holds, and what it tells of what it did not take.

/// Bounds of a table. What lies beyond is not taken, and counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Stored doubles with a meaning of their own: a counter is one, a histogram its buckets and its
    /// sum.
    pub max_cells: usize,
    /// Metrics.
    pub max_families: usize,
    /// Bytes of text that come before the numbers, of all lines together, and of all help texts,
    /// estimated when a cell is taken. Below 1 GiB.
    pub max_text_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_cells: 2_000_000,
            max_families: 10_000,
            max_text_bytes: 512 << 20,
        }
    }
}

/// Why an entry became no series. The file goes on to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The metric is of another type, or its name is a sample's of another metric.
    #[error("the name is taken by a metric of another type")]
    Type,
    /// The gauge has another mode.
    #[error("the gauge has another mode")]
    Mode,
    /// The sample's name is none of the metric's type.
    #[error("a metric of this type has no such sample")]
    Sample,
    /// A label stands there twice, perhaps only after what names cannot hold became `_`.
    #[error("a label stands there twice")]
    Label,
    /// A bucket's bound is no number, or there is none, or there are too many.
    #[error("a bucket's bound is no number, or one too many")]
    Bound,
    /// [`Limits::max_cells`] or [`Limits::max_text_bytes`].
    #[error("too many series")]
    Series,
    /// [`Limits::max_families`].
    #[error("too many metrics")]
    Families,
}

impl Refusal {
    /// Every reason.
    pub const ALL: [Self; 7] = [
        Self::Type,
        Self::Mode,
        Self::Sample,
        Self::Label,
        Self::Bound,
        Self::Series,
        Self::Families,
    ];

    /// As it stands in the label `reason`.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Type => "type",
            Self::Mode => "mode",
            Self::Sample => "sample",
            Self::Label => "label",
            Self::Bound => "bound",
            Self::Series => "series",
            Self::Families => "families",
        }
    }
}

/// In what the writers of one metric disagree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConflictKind {
    /// The type; the first stays.
    Type,
    /// The help text; the first stays.
    Help,
    /// The mode of a gauge; the first stays.
    Mode,
    /// The bounds of a histogram's buckets; the union is written, as the client does.
    Bounds,
}

impl ConflictKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Type, Self::Help, Self::Mode, Self::Bounds];

    /// As it stands in the label `what`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Type => "type",
            Self::Help => "help",
            Self::Mode => "mode",
            Self::Bounds => "bounds",
        }
    }
}

/// A disagreement, once for each metric and kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The metric.
    pub family: String,
    /// In what.
    pub what: ConflictKind,
}

/// What a table has seen and holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Metrics now.
    pub families: usize,
    /// Cells now.
    pub cells: usize,
    /// Disagreements ever, in the order of [`ConflictKind::ALL`].
    pub conflicts: [u64; ConflictKind::ALL.len()],
    /// Entries ever that became no series, in the order of [`Refusal::ALL`].
    pub refused: [u64; Refusal::ALL.len()],
    /// Halves of surrogate pairs ever that became U+FFFD.
    pub lone_surrogates: u64,
}
