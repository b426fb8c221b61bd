//! Days of sixty years in every zone of the database, for comparison with other readers of it.
//!
//! The first line is the database's edition. Then one line of JSON a zone: its `name`, the first date,
//! the instant at which it begins, Unix seconds, and `runs` of days that are alike as
//! `[seconds, whole hours UTC, days]`.
#![allow(clippy::print_stdout, reason = "an example prints")]

use furrow_agromet::{
    DayStart, Hours, LocalDays, Timing, WeatherError, time_zone, time_zone_names, tzdb_version,
};

/// 1970-01-01T00:00Z to 2030-01-01T00:00Z.
const SIXTY_YEARS: Hours = Hours {
    start_s: 0,
    count: 525_960,
};

fn main() -> Result<(), WeatherError> {
    println!("{}", tzdb_version());
    for name in time_zone_names() {
        let days = LocalDays::cut(SIXTY_YEARS, &time_zone(&name)?, DayStart::Midnight);
        let hours = days.rows(Timing::Instant);
        let mut runs: Vec<(i64, u32, u32)> = Vec::new();
        for (day, bounds_s) in days.bounds_s().windows(2).enumerate() {
            let (seconds, hours) = (bounds_s[1] - bounds_s[0], hours.expected(day));
            match runs.last_mut() {
                Some(run) if (run.0, run.1) == (seconds, hours) => run.2 += 1,
                _ => runs.push((seconds, hours, 1)),
            }
        }
        let zone = serde_json::json!({
            "name": name,
            "first_day": days.date(0).to_string(),
            "begins_s": days.bounds_s()[0],
            "runs": runs,
        });
        println!("{zone}");
    }
    Ok(())
}
