//! Wetness and diseases.

use furrow_agromet::{
    DayStart, DiseaseColumns, DiseaseDay, Hours, Infection, LocalDays, Pathogen, Wetness,
    WetnessColumns, assess_days, humidity_of_hours, infections, wetness,
};
use furrow_rpc::weather::v1 as proto;
use furrow_service_kit::Cancel;

use crate::columns::{hours_message, method, timestamp};
use crate::local_hours::LocalHours;
use crate::status::CallError;

/// Longest name of a pathogen, bytes.
const MAX_NAME_BYTES: usize = 80;

/// Answers `AssessDisease`.
pub(crate) fn assess_disease(
    request: &proto::AssessDiseaseRequest,
    _cancel: &Cancel,
) -> Result<proto::AssessDiseaseResponse, CallError> {
    let local = LocalHours::read("hours", request.hours.as_ref())?;
    let pathogen = request.model.as_ref().map(pathogen).transpose()?;
    let (hours, columns) = (local.hourly.hours, &local.hourly.columns);
    let Some(temperature_c) = columns.air_temperature_c.as_deref() else {
        let field = "hours.hours.air_temperature_c";
        return Err(CallError::request(field, "is missing"));
    };
    if columns.relative_humidity_percent.is_none() && columns.dew_point_c.is_none() {
        let field = "hours.hours.relative_humidity_percent";
        return Err(CallError::request(
            field,
            "is missing, and so is dew_point_c",
        ));
    }
    let of_wetness = WetnessColumns {
        temperature_c: Some(temperature_c),
        humidity_percent: columns.relative_humidity_percent.as_deref(),
        dew_point_c: columns.dew_point_c.as_deref(),
        precipitation_mm: columns.precipitation_mm.as_deref(),
    };
    let wetness = wetness(of_wetness, hours.count)?;
    let humidity_percent = humidity_of_hours(of_wetness, hours.count)?;
    let days = local.days_of_instants(DayStart::Midnight);
    let of_disease = DiseaseColumns {
        wetness: &wetness,
        humidity_percent: &humidity_percent,
        temperature_c,
    };
    let assessed = assess_days(of_disease, &days, local.completeness)?;
    let spells = match pathogen {
        None => Vec::new(),
        Some(pathogen) => infections(hours, &wetness, temperature_c, pathogen)?,
    };
    let is_wet: Vec<u8> = wetness
        .iter()
        .map(|wetness| wetness_byte(*wetness))
        .collect();
    Ok(proto::AssessDiseaseResponse {
        hours: Some(hours_message(hours)),
        is_wet: is_wet.into(),
        days: assessed.iter().map(|day| day_message(day, &days)).collect(),
        infections: spells
            .iter()
            .map(|spell| infection_message(spell, hours))
            .collect(),
        methods: methods(request.model.as_ref()),
    })
}

fn pathogen(message: &proto::InfectionModel) -> Result<Pathogen, CallError> {
    let bytes = message.name.len();
    if bytes > MAX_NAME_BYTES {
        let reason = format!("has {bytes} bytes; {MAX_NAME_BYTES} are allowed");
        return Err(CallError::request("model.name", reason));
    }
    let pathogen = Pathogen {
        min_temperature_c: message.min_temperature_c,
        optimum_temperature_c: message.optimum_temperature_c,
        max_temperature_c: message.max_temperature_c,
        min_wetness_h: message.min_wetness_h,
        max_wetness_h: message.max_wetness_h,
        dry_interruption_h: message.dry_interruption_h,
    };
    pathogen.check()?;
    Ok(pathogen)
}

fn wetness_byte(wetness: Wetness) -> u8 {
    match wetness {
        Wetness::Dry => 0,
        Wetness::Wet => 1,
        Wetness::Unknown => 255,
    }
}

fn day_message(day: &DiseaseDay, days: &LocalDays) -> proto::DiseaseDay {
    proto::DiseaseDay {
        date: days.date(day.day).to_string(),
        wet_h: day.wet_h.map(|hours| hours as f64),
        humid_h: day.humid_h.map(|hours| hours as f64),
        min_temperature_c: day.min_temperature_c,
        is_hutton_day: day.is_hutton_day,
        is_hutton_period: day.is_hutton_period,
    }
}

fn infection_message(spell: &Infection, hours: Hours) -> proto::Infection {
    proto::Infection {
        from: Some(timestamp(hours.stamp_s(spell.from))),
        until: Some(timestamp(hours.stamp_s(spell.until))),
        wet_h: spell.wet_h as f64,
        required_h: spell.required_h,
        severity: spell.severity,
    }
}

fn methods(model: Option<&proto::InfectionModel>) -> Vec<proto::Method> {
    let mut methods = vec![
        method(
            "is_wet",
            "wetness_rh90_rain_dpd2",
            "RH of 90 % and more, rain, or a dew point less than 2 K below; thresholds after \
             Sentelhas et al. 2008. An estimate, not a sensor",
        ),
        method(
            "is_hutton_period",
            "hutton",
            "AHDB 2017: two days of 10 °C and six hours of 90 % RH; late blight of potatoes in Great \
             Britain. Not the Smith period, which asks for eleven",
        ),
    ];
    if let Some(model) = model {
        let source = format!(
            "Magarey, Sutton and Thayer 2005, for {:?}; an unknown hour ends a spell",
            model.name
        );
        methods.push(method("infections", "magarey_generic", &source));
    }
    methods
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns::column_bytes;
    use crate::local_hours::tests::{at, local_hours};

    /// Three local days of August in London from midnight (23:00 UTC) on at 15 °C. Humid over the
    /// midnights: the last six hours of each of the first two days and the first six that follow.
    fn request() -> proto::AssessDiseaseRequest {
        let hours = local_hours("2026-08-03T23:00:00Z", 72, "Europe/London", |hours| {
            let mut humidity = vec![60.0; 72];
            humidity[18..30].fill(95.0);
            humidity[42..54].fill(95.0);
            hours.air_temperature_c = column_bytes(&[15.0; 72]);
            hours.relative_humidity_percent = column_bytes(&humidity);
            hours.precipitation_mm = column_bytes(&[0.0; 72]);
        });
        proto::AssessDiseaseRequest {
            hours: Some(hours),
            model: Some(proto::InfectionModel {
                name: "late blight".to_owned(),
                min_temperature_c: 3.0,
                optimum_temperature_c: 15.0,
                max_temperature_c: 28.0,
                min_wetness_h: 10.0,
                max_wetness_h: 40.0,
                dry_interruption_h: 8.0,
            }),
        }
    }

    /// Makes a request wrong.
    type Spoil = fn(&mut proto::AssessDiseaseRequest);

    fn answer(
        request: &proto::AssessDiseaseRequest,
    ) -> Result<proto::AssessDiseaseResponse, CallError> {
        assess_disease(request, &Cancel::new(None))
    }

    fn hours_of(request: &mut proto::AssessDiseaseRequest) -> &mut proto::HourlyWeather {
        let local = request.hours.as_mut().expect("there");
        local.hours.as_mut().expect("there")
    }

    #[test]
    fn wet_spells_reach_over_midnight_and_days_are_the_places_own() {
        let found = answer(&request()).expect("right");

        let periods: Vec<Option<bool>> = found.days.iter().map(|d| d.is_hutton_period).collect();
        assert_eq!(found.days[0].date, "2026-08-04");
        assert_eq!(periods, [None, Some(true), Some(true)]);
        assert_eq!(found.days[1].wet_h, Some(12.0));
        assert_eq!(found.infections.len(), 2);
        let spell = &found.infections[0];
        assert_eq!(spell.from, Some(at("2026-08-04T17:00:00Z")));
        assert_eq!(
            spell.until,
            Some(at("2026-08-05T02:00:00Z")),
            "the tenth hour"
        );
        assert!((spell.severity - 1.2).abs() < 1e-9);
        assert_eq!(found.methods.len(), 3);
    }

    #[test]
    fn an_unknown_hour_is_told_and_parts_a_spell() {
        let mut request = request();
        let mut humidity = vec![60.0; 72];
        humidity[18..30].fill(95.0);
        humidity[24] = f64::NAN;
        hours_of(&mut request).relative_humidity_percent = column_bytes(&humidity);

        let found = answer(&request).expect("right");

        assert_eq!(
            [found.is_wet[23], found.is_wet[24], found.is_wet[31]],
            [1, 255, 0]
        );
        assert_eq!(found.infections.len(), 2);
        assert!(found.infections.iter().all(|spell| spell.severity < 1.0));
    }

    #[test]
    fn without_rain_no_hour_is_known_to_be_dry() {
        let mut request = request();
        hours_of(&mut request).precipitation_mm.clear();

        let found = answer(&request).expect("right");

        assert!(found.is_wet.iter().all(|byte| [1, 255].contains(byte)));
        assert_eq!(found.days[0].wet_h, None);
        assert_eq!(found.days[0].humid_h, Some(6.0));
    }

    #[test]
    fn what_is_missing_or_no_pathogen_is_refused_by_name() {
        let wrong: [(Spoil, &str); 3] = [
            (
                |r| hours_of(r).air_temperature_c.clear(),
                "air_temperature_c",
            ),
            (
                |r| hours_of(r).relative_humidity_percent.clear(),
                "relative_humidity_percent is missing",
            ),
            (
                |r| {
                    if let Some(model) = r.model.as_mut() {
                        model.max_wetness_h = 5.0;
                    }
                },
                "max_wetness_h is 5",
            ),
        ];
        for (change, words) in wrong {
            let mut request = request();
            change(&mut request);
            let refused = answer(&request).expect_err(words).to_string();
            assert!(refused.contains(words), "{refused}");
        }
    }
}
