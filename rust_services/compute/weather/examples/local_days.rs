//! What local days cost: `local_days FOLDER STATIONS HOURS START_S OUT REPETITIONS [ZONE]`.
//!
//! The folder holds columns as little-endian doubles, station after station:
//! `air_temperature_c.f64`, `relative_humidity_percent.f64` and `wind_speed_m_s.f64`. Five aggregates
//! are made of them – mean, least and greatest temperature, mean humidity, mean wind – for local days
//! of the zone, by default `Europe/Brussels`, however few hours a day has. A repetition finds the days
//! in the zone's rules anew. One thread. Prints the seconds of each repetition and the peak of memory
//! as JSON; the days go to OUT, aggregate by aggregate, station by station, doubles likewise.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "an example measures and reads files; the crate does neither"
)]

use std::hint::black_box;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use furrow_agromet::{
    Completeness, DayStart, Hours, LocalDays, Timing, WeatherError, aggregate_days, time_zone,
};

const USAGE: &str = "local_days FOLDER STATIONS HOURS START_S OUT REPETITIONS [ZONE]";

/// Days of all stations, by aggregate.
type Aggregates = [Vec<f64>; 5];

struct Columns {
    temperature_c: Vec<f64>,
    humidity_percent: Vec<f64>,
    wind_m_s: Vec<f64>,
}

impl Columns {
    fn read(folder: &Path, count: usize) -> Result<Self, String> {
        let column = |name: &str| {
            let path = folder.join(format!("{name}.f64"));
            let bytes =
                std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            let values = bytes.as_chunks::<8>().0.iter();
            let values: Vec<f64> = values.map(|bytes| f64::from_le_bytes(*bytes)).collect();
            if values.len() == count {
                Ok(values)
            } else {
                Err(format!(
                    "{} has {} values, not {count}",
                    path.display(),
                    values.len()
                ))
            }
        };
        Ok(Self {
            temperature_c: column("air_temperature_c")?,
            humidity_percent: column("relative_humidity_percent")?,
            wind_m_s: column("wind_speed_m_s")?,
        })
    }
}

fn days_of(columns: &Columns, hours: Hours, zone: &str) -> Result<Aggregates, WeatherError> {
    let any = Completeness::new(1e-6)?;
    let cut = LocalDays::cut(hours, &time_zone(zone)?, DayStart::Midnight);
    let rows = cut.rows(Timing::Instant);
    let stations = columns.temperature_c.len() / hours.count;
    let mut days: Aggregates = std::array::from_fn(|_| Vec::with_capacity(stations * rows.count()));
    for station in 0..stations {
        let slots = station * hours.count..(station + 1) * hours.count;
        let temperature = aggregate_days(&columns.temperature_c[slots.clone()], rows, any)?;
        let humidity = aggregate_days(&columns.humidity_percent[slots.clone()], rows, any)?;
        let wind = aggregate_days(&columns.wind_m_s[slots], rows, any)?;
        days[0].extend_from_slice(&temperature.mean);
        days[1].extend_from_slice(&temperature.min);
        days[2].extend_from_slice(&temperature.max);
        days[3].extend_from_slice(&humidity.mean);
        days[4].extend_from_slice(&wind.mean);
    }
    Ok(days)
}

fn run(arguments: &[String]) -> Result<(), String> {
    let [
        folder,
        stations,
        hours,
        start_s,
        out,
        repetitions,
        zone @ ..,
    ] = arguments
    else {
        return Err(USAGE.to_owned());
    };
    let number = |text: &String| {
        text.parse::<i64>()
            .map_err(|error| format!("{text}: {error}"))
    };
    let size = |text: &String| {
        text.parse::<usize>()
            .map_err(|error| format!("{text}: {error}"))
    };
    let zone = zone.first().map_or("Europe/Brussels", String::as_str);
    let axis = Hours {
        start_s: number(start_s)?,
        count: size(hours)?,
    };
    let columns = Columns::read(Path::new(folder), size(stations)? * axis.count)?;
    let (mut seconds, mut days) = (Vec::new(), Aggregates::default());
    // The first one reads the zone, and is not counted.
    for _ in 0..=number(repetitions)? {
        let begun = Instant::now();
        let made = days_of(black_box(&columns), black_box(axis), zone);
        days = black_box(made).map_err(|error| error.to_string())?;
        seconds.push(begun.elapsed().as_secs_f64());
    }
    let bytes: Vec<u8> = days
        .iter()
        .flatten()
        .flat_map(|v| v.to_le_bytes())
        .collect();
    std::fs::write(out, bytes).map_err(|error| format!("{out}: {error}"))?;
    let said = serde_json::json!({ "seconds": seconds[1..], "peak_mib": peak_mib() });
    writeln!(std::io::stdout().lock(), "{said}").map_err(|error| error.to_string())
}

/// The most memory that the process has held, MiB; none where the system does not say.
fn peak_mib() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kibibytes: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kibibytes / 1024.0)
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("{reason}");
            ExitCode::from(64)
        }
    }
}
