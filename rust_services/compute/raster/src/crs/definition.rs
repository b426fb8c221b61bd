//! Which definition an EPSG code has, in the words of `proj4rs`.
//!
//! Most come from the list of `crs-definitions`. Where that list lacks a code, or puts its points
//! elsewhere than PROJ, tables of our own have the word: `projections.txt`, `datums.txt`,
//! `horizontal.txt` and `refused.txt`, made by `make_crs_tables.py` from the parameters of the EPSG
//! dataset.
//!
//! The datum shift of a system is the operation of the best stated accuracy among those without a
//! grid file whose area holds the system's; one good to more than 10 m is refused, for that is a
//! pixel of Sentinel-2, and so is one whose area does not hold half of the system's.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Words that say how a system lies on the Earth, the rest being its projection.
const DATUM_WORDS: [&str; 8] = [
    "+ellps=",
    "+datum=",
    "+towgs84=",
    "+nadgrids=",
    "+a=",
    "+b=",
    "+rf=",
    "+pm=",
];

static DATUMS: LazyLock<Table> = LazyLock::new(|| Table::read(include_str!("datums.txt")));
static PROJECTIONS: LazyLock<Table> =
    LazyLock::new(|| Table::read(include_str!("projections.txt")));
/// The system that a system with heights lies on.
static HORIZONTAL: LazyLock<Table> = LazyLock::new(|| Table::read(include_str!("horizontal.txt")));
static REFUSED: LazyLock<Table> = LazyLock::new(|| Table::read(include_str!("refused.txt")));

/// Texts by ranges of codes.
struct Table {
    /// First code of a range → its last code and text; ranges do not overlap.
    ranges: BTreeMap<u32, (u32, &'static str)>,
}

impl Table {
    /// Reads lines of `text: first-last code …`; lines that begin with `#` are remarks.
    fn read(text: &'static str) -> Self {
        let mut ranges = BTreeMap::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let (text, codes) = line.rsplit_once(": ").expect("a line of the table");
            for range in codes.split(' ') {
                let (first, last) = range.split_once('-').unwrap_or((range, range));
                let code = |digits: &str| digits.parse::<u32>().expect("a code of the table");
                ranges.insert(code(first), (code(last), text));
            }
        }
        Self { ranges }
    }

    fn get(&self, epsg: u32) -> Option<&'static str> {
        let (_, &(last, text)) = self.ranges.range(..=epsg).next_back()?;
        (epsg <= last).then_some(text)
    }
}

/// The code of the system that one with heights lies on.
pub(super) fn plane_of(epsg: u32) -> Option<u32> {
    HORIZONTAL.get(epsg).and_then(|code| code.parse().ok())
}

/// The definition of a code. Err: why it is refused, None where no list has it.
pub(super) fn of(epsg: u32) -> Result<String, Option<&'static str>> {
    if let Some(why) = REFUSED.get(epsg) {
        return Err(Some(why));
    }
    let epsg = plane_of(epsg).unwrap_or(epsg);
    let listed = u16::try_from(epsg)
        .ok()
        .and_then(crs_definitions::from_code)
        .map(|listed| listed.proj4);
    let (projection, datum) = match (PROJECTIONS.get(epsg), DATUMS.get(epsg), listed) {
        (None, None, Some(listed)) => return Ok(listed.to_owned()),
        (Some(projection), Some(datum), _) => (projection.to_owned(), datum),
        (None, Some(datum), Some(listed)) => (without_datum(listed), datum),
        _ => return Err(None),
    };
    Ok(format!("{projection} {datum} +no_defs"))
}

fn without_datum(definition: &str) -> String {
    let is_projection = |word: &&str| {
        let is_datum = DATUM_WORDS.iter().any(|datum| word.starts_with(datum));
        !is_datum && *word != "+no_defs"
    };
    let words: Vec<&str> = definition
        .split_ascii_whitespace()
        .filter(is_projection)
        .collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_gives_its_text_inside_its_ranges_alone() {
        let table = Table::read("# a remark\nsome: words: 3-5 9\nother: 7\n");

        let found: Vec<Option<&str>> = (2..=10).map(|epsg| table.get(epsg)).collect();

        let (some, other) = (Some("some: words"), Some("other"));
        assert_eq!(
            found,
            [None, some, some, some, None, other, None, some, None]
        );
    }

    #[test]
    fn no_code_is_both_defined_and_refused() {
        for table in [&DATUMS, &PROJECTIONS, &HORIZONTAL] {
            for (&first, &(last, text)) in &table.ranges {
                assert!(first <= last, "{text}");
                let refused = (first..=last).find(|&epsg| REFUSED.get(epsg).is_some());
                assert_eq!(refused, None, "{text}");
            }
        }
    }
}
