//! One day of the balance.

use super::climate_term;
use super::runoff::{number_of_day, runoff_mm};

/// A soil.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Soil {
    /// Water at field capacity, m³/m³.
    pub field_capacity_m3_m3: f64,
    /// Water at the wilting point, m³/m³.
    pub wilting_point_m3_m3: f64,
    /// Depth of the layer that dries by evaporation (Ze), m.
    pub evaporation_depth_m: f64,
    /// Water that evaporates at the full rate (REW), mm; less than [`Soil::evaporable_mm`].
    pub readily_evaporable_mm: f64,
    /// Curve number of run-off at medium moisture; None: no rain runs off.
    pub curve_number: Option<f64>,
}

impl Soil {
    /// Total evaporable water (TEW, eq 73), mm.
    pub fn evaporable_mm(&self) -> f64 {
        1000.0
            * (self.field_capacity_m3_m3 - 0.5 * self.wilting_point_m3_m3)
            * self.evaporation_depth_m
    }

    /// Total available water (TAW, eq 82), mm.
    pub fn available_mm(&self, root_depth_m: f64) -> f64 {
        1000.0 * (self.field_capacity_m3_m3 - self.wilting_point_m3_m3) * root_depth_m
    }
}

/// The state between two days.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SoilWater {
    /// Depletion of the root zone (Dr), mm.
    pub root_depletion_mm: f64,
    /// Depletion of the layer that evaporates (De), mm.
    pub surface_depletion_mm: f64,
    /// Share of the surface that the last wetting reached (fw).
    pub wetted_share: f64,
}

/// Water given on a day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Irrigation {
    /// Day, counted from 0.
    pub day: usize,
    /// Depth at the outlet, mm.
    pub depth_mm: f64,
    /// Share of the surface that is wetted (fw), above 0, at most 1.
    pub wetted_share: f64,
    /// Share of the depth that reaches the root zone, above 0, at most 1.
    pub efficiency_share: f64,
}

/// What a day brings.
#[derive(Debug, Clone, Copy)]
pub(super) struct DayInputs {
    pub reference_et_mm: f64,
    pub rain_mm: f64,
    pub wind_speed_2m_m_s: f64,
    pub relative_humidity_min_percent: f64,
    /// Kc, or Kcb with the dual coefficient.
    pub coefficient: f64,
    /// Single coefficient, `NaN` where the crop has none.
    pub single_coefficient: f64,
    /// Least basal coefficient, of dry bare soil (Kcmin); None with the single coefficient.
    pub bare_coefficient: Option<f64>,
    pub height_m: f64,
    pub root_depth_m: f64,
    /// Share p at 5 mm a day.
    pub depletion_share: f64,
    pub has_constant_depletion_share: bool,
    pub irrigation: Option<Irrigation>,
}

/// A day's numbers; units stand in the names, symbols of FAO-56 in brackets.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BalancedDay {
    /// Kc, or Kcb + Ke.
    pub coefficient: f64,
    /// Kcb; `NaN` with the single coefficient.
    pub basal_coefficient: f64,
    /// Ke; `NaN` with the single coefficient.
    pub evaporation_coefficient: f64,
    /// Ks.
    pub stress_coefficient: f64,
    /// Ks Kc, or Ks Kcb + Ke (Ka).
    pub actual_coefficient: f64,
    /// Without stress (`ETc`).
    pub crop_et_mm: f64,
    /// Actual (`ETa`).
    pub actual_et_mm: f64,
    /// By the single coefficient (`ETcm`); `NaN` where the crop has none.
    pub single_et_mm: f64,
    /// E; `NaN` with the single coefficient.
    pub evaporation_mm: f64,
    /// T; `NaN` with the single coefficient.
    pub transpiration_mm: f64,
    /// DP.
    pub percolation_mm: f64,
    /// Run-off.
    pub runoff_mm: f64,
    /// Zr.
    pub root_depth_m: f64,
    /// TAW.
    pub total_available_mm: f64,
    /// RAW.
    pub readily_available_mm: f64,
    /// Dr at the end of the day.
    pub root_depletion_mm: f64,
    /// De at the end of the day; `NaN` with the single coefficient.
    pub surface_depletion_mm: f64,
    /// fc; `NaN` with the single coefficient.
    pub cover_share: f64,
    /// h.
    pub height_m: f64,
    /// Rain that counts.
    pub rain_mm: f64,
    /// Irrigation at the outlet.
    pub irrigation_mm: f64,
    /// Irrigation that reaches the root zone.
    pub effective_irrigation_mm: f64,
    /// [`super::NOTE_INDEX`], [`super::NOTE_ASSUMED`], [`super::NOTE_FORECAST`].
    pub notes: u8,
}

impl BalancedDay {
    /// Stress at the end of the day, for the day's own readily available water (eq 84).
    pub(super) fn stress_at_end(&self) -> f64 {
        stress(
            self.total_available_mm,
            self.readily_available_mm,
            self.root_depletion_mm,
        )
    }
}

/// Ks (eq 84): 1 up to the readily available water, then falling to 0 at the wilting point.
pub(super) fn stress(total_mm: f64, readily_mm: f64, depletion_mm: f64) -> f64 {
    ((total_mm - depletion_mm) / (total_mm - readily_mm)).clamp(0.0, 1.0)
}

/// What a layer does in a day of two coefficients.
struct Evaporation {
    coefficient: f64,
    cover_share: f64,
    depletion_mm: f64,
}

/// One day further: the state at its end and its numbers.
pub(super) fn advance(
    soil: &Soil,
    state: SoilWater,
    inputs: &DayInputs,
) -> (SoilWater, BalancedDay) {
    let reference_mm = inputs.reference_et_mm;
    let given = inputs.irrigation;
    let irrigation_mm = given.map_or(0.0, |given| given.depth_mm * given.efficiency_share);
    let runoff_mm = soil.curve_number.map_or(0.0, |medium| {
        let (readily_mm, total_mm) = (soil.readily_evaporable_mm, soil.evaporable_mm());
        // Without the layer that evaporates nothing says how wet the surface is.
        let number = match inputs.bare_coefficient {
            Some(_) => number_of_day(medium, state.surface_depletion_mm, readily_mm, total_mm),
            None => medium,
        };
        runoff_mm(inputs.rain_mm, number)
    });
    let infiltrated_mm = inputs.rain_mm - runoff_mm;
    // Table 20 and p. 149: irrigation sets the share, rain of some depth wets everything.
    let wetted_share = match given {
        Some(given) => given.wetted_share,
        None if inputs.rain_mm >= WETTING_RAIN_MM => 1.0,
        None => state.wetted_share,
    };

    let wetted = SoilWater {
        wetted_share,
        ..state
    };
    let evaporation = inputs
        .bare_coefficient
        .map(|bare| evaporate(soil, wetted, inputs, bare, infiltrated_mm, irrigation_mm));
    let evaporation_coefficient = evaporation.as_ref().map_or(0.0, |found| found.coefficient);

    // eq 58, 69
    let coefficient = inputs.coefficient + evaporation_coefficient;
    let crop_et_mm = coefficient * reference_mm;
    let total_mm = soil.available_mm(inputs.root_depth_m);
    // p. 162 and table 22
    let share = if inputs.has_constant_depletion_share {
        inputs.depletion_share
    } else {
        (inputs.depletion_share + 0.04 * (5.0 - crop_et_mm)).clamp(0.1, 0.8)
    };
    // eq 83, 84
    let readily_mm = share * total_mm;
    let stress_coefficient = stress(total_mm, readily_mm, state.root_depletion_mm);
    // eq 80, 81
    let transpiration_mm = stress_coefficient * inputs.coefficient * reference_mm;
    let evaporation_mm = evaporation_coefficient * reference_mm;
    let actual_coefficient = stress_coefficient * inputs.coefficient + evaporation_coefficient;
    let actual_et_mm = actual_coefficient * reference_mm;
    // eq 88, then 85 within 86
    let gained_mm = infiltrated_mm + irrigation_mm;
    let percolation_mm = (gained_mm - actual_et_mm - state.root_depletion_mm).max(0.0);
    let depletion_mm = state.root_depletion_mm - gained_mm + actual_et_mm + percolation_mm;
    let root_depletion_mm = depletion_mm.clamp(0.0, total_mm);

    let of_dual = |value: f64| {
        if evaporation.is_some() {
            value
        } else {
            f64::NAN
        }
    };
    let next = SoilWater {
        root_depletion_mm,
        surface_depletion_mm: evaporation
            .as_ref()
            .map_or(state.surface_depletion_mm, |found| found.depletion_mm),
        wetted_share,
    };
    let day = BalancedDay {
        coefficient,
        basal_coefficient: of_dual(inputs.coefficient),
        evaporation_coefficient: of_dual(evaporation_coefficient),
        stress_coefficient,
        actual_coefficient,
        crop_et_mm,
        actual_et_mm,
        single_et_mm: inputs.single_coefficient * reference_mm,
        evaporation_mm: of_dual(evaporation_mm),
        transpiration_mm: of_dual(transpiration_mm),
        percolation_mm,
        runoff_mm,
        root_depth_m: inputs.root_depth_m,
        total_available_mm: total_mm,
        readily_available_mm: readily_mm,
        root_depletion_mm,
        surface_depletion_mm: of_dual(next.surface_depletion_mm),
        cover_share: evaporation.map_or(f64::NAN, |found| found.cover_share),
        height_m: inputs.height_m,
        rain_mm: inputs.rain_mm,
        irrigation_mm: given.map_or(0.0, |given| given.depth_mm),
        effective_irrigation_mm: irrigation_mm,
        notes: 0,
    };
    (next, day)
}

/// Rain from which the whole surface counts as wetted, mm; pyfao56's reading of p. 149.
const WETTING_RAIN_MM: f64 = 3.0;

/// Evaporation from the share of the surface that is wet and bare.
fn evaporate(
    soil: &Soil,
    state: SoilWater,
    inputs: &DayInputs,
    bare_coefficient: f64,
    infiltrated_mm: f64,
    irrigation_mm: f64,
) -> Evaporation {
    let basal = inputs.coefficient;
    let total_mm = soil.evaporable_mm();
    // eq 72: what energy allows on any surface
    let term = climate_term(
        inputs.wind_speed_2m_m_s,
        inputs.relative_humidity_min_percent,
    );
    let most = (1.2 + term * (inputs.height_m / 3.0).powf(0.3)).max(basal + 0.05);
    // eq 76
    let cover = ((basal - bare_coefficient) / (most - bare_coefficient)).max(0.0);
    let cover_share = cover.powf(1.0 + 0.5 * inputs.height_m).clamp(0.0, 0.99);
    // eq 75
    let exposed_share = (1.0 - cover_share).min(state.wetted_share).clamp(0.01, 1.0);
    // eq 74
    let reduction = ((total_mm - state.surface_depletion_mm)
        / (total_mm - soil.readily_evaporable_mm))
        .clamp(0.0, 1.0);
    // eq 71
    let coefficient = (reduction * (most - basal)).min(exposed_share * most);
    let evaporation_mm = coefficient * inputs.reference_et_mm;
    // eq 79, then 77 within 78
    let gained_mm = infiltrated_mm + irrigation_mm / state.wetted_share;
    let percolation_mm = (gained_mm - state.surface_depletion_mm).max(0.0);
    let depletion_mm =
        state.surface_depletion_mm - gained_mm + evaporation_mm / exposed_share + percolation_mm;
    Evaporation {
        coefficient,
        cover_share,
        depletion_mm: depletion_mm.clamp(0.0, total_mm),
    }
}
