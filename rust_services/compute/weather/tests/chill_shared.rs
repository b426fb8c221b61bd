//! Winters of Klein-Altendorf against what chillR 0.77 made of them: `shared/data/weather/chill`.
#![expect(
    clippy::disallowed_methods,
    reason = "the purity of compute does not bind its tests, which read files"
)]

use std::path::{Path, PathBuf};

use furrow_agromet::{ChillState, Days, Extremes, accumulate_chill, hours_of_days};
use jiff::civil::{Date, date};

const LATITUDE_DEG: f64 = 50.4;

/// The suggested tolerance of the reference, portions.
const PORTION: f64 = 0.01;

/// The file in shared/data, or None where it is absent and need not be there.
fn shared(name: &str) -> Option<PathBuf> {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/data/weather/chill");
    if folder.is_dir() {
        return Some(folder.join(name));
    }
    let is_ci = std::env::var("CI").is_ok_and(|value| value == "true");
    assert!(!is_ci, "shared/data/weather/chill is absent");
    eprintln!("skipped: shared/data/weather/chill is absent");
    None
}

/// Rows of a file of comma-separated numbers, without its heading; quotes and labels become NaN.
fn rows(path: &Path) -> Vec<Vec<f64>> {
    let text = std::fs::read_to_string(path).expect("readable");
    let number = |cell: &str| cell.trim().parse().unwrap_or(f64::NAN);
    let row = |line: &str| line.split(',').map(number).collect();
    text.lines().skip(1).map(row).collect()
}

fn whole(value: f64) -> i16 {
    assert!((value - value.round()).abs() < 1e-9 && value.abs() < 3e4);
    #[expect(clippy::cast_possible_truncation, reason = "a small whole number")]
    let whole = value.round() as i16;
    whole
}

fn date_of(row: &[f64]) -> Date {
    let small = |value| i8::try_from(whole(value)).expect("a month or day");
    date(whole(row[0]), small(row[1]), small(row[2]))
}

/// Hours of the station's thirteen years, 24 a day, and the first date.
fn hours() -> Option<(Date, Vec<f64>)> {
    let days = rows(&shared("KA_weather.csv")?);
    let first = date_of(&days[0]);
    for (row, pair) in days.windows(2).enumerate() {
        let next = date_of(&pair[0]).tomorrow().expect("a date");
        assert_eq!(
            date_of(&pair[1]),
            next,
            "row {row} is followed by its next day"
        );
    }
    let column = |at: usize| -> Vec<f64> { days.iter().map(|day| day[at]).collect() };
    let (max_c, min_c) = (column(3), column(4));
    let axis = Days {
        first,
        count: days.len(),
    };
    let extremes = Extremes {
        min_c: &min_c,
        max_c: &max_c,
    };
    let hours = hours_of_days(axis, extremes, LATITUDE_DEG).expect("right");
    Some((first, hours))
}

fn hour_of(first: Date, day: Date) -> usize {
    let days = day.since(first).expect("near").get_days();
    usize::try_from(days).expect("after the first") * 24
}

#[test]
#[expect(clippy::float_cmp, reason = "hours and halves are exact")]
fn each_winter_has_chillrs_hours_units_and_portions() {
    let Some((first, hours)) = hours() else {
        return;
    };
    // chillR lets its models run through the years and takes differences.
    let columns = accumulate_chill(&hours, ChillState::default());
    let seasons = rows(&shared("reference_seasons_dev.csv").expect("seen before"));
    assert_eq!(seasons.len(), 7);

    for season in seasons {
        let end_year = whole(season[1]);
        // Days 305 to 60 of the year.
        let of_year = |year: i16, day: i64| {
            let new_year = date(year, 1, 1);
            new_year
                .checked_add(jiff::Span::new().days(day - 1))
                .expect("a date")
        };
        let before = hour_of(first, of_year(end_year - 1, 305)) - 1;
        let last = hour_of(first, of_year(end_year, 60)) + 23;
        assert_eq!(
            (last - before) / 24,
            usize::try_from(whole(season[2])).expect("days")
        );
        let gained = |column: &[f64]| column[last] - column[before];

        let hours = gained(&columns.chilling_hours);
        let units = gained(&columns.utah_units);
        let portions = gained(&columns.chill_portions);
        assert_eq!(
            [hours, units],
            [season[5], season[6]],
            "winter to {end_year}"
        );
        assert!(
            (portions - season[7]).abs() < PORTION,
            "winter to {end_year}: {portions}, chillR has {}",
            season[7]
        );
    }
}

#[test]
#[expect(clippy::float_cmp, reason = "hours and halves are exact")]
fn a_winter_is_chillrs_hour_by_hour() {
    let Some((first, hours)) = hours() else {
        return;
    };
    let reference = rows(&shared("reference_hourly_2006_2007.csv").expect("seen before"));
    let begin = hour_of(first, date_of(&reference[0]));
    let winter = &hours[begin..begin + reference.len()];
    let columns = accumulate_chill(winter, ChillState::default());

    let mut portions_before = 0.0;
    for (row, expected) in reference.iter().enumerate() {
        assert!(
            (winter[row] - expected[4]).abs() < 1e-9,
            "row {row}: {} °C, chillR has {}",
            winter[row],
            expected[4]
        );
        let counts = [columns.chilling_hours[row], columns.utah_units[row]];
        assert_eq!(counts, [expected[5], expected[6]], "row {row}");
        // chillR books the portion of an hour with the hour that follows.
        assert!(
            (portions_before - expected[7]).abs() < PORTION,
            "row {row}: {portions_before} portions, chillR has {}",
            expected[7]
        );
        portions_before = columns.chill_portions[row];
    }
}
