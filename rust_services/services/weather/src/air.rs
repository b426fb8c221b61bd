//! What the air is like.

use furrow_agromet::AirHours;
use furrow_rpc::weather::v1 as proto;
use furrow_service_kit::Cancel;

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

/// Answers `DescribeAir`.
pub(crate) fn describe_air(
    request: &proto::DescribeAirRequest,
    cancel: &Cancel,
) -> Result<proto::DescribeAirResponse, CallError> {
    let site = site("site", request.site.as_ref())?;
    let Hourly { columns, .. } = Hourly::read("hours", request.hours.as_ref())?;
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
