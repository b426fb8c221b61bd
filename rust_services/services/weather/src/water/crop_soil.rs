//! Crop and soil, with every value checked.

use furrow_agromet::water::{Coefficients, Crop, Soil};
use furrow_rpc::weather::v1 as proto;

use super::read::{MOST_DAYS_AWAY, missing};
use crate::columns::between;
use crate::status::CallError;

/// Reads the crop; coefficients of the kind that is asked for must be there.
pub(super) fn read_crop(message: Option<&proto::Crop>, is_dual: bool) -> Result<Crop, CallError> {
    let message = message.ok_or_else(|| missing("crop"))?;
    name("crop.name", &message.name)?;
    let planted_day = message.planted_day;
    if !(-MOST_DAYS_AWAY..=MOST_DAYS_AWAY).contains(&planted_day) {
        let reason = format!("is {planted_day}; {MOST_DAYS_AWAY} days away are allowed");
        return Err(CallError::request("crop.planted_day", reason));
    }
    let Ok(stage_days) = <[u32; 4]>::try_from(message.stage_days.as_slice()) else {
        let reason = format!("has {} values; 4 are due", message.stage_days.len());
        return Err(CallError::request("crop.stage_days", reason));
    };
    for (row, days) in stage_days.iter().enumerate() {
        if !(1..=400).contains(days) {
            let reason = format!("is {days}; 1 to 400 is allowed");
            return Err(CallError::request(
                format!("crop.stage_days[{row}]"),
                reason,
            ));
        }
    }
    let single = coefficients(
        "crop.single_coefficients",
        &message.single_coefficients,
        !is_dual,
    )?;
    let basal = coefficients(
        "crop.basal_coefficients",
        &message.basal_coefficients,
        is_dual,
    )?;
    let initial_height_m = between("crop.initial_height_m", message.initial_height_m, 0.0, 30.0)?;
    let initial_root_depth_m = between(
        "crop.initial_root_depth_m",
        message.initial_root_depth_m,
        0.01,
        10.0,
    )?;
    Ok(Crop {
        planted_day: planted_day.into(),
        stage_days,
        single,
        basal,
        initial_height_m,
        max_height_m: between(
            "crop.max_height_m",
            message.max_height_m,
            initial_height_m,
            30.0,
        )?,
        initial_root_depth_m,
        max_root_depth_m: between(
            "crop.max_root_depth_m",
            message.max_root_depth_m,
            initial_root_depth_m,
            10.0,
        )?,
        depletion_share: between("crop.depletion_share", message.depletion_share, 0.1, 0.8)?,
    })
}

fn coefficients(
    field: &str,
    values: &[f64],
    is_needed: bool,
) -> Result<Option<Coefficients>, CallError> {
    if values.is_empty() && !is_needed {
        return Ok(None);
    }
    let Ok([initial, middle, end]) = <[f64; 3]>::try_from(values) else {
        let reason = format!("has {} values; 3 are due", values.len());
        return Err(CallError::request(field, reason));
    };
    for (row, value) in values.iter().enumerate() {
        between(&format!("{field}[{row}]"), *value, 0.0, 2.0)?;
    }
    Ok(Some(Coefficients {
        initial,
        middle,
        end,
    }))
}

fn name(field: &str, text: &str) -> Result<(), CallError> {
    if text.len() > 80 {
        let reason = format!("has {} bytes; 80 are allowed", text.len());
        return Err(CallError::request(field, reason));
    }
    Ok(())
}

/// Reads the soil.
pub(super) fn read_soil(message: Option<&proto::Soil>) -> Result<Soil, CallError> {
    let message = message.ok_or_else(|| missing("soil"))?;
    name("soil.name", &message.name)?;
    let number = |name: &str, found, min, max| between(&format!("soil.{name}"), found, min, max);
    let capacity = number(
        "field_capacity_m3_m3",
        message.field_capacity_m3_m3,
        0.01,
        0.7,
    )?;
    let wilting = number("wilting_point_m3_m3", message.wilting_point_m3_m3, 0.0, 0.7)?;
    if wilting >= capacity {
        let reason = format!("is {wilting}; below the field capacity, {capacity}, is allowed");
        return Err(CallError::request("soil.wilting_point_m3_m3", reason));
    }
    let soil = Soil {
        field_capacity_m3_m3: capacity,
        wilting_point_m3_m3: wilting,
        evaporation_depth_m: number(
            "evaporation_depth_m",
            message.evaporation_depth_m,
            0.05,
            0.3,
        )?,
        readily_evaporable_mm: number(
            "readily_evaporable_mm",
            message.readily_evaporable_mm,
            0.0,
            200.0,
        )?,
        curve_number: match message.curve_number {
            Some(found) => Some(number("curve_number", found, 1.0, 100.0)?),
            None => None,
        },
    };
    let total_mm = soil.evaporable_mm();
    if soil.readily_evaporable_mm >= total_mm {
        let found = soil.readily_evaporable_mm;
        let reason = format!("is {found}; the layer holds {total_mm:.1} mm that evaporate");
        return Err(CallError::request("soil.readily_evaporable_mm", reason));
    }
    Ok(soil)
}
