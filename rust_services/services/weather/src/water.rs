//! Water in the root zone.

mod crop_soil;
mod read;
mod rules;

use furrow_agromet::water::{Balance, BalancedDay, Season, SoilWater, balance_water as balanced};
use furrow_rpc::weather::v1 as proto;
use furrow_service_kit::Cancel;

use crate::columns::{column_bytes, days_message, method};
use crate::status::CallError;
use crate::water::read::FieldSeason;

/// The standard that the names below stand for.
const FAO56: &str = "FAO-56 (Allen et al. 1998)";

/// Answers `BalanceWater`.
pub(crate) fn balance_water(
    request: &proto::BalanceWaterRequest,
    _cancel: &Cancel,
) -> Result<proto::BalanceWaterResponse, CallError> {
    let field = FieldSeason::read(request)?;
    let season = field.season();
    let balance = balanced(&season)?;
    Ok(answer(request, &season, &balance))
}

/// A column of the answer: a number of each balanced day, `NaN` of those after.
fn column(balance: &Balance, count: usize, number: fn(&BalancedDay) -> f64) -> prost::bytes::Bytes {
    let mut values: Vec<f64> = balance.days.iter().map(number).collect();
    values.resize(count, f64::NAN);
    column_bytes(&values)
}

fn answer(
    request: &proto::BalanceWaterRequest,
    season: &Season<'_>,
    balance: &Balance,
) -> proto::BalanceWaterResponse {
    let count = season.days.count;
    let of = |number: fn(&BalancedDay) -> f64| column(balance, count, number);
    let mut notes: Vec<u8> = balance.days.iter().map(|day| day.notes).collect();
    notes.resize(count, 0);
    let is_forecast = |day: usize| season.is_forecast.is_some_and(|forecast| forecast[day]);
    let advice = balance.advice.iter().map(|advice| proto::IrrigationAdvice {
        day: u32::try_from(advice.day).expect("axes are short"),
        depth_mm: advice.depth_mm,
        reasons: advice.reasons.iter().map(|&name| name.to_owned()).collect(),
        forecast_rain_mm: advice.forecast_rain_mm,
        is_forecast: is_forecast(advice.day),
    });
    proto::BalanceWaterResponse {
        days: Some(days_message(season.days)),
        days_balanced: u32::try_from(balance.days.len()).expect("axes are short"),
        coefficient: of(|day| day.coefficient),
        basal_coefficient: of(|day| day.basal_coefficient),
        evaporation_coefficient: of(|day| day.evaporation_coefficient),
        stress_coefficient: of(|day| day.stress_coefficient),
        crop_et_mm: of(|day| day.crop_et_mm),
        actual_et_mm: of(|day| day.actual_et_mm),
        evaporation_mm: of(|day| day.evaporation_mm),
        transpiration_mm: of(|day| day.transpiration_mm),
        percolation_mm: of(|day| day.percolation_mm),
        runoff_mm: of(|day| day.runoff_mm),
        root_depth_m: of(|day| day.root_depth_m),
        total_available_mm: of(|day| day.total_available_mm),
        readily_available_mm: of(|day| day.readily_available_mm),
        root_depletion_mm: of(|day| day.root_depletion_mm),
        surface_depletion_mm: of(|day| day.surface_depletion_mm),
        cover_share: of(|day| day.cover_share),
        height_m: of(|day| day.height_m),
        notes: notes.into(),
        advice: advice.collect(),
        methods: methods(request, season),
        end: Some(end(season, balance.end)),
    }
}

/// The state to go on from; the layer that evaporates has one with two coefficients only.
fn end(season: &Season<'_>, state: SoilWater) -> proto::BalanceStart {
    let of_dual = |value: f64| season.method.is_dual.then_some(value);
    proto::BalanceStart {
        root_depletion_mm: state.root_depletion_mm,
        surface_depletion_mm: of_dual(state.surface_depletion_mm),
        wetted_share: of_dual(state.wetted_share),
    }
}

/// What the numbers stand on, the crop and the soil that were assumed among it.
fn methods(request: &proto::BalanceWaterRequest, season: &Season<'_>) -> Vec<proto::Method> {
    let coefficients = if season.method.is_dual {
        method("crop_et_mm", "fao56_dual_coefficient", FAO56)
    } else {
        method("crop_et_mm", "fao56_single_coefficient", FAO56)
    };
    let mut methods = vec![
        coefficients,
        method("root_depletion_mm", "fao56_root_zone_balance", FAO56),
    ];
    if season.method.adjusts_to_climate {
        methods.push(method("coefficient", "fao56_climate_adjusted", FAO56));
    }
    if season.soil.curve_number.is_some() {
        let source = "ASCE Manual 70, 2nd edition (2016)";
        methods.push(method("runoff_mm", "curve_number", source));
    }
    if let Some(index) = &request.ndvi_kcb {
        methods.push(method(
            "basal_coefficient",
            "ndvi_linear",
            &index.calibration,
        ));
    }
    if season.rules.is_some() {
        let source = "pyfao56 AutoIrrigate (Thorp et al. 2025)";
        methods.push(method("advice", "irrigation_rules", source));
    }
    let assumed = "given by the caller";
    let crop = request.crop.as_ref().map_or("", |crop| crop.name.as_str());
    let soil = request.soil.as_ref().map_or("", |soil| soil.name.as_str());
    methods.push(method("crop", crop, assumed));
    methods.push(method("soil", soil, assumed));
    methods
}
