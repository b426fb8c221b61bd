//! Tables of daily weather and answers.

use std::collections::HashMap;

use furrow_agromet::Days;
use jiff::civil::Date;

use crate::et_support::shared_text;

/// A table of comma-separated values.
pub struct Table {
    rows: Vec<Vec<String>>,
    places: HashMap<String, usize>,
}

impl Table {
    /// The table of a file, where it is there.
    pub fn shared(name: &str) -> Option<Self> {
        shared_text(name).map(|text| {
            let mut rows = text
                .lines()
                .map(|line| line.split(',').map(|cell| cell.trim().to_owned()).collect());
            let heads: Vec<String> = rows.next().expect("a head");
            Self {
                places: heads.into_iter().zip(0..).collect(),
                rows: rows.collect(),
            }
        })
    }

    /// Numbers of a column; `NaN` where there is none.
    pub fn numbers(&self, column: &str) -> Vec<f64> {
        let place = self.places[column];
        self.rows
            .iter()
            .map(|row| row[place].parse().unwrap_or(f64::NAN))
            .collect()
    }

    /// Texts of a column.
    pub fn texts(&self, column: &str) -> Vec<&str> {
        let place = self.places[column];
        self.rows.iter().map(|row| row[place].as_str()).collect()
    }
}

/// The axis from the first to the last date, and where on it each date lies.
pub fn axis(dates: &[&str]) -> (Days, Vec<usize>) {
    let dates: Vec<Date> = dates
        .iter()
        .map(|date| date.parse().expect("a date"))
        .collect();
    let places: Vec<usize> = dates
        .iter()
        .map(|date| {
            let days = date.since(dates[0]).expect("ascending").get_days();
            usize::try_from(days).expect("ascending")
        })
        .collect();
    let count = places.last().expect("not empty") + 1;
    let first = dates[0];
    (Days { first, count }, places)
}

/// Values laid on the axis; `NaN` on days without.
pub fn laid(values: &[f64], places: &[usize], count: usize) -> Vec<f64> {
    let mut column = vec![f64::NAN; count];
    for (&value, &place) in values.iter().zip(places) {
        column[place] = value;
    }
    column
}

/// The greatest and the mean difference where both have a value, and how many these are.
pub fn difference(found: &[f64], expected: &[f64]) -> (f64, f64, usize) {
    assert_eq!(found.len(), expected.len());
    let differences: Vec<f64> = found
        .iter()
        .zip(expected)
        .map(|(found, expected)| found - expected)
        .filter(|difference| !difference.is_nan())
        .collect();
    let most = differences
        .iter()
        .fold(0.0, |most: f64, d| most.max(d.abs()));
    let count = differences.len();
    (most, differences.iter().sum::<f64>() / count as f64, count)
}
