//! Nights of Brussels, and what becomes of their frost.

use super::*;
use crate::{DayStart, Hours, time_zone};

const GAP: f64 = f64::NAN;

const BRUSSELS: Position = Position {
    latitude_deg: 50.85,
    longitude_deg: 4.35,
};

/// The night to 29 March 2026 in Brussels, in which the clocks are changed: 23 hours from
/// 11:00 UTC on. Coldest at its 18th hour.
fn assess(
    coldest_c: f64,
    wind_m_s: Option<f64>,
    cloud_percent: Option<f64>,
    thresholds: Option<FrostThresholds>,
    absent: usize,
) -> FrostNight {
    let zone = time_zone("Europe/Brussels").expect("known");
    let hours = Hours {
        start_s: 1_774_695_600,
        count: 23,
    };
    let nights = LocalDays::cut(hours, &zone, DayStart::NoonBefore);
    let mut temperature_c = vec![8.0; 23];
    temperature_c[17] = coldest_c;
    temperature_c[..absent].fill(GAP);
    let wind = wind_m_s.map(|value| vec![value; 23]);
    let cloud = cloud_percent.map(|value| vec![value; 23]);
    let columns = FrostColumns {
        temperature_c: &temperature_c,
        wet_bulb_c: Some(&temperature_c),
        wind_speed_2m_m_s: wind.as_deref(),
        cloud_cover_percent: cloud.as_deref(),
        position: BRUSSELS,
    };
    let share = Completeness::new(0.9).expect("allowed");
    let found = assess_frost(columns, &nights, share, thresholds).expect("as long");
    let night = *found.last().expect("a night");
    assert_eq!(nights.date(night.night), jiff::civil::date(2026, 3, 29));
    night
}

/// Apple at full bloom: a tenth at -2.2 °C, nine tenths at -3.9 °C (table 4.2 of the source, after
/// Proebsting and Mills).
fn apple_in_bloom(canopy_below_screen_k: f64) -> FrostThresholds {
    FrostThresholds::new(-2.2, -3.9, canopy_below_screen_k).expect("allowed")
}

#[test]
fn the_stage_says_how_bad_a_temperature_is() {
    for (coldest_c, risk) in [
        (-4.0, FrostRisk::Severe),
        (-3.9, FrostRisk::Severe),
        (-3.0, FrostRisk::Damaging),
        (-2.2, FrostRisk::Damaging),
        (-1.0, FrostRisk::Possible),
        (-0.1, FrostRisk::None),
    ] {
        let night = assess(
            coldest_c,
            Some(0.5),
            Some(5.0),
            Some(apple_in_bloom(2.0)),
            0,
        );
        assert_eq!(night.risk, risk, "{coldest_c} °C");
        assert_eq!(night.kind, FrostKind::Radiative);
        let margin_k = night.margin_k.expect("known");
        assert!((margin_k - (coldest_c + 2.2)).abs() < 1e-12);
    }
}

#[test]
fn wind_or_cloud_make_a_frost_advective_and_the_canopy_as_warm_as_the_air() {
    for (wind, cloud) in [
        (Some(4.0), Some(5.0)),
        (Some(0.5), Some(90.0)),
        (Some(4.0), None),
    ] {
        let night = assess(-1.0, wind, cloud, Some(apple_in_bloom(2.0)), 0);
        assert_eq!(
            (night.kind, night.risk),
            (FrostKind::Advective, FrostRisk::None)
        );
    }
}

#[test]
fn the_ground_does_not_radiate_by_day() {
    let zone = time_zone("Europe/Brussels").expect("known");
    // Noon of 28 March 2026; ever colder until 09:00 UTC of the next day.
    let hours = Hours {
        start_s: 1_774_695_600,
        count: 23,
    };
    let nights = LocalDays::cut_dates(
        hours,
        &zone,
        DayStart::NoonBefore,
        crate::Days {
            first: jiff::civil::date(2026, 3, 29),
            count: 1,
        },
    );
    let temperature_c: Vec<f64> = (0..23).map(|hour| 2.0 - f64::from(hour) / 5.0).collect();
    let columns = FrostColumns {
        temperature_c: &temperature_c,
        wet_bulb_c: None,
        wind_speed_2m_m_s: Some(&[0.5; 23]),
        cloud_cover_percent: Some(&[5.0; 23]),
        position: BRUSSELS,
    };
    let share = Completeness::new(0.9).expect("allowed");

    let found = assess_frost(columns, &nights, share, None).expect("as long");

    assert_eq!(found[0].kind, FrostKind::Advective);
}

#[test]
fn what_may_be_radiative_is_doubted_and_not_named() {
    for (wind, cloud) in [(None, None), (None, Some(5.0)), (Some(0.5), None)] {
        let night = assess(-1.0, wind, cloud, Some(apple_in_bloom(2.0)), 0);
        assert_eq!(
            (night.kind, night.risk),
            (FrostKind::Unknown, FrostRisk::Possible)
        );
    }
}

#[test]
fn without_thresholds_water_freezes_at_zero() {
    let risk = |coldest_c| assess(coldest_c, Some(0.5), Some(5.0), None, 0).risk;

    assert_eq!(
        [risk(0.0), risk(0.1)],
        [FrostRisk::Damaging, FrostRisk::None]
    );
}

#[test]
fn a_night_above_zero_has_no_frost_and_may_still_harm() {
    let tender = Some(FrostThresholds::new(1.0, 0.0, 0.0).expect("allowed"));

    let night = assess(0.5, Some(0.5), Some(5.0), tender, 0);

    assert_eq!(
        (night.kind, night.risk),
        (FrostKind::NoFrost, FrostRisk::Damaging)
    );
    assert_eq!(night.hours_below_zero, 0);
}

#[test]
fn too_few_hours_say_nothing_but_how_few_they_are() {
    // 21 of 23 are 91 %.
    let enough = assess(-3.0, Some(0.5), Some(5.0), None, 2);
    let few = assess(-3.0, Some(0.5), Some(5.0), None, 3);

    assert_eq!(enough.coldest, Some((-3.0, 17)));
    assert_eq!((few.coldest, few.risk), (None, FrostRisk::Unknown));
    assert_eq!((few.kind, few.min_wet_bulb_c), (FrostKind::Unknown, None));
    assert_eq!(few.hours_below_zero, 1);
    assert!((few.coverage - 20.0 / 23.0).abs() < 1e-12);
}

#[test]
fn thresholds_have_an_order() {
    assert!(FrostThresholds::new(-2.2, -2.2, 0.0).is_err());
    assert!(FrostThresholds::new(-2.2, -3.9, 7.0).is_err());
    assert!(FrostThresholds::new(f64::NAN, -3.9, 0.0).is_err());
}
