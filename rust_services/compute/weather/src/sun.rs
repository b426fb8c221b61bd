//! Where the sun stands.
//!
//! # Source
//! NOAA Global Monitoring Laboratory, *Solar Calculation Details*
//! (<https://gml.noaa.gov/grad/solcalc/calcdetails.html>), after Meeus (1998), *Astronomical
//! Algorithms*, 2nd edition, chapters 22, 25 and 28; within a minute of time between the polar circles.

/// Elevation of the sun's centre at which its upper edge rises and sets, degrees: half its width and
/// what air refracts at the horizon.
pub const HORIZON_DEG: f64 = -0.833;

/// Seconds of a Julian century.
const CENTURY_S: f64 = 36_525.0 * 86_400.0;

/// The epoch J2000.0, Unix seconds.
const J2000_S: f64 = 946_728_000.0;

/// A point on the Earth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Position {
    /// Degrees, north positive.
    pub latitude_deg: f64,
    /// Degrees, east positive.
    pub longitude_deg: f64,
}

/// The sun as seen from the Earth's centre.
#[derive(Debug, Clone, Copy)]
struct Sun {
    declination: f64,
    equation_of_time_min: f64,
}

fn sun(time_s: f64) -> Sun {
    let century = (time_s - J2000_S) / CENTURY_S;
    let longitude = (280.46646 + century * (36_000.769_83 + century * 0.000_303_2)).to_radians();
    let anomaly = (357.52911 + century * (35_999.050_29 - 0.000_153_7 * century)).to_radians();
    let eccentricity = 0.016_708_634 - century * (0.000_042_037 + 0.000_000_126_7 * century);
    let centre = anomaly.sin() * (1.914_602 - century * (0.004_817 + 0.000_014 * century))
        + (2.0 * anomaly).sin() * (0.019_993 - 0.000_101 * century)
        + (3.0 * anomaly).sin() * 0.000_289;
    let node = (125.04 - 1934.136 * century).to_radians();
    let apparent = longitude + (centre - 0.005_69 - 0.004_78 * node.sin()).to_radians();
    let arc_seconds = 21.448 - century * (46.815 + century * (0.000_59 - century * 0.001_813));
    let obliquity =
        (23.0 + (26.0 + arc_seconds / 60.0) / 60.0 + 0.002_56 * node.cos()).to_radians();
    let half = (obliquity / 2.0).tan().powi(2);
    let equation = half * (2.0 * longitude).sin() - 2.0 * eccentricity * anomaly.sin()
        + 4.0 * eccentricity * half * anomaly.sin() * (2.0 * longitude).cos()
        - 0.5 * half * half * (4.0 * longitude).sin()
        - 1.25 * eccentricity * eccentricity * (2.0 * anomaly).sin();
    Sun {
        declination: (obliquity.sin() * apparent.sin()).asin(),
        equation_of_time_min: 4.0 * equation.to_degrees(),
    }
}

/// True solar time, minutes since solar midnight, 0 to 1440.
fn solar_time_min(time_s: f64, equation_of_time_min: f64, at: Position) -> f64 {
    (time_s / 60.0 + equation_of_time_min + 4.0 * at.longitude_deg).rem_euclid(1440.0)
}

/// Elevation of the sun's centre above the horizon, degrees, without refraction, at an instant in Unix
/// seconds. It is up where this is above [`HORIZON_DEG`].
pub fn elevation_deg(time_s: f64, at: Position) -> f64 {
    let sun = sun(time_s);
    let minutes = solar_time_min(time_s, sun.equation_of_time_min, at);
    let hour_angle = (minutes / 4.0 - 180.0).to_radians();
    let latitude = at.latitude_deg.to_radians();
    let sine = latitude.sin() * sun.declination.sin()
        + latitude.cos() * sun.declination.cos() * hour_angle.cos();
    sine.clamp(-1.0, 1.0).asin().to_degrees()
}

/// Least elevation of the sun between two instants that are less than a day apart, degrees: that of one
/// of them, or of the midnight between them.
pub fn least_elevation_deg(from_s: f64, until_s: f64, at: Position) -> f64 {
    let ends = elevation_deg(from_s, at).min(elevation_deg(until_s, at));
    let passed = solar_time_min(from_s, sun(from_s).equation_of_time_min, at);
    let midnight_s = from_s + 60.0 * (1440.0 - passed);
    if midnight_s < until_s {
        ends.min(elevation_deg(midnight_s, at))
    } else {
        ends
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The instant between two at which the elevation crosses the horizon.
    fn crossing(mut low: f64, mut high: f64, at: Position) -> f64 {
        let is_up = |time_s| elevation_deg(time_s, at) > HORIZON_DEG;
        let up_first = is_up(low);
        for _ in 0..40 {
            let middle = f64::midpoint(low, high);
            if is_up(middle) == up_first {
                low = middle;
            } else {
                high = middle;
            }
        }
        low
    }

    /// 17 October 2003, 00:00 at UTC-7, Golden, Colorado.
    const GOLDEN_MIDNIGHT_S: f64 = 1_066_374_000.0;
    const GOLDEN: Position = Position {
        latitude_deg: 39.742_476,
        longitude_deg: -105.178_6,
    };

    #[test]
    fn sunrise_and_sunset_are_those_that_the_solar_position_algorithm_publishes() {
        // Reda and Andreas (2008), Solar Position Algorithm, NREL/TP-560-34302, table A5.1: sunrise at
        // 6:12:43 and sunset at 17:20:19 local standard time. It takes the day of UTC, whose sunset is that
        // of the local evening before; the next is 87 s earlier.
        let hour = |hours: f64| GOLDEN_MIDNIGHT_S + hours * 3600.0;

        let sunrise = crossing(hour(3.0), hour(12.0), GOLDEN);
        let sunset = crossing(hour(-12.0), hour(-3.0), GOLDEN);

        let published = |h: f64, m: f64, s: f64| hour(h + m / 60.0 + s / 3600.0);
        assert!((sunrise - published(6.0, 12.0, 43.0)).abs() < 20.0);
        assert!((sunset - published(17.0 - 24.0, 20.0, 19.0)).abs() < 20.0);
    }

    #[test]
    fn the_elevation_is_the_one_that_the_solar_position_algorithm_publishes() {
        // The same table: at 12:30:30 the topocentric elevation without refraction is 39.872046°.
        let noon_s = GOLDEN_MIDNIGHT_S + 12.0 * 3600.0 + 1830.0;

        assert!((elevation_deg(noon_s, GOLDEN) - 39.872).abs() < 0.01);
    }

    #[test]
    fn the_declination_is_the_one_that_meeus_works_out() {
        // Astronomical Algorithms, example 25.a: 1992 October 13.0 TD, apparent declination -7.78507°.
        let declination = sun(718_934_400.0).declination.to_degrees();

        assert!((declination + 7.785_07).abs() < 0.001, "{declination}");
    }

    #[test]
    fn a_midnight_between_two_evenings_of_light_is_found() {
        // Tromsø near the end of its midnight sun: up at 22:00 and at 02:00 UTC, lowest in between.
        let tromso = Position {
            latitude_deg: 69.65,
            longitude_deg: 18.96,
        };
        let evening_s = 1_721_944_800.0;
        let morning_s = evening_s + 4.0 * 3600.0;

        let least = least_elevation_deg(evening_s, morning_s, tromso);

        let ends = elevation_deg(evening_s, tromso).min(elevation_deg(morning_s, tromso));
        let sampled = (0..=240).map(|minute| f64::from(minute) * 60.0 + evening_s);
        let sampled = sampled.map(|time_s| elevation_deg(time_s, tromso));
        assert!(least < ends);
        assert!((least - sampled.fold(f64::INFINITY, f64::min)).abs() < 0.01);
    }
}
