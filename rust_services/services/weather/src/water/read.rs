//! The request as a season, with every value checked.

use furrow_agromet::Days;
use furrow_agromet::water::{
    BalanceMethod, Crop, IndexCoefficients, IndexObservation, Irrigation, IrrigationRules,
    ReplacedEt, Season, Soil, SoilWater, WaterWeather,
};
use furrow_rpc::weather::v1 as proto;

use super::crop_soil::{read_crop, read_soil};
use super::rules::read_rules;
use crate::columns::{self, Range, between};
use crate::status::CallError;

/// A request, read.
#[derive(Debug)]
pub(super) struct FieldSeason {
    days: Days,
    reference_et_mm: Vec<f64>,
    precipitation_mm: Vec<f64>,
    relative_humidity_min_percent: Option<Vec<f64>>,
    wind_speed_2m_m_s: Option<Vec<f64>>,
    is_forecast: Option<Vec<bool>>,
    irrigations: Vec<Irrigation>,
    crop: Crop,
    soil: Soil,
    start: SoilWater,
    method: BalanceMethod,
    index: Option<IndexCoefficients>,
    rules: Option<IrrigationRules>,
}

/// Reference evapotranspiration; a day of dew has a little less than none, which counts as none.
const REFERENCE: Range = Range {
    min: -1.0,
    max: 50.0,
};

/// Days before or after the first that are counted.
pub(super) const MOST_DAYS_AWAY: i32 = 40_000;

impl FieldSeason {
    /// Reads the request.
    pub(super) fn read(request: &proto::BalanceWaterRequest) -> Result<Self, CallError> {
        let days = columns::days("days", request.days.clone())?;
        let count = days.count;
        let range = |min, max| Range { min, max };
        let mut reference_et_mm = columns::needed(
            "reference_et_mm",
            &request.reference_et_mm,
            count,
            REFERENCE,
        )?;
        for value in &mut reference_et_mm {
            *value = value.clamp(0.0, REFERENCE.max);
        }
        let method = read_method(request.method.as_ref())?;
        let crop = read_crop(request.crop.as_ref(), method.is_dual)?;
        let soil = read_soil(request.soil.as_ref())?;
        let index = match &request.ndvi_kcb {
            Some(_) if !method.is_dual => {
                let reason = "gives basal coefficients; the single coefficient has no use for them";
                return Err(CallError::request("ndvi_kcb", reason));
            }
            Some(index) => Some(read_index(index)?),
            None => None,
        };
        let rules = request.rules.as_ref().map(read_rules).transpose()?;
        let is_single = |rules: &IrrigationRules| rules.replaced_et == ReplacedEt::Single;
        if rules.as_ref().is_some_and(is_single) && crop.single.is_none() {
            let reason = "is SINGLE; the crop has no single coefficients";
            return Err(CallError::request("rules.replaced_et", reason));
        }
        Ok(Self {
            days,
            reference_et_mm,
            precipitation_mm: columns::needed(
                "precipitation_mm",
                &request.precipitation_mm,
                count,
                range(0.0, 2000.0),
            )?,
            relative_humidity_min_percent: columns::column(
                "relative_humidity_min_percent",
                &request.relative_humidity_min_percent,
                count,
                range(0.0, 105.0),
            )?,
            wind_speed_2m_m_s: columns::column(
                "wind_speed_2m_m_s",
                &request.wind_speed_2m_m_s,
                count,
                range(0.0, 120.0),
            )?,
            is_forecast: read_forecast(&request.is_forecast, count)?,
            irrigations: read_irrigations(&request.irrigations, count)?,
            start: read_start(request.start.as_ref(), &crop, &soil)?,
            crop,
            soil,
            method,
            index,
            rules,
        })
    }

    /// The season that it is.
    pub(super) fn season(&self) -> Season<'_> {
        Season {
            days: self.days,
            weather: WaterWeather {
                reference_et_mm: &self.reference_et_mm,
                precipitation_mm: &self.precipitation_mm,
                relative_humidity_min_percent: self.relative_humidity_min_percent.as_deref(),
                wind_speed_2m_m_s: self.wind_speed_2m_m_s.as_deref(),
            },
            is_forecast: self.is_forecast.as_deref(),
            irrigations: &self.irrigations,
            crop: self.crop,
            soil: self.soil,
            start: self.start,
            method: self.method,
            index: self.index.as_ref(),
            rules: self.rules.as_ref(),
        }
    }
}

/// A share above 0, at most 1.
pub(super) fn share_above_zero(field: &str, found: f64) -> Result<f64, CallError> {
    if found > 0.0 && found <= 1.0 {
        Ok(found)
    } else {
        let reason = format!("is {found}; above 0, at most 1 is allowed");
        Err(CallError::request(field, reason))
    }
}

/// A refusal of what is not there.
pub(super) fn missing(field: &str) -> CallError {
    CallError::request(field, "is missing")
}

fn read_forecast(bytes: &[u8], count: usize) -> Result<Option<Vec<bool>>, CallError> {
    if bytes.is_empty() {
        return Ok(None);
    }
    if bytes.len() != count {
        let reason = format!("has {} bytes; {count} are due", bytes.len());
        return Err(CallError::request("is_forecast", reason));
    }
    if let Some(row) = bytes.iter().position(|&byte| byte > 1) {
        let reason = format!("is {}; 0 or 1 is allowed", bytes[row]);
        return Err(CallError::request(format!("is_forecast[{row}]"), reason));
    }
    Ok(Some(bytes.iter().map(|&byte| byte == 1).collect()))
}

fn read_irrigations(
    messages: &[proto::Irrigation],
    count: usize,
) -> Result<Vec<Irrigation>, CallError> {
    let mut last = 0;
    let mut irrigations = Vec::with_capacity(messages.len());
    for (row, message) in messages.iter().enumerate() {
        let at = |name: &str| format!("irrigations[{row}].{name}");
        let day = usize::try_from(message.day).expect("32 bits fit");
        if day >= count || day < last {
            let reason = format!("is {day}; ascending days below {count} are allowed");
            return Err(CallError::request(at("day"), reason));
        }
        last = day;
        if !(message.depth_mm > 0.0 && message.depth_mm <= 500.0) {
            let reason = format!("is {}; above 0, at most 500 is allowed", message.depth_mm);
            return Err(CallError::request(at("depth_mm"), reason));
        }
        irrigations.push(Irrigation {
            day,
            depth_mm: message.depth_mm,
            wetted_share: share_above_zero(&at("wetted_share"), message.wetted_share)?,
            efficiency_share: share_above_zero(&at("efficiency_share"), message.efficiency_share)?,
        });
    }
    Ok(irrigations)
}

fn read_start(
    message: Option<&proto::BalanceStart>,
    crop: &Crop,
    soil: &Soil,
) -> Result<SoilWater, CallError> {
    let message = message.ok_or_else(|| missing("start"))?;
    let depletion = |name: &str, found| between(&format!("start.{name}"), found, 0.0, 10_000.0);
    let root_depletion_mm = depletion("root_depletion_mm", message.root_depletion_mm)?;
    let surface_depletion_mm = if let Some(found) = message.surface_depletion_mm {
        depletion("surface_depletion_mm", found)?
    } else {
        let share = root_depletion_mm / soil.available_mm(crop.root_depth_on_first_day_m());
        soil.evaporable_mm() * share.min(1.0)
    };
    let wetted_share = message.wetted_share.unwrap_or(1.0);
    Ok(SoilWater {
        root_depletion_mm,
        surface_depletion_mm,
        wetted_share: share_above_zero("start.wetted_share", wetted_share)?,
    })
}

fn read_method(message: Option<&proto::BalanceMethod>) -> Result<BalanceMethod, CallError> {
    let message = message.ok_or_else(|| missing("method"))?;
    let is_dual = match message.coefficients() {
        proto::CoefficientMethod::Single => false,
        proto::CoefficientMethod::Dual => true,
        proto::CoefficientMethod::Unspecified => {
            let reason = format!("is {}; one of the named is asked for", message.coefficients);
            return Err(CallError::request("method.coefficients", reason));
        }
    };
    Ok(BalanceMethod {
        is_dual,
        adjusts_to_climate: message.adjusts_to_climate,
        has_constant_depletion_share: message.has_constant_depletion_share,
        ignores_light_rain: message.ignores_light_rain,
    })
}

fn read_index(message: &proto::NdviKcb) -> Result<IndexCoefficients, CallError> {
    if !(1..=200).contains(&message.calibration.len()) {
        let reason = format!(
            "has {} bytes; 1 to 200 name a calibration",
            message.calibration.len()
        );
        return Err(CallError::request("ndvi_kcb.calibration", reason));
    }
    let number =
        |name: &str, found, min, max| between(&format!("ndvi_kcb.{name}"), found, min, max);
    let days = |name: &str, found: u32, min, max| {
        number(name, f64::from(found), min, max).map(|_| i64::from(found))
    };
    let mut observations: Vec<IndexObservation> = Vec::with_capacity(message.observations.len());
    for (row, seen) in message.observations.iter().enumerate() {
        let field = format!("ndvi_kcb.observations[{row}]");
        let is_after = observations
            .last()
            .is_none_or(|last| last.day < i64::from(seen.day));
        if !is_after || !(-MOST_DAYS_AWAY..=MOST_DAYS_AWAY).contains(&seen.day) {
            let reason = format!("is {}; ascending days, one each, are allowed", seen.day);
            return Err(CallError::request(format!("{field}.day"), reason));
        }
        observations.push(IndexObservation {
            day: seen.day.into(),
            index: between(&format!("{field}.ndvi"), seen.ndvi, -1.0, 1.0)?,
        });
    }
    let min = number("min_coefficient", message.min_coefficient, 0.0, 2.0)?;
    Ok(IndexCoefficients {
        slope: number("slope", message.slope, -10.0, 10.0)?,
        intercept: number("intercept", message.intercept, -10.0, 10.0)?,
        min,
        max: number("max_coefficient", message.max_coefficient, min, 2.0)?,
        observations,
        hold_days: days("hold_days", message.hold_days, 0.0, 60.0)?,
        most_gap_days: days("most_gap_days", message.most_gap_days, 1.0, 120.0)?,
    })
}
