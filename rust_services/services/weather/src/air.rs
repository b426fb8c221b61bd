//! What the air is like.

use furrow_agromet::AirHours;
use furrow_rpc::weather::v1 as proto;
use furrow_service_kit::Cancel;

use crate::MAX_ANSWER_BYTES;
use crate::columns::{column_bytes, method};
use crate::hourly::Hourly;
use crate::sites::site;
use crate::status::CallError;

/// What each column is computed by: quantity, short name, source with its edition.
const METHODS: [[&str; 3]; 8] = [
    [
        "vapour_pressure_kpa",
        "fao56_vapour_pressure",
        "FAO-56 (1998), equations 11, 14 and 54",
    ],
    [
        "vapour_pressure_deficit_kpa",
        "fao56_vapour_pressure_deficit",
        "FAO-56 (1998), equations 11 and 54",
    ],
    [
        "dew_point_c",
        "magnus_aerk",
        "Alduchov and Eskridge (1996), over water",
    ],
    [
        "wet_bulb_c",
        "psychrometric_at_station_pressure",
        "WMO-No. 8 (2018), annex 4.B, over water",
    ],
    [
        "delta_t_k",
        "dry_minus_wet_bulb",
        "WMO-No. 8 (2018), annex 4.B, over water",
    ],
    [
        "temperature_humidity_index",
        "thi_nrc1971",
        "National Research Council (1971)",
    ],
    [
        "relative_humidity_percent",
        "magnus_aerk",
        "Alduchov and Eskridge (1996), over water",
    ],
    [
        "pressure_hpa",
        "fao56_pressure_of_elevation",
        "FAO-56 (1998), equation 7",
    ],
];

/// Hours whose columns an answer has room for.
const MAX_ANSWERED_HOURS: usize = MAX_ANSWER_BYTES / (METHODS.len() * size_of::<f64>());

/// Answers `DescribeAir`.
pub(crate) fn describe_air(
    request: &proto::DescribeAirRequest,
    cancel: &Cancel,
) -> Result<proto::DescribeAirResponse, CallError> {
    let site = site("site", request.site.as_ref())?;
    let Hourly { hours, columns } = Hourly::read("hours", request.hours.as_ref())?;
    if hours.count > MAX_ANSWERED_HOURS {
        let count = hours.count;
        let reason = format!("is {count}; an answer has room for {MAX_ANSWERED_HOURS}");
        return Err(CallError::request("hours.hours.count", reason));
    }
    cancel.check()?;
    let weather = AirHours {
        air_temperature_c: columns.air_temperature_c.as_deref(),
        relative_humidity_percent: columns.relative_humidity_percent.as_deref(),
        dew_point_c: columns.dew_point_c.as_deref(),
        surface_pressure_hpa: columns.surface_pressure_hpa.as_deref(),
    };
    let air = furrow_agromet::describe_air(&weather, site.elevation_m)?;
    Ok(proto::DescribeAirResponse {
        vapour_pressure_kpa: column_bytes(&air.vapour_pressure_kpa),
        vapour_pressure_deficit_kpa: column_bytes(&air.vapour_pressure_deficit_kpa),
        dew_point_c: column_bytes(&air.dew_point_c),
        wet_bulb_c: column_bytes(&air.wet_bulb_c),
        delta_t_k: column_bytes(&air.delta_t_k),
        temperature_humidity_index: column_bytes(&air.temperature_humidity_index),
        relative_humidity_percent: column_bytes(&air.relative_humidity_percent),
        pressure_hpa: column_bytes(&air.pressure_hpa),
        methods: METHODS
            .map(|[quantity, name, source]| method(quantity, name, source))
            .to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use prost::Message as _;

    use super::*;
    use crate::MAX_MESSAGE_BYTES;
    use crate::columns::hours_message;

    fn request(count: usize) -> proto::DescribeAirRequest {
        let hours = furrow_agromet::Hours { start_s: 0, count };
        proto::DescribeAirRequest {
            site: Some(proto::Site {
                latitude_deg: 50.8,
                longitude_deg: 4.35,
                elevation_m: 100.0,
                wind_height_m: 10.0,
            }),
            hours: Some(proto::HourlyWeather {
                hours: Some(hours_message(hours)),
                air_temperature_c: column_bytes(&vec![20.0; count]),
                relative_humidity_percent: column_bytes(&vec![50.0; count]),
                ..Default::default()
            }),
        }
    }

    #[test]
    fn what_an_answer_has_no_room_for_is_refused_and_what_it_has_fits() {
        let answer = |count| describe_air(&request(count), &Cancel::new(None));

        let fits = answer(MAX_ANSWERED_HOURS).expect("room");
        let refused = answer(MAX_ANSWERED_HOURS + 1).expect_err("no room");

        assert!(fits.encoded_len() <= MAX_MESSAGE_BYTES);
        assert!(refused.to_string().starts_with("hours.hours.count is 26"));
    }
}
