//! Names of the files: `{type}_{ident}.db`, of gauges `gauge_{mode}_{ident}.db`.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How the values that processes hold of one gauge become one, or do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GaugeMode {
    /// One sample a process, told apart by the label `pid`; stays when the process dies.
    All,
    /// As `All`, gone with the process.
    LiveAll,
    /// The smallest.
    Min,
    /// The smallest of the processes that live.
    LiveMin,
    /// The largest.
    Max,
    /// The largest of the processes that live.
    LiveMax,
    /// The sum.
    Sum,
    /// The sum over the processes that live.
    LiveSum,
    /// The one that was set last.
    MostRecent,
    /// The one that was set last by a process that lives.
    LiveMostRecent,
}

impl GaugeMode {
    /// Every mode.
    pub const ALL: [Self; 10] = [
        Self::All,
        Self::LiveAll,
        Self::Min,
        Self::LiveMin,
        Self::Max,
        Self::LiveMax,
        Self::Sum,
        Self::LiveSum,
        Self::MostRecent,
        Self::LiveMostRecent,
    ];

    /// As it is written in file names.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::LiveAll => "liveall",
            Self::Min => "min",
            Self::LiveMin => "livemin",
            Self::Max => "max",
            Self::LiveMax => "livemax",
            Self::Sum => "sum",
            Self::LiveSum => "livesum",
            Self::MostRecent => "mostrecent",
            Self::LiveMostRecent => "livemostrecent",
        }
    }

    /// Whether only processes that live count.
    pub const fn is_live(self) -> bool {
        matches!(
            self,
            Self::LiveAll | Self::LiveMin | Self::LiveMax | Self::LiveSum | Self::LiveMostRecent
        )
    }

    /// Whether each process keeps a sample of its own.
    pub const fn is_per_process(self) -> bool {
        matches!(self, Self::All | Self::LiveAll)
    }
}

/// What a file holds; it decides how its values are merged with those of other files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FileKind {
    /// Counters: summed.
    Counter,
    /// Summaries, that is count and sum: summed.
    Summary,
    /// Histograms: buckets summed by bound.
    Histogram,
    /// Gauges: as their mode says.
    Gauge(GaugeMode),
}

impl FileKind {
    /// The word after `# TYPE`.
    pub const fn type_word(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Summary => "summary",
            Self::Histogram => "histogram",
            Self::Gauge(_) => "gauge",
        }
    }

    /// Whether the values only grow, so that they outlive the process that counted them.
    pub const fn is_cumulative(self) -> bool {
        !matches!(self, Self::Gauge(_))
    }
}

impl fmt::Display for FileKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gauge(mode) => write!(out, "gauge_{}", mode.as_str()),
            _ => out.write_str(self.type_word()),
        }
    }
}

/// A file's name, taken apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FileName {
    /// What it holds.
    pub kind: FileKind,
    /// Who writes it: a slot's number or a process id, as text; never empty.
    pub ident: String,
}

/// Longest identifier that is taken, in bytes.
pub const MAX_IDENT_BYTES: usize = 64;

impl FileName {
    /// Takes the last part of a path apart; `None` where the file is none of the client's.
    ///
    /// An identifier may hold `_` (the client cuts it there, this does not).
    pub fn parse(name: &str) -> Option<Self> {
        let stem = name.strip_suffix(".db")?;
        let (kind, rest) = stem.split_once('_')?;
        let (kind, ident) = match kind {
            "counter" => (FileKind::Counter, rest),
            "summary" => (FileKind::Summary, rest),
            "histogram" => (FileKind::Histogram, rest),
            "gauge" => {
                let (mode, ident) = rest.split_once('_')?;
                let mode = GaugeMode::ALL.into_iter().find(|m| m.as_str() == mode)?;
                (FileKind::Gauge(mode), ident)
            }
            _ => return None,
        };
        let is_usable = !ident.is_empty() && ident.len() <= MAX_IDENT_BYTES;
        is_usable.then(|| Self {
            kind,
            ident: ident.to_owned(),
        })
    }

    /// The order in which files are read: by identifier, numbers before text, then by kind. Sums of
    /// doubles and the choice of the first help text then depend on no directory's order.
    pub fn order(&self) -> (u64, &str, FileKind) {
        let number = self.ident.parse().unwrap_or(u64::MAX);
        (number, &self.ident, self.kind)
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}_{}.db", self.kind, self.ident)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_and_mode_is_read_back_from_its_name() {
        let gauges = GaugeMode::ALL.map(FileKind::Gauge);
        let others = [FileKind::Counter, FileKind::Summary, FileKind::Histogram];
        for kind in gauges.into_iter().chain(others) {
            let name = FileName {
                kind,
                ident: "12".to_owned(),
            };
            assert_eq!(FileName::parse(&name.to_string()), Some(name));
        }
    }

    #[test]
    fn foreign_names_are_nobodys() {
        let long = format!("counter_{}.db", "1".repeat(MAX_IDENT_BYTES + 1));
        for name in [
            "counter_1",
            "counter.db",
            "counter_.db",
            "gauge_1.db",
            "gauge_big_1.db",
            "info_1.db",
            "slot0.lock",
            "generation",
            "",
            ".db",
            "Counter_1.db",
            "gauge_all_.db",
            &long,
        ] {
            assert_eq!(FileName::parse(name), None, "{name}");
        }
    }

    #[test]
    fn files_are_ordered_by_number_and_then_by_text() {
        let mut names = [
            "counter_b.db",
            "counter_10.db",
            "gauge_all_9.db",
            "counter_9.db",
            "counter_a.db",
        ]
        .map(|name| FileName::parse(name).expect("a file of the client"));
        names.sort_by(|a, b| a.order().cmp(&b.order()));
        let sorted = names.map(|name| name.to_string());
        assert_eq!(
            sorted,
            [
                "counter_9.db",
                "gauge_all_9.db",
                "counter_10.db",
                "counter_a.db",
                "counter_b.db"
            ]
        );
    }
}
