//! The water balance against pyfao56's own numbers of a cotton season: `shared/data/weather`.
#![expect(
    clippy::disallowed_methods,
    reason = "the purity of compute does not bind its tests, which read files"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use furrow_agromet::Days;
use furrow_agromet::water::{
    Balance, BalanceMethod, BalancedDay, Coefficients, Crop, Irrigation, Season, Soil, SoilWater,
    WaterWeather, balance_water,
};
use jiff::civil::Date;

/// What pyfao56 prints has three decimals; the issue asks for a hundredth of a millimetre.
const TOLERANCE: f64 = 0.001;

fn shared_data(folder: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../../shared/data")
        .join(folder);
    if path.is_dir() {
        return Some(path);
    }
    let is_ci = std::env::var("CI").is_ok_and(|value| value == "true");
    assert!(!is_ci, "shared/data/{folder} is absent");
    eprintln!("skipped: shared/data/{folder} is absent");
    None
}

/// Rows of a table of pyfao56 below its heading, by the names of the columns.
fn table(path: &Path) -> Vec<BTreeMap<String, String>> {
    let text = std::fs::read_to_string(path).expect("readable");
    let mut lines = text
        .lines()
        .skip_while(|line| !line.starts_with("Year-DOY"));
    let names: Vec<&str> = lines
        .next()
        .expect("a heading")
        .split_whitespace()
        .collect();
    let row = |line: &str| {
        let cells = names.iter().zip(line.split_whitespace());
        cells
            .map(|(name, cell)| ((*name).to_owned(), cell.to_owned()))
            .collect()
    };
    lines.filter(|line| !line.is_empty()).map(row).collect()
}

fn number(row: &BTreeMap<String, String>, name: &str) -> f64 {
    row[name].parse().expect("a number")
}

/// Values of a `.par` or `.sum` by name.
fn named(path: &Path, separator: &[char]) -> BTreeMap<String, f64> {
    let text = std::fs::read_to_string(path).expect("readable");
    let pair = |line: &str| {
        let mut words = line.split(separator).filter(|word| !word.is_empty());
        let value = words.next()?.parse().ok()?;
        Some((words.next()?.to_owned(), value))
    };
    text.lines().filter_map(pair).collect()
}

/// The season as pyfao56 read it.
struct Cotton {
    printed: Vec<BTreeMap<String, String>>,
    sums: BTreeMap<String, f64>,
    reference: Vec<f64>,
    rain: Vec<f64>,
    wind: Vec<f64>,
    humidity: Vec<f64>,
    irrigations: Vec<Irrigation>,
    crop: Crop,
    soil: Soil,
    start: SoilWater,
}

fn cotton() -> Option<Cotton> {
    let folder = shared_data("weather/pyfao56_cotton2013_dry")?;
    let printed = table(&folder.join("cottondry2013.out"));
    let first = printed[0]["Year-DOY"].clone();
    let last = printed[printed.len() - 1]["Year-DOY"].clone();
    let weather = table(&folder.join("cotton2013.wth"));
    let weather: Vec<_> = weather
        .into_iter()
        .filter(|row| (&first..=&last).contains(&&row["Year-DOY"]))
        .collect();
    let column = |name| {
        weather
            .iter()
            .map(|row| number(row, name))
            .collect::<Vec<_>>()
    };
    // The station's wind is measured at 3 m (FAO-56, eq 47).
    let to_2m = 4.87 / (67.8_f64 * 3.0 - 5.42).ln();
    let irrigations = table(&folder.join("cottondry2013.irr"));
    let day_of = |date: &str| printed.iter().position(|row| row["Year-DOY"] == date);
    let par = named(&folder.join("cotton2013.par"), &[' ', ',']);
    let stage = |name: &str| par[name].to_string().parse().expect("whole");
    let soil = Soil {
        field_capacity_m3_m3: par["thetaFC"],
        wilting_point_m3_m3: par["thetaWP"],
        evaporation_depth_m: par["Ze"],
        readily_evaporable_mm: par["REW"],
        curve_number: None,
    };
    Some(Cotton {
        reference: column("ETref"),
        rain: column("Rain"),
        wind: column("Wndsp").iter().map(|wind| wind * to_2m).collect(),
        humidity: column("RHmin"),
        irrigations: irrigations
            .iter()
            .map(|row| Irrigation {
                day: day_of(&row["Year-DOY"]).expect("within the season"),
                depth_mm: number(row, "Depth"),
                wetted_share: number(row, "fw"),
                efficiency_share: number(row, "IrrEff") / 100.0,
            })
            .collect(),
        crop: Crop {
            planted_day: 0,
            stage_days: [stage("Lini"), stage("Ldev"), stage("Lmid"), stage("Lend")],
            single: Some(Coefficients {
                initial: par["Kcmini"],
                middle: par["Kcmmid"],
                end: par["Kcmend"],
            }),
            basal: Some(Coefficients {
                initial: par["Kcbini"],
                middle: par["Kcbmid"],
                end: par["Kcbend"],
            }),
            initial_height_m: par["hini"],
            max_height_m: par["hmax"],
            initial_root_depth_m: par["Zrini"],
            max_root_depth_m: par["Zrmax"],
            depletion_share: par["pbase"],
        },
        // pyfao56 begins with a dry surface and with the root zone at theta0.
        start: SoilWater {
            root_depletion_mm: 1000.0 * (par["thetaFC"] - par["theta0"]) * par["Zrini"],
            surface_depletion_mm: soil.evaporable_mm(),
            wetted_share: 1.0,
        },
        soil,
        printed,
        sums: named(&folder.join("cottondry2013.sum"), &[' ', ':']),
    })
}

impl Cotton {
    /// The days from one on up to another, going on from a state.
    fn balance(&self, from: usize, until: usize, start: SoilWater) -> Balance {
        let irrigations: Vec<_> = self
            .irrigations
            .iter()
            .filter(|given| (from..until).contains(&given.day))
            .map(|given| Irrigation {
                day: given.day - from,
                ..*given
            })
            .collect();
        let season = Season {
            days: Days {
                first: Date::constant(2013, 4, 23),
                count: until - from,
            },
            weather: WaterWeather {
                reference_et_mm: &self.reference[from..until],
                precipitation_mm: &self.rain[from..until],
                relative_humidity_min_percent: Some(&self.humidity[from..until]),
                wind_speed_2m_m_s: Some(&self.wind[from..until]),
            },
            is_forecast: None,
            irrigations: &irrigations,
            crop: Crop {
                planted_day: -i64::try_from(from).expect("small"),
                ..self.crop
            },
            soil: self.soil,
            start,
            method: BalanceMethod {
                is_dual: true,
                adjusts_to_climate: false,
                has_constant_depletion_share: false,
                ignores_light_rain: false,
            },
            index: None,
            rules: None,
        };
        balance_water(&season).expect("balanced")
    }
}

/// A name in pyfao56's output, and the number of ours.
type Compared = (&'static str, fn(&BalancedDay) -> f64);

const COMPARED: [Compared; 20] = [
    ("Kcb", |day| day.basal_coefficient),
    ("Ke", |day| day.evaporation_coefficient),
    ("Kc", |day| day.coefficient),
    ("Ka", |day| day.actual_coefficient),
    ("Ks", |day| day.stress_coefficient),
    ("h", |day| day.height_m),
    ("fc", |day| day.cover_share),
    ("De", |day| day.surface_depletion_mm),
    ("E", |day| day.evaporation_mm),
    ("T", |day| day.transpiration_mm),
    ("ETc", |day| day.crop_et_mm),
    ("ETa", |day| day.actual_et_mm),
    ("ETcm", |day| day.single_et_mm),
    ("Zr", |day| day.root_depth_m),
    ("TAW", |day| day.total_available_mm),
    ("RAW", |day| day.readily_available_mm),
    ("DP", |day| day.percolation_mm),
    ("Dr", |day| day.root_depletion_mm),
    ("Irrig", |day| day.irrigation_mm),
    ("Runoff", |day| day.runoff_mm),
];

#[test]
fn each_day_of_the_cotton_season_is_that_of_pyfao56() {
    let Some(cotton) = cotton() else { return };
    let count = cotton.printed.len();

    let balance = cotton.balance(0, count, cotton.start);

    assert_eq!(balance.days.len(), 200);
    for (name, ours) in COMPARED {
        let mut worst = 0.0_f64;
        for (printed, day) in cotton.printed.iter().zip(&balance.days) {
            let apart = (ours(day) - number(printed, name)).abs();
            assert!(
                apart <= TOLERANCE,
                "{name} of {} is {}, {} by pyfao56",
                printed["Year-DOY"],
                ours(day),
                printed[name]
            );
            worst = worst.max(apart);
        }
        eprintln!("{name}: {worst:.6}");
    }
}

#[test]
fn the_sums_of_the_season_are_those_of_pyfao56() {
    let Some(cotton) = cotton() else { return };

    let balance = cotton.balance(0, cotton.printed.len(), cotton.start);

    for (name, ours) in COMPARED {
        if let Some(printed) = cotton.sums.get(name) {
            let sum: f64 = balance.days.iter().map(ours).sum();
            assert!(
                (sum - printed).abs() <= 0.001,
                "{name}: {sum}, not {printed}"
            );
        }
    }
    let end = balance.end.root_depletion_mm;
    assert!((end - cotton.sums["Dr_end"]).abs() <= 0.001);
}

#[test]
fn a_season_that_is_cut_on_any_day_goes_on_to_the_bit() {
    let Some(cotton) = cotton() else { return };
    let count = cotton.printed.len();
    let whole = cotton.balance(0, count, cotton.start);

    for cut in 1..count {
        let before = cotton.balance(0, cut, cotton.start);
        let after = cotton.balance(cut, count, before.end);

        let days = [before.days, after.days].concat();
        assert_eq!(days, whole.days, "cut on day {cut}");
        assert_eq!(after.end, whole.end);
    }
}
