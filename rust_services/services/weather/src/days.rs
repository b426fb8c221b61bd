//! Hours into local days.

use furrow_agromet::{
    Completeness, DayStart, DayValues, Days, Hours, LocalDays, Timing, aggregate_days as fold_days,
    mean_direction, time_zone, tzdb_version,
};
use furrow_rpc::weather::v1 as proto;
use furrow_service_kit::{Cancel, CpuScope};
use jiff::tz::TimeZone;
use rayon::prelude::*;

use crate::columns::{self, Range, named_column, whole_seconds};
use crate::daily::DailyColumns;
use crate::hourly::{Hourly, HourlyColumns};
use crate::status::CallError;

/// Most stations of a call.
const MAX_STATIONS: usize = 1_000;

/// Most hours of all stations together: as many as one column of the largest message has.
const MAX_HOURS_TOGETHER: usize = crate::MAX_MESSAGE_BYTES / size_of::<f64>();

/// Most further columns of a station.
const MAX_FURTHER: usize = 32;

/// Values of a further column: anything that is a quantity of a farm, and whose sums are finite.
const FURTHER: Range = Range {
    min: -1e15,
    max: 1e15,
};

/// Longest name of a station or a further column, bytes.
const MAX_NAME_BYTES: usize = 64;

/// Answers `AggregateDays`.
pub(crate) fn aggregate_days(
    request: &proto::AggregateDaysRequest,
    cancel: &Cancel,
) -> Result<proto::AggregateDaysResponse, CallError> {
    let stations = &request.stations;
    if stations.is_empty() || stations.len() > MAX_STATIONS {
        let reason = format!("has {}; 1 to {MAX_STATIONS} are allowed", stations.len());
        return Err(CallError::request("stations", reason));
    }
    let rules = Rules::read(request)?;
    let cuts = rules.cuts(stations)?;
    // Parts are charged where they run, to the request that waits for them.
    let cpu = CpuScope::current();
    let days: Vec<Result<proto::StationDays, CallError>> = stations
        .par_iter()
        .enumerate()
        .map(|(at, station)| {
            cpu.run(|| {
                cancel.check()?;
                rules.days_of(&format!("stations[{at}]"), station, &cuts)
            })
        })
        .collect();
    // Of several that are wrong the first is named, whichever thread was faster.
    let days: Result<Vec<proto::StationDays>, CallError> = days.into_iter().collect();
    Ok(proto::AggregateDaysResponse {
        stations: days?,
        tzdb_version: tzdb_version().to_owned(),
    })
}

/// What holds of all stations of a request.
struct Rules {
    zone: TimeZone,
    start: DayStart,
    completeness: Completeness,
    /// Unix seconds; hours stamped later are forecast.
    observed_until_s: Option<i64>,
}

/// An axis and how it is cut; stations on one axis share it.
struct Cut {
    days: LocalDays,
    nights: LocalDays,
}

impl Rules {
    fn read(request: &proto::AggregateDaysRequest) -> Result<Self, CallError> {
        let start = match request.day_start() {
            proto::DayStart::Midnight => DayStart::Midnight,
            proto::DayStart::Nine => DayStart::Nine,
            proto::DayStart::Unspecified => {
                let reason = "is not said; midnight or nine is allowed";
                return Err(CallError::request("day_start", reason));
            }
        };
        let observed_until = request.observed_until;
        let seconds = observed_until.map(|at| whole_seconds("observed_until", Some(at)));
        Ok(Self {
            zone: time_zone(&request.time_zone)?,
            start,
            completeness: Completeness::new(request.completeness_share)?,
            observed_until_s: seconds.transpose()?,
        })
    }

    /// One cut for each axis, in the order of their first stations.
    fn cuts(&self, stations: &[proto::StationHours]) -> Result<Vec<Cut>, CallError> {
        let mut cuts: Vec<Cut> = Vec::new();
        let mut together = 0;
        for (at, station) in stations.iter().enumerate() {
            let field = format!("stations[{at}].hours");
            let Some(message) = station.hours.as_ref() else {
                return Err(CallError::request(field, "is missing"));
            };
            let hours = columns::hours(&format!("{field}.hours"), message.hours)?;
            together += hours.count;
            if together > MAX_HOURS_TOGETHER {
                let reason =
                    format!("is one too many; {MAX_HOURS_TOGETHER} hours are allowed in all");
                return Err(CallError::request(field, reason));
            }
            if cut_of(&cuts, hours).is_none() {
                let days = LocalDays::cut(hours, &self.zone, self.start);
                let dates = days.days();
                let nights = LocalDays::cut_dates(hours, &self.zone, DayStart::NoonBefore, dates);
                cuts.push(Cut { days, nights });
            }
        }
        Ok(cuts)
    }

    fn days_of(
        &self,
        field: &str,
        station: &proto::StationHours,
        cuts: &[Cut],
    ) -> Result<proto::StationDays, CallError> {
        name_fits(&format!("{field}.station_id"), &station.station_id, 0)?;
        let Hourly { hours, columns } =
            Hourly::read(&format!("{field}.hours"), station.hours.as_ref())?;
        let cut = cut_of(cuts, hours).expect("every axis was cut");
        let further = self.further(field, station, cut)?;
        let (daily, coverage) = self.daily(&columns, cut)?;
        let days: Days = cut.days.days();
        let flags = |claim: &dyn Fn(usize) -> bool| -> Vec<u8> {
            (0..days.count).map(|day| u8::from(claim(day))).collect()
        };
        let is_provisional = |day| {
            let observed = self.observed_until_s;
            observed.is_some_and(|until_s| cut.days.has_hour_after(day, until_s))
        };
        Ok(proto::StationDays {
            station_id: station.station_id.clone(),
            days: Some(daily.message(days)),
            coverage,
            further,
            day_bounds: cut.days.bounds_s().to_vec(),
            is_partial: flags(&|day| cut.days.is_partial(day)).into(),
            is_provisional: flags(&is_provisional).into(),
        })
    }

    /// Days of the weather, and the coverage of each hourly column that is there.
    fn daily(
        &self,
        columns: &HourlyColumns,
        cut: &Cut,
    ) -> Result<(DailyColumns, Vec<proto::NamedColumn>), CallError> {
        let mut daily = DailyColumns::default();
        let mut coverage = Vec::new();
        for (name, _, column) in columns.present() {
            if name == "wind_direction_deg" {
                let rows = cut.days.rows(Timing::Instant);
                let speed = columns.wind_speed_m_s.as_deref();
                let made = mean_direction(column, speed, rows, self.completeness)?;
                coverage.push(named_column(name, &made.coverage));
                daily.wind_direction_deg = Some(made.direction_deg);
                continue;
            }
            let made = fold_days(column, cut.days.rows(timing(name)), self.completeness)?;
            coverage.push(named_column(name, &made.coverage));
            place(&mut daily, name, made);
        }
        if let Some(column) = &columns.air_temperature_c {
            let rows = cut.nights.rows(Timing::Instant);
            let nights = fold_days(column, rows, self.completeness)?;
            daily.night_temperature_min_c = Some(nights.min);
        }
        Ok((daily, coverage))
    }

    fn further(
        &self,
        field: &str,
        station: &proto::StationHours,
        cut: &Cut,
    ) -> Result<Vec<proto::NamedColumn>, CallError> {
        let asked = &station.further;
        if asked.len() > MAX_FURTHER {
            let reason = format!("has {}; at most {MAX_FURTHER} are allowed", asked.len());
            return Err(CallError::request(format!("{field}.further"), reason));
        }
        let mut made = Vec::with_capacity(asked.len());
        for (at, column) in asked.iter().enumerate() {
            let field = format!("{field}.further[{at}]");
            name_fits(&format!("{field}.name"), &column.name, 1)?;
            if asked[..at].iter().any(|other| other.name == column.name) {
                let reason = format!("is {:?}, as another one is", column.name);
                return Err(CallError::request(format!("{field}.name"), reason));
            }
            let count = cut.days.hours().count;
            let values =
                columns::needed(&format!("{field}.values"), &column.values, count, FURTHER)?;
            let fold = |timing| fold_days(&values, cut.days.rows(timing), self.completeness);
            let days = match column.aggregate() {
                proto::Aggregate::Mean => fold(Timing::Instant)?.mean,
                proto::Aggregate::Min => fold(Timing::Instant)?.min,
                proto::Aggregate::Max => fold(Timing::Instant)?.max,
                proto::Aggregate::Sum => fold(Timing::Preceding)?.sum,
                proto::Aggregate::Unspecified => {
                    let reason = "is not said; mean, min, max or sum is allowed";
                    return Err(CallError::request(format!("{field}.aggregate"), reason));
                }
            };
            made.push(named_column(column.name.clone(), &days));
        }
        Ok(made)
    }
}

fn cut_of(cuts: &[Cut], hours: Hours) -> Option<&Cut> {
    cuts.iter().find(|cut| cut.days.hours() == hours)
}

/// What the value of an hour stands for.
fn timing(name: &str) -> Timing {
    match name {
        "wind_gust_m_s"
        | "precipitation_mm"
        | "shortwave_radiation_mj_m2"
        | "precipitation_probability_percent" => Timing::Preceding,
        _ => Timing::Instant,
    }
}

/// Puts the days of an hourly column where the contract has them.
fn place(daily: &mut DailyColumns, name: &str, made: DayValues) {
    match name {
        "air_temperature_c" => {
            daily.temperature_mean_c = Some(made.mean);
            daily.temperature_min_c = Some(made.min);
            daily.temperature_max_c = Some(made.max);
        }
        "relative_humidity_percent" => {
            daily.relative_humidity_mean_percent = Some(made.mean);
            daily.relative_humidity_min_percent = Some(made.min);
            daily.relative_humidity_max_percent = Some(made.max);
        }
        "dew_point_c" => daily.dew_point_mean_c = Some(made.mean),
        "wind_speed_m_s" => {
            daily.wind_speed_mean_m_s = Some(made.mean);
            daily.wind_speed_max_m_s = Some(made.max);
        }
        "wind_gust_m_s" => daily.wind_gust_max_m_s = Some(made.max),
        "precipitation_mm" => daily.precipitation_mm = Some(made.sum),
        "shortwave_radiation_mj_m2" => daily.shortwave_radiation_mj_m2 = Some(made.sum),
        "surface_pressure_hpa" => daily.surface_pressure_mean_hpa = Some(made.mean),
        "cloud_cover_percent" => daily.cloud_cover_mean_percent = Some(made.mean),
        "precipitation_probability_percent" => {
            daily.precipitation_probability_max_percent = Some(made.max);
        }
        "weather_code" => daily.weather_code_max = Some(made.max),
        _ => unreachable!("{name} is a column of the contract without a rule for days"),
    }
}

fn name_fits(field: &str, name: &str, least: usize) -> Result<(), CallError> {
    if (least..=MAX_NAME_BYTES).contains(&name.len()) {
        return Ok(());
    }
    let reason = format!(
        "has {} bytes; {least} to {MAX_NAME_BYTES} are allowed",
        name.len()
    );
    Err(CallError::request(field, reason))
}

#[cfg(test)]
mod tests;
