//! Day after day.

use super::advice::{IrrigationAdvice, IrrigationRules, Morning};
use super::day::{BalancedDay, DayInputs, Irrigation, Soil, SoilWater, advance, stress};
use super::{
    BalanceMethod, Coefficients, Crop, IndexCoefficients, NOTE_ASSUMED, NOTE_FORECAST, NOTE_INDEX,
    STANDARD_HUMIDITY_PERCENT, STANDARD_WIND_M_S, WaterWeather,
};
use crate::{Days, WeatherError};

/// A field and its days.
#[derive(Debug, Clone)]
pub struct Season<'a> {
    /// The days.
    pub days: Days,
    /// Their weather.
    pub weather: WaterWeather<'a>,
    /// Which of them are forecast; None: none is.
    pub is_forecast: Option<&'a [bool]>,
    /// Irrigation that took place, ascending by day; what falls on one day is one irrigation that wets the
    /// largest share of them.
    pub irrigations: &'a [Irrigation],
    /// The crop.
    pub crop: Crop,
    /// The soil.
    pub soil: Soil,
    /// The state at the beginning of the first day.
    pub start: SoilWater,
    /// How it is computed.
    pub method: BalanceMethod,
    /// Basal coefficients seen from above.
    pub index: Option<&'a IndexCoefficients>,
    /// When to irrigate and how much.
    pub rules: Option<&'a IrrigationRules>,
}

/// Days balanced.
#[derive(Debug, Clone, PartialEq)]
pub struct Balance {
    /// The days from the first one on; they end before the first whose reference evapotranspiration or
    /// rain is absent.
    pub days: Vec<BalancedDay>,
    /// What the rules ask for.
    pub advice: Vec<IrrigationAdvice>,
    /// The state after the last balanced day, to go on from.
    pub end: SoilWater,
}

/// Greatest basal coefficient of dry bare soil (Kcmin, p. 149): crops that begin under a cover of leaves
/// have a larger one, which is not that of bare soil.
const MOST_BARE_COEFFICIENT: f64 = 0.20;

/// Days before the first that are looked through for the greatest height of a crop seen from above.
const MOST_DAYS_BEFORE: i64 = 2000;

/// Balances the water of the root zone, day after day.
///
/// A season that is cut, and goes on from [`Balance::end`] with the planting day and the observations
/// moved accordingly, goes on to the bit; the means of [`BalanceMethod::adjusts_to_climate`] and what
/// rules look back on are those of each part.
///
/// # Errors
/// [`WeatherError::LengthMismatch`] where a column is not as long as the days,
/// [`WeatherError::SettingRefused`] where the crop has no coefficients of the kind asked for.
pub fn balance_water(season: &Season<'_>) -> Result<Balance, WeatherError> {
    check(season)?;
    let weather = &season.weather;
    let standard = |column: Option<&[f64]>| column.map_or_else(Vec::new, <[f64]>::to_vec);
    let wind = standard(weather.wind_speed_2m_m_s);
    let humidity = standard(weather.relative_humidity_min_percent);
    let crop = if season.method.adjusts_to_climate {
        season.crop.adjusted(&wind, &humidity)
    } else {
        season.crop
    };
    let curve = if season.method.is_dual {
        crop.basal
    } else {
        crop.single
    };
    let curve = curve.expect("checked");

    let mut growth_share = season.index.map_or(0.0, |index| {
        let from = crop.planted_day.max(-MOST_DAYS_BEFORE);
        let grown = (from..0).map(|day| seen_growth(&crop, &curve, index, day));
        grown.fold(0.0, f64::max)
    });
    let mut balance = Balance {
        days: Vec::with_capacity(season.days.count),
        advice: Vec::new(),
        end: season.start,
    };
    let mut irrigations = season.irrigations;
    for row in 0..season.days.count {
        let (reference_et_mm, rain_mm) =
            (weather.reference_et_mm[row], weather.precipitation_mm[row]);
        if reference_et_mm.is_nan() || rain_mm.is_nan() {
            break;
        }
        let day = i64::try_from(row).expect("axes are short");
        let age = day - crop.planted_day;
        let seen = season.index.and_then(|index| index.on(day));
        if let Some(index) = season.index {
            growth_share = growth_share.max(seen_growth(&crop, &curve, index, day));
        } else {
            growth_share = crop.growth_share(age);
        }
        let air = |column: &[f64], standard: f64| match column.get(row) {
            Some(value) if !value.is_nan() => (*value, 0),
            _ => (standard, NOTE_ASSUMED),
        };
        let (wind_speed_2m_m_s, wind_note) = air(&wind, STANDARD_WIND_M_S);
        let (relative_humidity_min_percent, humidity_note) =
            air(&humidity, STANDARD_HUMIDITY_PERCENT);
        let is_light =
            season.method.ignores_light_rain && rain_mm < LIGHT_RAIN_SHARE * reference_et_mm;
        let mut inputs = DayInputs {
            reference_et_mm,
            rain_mm: if is_light { 0.0 } else { rain_mm },
            wind_speed_2m_m_s,
            relative_humidity_min_percent,
            coefficient: seen.unwrap_or_else(|| crop.coefficient(&curve, age)),
            single_coefficient: crop
                .single
                .map_or(f64::NAN, |single| crop.coefficient(&single, age)),
            bare_coefficient: season
                .method
                .is_dual
                .then(|| curve.initial.min(MOST_BARE_COEFFICIENT)),
            height_m: crop.height_m(growth_share),
            root_depth_m: crop.root_depth_m(age),
            depletion_share: crop.depletion_share,
            has_constant_depletion_share: season.method.has_constant_depletion_share,
            irrigation: None,
        };
        (inputs.irrigation, irrigations) = given_on(row, irrigations);
        if let (Some(rules), None) = (season.rules, inputs.irrigation) {
            let morning = morning(season, &balance, &inputs, row);
            if let Some(advice) = rules.advice(&morning) {
                if rules.applies_advice {
                    inputs.irrigation = Some(rules.irrigation(&advice));
                }
                balance.advice.push(advice);
            }
        }
        let (end, mut numbers) = advance(&season.soil, balance.end, &inputs);
        if season.method.is_dual || season.method.adjusts_to_climate {
            numbers.notes |= wind_note | humidity_note;
        }
        if seen.is_some() {
            numbers.notes |= NOTE_INDEX;
        }
        if season.is_forecast.is_some_and(|forecast| forecast[row]) {
            numbers.notes |= NOTE_FORECAST;
        }
        balance.end = end;
        balance.days.push(numbers);
    }
    Ok(balance)
}

/// Share of the reference below which rain is light (p. 170).
const LIGHT_RAIN_SHARE: f64 = 0.2;

/// What is known on the morning of a day; on the first, the stress is that of a day of 5 mm.
fn morning<'a>(
    season: &Season<'a>,
    balance: &'a Balance,
    inputs: &DayInputs,
    row: usize,
) -> Morning<'a> {
    let depletion_mm = balance.end.root_depletion_mm;
    let (total_mm, stress, coefficient) = if let Some(yesterday) = balance.days.last() {
        (
            yesterday.total_available_mm,
            yesterday.stress_at_end(),
            yesterday.actual_coefficient,
        )
    } else {
        let total_mm = season.soil.available_mm(inputs.root_depth_m);
        let stress = stress(total_mm, inputs.depletion_share * total_mm, depletion_mm);
        let coefficient = if inputs.single_coefficient.is_nan() {
            inputs.coefficient
        } else {
            inputs.single_coefficient
        };
        (total_mm, stress, coefficient)
    };
    let weekday = season.days.first.weekday().to_monday_zero_offset();
    let weekday = usize::from(weekday.unsigned_abs());
    Morning {
        day: row,
        weekday: (weekday + row) % 7,
        past: &balance.days,
        rain_ahead_mm: &season.weather.precipitation_mm[row..],
        depletion_mm,
        total_mm,
        stress,
        expected_et_mm: coefficient * inputs.reference_et_mm,
    }
}

/// How far a crop has grown by what is seen of it, or by its curve where nothing is.
fn seen_growth(crop: &Crop, curve: &Coefficients, index: &IndexCoefficients, day: i64) -> f64 {
    let rise = curve.middle - curve.initial;
    match index.on(day) {
        Some(coefficient) if rise > 0.0 => ((coefficient - curve.initial) / rise).clamp(0.0, 1.0),
        _ => crop.growth_share(day - crop.planted_day),
    }
}

/// The irrigation of a day, and those after it.
fn given_on(row: usize, irrigations: &[Irrigation]) -> (Option<Irrigation>, &[Irrigation]) {
    let count = irrigations
        .iter()
        .take_while(|given| given.day <= row)
        .count();
    let (today, later) = irrigations.split_at(count);
    let given = today.iter().copied().reduce(|one, other| {
        let depth_mm = one.depth_mm + other.depth_mm;
        let effective_mm =
            one.depth_mm * one.efficiency_share + other.depth_mm * other.efficiency_share;
        Irrigation {
            day: row,
            depth_mm,
            wetted_share: one.wetted_share.max(other.wetted_share),
            efficiency_share: effective_mm / depth_mm,
        }
    });
    (given, later)
}

fn check(season: &Season<'_>) -> Result<(), WeatherError> {
    let weather = &season.weather;
    let lengths = [
        ("reference_et_mm", Some(weather.reference_et_mm.len())),
        ("precipitation_mm", Some(weather.precipitation_mm.len())),
        (
            "relative_humidity_min_percent",
            weather.relative_humidity_min_percent.map(<[f64]>::len),
        ),
        (
            "wind_speed_2m_m_s",
            weather.wind_speed_2m_m_s.map(<[f64]>::len),
        ),
        ("is_forecast", season.is_forecast.map(<[bool]>::len)),
    ];
    for (column, found) in lengths {
        match found {
            Some(found) if found != season.days.count => {
                return Err(WeatherError::LengthMismatch {
                    column,
                    found,
                    expected: season.days.count,
                });
            }
            _ => {}
        }
    }
    let (setting, asked_for) = if season.method.is_dual {
        ("basal_coefficients", season.crop.basal)
    } else {
        ("single_coefficients", season.crop.single)
    };
    if asked_for.is_none() {
        return Err(WeatherError::SettingRefused {
            setting,
            found: "absent".to_owned(),
            allowed: "the method asked for needs three",
        });
    }
    Ok(())
}
