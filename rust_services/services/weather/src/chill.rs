//! Winter chill.

use furrow_agromet::{
    ChillState, Days, Extremes, HOUR_S, Hours, accumulate_chill as accumulate, hours_of_days,
};
use furrow_rpc::weather::v1 as proto;
use furrow_service_kit::Cancel;
use proto::accumulate_chill_request::Source;

use crate::columns::{
    MAX_HOURS, between, column_bytes, hours_message, method, timestamp, whole_seconds,
};
use crate::daily::Daily;
use crate::hourly::Hourly;
use crate::status::CallError;

/// More than any season comes to; sums of a state lie within.
const MOST: f64 = 1e9;

/// Hours of a day of the sun.
const DAY_HOURS: usize = 24;

/// Answers `AccumulateChill`.
pub(crate) fn accumulate_chill(
    request: &proto::AccumulateChillRequest,
    _cancel: &Cancel,
) -> Result<proto::AccumulateChillResponse, CallError> {
    let (hours, temperatures_c, is_idealised) = match &request.source {
        None => return Err(CallError::request("source", "is missing")),
        Some(Source::Hours(message)) => by_hour(message)?,
        Some(Source::Days(message)) => by_day(message)?,
    };
    let before = match &request.state {
        None => ChillState::default(),
        Some(message) => state(message, hours)?,
    };
    let columns = accumulate(&temperatures_c, before);
    Ok(proto::AccumulateChillResponse {
        hours: Some(hours_message(hours)),
        chilling_hours: column_bytes(&columns.chilling_hours),
        utah_units: column_bytes(&columns.utah_units),
        positive_utah_units: column_bytes(&columns.positive_utah_units),
        chill_portions: column_bytes(&columns.chill_portions),
        state: Some(state_message(&columns.state, hours)),
        methods: methods(is_idealised),
    })
}

/// The axis, its temperatures, and whether they are made of extremes.
type Temperatures = (Hours, Vec<f64>, bool);

fn by_hour(message: &proto::HourlyWeather) -> Result<Temperatures, CallError> {
    let Hourly { hours, columns } = Hourly::read("hours", Some(message))?;
    match columns.air_temperature_c {
        Some(temperatures_c) => Ok((hours, temperatures_c, false)),
        None => Err(CallError::request("hours.air_temperature_c", "is missing")),
    }
}

fn by_day(message: &proto::ChillDays) -> Result<Temperatures, CallError> {
    let Daily { days, columns } = Daily::read("days.days", message.days.as_ref())?;
    between("days.latitude_deg", message.latitude_deg, -66.0, 66.0)?;
    let outer = usize::from(message.has_neighbours);
    let own = days.count.saturating_sub(2 * outer);
    let most = usize::try_from(MAX_HOURS).expect("32 bits fit") / DAY_HOURS;
    if !(1..=most).contains(&own) {
        let reason = format!("has {own} days with hours of their own; 1 to {most} is allowed");
        return Err(CallError::request("days.days", reason));
    }
    let needed = |name: &str, column: Option<Vec<f64>>| {
        column.ok_or_else(|| CallError::request(format!("days.days.{name}"), "is missing"))
    };
    let min_c = needed("temperature_min_c", columns.temperature_min_c)?;
    let max_c = needed("temperature_max_c", columns.temperature_max_c)?;
    let extremes = Extremes {
        min_c: &min_c,
        max_c: &max_c,
    };
    let all = hours_of_days(days, extremes, message.latitude_deg)?;
    let rows = outer * DAY_HOURS..(outer + own) * DAY_HOURS;
    let hours = Hours {
        start_s: first_hour_s(days, outer),
        count: rows.len(),
    };
    Ok((hours, all[rows].to_vec(), true))
}

/// Midnight of a day as if the place's clock were UTC, Unix seconds.
fn first_hour_s(days: Days, day: usize) -> i64 {
    let midnight = jiff::tz::TimeZone::UTC.to_timestamp(days.first.at(0, 0, 0, 0));
    let first = midnight.expect("the years 1800 to 2400");
    let hours = Hours {
        start_s: first.as_second(),
        count: 0,
    };
    hours.stamp_s(day * DAY_HOURS)
}

fn state(message: &proto::ChillState, hours: Hours) -> Result<ChillState, CallError> {
    let last_s = whole_seconds("state.last_hour", message.last_hour)?;
    if last_s + HOUR_S != hours.start_s {
        let reason = format!(
            "is {last_s}; the hours begin at {}, which is not the hour after it",
            hours.start_s
        );
        return Err(CallError::request("state.last_hour", reason));
    }
    let sum = |name: &str, value, min| between(&format!("state.{name}"), value, min, MOST);
    if message.open_gap_hours > message.longest_gap_hours
        || message.longest_gap_hours > message.hours_missing
    {
        let reason = "is less than a gap that it counts";
        return Err(CallError::request("state.hours_missing", reason));
    }
    Ok(ChillState {
        chilling_hours: sum("chilling_hours", message.chilling_hours, 0.0)?,
        utah_units: sum("utah_units", message.utah_units, -MOST)?,
        positive_utah_units: sum("positive_utah_units", message.positive_utah_units, 0.0)?,
        chill_portions: sum("chill_portions", message.chill_portions, 0.0)?,
        intermediate: sum("intermediate", message.intermediate, 0.0)?,
        hours_missing: message.hours_missing,
        longest_gap_hours: message.longest_gap_hours,
        open_gap_hours: message.open_gap_hours,
    })
}

fn state_message(state: &ChillState, hours: Hours) -> proto::ChillState {
    proto::ChillState {
        last_hour: Some(timestamp(hours.end_s() - HOUR_S)),
        chilling_hours: state.chilling_hours,
        utah_units: state.utah_units,
        positive_utah_units: state.positive_utah_units,
        chill_portions: state.chill_portions,
        intermediate: state.intermediate,
        hours_missing: state.hours_missing,
        longest_gap_hours: state.longest_gap_hours,
        open_gap_hours: state.open_gap_hours,
    }
}

fn methods(is_idealised: bool) -> Vec<proto::Method> {
    let mut methods = vec![
        method(
            "chilling_hours",
            "chilling_hours_0_7.2",
            "0 to 7.2 °C, both included (chillR 0.77)",
        ),
        method(
            "utah_units",
            "utah",
            "Richardson, Seeley and Walker 1974; not for warm winters",
        ),
        method(
            "positive_utah_units",
            "positive_utah",
            "Linsley-Noakes, Allan and Matthee 1994",
        ),
        method(
            "chill_portions",
            "dynamic",
            "Fishman, Erez and Couvillon 1987, 0 °C as 273 K",
        ),
    ];
    if is_idealised {
        methods.push(method(
            "air_temperature_c",
            "linvill_hours",
            "Linvill 1990 from daily extremes, as chillR 0.77",
        ));
    }
    methods
}

#[cfg(test)]
mod tests {
    use prost::Message as _;

    use super::*;
    use crate::columns;

    const START_S: i64 = 1_793_491_200;

    fn page(row: usize, temperatures_c: &[f64]) -> proto::AccumulateChillRequest {
        let axis = Hours {
            start_s: START_S,
            count: 0,
        };
        let hours = Hours {
            start_s: axis.stamp_s(row),
            count: temperatures_c.len(),
        };
        let message = proto::HourlyWeather {
            hours: Some(hours_message(hours)),
            air_temperature_c: column_bytes(temperatures_c),
            ..Default::default()
        };
        proto::AccumulateChillRequest {
            source: Some(Source::Hours(message)),
            state: None,
        }
    }

    fn answer(
        request: &proto::AccumulateChillRequest,
    ) -> Result<proto::AccumulateChillResponse, CallError> {
        accumulate_chill(request, &Cancel::new(None))
    }

    /// A winter of thaws, frosts and gaps.
    fn winter() -> Vec<f64> {
        let temperature = |hour: u32| {
            let day = f64::from(hour) / 24.0;
            let wave = 6.0 * (day * std::f64::consts::TAU).sin() + 7.0 * (day / 9.0).sin();
            if hour % 97 < 3 { f64::NAN } else { 3.0 + wave }
        };
        (0..2880).map(temperature).collect()
    }

    /// Answers a winter in pages of these sizes, over and over, its state stored as bytes in between.
    fn in_pages(winter: &[f64], mut sizes: impl FnMut() -> usize) -> (Vec<u8>, Vec<u8>) {
        let mut stored: Option<Vec<u8>> = None;
        let (mut columns, mut at) = (Vec::new(), 0);
        while at < winter.len() {
            let end = winter.len().min(at + sizes());
            let mut request = page(at, &winter[at..end]);
            request.state =
                stored.map(|bytes| proto::ChillState::decode(bytes.as_slice()).expect("a state"));
            let answer = answer(&request).expect("right");
            columns.extend_from_slice(&answer.chill_portions);
            stored = answer.state.map(|state| state.encode_to_vec());
            at = end;
        }
        (columns, stored.expect("a state"))
    }

    #[test]
    fn a_winter_in_pages_with_stored_states_is_the_winter_to_the_bit() {
        let winter = winter();
        let whole = answer(&page(0, &winter)).expect("right");
        let state = whole.state.expect("there");
        let whole = (whole.chill_portions.to_vec(), state.encode_to_vec());
        assert!(state.chill_portions > 10.0 && state.hours_missing > 80);

        for size in [1, 23, 24, 168, 719, 2880] {
            assert!(in_pages(&winter, || size) == whole, "pages of {size}");
        }
        // Fifty winters of random pages from one seed.
        let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
        for _ in 0..50 {
            let random = || {
                seed ^= seed << 13;
                seed ^= seed >> 7;
                seed ^= seed << 17;
                usize::try_from(1 + seed % 500).expect("small")
            };
            assert!(in_pages(&winter, random) == whole, "random pages");
        }
    }

    #[test]
    fn hours_that_do_not_follow_the_state_are_refused() {
        let state = answer(&page(0, &[5.0; 10])).expect("right").state;

        for row in [9, 11] {
            let mut request = page(row, &[5.0]);
            request.state.clone_from(&state);
            let refused = answer(&request).expect_err("no successor").to_string();
            assert!(refused.starts_with("state.last_hour is"), "{refused}");
        }
    }

    #[test]
    fn a_state_that_no_season_leads_to_is_refused() {
        let state = answer(&page(0, &[5.0; 10])).expect("right").state;
        let state = state.expect("there");
        let wrong: [fn(&mut proto::ChillState); 4] = [
            |state| state.intermediate = f64::NAN,
            |state| state.chill_portions = -1.0,
            |state| state.longest_gap_hours = 1,
            |state| state.last_hour = None,
        ];
        for change in wrong {
            let mut request = page(10, &[5.0]);
            let mut state = state;
            change(&mut state);
            request.state = Some(state);
            assert!(answer(&request).is_err(), "{state:?}");
        }
    }

    fn days(first: jiff::civil::Date, count: usize, has_neighbours: bool) -> Source {
        let extremes = |base: f64| {
            let value = |day: u32| base + f64::from(day % 7);
            let column: Vec<f64> = (0..90)
                .map(value)
                .skip(
                    usize::try_from((first - jiff::civil::date(2026, 11, 1)).get_days())
                        .expect("later"),
                )
                .take(count)
                .collect();
            column_bytes(&column)
        };
        Source::Days(proto::ChillDays {
            days: Some(proto::DailyWeather {
                days: Some(columns::days_message(Days { first, count })),
                temperature_min_c: extremes(-2.0),
                temperature_max_c: extremes(6.0),
                ..Default::default()
            }),
            latitude_deg: 50.4,
            has_neighbours,
        })
    }

    #[test]
    fn days_in_pages_with_neighbours_are_the_days_at_once() {
        let date = jiff::civil::date;
        let ask = |source, state| proto::AccumulateChillRequest {
            source: Some(source),
            state,
        };
        let whole = answer(&ask(days(date(2026, 11, 1), 62, true), None)).expect("right");

        let first = answer(&ask(days(date(2026, 11, 1), 32, true), None)).expect("right");
        let second = answer(&ask(days(date(2026, 12, 1), 32, true), first.state)).expect("right");

        assert_eq!(whole.hours.expect("there").count, 60 * 24);
        let hours = first.hours.expect("there");
        assert_eq!(hours.start.expect("there").seconds % 86_400, 0);
        let state = whole.state.expect("there");
        assert_eq!(second.state, Some(state));
        assert_eq!(state.hours_missing, 0);
        assert!(
            whole
                .methods
                .iter()
                .any(|method| method.name == "linvill_hours")
        );
    }

    #[test]
    fn without_neighbours_the_nights_at_the_ends_are_missing_and_counted() {
        let request = proto::AccumulateChillRequest {
            source: Some(days(jiff::civil::date(2026, 11, 1), 10, false)),
            state: None,
        };

        let found = answer(&request).expect("right");

        assert_eq!(found.hours.expect("there").count, 240);
        // Hours 0 to 7 of 1 November and 17 to 23 of the 10th.
        assert_eq!(found.state.expect("there").hours_missing, 15);
    }

    #[test]
    fn neighbours_alone_are_no_days() {
        for (count, is_right) in [(2, false), (3, true)] {
            let request = proto::AccumulateChillRequest {
                source: Some(days(jiff::civil::date(2026, 11, 1), count, true)),
                state: None,
            };
            assert_eq!(answer(&request).is_ok(), is_right);
        }
    }
}
