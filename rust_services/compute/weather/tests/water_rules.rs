//! Irrigation rules, run-off and the climate's part against pyfao56: `golden/pyfao56_irrigation.json`,
//! made by the program beside it.

use furrow_agromet::Days;
use furrow_agromet::water::{
    Amount, Balance, BalanceMethod, BalancedDay, Coefficients, Crop, ForecastRain, IrrigationRules,
    RainAction, ReplacedEt, Season, Soil, SoilWater, WaterWeather, balance_water,
};
use serde_json::Value;

fn golden() -> Value {
    serde_json::from_str(include_str!("golden/pyfao56_irrigation.json")).expect("it is JSON")
}

fn numbers(values: &Value) -> Vec<f64> {
    let values = values.as_array().expect("a list").iter();
    values
        .map(|value| value.as_f64().expect("a number"))
        .collect()
}

fn whole(value: &Value) -> usize {
    usize::try_from(value.as_u64().expect("whole")).expect("small")
}

/// Rules in pyfao56's words as ours; what is left out has its defaults.
fn rules(words: &Value, last_day: usize) -> IrrigationRules {
    let number = |name: &str| words[name].as_f64();
    let share_of_percent = |name: &str| number(name).map_or(1.0, |percent| percent / 100.0);
    let amount = if let Some(depth_mm) = number("ifix") {
        Amount::Constant(depth_mm)
    } else if let Some(share) = number("itfdr") {
        Amount::TargetDepletionShare(share)
    } else if !words["ietrd"].is_null() {
        Amount::ReplacedDays(whole(&words["ietrd"]))
    } else if words["ietri"] == true {
        Amount::SinceIrrigation
    } else if words["ietre"] == true {
        Amount::SinceEvent
    } else {
        Amount::TargetDepletion(number("itdr").unwrap_or(0.0))
    };
    IrrigationRules {
        first_day: 0,
        last_day,
        // 0 is Sunday there, Monday here.
        weekdays: words["idow"].as_str().map(|days| {
            let mut allowed = [false; 7];
            for day in days.bytes() {
                allowed[usize::from(day - b'0' + 6) % 7] = true;
            }
            allowed
        }),
        forecast: number("fpdep").map(|from_mm| ForecastRain {
            from_mm,
            days: whole(&words["fpday"]),
            reliability_share: 1.0,
            action: match words["fpact"].as_str() {
                Some("cancel") => RainAction::Cancel,
                Some("reduce") => RainAction::Reduce,
                _ => RainAction::Proceed,
            },
        }),
        allowed_depletion_share: number("mad"),
        allowed_depletion_mm: number("madDr"),
        critical_stress: number("ksc"),
        days_since_irrigation: (!words["dsli"].is_null()).then(|| whole(&words["dsli"])),
        days_since_event: (!words["dsle"].is_null()).then(|| whole(&words["dsle"])),
        event_mm: number("evnt").unwrap_or(10.0),
        amount,
        replaced_et: match words["ettyp"].as_str() {
            Some("ETc") => ReplacedEt::Crop,
            Some("ETcm") => ReplacedEt::Single,
            _ => ReplacedEt::Actual,
        },
        min_mm: number("imin"),
        max_mm: number("imax"),
        efficiency_share: share_of_percent("ieff"),
        wetted_share: number("fw").unwrap_or(1.0),
        applies_advice: true,
    }
}

fn season_of(golden: &Value, method: BalanceMethod, rules: Option<&IrrigationRules>) -> Balance {
    let crop = |name: &str| golden["crop"][name].as_f64().expect("a number");
    let days = |name: &str| u32::try_from(whole(&golden["crop"][name])).expect("small");
    let column = |name: &str| numbers(&golden["weather"][name]);
    let height_m = golden["wind_height_m"].as_f64().expect("a number");
    let to_2m = 4.87 / (67.8 * height_m - 5.42).ln();
    let wind: Vec<f64> = column("Wndsp").iter().map(|wind| wind * to_2m).collect();
    let (reference, rain, humidity) = (column("ETref"), column("Rain"), column("RHmin"));
    let soil = Soil {
        field_capacity_m3_m3: crop("thetaFC"),
        wilting_point_m3_m3: crop("thetaWP"),
        evaporation_depth_m: crop("Ze"),
        readily_evaporable_mm: crop("REW"),
        curve_number: Some(crop("CN2")),
    };
    let coefficients = |kind: &str| {
        Some(Coefficients {
            initial: crop(&format!("{kind}ini")),
            middle: crop(&format!("{kind}mid")),
            end: crop(&format!("{kind}end")),
        })
    };
    let season = Season {
        days: Days {
            first: golden["first_day"]
                .as_str()
                .expect("a date")
                .parse()
                .expect("a date"),
            count: reference.len(),
        },
        weather: WaterWeather {
            reference_et_mm: &reference,
            precipitation_mm: &rain,
            relative_humidity_min_percent: Some(&humidity),
            wind_speed_2m_m_s: Some(&wind),
        },
        is_forecast: None,
        irrigations: &[],
        crop: Crop {
            planted_day: 0,
            stage_days: [days("Lini"), days("Ldev"), days("Lmid"), days("Lend")],
            single: coefficients("Kcm"),
            basal: coefficients("Kcb"),
            initial_height_m: crop("hini"),
            max_height_m: crop("hmax"),
            initial_root_depth_m: crop("Zrini"),
            max_root_depth_m: crop("Zrmax"),
            depletion_share: crop("pbase"),
        },
        soil,
        start: SoilWater {
            root_depletion_mm: 1000.0 * (crop("thetaFC") - crop("theta0")) * crop("Zrini"),
            surface_depletion_mm: soil.evaporable_mm(),
            wetted_share: 1.0,
        },
        method,
        index: None,
        rules,
    };
    balance_water(&season).expect("balanced")
}

const PLAIN: BalanceMethod = BalanceMethod {
    is_dual: true,
    adjusts_to_climate: false,
    has_constant_depletion_share: false,
    ignores_light_rain: false,
};

/// A name in pyfao56's output, and the number of ours.
type Compared = (&'static str, fn(&BalancedDay) -> f64);

const COMPARED: [Compared; 7] = [
    ("Irrig", |day| day.irrigation_mm),
    ("Dr", |day| day.root_depletion_mm),
    ("De", |day| day.surface_depletion_mm),
    ("Ks", |day| day.stress_coefficient),
    ("ETa", |day| day.actual_et_mm),
    ("DP", |day| day.percolation_mm),
    ("Runoff", |day| day.runoff_mm),
];

fn check(case: &str, found: &Value, balance: &Balance, tolerance: f64) {
    for (name, ours) in COMPARED {
        for (row, (day, theirs)) in balance.days.iter().zip(numbers(&found[name])).enumerate() {
            let apart = (ours(day) - theirs).abs();
            assert!(
                apart <= tolerance,
                "{case}: {name} of day {row} is {}, {theirs} by pyfao56",
                ours(day)
            );
        }
    }
}

#[test]
fn rules_ask_for_what_pyfao56_gives_on_every_day_of_nine_seasons() {
    let golden = golden();
    let last_day = whole(&golden["rules_until"]);
    let cases = golden["cases"].as_object().expect("cases");
    let mut compared = 0;

    for (name, case) in cases.iter().filter(|(_, case)| !case["rules"].is_null()) {
        let rules = rules(&case["rules"], last_day);

        let balance = season_of(&golden, PLAIN, Some(&rules));

        // Six decimals are written down.
        check(name, &case["found"], &balance, 1e-5);
        let given = balance.days.iter().filter(|day| day.irrigation_mm > 0.0);
        assert_eq!(given.count(), balance.advice.len(), "{name}");
        compared += 1;
    }
    assert_eq!(compared, 9);
}

#[test]
fn a_constant_depletion_share_and_runoff_are_those_of_pyfao56() {
    let golden = golden();
    let method = BalanceMethod {
        has_constant_depletion_share: true,
        ..PLAIN
    };

    let balance = season_of(&golden, method, None);

    let case = &golden["cases"]["no_rules_constant_p"];
    check("constant p", &case["found"], &balance, 1e-5);
}

#[test]
fn coefficients_adjusted_to_the_climate_are_those_of_pyfao56() {
    let golden = golden();
    let method = BalanceMethod {
        adjusts_to_climate: true,
        ..PLAIN
    };

    let balance = season_of(&golden, method, None);

    // It rounds what is added to three decimals; a season of 130 days keeps that in its depletion.
    let case = &golden["cases"]["no_rules_adjusted"];
    check("adjusted", &case["found"], &balance, 0.15);
}

#[test]
fn advice_that_is_not_applied_leaves_the_balance_dry() {
    let golden = golden();
    let mut rules = rules(
        &golden["cases"]["fill_up"]["rules"],
        whole(&golden["rules_until"]),
    );
    rules.applies_advice = false;

    let balance = season_of(&golden, PLAIN, Some(&rules));
    let dry = season_of(&golden, PLAIN, None);

    assert!(
        balance.advice.len() > 20,
        "each dry day has advice of its own"
    );
    assert_eq!(balance.days, dry.days);
    assert!(balance.advice[0].reasons == ["allowed_depletion_share"]);
}

#[test]
fn forecast_rain_is_believed_as_far_as_it_is_reliable() {
    let golden = golden();
    let last_day = whole(&golden["rules_until"]);
    let sure = rules(&golden["cases"]["not_before_rain"]["rules"], last_day);
    let mut doubted = sure.clone();
    doubted.forecast = sure.forecast.map(|forecast| ForecastRain {
        reliability_share: 0.0,
        ..forecast
    });
    let mut blind = sure.clone();
    blind.forecast = None;

    let [sure, doubted, blind] =
        [sure, doubted, blind].map(|rules| season_of(&golden, PLAIN, Some(&rules)));

    let depths = |balance: &Balance| {
        let advice = balance.advice.iter();
        advice
            .map(|advice| (advice.day, advice.depth_mm.to_bits()))
            .collect::<Vec<_>>()
    };
    assert_eq!(depths(&doubted), depths(&blind));
    assert_ne!(depths(&sure), depths(&blind));
}

#[test]
fn thresholds_hold_at_their_own_value() {
    // pyfao56's documentation: irrigate if Dr >= madDr. Its program asks for more than madDr.
    let golden = golden();
    let mut rules = rules(&golden["cases"]["on_some_weekdays"]["rules"], 0);
    rules.weekdays = None;
    rules.allowed_depletion_mm = Some(1000.0 * (0.29 - 0.25) * 0.25);

    let balance = season_of(&golden, PLAIN, Some(&rules));

    assert_eq!(balance.advice.len(), 1);
    assert_eq!(balance.advice[0].day, 0);
}
