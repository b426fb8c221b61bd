//! Hours with the zone that cuts them into days: the message as columns.

use furrow_agromet::{Completeness, DayStart, Days, LocalDays, Timing, time_zone};
use furrow_rpc::weather::v1 as proto;
use jiff::tz::TimeZone;

use crate::hourly::Hourly;
use crate::status::CallError;

/// Hours and what is needed to cut them.
#[derive(Debug, Clone)]
pub(crate) struct LocalHours {
    /// The hours.
    pub hourly: Hourly,
    /// The zone.
    pub zone: TimeZone,
    /// Share of a day's hours that must be there.
    pub completeness: Completeness,
}

impl LocalHours {
    /// Reads the message.
    pub(crate) fn read(
        field: &str,
        message: Option<&proto::LocalHours>,
    ) -> Result<Self, CallError> {
        let Some(message) = message else {
            return Err(CallError::request(field, "is missing"));
        };
        let share = message.completeness_share;
        let completeness = Completeness::new(share).map_err(|_| {
            let reason = format!("is {share}; above 0 and at most 1 is allowed");
            CallError::request(format!("{field}.completeness_share"), reason)
        })?;
        Ok(Self {
            hourly: Hourly::read(&format!("{field}.hours"), message.hours.as_ref())?,
            zone: time_zone(&message.time_zone)?,
            completeness,
        })
    }

    /// The local days that an instant of the hours lies in. The hour that ends with a day's beginning
    /// is the day's before, but no instant of that day.
    pub(crate) fn days_of_instants(&self, start: DayStart) -> LocalDays {
        let hours = self.hourly.hours;
        let touched = LocalDays::cut(hours, &self.zone, start);
        let dates = touched.days();
        if touched.rows(Timing::Instant).rows(0).is_empty() && dates.count > 1 {
            let dates = Days {
                first: touched.date(1),
                count: dates.count - 1,
            };
            LocalDays::cut_dates(hours, &self.zone, start, dates)
        } else {
            touched
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::columns::{hours_message, timestamp};
    use furrow_agromet::Hours;

    /// Hours from a UTC instant on, with the columns that `fill` puts in.
    pub(crate) fn local_hours(
        start: &str,
        count: usize,
        time_zone: &str,
        fill: impl FnOnce(&mut proto::HourlyWeather),
    ) -> proto::LocalHours {
        let start: jiff::Timestamp = start.parse().expect("an instant");
        let mut hours = proto::HourlyWeather {
            hours: Some(hours_message(Hours {
                start_s: start.as_second(),
                count,
            })),
            ..Default::default()
        };
        fill(&mut hours);
        proto::LocalHours {
            hours: Some(hours),
            time_zone: time_zone.to_owned(),
            completeness_share: 0.9,
        }
    }

    /// An instant as it travels.
    pub(crate) fn at(instant: &str) -> prost_types::Timestamp {
        let instant: jiff::Timestamp = instant.parse().expect("an instant");
        timestamp(instant.as_second())
    }

    #[test]
    fn what_is_wrong_with_the_zone_or_the_share_is_named() {
        let mut message = local_hours("2026-03-29T00:00:00Z", 24, "Europe/Brussels", |_| ());
        let refused = |message: &proto::LocalHours| {
            let refused = LocalHours::read("hours", Some(message)).expect_err("wrong");
            refused.to_string()
        };

        message.completeness_share = 0.0;
        assert!(refused(&message).starts_with("hours.completeness_share is 0"));
        message.completeness_share = 0.9;
        message.time_zone = "+02:00".to_owned();
        assert!(refused(&message).contains("+02:00"));
        assert!(LocalHours::read("hours", None).is_err());
    }
}
