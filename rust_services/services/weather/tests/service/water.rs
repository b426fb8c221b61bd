//! Balancing water over the wire.

use furrow_rpc::weather::v1 as proto;
use tonic::Code;

use crate::support::{bytes, refused, start, values};

const DAYS: usize = 10;

/// Ten days of a young crop, one of them with rain and one with irrigation.
fn request() -> proto::BalanceWaterRequest {
    let mut rain = vec![0.0; DAYS];
    rain[2] = 12.0;
    proto::BalanceWaterRequest {
        days: Some(proto::Days {
            first_day: "2026-05-01".to_owned(),
            count: 10,
        }),
        reference_et_mm: bytes(&[4.0; DAYS]),
        precipitation_mm: bytes(&rain),
        relative_humidity_min_percent: bytes(&[50.0; DAYS]),
        wind_speed_2m_m_s: bytes(&[2.5; DAYS]),
        is_forecast: vec![0, 0, 0, 0, 0, 0, 0, 1, 1, 1].into(),
        irrigations: vec![proto::Irrigation {
            day: 5,
            depth_mm: 10.0,
            wetted_share: 0.5,
            efficiency_share: 0.9,
        }],
        crop: Some(proto::Crop {
            name: "maize".to_owned(),
            planted_day: -30,
            stage_days: vec![20, 35, 40, 30],
            single_coefficients: vec![0.3, 1.2, 0.6],
            basal_coefficients: vec![0.15, 1.15, 0.5],
            initial_height_m: 0.05,
            max_height_m: 2.0,
            initial_root_depth_m: 0.3,
            max_root_depth_m: 1.0,
            depletion_share: 0.55,
        }),
        soil: Some(proto::Soil {
            name: "loam".to_owned(),
            field_capacity_m3_m3: 0.27,
            wilting_point_m3_m3: 0.12,
            evaporation_depth_m: 0.1,
            readily_evaporable_mm: 8.0,
            curve_number: None,
        }),
        start: Some(proto::BalanceStart {
            root_depletion_mm: 25.0,
            surface_depletion_mm: None,
            wetted_share: None,
        }),
        method: Some(proto::BalanceMethod {
            coefficients: proto::CoefficientMethod::Dual.into(),
            ..proto::BalanceMethod::default()
        }),
        ndvi_kcb: None,
        rules: None,
    }
}

fn index() -> proto::NdviKcb {
    proto::NdviKcb {
        calibration: "1.44 NDVI - 0.10 (vineyards, La Mancha)".to_owned(),
        slope: 1.44,
        intercept: -0.1,
        min_coefficient: 0.15,
        max_coefficient: 1.15,
        observations: vec![
            proto::NdviObservation { day: -3, ndvi: 0.3 },
            proto::NdviObservation { day: 2, ndvi: 0.4 },
        ],
        hold_days: 3,
        most_gap_days: 20,
    }
}

fn rules() -> proto::IrrigationRules {
    proto::IrrigationRules {
        first_day: 0,
        last_day: 9,
        allowed_depletion_mm: Some(10.0),
        target_depletion_mm: Some(0.0),
        efficiency_share: 0.8,
        wetted_share: 1.0,
        ..proto::IrrigationRules::default()
    }
}

#[tokio::test]
async fn a_balance_closes_and_says_what_it_stands_on() {
    let running = start().await;

    let answer = running.client.clone().balance_water(request()).await;
    let answer = answer.expect("balanced").into_inner();

    assert_eq!(answer.days_balanced, 10);
    let sum = |column: &[u8]| values(column).iter().sum::<f64>();
    let came = 12.0 + 9.0;
    let went = sum(&answer.actual_et_mm) + sum(&answer.percolation_mm) + sum(&answer.runoff_mm);
    let end = answer.end.expect("a state").root_depletion_mm;
    assert!((25.0 - came + went - end).abs() < 1e-9);
    let parts = sum(&answer.evaporation_mm) + sum(&answer.transpiration_mm);
    assert!((parts - sum(&answer.actual_et_mm)).abs() < 1e-9);
    assert_eq!(answer.notes[..], [0, 0, 0, 0, 0, 0, 0, 4, 4, 4]);
    let names: Vec<&str> = answer.methods.iter().map(|m| m.name.as_str()).collect();
    assert!(names.contains(&"fao56_dual_coefficient") && names.contains(&"loam"));
}

#[tokio::test]
async fn a_season_goes_on_from_the_state_of_its_first_days() {
    let running = start().await;
    let ask = async |request| {
        let answer = running.client.clone().balance_water(request).await;
        answer.expect("balanced").into_inner()
    };
    let mut whole = request();
    whole.irrigations.clear();
    whole.ndvi_kcb = Some(index());
    let part = |from: usize, count: usize, start: proto::BalanceStart| {
        let cut = |column: &[u8]| column[from * 8..(from + count) * 8].to_vec().into();
        let moved = i32::try_from(from).expect("small");
        let mut part = whole.clone();
        part.days = Some(proto::Days {
            first_day: format!("2026-05-{:02}", from + 1),
            count: u32::try_from(count).expect("small"),
        });
        part.reference_et_mm = cut(&whole.reference_et_mm);
        part.precipitation_mm = cut(&whole.precipitation_mm);
        part.relative_humidity_min_percent = cut(&whole.relative_humidity_min_percent);
        part.wind_speed_2m_m_s = cut(&whole.wind_speed_2m_m_s);
        part.is_forecast = whole.is_forecast[from..from + count].to_vec().into();
        part.crop.as_mut().expect("set").planted_day -= moved;
        for seen in &mut part.ndvi_kcb.as_mut().expect("set").observations {
            seen.day -= moved;
        }
        part.start = Some(start);
        part
    };

    let all = ask(whole.clone()).await;
    let first = ask(part(0, 4, whole.start.expect("set"))).await;
    let second = ask(part(4, 6, first.end.expect("a state"))).await;

    assert_eq!(second.end, all.end);
    let joined = [
        values(&first.root_depletion_mm),
        values(&second.root_depletion_mm),
    ]
    .concat();
    assert_eq!(bytes(&joined), all.root_depletion_mm);
    // 1 where the index gave the coefficient: up to three days after the last observation.
    assert_eq!(all.notes[..], [1, 1, 1, 1, 1, 1, 0, 4, 4, 4]);
}

#[tokio::test]
async fn a_day_without_evapotranspiration_ends_the_balance() {
    let running = start().await;
    let mut request = request();
    let mut reference = [4.0; DAYS];
    reference[6] = f64::NAN;
    request.reference_et_mm = bytes(&reference);

    let answer = running.client.clone().balance_water(request).await;
    let answer = answer.expect("balanced").into_inner();

    assert_eq!(answer.days_balanced, 6);
    let depletion = values(&answer.root_depletion_mm);
    assert!(depletion[..6].iter().all(|value| value.is_finite()));
    assert!(depletion[6..].iter().all(|value| value.is_nan()));
}

#[tokio::test]
async fn advice_names_its_reasons_and_the_water_at_the_outlet() {
    let running = start().await;
    let mut request = request();
    request.rules = Some(rules());

    let answer = running.client.clone().balance_water(request).await;
    let advice = answer.expect("balanced").into_inner().advice;

    assert_eq!(advice[0].day, 0);
    assert_eq!(advice[0].reasons, ["allowed_depletion_mm"]);
    assert!(advice[0].depth_mm > 25.0 / 0.8, "losses are added");
    assert!(
        !advice.iter().any(|one| one.day == 5),
        "that day was irrigated"
    );
    assert!(advice.iter().any(|one| one.is_forecast));
}

#[tokio::test]
async fn a_single_coefficient_answers_without_the_columns_of_two() {
    let running = start().await;
    let mut request = request();
    request.method.as_mut().expect("set").coefficients = proto::CoefficientMethod::Single.into();

    let answer = running.client.clone().balance_water(request).await;
    let answer = answer.expect("balanced").into_inner();

    // Day 30 of the crop: 0.3 + 0.9 × 10 / 35.
    assert!((values(&answer.coefficient)[0] - (0.3 + 9.0 / 35.0)).abs() < 1e-12);
    assert!(
        values(&answer.evaporation_mm)
            .iter()
            .all(|value| value.is_nan())
    );
    assert_eq!(answer.end.expect("a state").surface_depletion_mm, None);
}

#[tokio::test]
async fn what_cannot_be_is_refused_by_its_field() {
    type Change = fn(&mut proto::BalanceWaterRequest);
    fn crop(request: &mut proto::BalanceWaterRequest) -> &mut proto::Crop {
        request.crop.as_mut().expect("set")
    }
    fn soil(request: &mut proto::BalanceWaterRequest) -> &mut proto::Soil {
        request.soil.as_mut().expect("set")
    }
    let table: [(Change, &str); 22] = [
        (|r| r.days = None, "days"),
        (|r| r.reference_et_mm = bytes(&[4.0; 9]), "reference_et_mm"),
        (
            |r| r.precipitation_mm = bytes(&[-1.0; DAYS]),
            "precipitation_mm[0]",
        ),
        (|r| r.precipitation_mm = bytes(&[]), "precipitation_mm"),
        (|r| r.is_forecast = vec![2; DAYS].into(), "is_forecast[0]"),
        (|r| r.irrigations[0].day = 10, "irrigations[0].day"),
        (
            |r| r.irrigations[0].depth_mm = f64::NAN,
            "irrigations[0].depth_mm",
        ),
        (
            |r| r.irrigations[0].efficiency_share = 0.0,
            "irrigations[0].efficiency_share",
        ),
        (|r| crop(r).stage_days = vec![20, 35, 40], "crop.stage_days"),
        (|r| crop(r).stage_days[2] = 0, "crop.stage_days[2]"),
        (
            |r| crop(r).basal_coefficients.clear(),
            "crop.basal_coefficients",
        ),
        (|r| crop(r).max_root_depth_m = 0.1, "crop.max_root_depth_m"),
        (|r| crop(r).depletion_share = 0.9, "crop.depletion_share"),
        // Percent instead of a share.
        (
            |r| soil(r).field_capacity_m3_m3 = 27.0,
            "soil.field_capacity_m3_m3",
        ),
        (
            |r| soil(r).wilting_point_m3_m3 = 0.3,
            "soil.wilting_point_m3_m3",
        ),
        (
            |r| soil(r).readily_evaporable_mm = 40.0,
            "soil.readily_evaporable_mm",
        ),
        (|r| r.start = None, "start"),
        (
            |r| r.method = Some(proto::BalanceMethod::default()),
            "method.coefficients",
        ),
        (
            |r| {
                let mut index = index();
                index.observations.reverse();
                r.ndvi_kcb = Some(index);
            },
            "ndvi_kcb.observations[1].day",
        ),
        (
            |r| {
                r.rules = Some(proto::IrrigationRules {
                    constant_mm: Some(20.0),
                    ..rules()
                });
            },
            "rules",
        ),
        (
            |r| {
                r.rules = Some(proto::IrrigationRules {
                    forecast_rain_mm: Some(5.0),
                    forecast_days: 3,
                    ..rules()
                });
            },
            "rules.forecast_action",
        ),
        (
            |r| {
                r.rules = Some(proto::IrrigationRules {
                    weekdays: vec![7],
                    ..rules()
                });
            },
            "rules.weekdays[0]",
        ),
    ];
    let running = start().await;
    for (change, field) in table {
        let mut wrong = request();
        change(&mut wrong);

        let status = running.client.clone().balance_water(wrong).await;

        let refused = refused(&status.expect_err(field));
        assert_eq!(refused.code, Code::InvalidArgument);
        assert_eq!(refused.field, field, "{}", refused.message);
    }
}
