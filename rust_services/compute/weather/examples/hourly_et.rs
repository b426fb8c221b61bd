//! Hourly evapotranspiration of many stations from raw columns, timed.
//!
//! ```text
//! hourly_et <folder> <stations> <hours> <start, Unix seconds> <latitude> <longitude> <elevation m>
//!           <wind height m> <fao56|asce_short|asce_tall> <repetitions> [file to write]
//! ```
//!
//! The folder holds `air_temperature_c.f64`, `dew_point_c.f64` or `relative_humidity_percent.f64`,
//! `wind_speed_m_s.f64` and `shortwave_radiation_mj_m2.f64`: little-endian doubles, station by station.
//! Prints the nanoseconds of each repetition, a line each; computing alone, on one thread.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::print_stdout,
    reason = "a program to measure with, not part of the crate"
)]

use std::path::Path;
use std::time::Instant;

use furrow_agromet::et::{EtEquation, EtMethod, EtReference, EtSite};
use furrow_agromet::{EtHours, Hours, hourly_et};

fn column(folder: &Path, name: &str) -> Option<Vec<f64>> {
    let bytes = std::fs::read(folder.join(format!("{name}.f64"))).ok()?;
    let (chunks, _) = bytes.as_chunks::<8>();
    Some(
        chunks
            .iter()
            .map(|chunk| f64::from_le_bytes(*chunk))
            .collect(),
    )
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    assert!(
        arguments.len() > 10,
        "arguments are missing; the source says which"
    );
    let number = |place: usize| -> f64 { arguments[place].parse().expect("a number") };
    let count = |place: usize| -> usize { arguments[place].parse().expect("a whole number") };
    let folder = Path::new(&arguments[1]);
    let (stations, rows) = (count(2), count(3));
    let hours = Hours {
        start_s: arguments[4].parse().expect("whole seconds"),
        count: rows,
    };
    let site = EtSite {
        latitude_deg: number(5),
        longitude_deg: number(6),
        elevation_m: number(7),
        wind_height_m: number(8),
    };
    let (equation, reference) = match arguments[9].as_str() {
        "fao56" => (EtEquation::Fao56, EtReference::Short),
        "asce_short" => (EtEquation::Asce2005, EtReference::Short),
        "asce_tall" => (EtEquation::Asce2005, EtReference::Tall),
        other => panic!("{other} is none of fao56, asce_short, asce_tall"),
    };
    let method = EtMethod {
        equation,
        reference,
        fills_missing: false,
        floors_at_zero: false,
    };
    let temperature = column(folder, "air_temperature_c");
    let humidity = column(folder, "relative_humidity_percent");
    let dew_point = column(folder, "dew_point_c");
    let wind = column(folder, "wind_speed_m_s");
    let solar = column(folder, "shortwave_radiation_mj_m2");
    let mut results = vec![0.0; stations * rows];
    for _ in 0..count(10) {
        let begin = Instant::now();
        for (station, results) in results.chunks_exact_mut(rows).enumerate() {
            let of = |column: &'_ Option<Vec<f64>>| {
                column
                    .as_ref()
                    .map(|_| station * rows..(station + 1) * rows)
            };
            let weather = EtHours {
                air_temperature_c: of(&temperature)
                    .and_then(|part| temperature.as_ref()?.get(part)),
                relative_humidity_percent: of(&humidity)
                    .and_then(|part| humidity.as_ref()?.get(part)),
                dew_point_c: of(&dew_point).and_then(|part| dew_point.as_ref()?.get(part)),
                wind_speed_m_s: of(&wind).and_then(|part| wind.as_ref()?.get(part)),
                shortwave_radiation_mj_m2: of(&solar).and_then(|part| solar.as_ref()?.get(part)),
                surface_pressure_hpa: None,
            };
            let columns = hourly_et(hours, &weather, &site, method, false).expect("right columns");
            results.copy_from_slice(&columns.et_mm);
        }
        println!("{}", begin.elapsed().as_nanos());
    }
    if let Some(file) = arguments.get(11) {
        let bytes: Vec<u8> = results
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        std::fs::write(file, bytes).expect("writable");
    }
}
